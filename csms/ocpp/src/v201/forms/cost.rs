//! Block I, Tariff and cost.

use super::usual;
use crate::form::{Form, Kind, required};

pub(crate) const COST_UPDATED: Form = usual(&[
    required("totalCost", Kind::Decimal),
    required("transactionId", Kind::Text(36)),
]);

pub(crate) const COST_UPDATED_ANSWER: Form = usual(&[]);
