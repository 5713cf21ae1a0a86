//! Block H, Reservation.

use rust_ocpp::v2_0_1::enumerations::cancel_reservation_status_enum_type::CancelReservationStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::reservation_update_status_enum_type::ReservationUpdateStatusEnumType;
use rust_ocpp::v2_0_1::enumerations::reserve_now_status_enum_type::ReserveNowStatusEnumType;

use super::objects::{ID_TOKEN, STATUS_INFO};
use super::usual;
use crate::form::{Form, INTEGER, Kind, NUMBER, choice, closed, optional, required};
use crate::v201::types::ConnectorType;

pub(crate) const CANCEL_RESERVATION: Form = usual(&[required("reservationId", INTEGER)]);

pub(crate) const CANCEL_RESERVATION_ANSWER: Form = usual(&[
    required("status", choice::<CancelReservationStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);

pub(crate) const RESERVATION_STATUS_UPDATE: Form = usual(&[
    required("reservationId", INTEGER),
    required(
        "reservationUpdateStatus",
        choice::<ReservationUpdateStatusEnumType>(),
    ),
]);

pub(crate) const RESERVATION_STATUS_UPDATE_ANSWER: Form = usual(&[]);

pub(crate) const RESERVE_NOW: Form = usual(&[
    required("id", INTEGER),
    required("expiryDateTime", Kind::Time),
    required("idToken", ID_TOKEN),
    optional("connectorType", closed::<ConnectorType>()),
    optional("evseId", NUMBER),
    optional("groupIdToken", ID_TOKEN),
]);

pub(crate) const RESERVE_NOW_ANSWER: Form = usual(&[
    required("status", choice::<ReserveNowStatusEnumType>()),
    optional("statusInfo", STATUS_INFO),
]);
