//! The Reservation profile.

use rust_ocpp::v1_6::types::{CancelReservationStatus, ReservationStatus};

use super::usual;
use crate::form::{Form, INTEGER, Kind, NUMBER, choice, optional, required};

pub(crate) const CANCEL_RESERVATION: Form = usual(&[required("reservationId", INTEGER)]);

pub(crate) const CANCEL_RESERVATION_ANSWER: Form =
    usual(&[required("status", choice::<CancelReservationStatus>())]);

pub(crate) const RESERVE_NOW: Form = usual(&[
    required("connectorId", NUMBER),
    required("expiryDate", Kind::Time),
    required("idTag", Kind::Token(20)),
    optional("parentIdTag", Kind::Token(20)),
    required("reservationId", INTEGER),
]);

pub(crate) const RESERVE_NOW_ANSWER: Form =
    usual(&[required("status", choice::<ReservationStatus>())]);
