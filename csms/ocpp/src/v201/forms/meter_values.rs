//! Block J, Meter values.

use super::objects::METER_VALUE;
use super::{kept, usual};
use crate::form::{Form, NUMBER, expected, required, some};

pub(crate) const METER_VALUES: Form = kept(&[
    required("evseId", NUMBER),
    expected("meterValue", some!(METER_VALUE)),
]);

pub(crate) const METER_VALUES_ANSWER: Form = usual(&[]);
