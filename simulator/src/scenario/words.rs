//! The words that stand for something in the steps of a scenario.

use std::time::Duration;

use serde::Deserialize;

use crate::charger::RetryId;
use crate::functions::Function;
use crate::station::Fault;
use crate::vendor::{self, Habit, Vendor};
use crate::view::Light;

/// How an answer goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepFault {
    /// None is sent.
    NoAnswer,
    /// It comes later.
    LateAnswer,
    /// With an id that nobody asked with.
    WrongId,
    /// Twice.
    Twice,
    /// A CALLERROR instead.
    Error,
    /// A text that is no JSON instead.
    Garbled,
    /// The connection is dropped instead.
    Drop,
}

impl StepFault {
    /// The fault; `seconds` is for the late answer.
    pub(crate) fn fault(self, seconds: u64) -> Fault {
        match self {
            StepFault::NoAnswer => Fault::NoAnswer,
            StepFault::LateAnswer => Fault::LateAnswer(Duration::from_secs(seconds)),
            StepFault::WrongId => Fault::WrongId,
            StepFault::Twice => Fault::Twice,
            StepFault::Error => Fault::Error,
            StepFault::Garbled => Fault::Garbled,
            StepFault::Drop => Fault::Drop,
        }
    }
}

/// A frame that is none of OCPP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepFrame {
    /// A text frame without text.
    Empty,
    /// A binary frame.
    Binary,
    /// A CALL with a payload of many bytes.
    Oversized,
}

/// A deviation by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct StepHabit(pub Habit);

impl TryFrom<String> for StepHabit {
    type Error = String;

    fn try_from(name: String) -> Result<StepHabit, String> {
        Habit::parse(&name).map(StepHabit)
    }
}

/// A part of the standard by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct StepFunction(pub Function);

impl TryFrom<String> for StepFunction {
    type Error = String;

    fn try_from(name: String) -> Result<StepFunction, String> {
        Function::parse(&name).map(StepFunction)
    }
}

/// A maker by name.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct StepVendor(pub &'static Vendor);

impl TryFrom<String> for StepVendor {
    type Error = String;

    fn try_from(name: String) -> Result<StepVendor, String> {
        vendor::find(&name).map(StepVendor)
    }
}

/// Which message id a repeated message takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepId {
    /// The one it had.
    #[default]
    Same,
    /// A new one.
    New,
}

impl From<StepId> for RetryId {
    fn from(id: StepId) -> RetryId {
        match id {
            StepId::Same => RetryId::Same,
            StepId::New => RetryId::New,
        }
    }
}

/// A colour to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StepLight {
    /// Green.
    Green,
    /// Blue.
    Blue,
    /// Amber.
    Amber,
    /// Red.
    Red,
}

impl From<StepLight> for Light {
    fn from(light: StepLight) -> Light {
        match light {
            StepLight::Green => Light::Green,
            StepLight::Blue => Light::Blue,
            StepLight::Amber => Light::Amber,
            StepLight::Red => Light::Red,
        }
    }
}
