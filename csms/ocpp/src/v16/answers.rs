//! Answers that never differ: what is asked for is not done.

use serde_json::value::RawValue;

use super::types::security::{AcceptedOrNot, SignCertificateResponse};
use crate::adapter::to_raw;
use crate::error::WireError;

/// No certificate is signed.
pub(super) fn not_signed() -> Result<Box<RawValue>, WireError> {
    to_raw(&SignCertificateResponse {
        status: AcceptedOrNot::Rejected,
    })
}
