//! The official schemas, as the PyPI package `ocpp` carries them, and samples made from them.
//!
//! The package is installed by ./test.sh. Where its schemas differ from the published ones the
//! published ones hold: `Get15118EVCertificateResponse.exiResponse` has at most 5600 characters.

mod package;
mod run;
mod sample;

pub(crate) use package::{Side, of_version};
pub(crate) use run::{Outcome, one, run, validator};
pub(crate) use sample::{random, samples};
