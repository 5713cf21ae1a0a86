//! Values of the domain as the four kinds of column both databases have: BIGINT, TEXT, BOOLEAN,
//! BYTEA.

use std::borrow::Cow;

use jiff::Timestamp;
use model::{
    AccountId, ActionSet, ApiKeyId, AreaId, CalendarId, ChargerId, CredentialId, CredentialKind,
    DecisionId, DoorId, EmergencyId, EnrolmentId, EvseId, GrantId, HandoverId, InstallationId,
    InvitationId, KindSet, LockId, NodeId, OrganisationId, PartnerLinkId, PartnershipId, PersonId,
    ReaderProfile, RequestId, Revision, ScheduleId, SessionId, StationId, StationKey,
    StationSettings, StopGroup, TagId, TransactionId, UnknownCardId,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::StoreError;
use crate::key::key;
use crate::link::Row;

/// One value bound to a statement. An absent one still has a kind, since PostgreSQL asks for it.
#[derive(Clone, Debug)]
pub(crate) enum Arg<'a> {
    /// BIGINT.
    Int(Option<i64>),
    /// TEXT.
    Text(Option<Cow<'a, str>>),
    /// BOOLEAN.
    Bool(Option<bool>),
    /// BYTEA.
    Bytes(Option<Cow<'a, [u8]>>),
}

impl Arg<'_> {
    /// The same, of which nothing is copied.
    pub(crate) fn borrowed(&self) -> Arg<'_> {
        match self {
            Arg::Int(value) => Arg::Int(*value),
            Arg::Bool(value) => Arg::Bool(*value),
            Arg::Text(value) => Arg::Text(value.as_deref().map(Cow::Borrowed)),
            Arg::Bytes(value) => Arg::Bytes(value.as_deref().map(Cow::Borrowed)),
        }
    }

    pub(crate) fn into_owned(self) -> Arg<'static> {
        match self {
            Arg::Int(value) => Arg::Int(value),
            Arg::Bool(value) => Arg::Bool(value),
            Arg::Text(value) => Arg::Text(value.map(|text| Cow::Owned(text.into_owned()))),
            Arg::Bytes(value) => Arg::Bytes(value.map(|bytes| Cow::Owned(bytes.into_owned()))),
        }
    }
}

/// A value that can be bound.
pub(crate) trait Bind {
    /// The absent value of its kind.
    const NONE: Arg<'static>;
    /// The value.
    fn arg(&self) -> Arg<'_>;
}

/// A value that can be read back.
pub(crate) trait Read: Sized {
    /// From a column that is not NULL.
    fn read(row: &Row, at: usize) -> Result<Self, StoreError>;
}

impl<T: Bind> Bind for Option<T> {
    const NONE: Arg<'static> = T::NONE;
    fn arg(&self) -> Arg<'_> {
        self.as_ref().map_or(T::NONE, Bind::arg)
    }
}

impl<T: Read> Read for Option<T> {
    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        if row.is_null(at)? {
            Ok(None)
        } else {
            T::read(row, at).map(Some)
        }
    }
}

impl<T: Bind + ?Sized> Bind for &T {
    const NONE: Arg<'static> = T::NONE;
    fn arg(&self) -> Arg<'_> {
        (**self).arg()
    }
}

/// The arguments of a statement, in order.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$($crate::arg::Bind::arg(&$value)),*] };
}
pub(crate) use args;

/// A text that stands in an index: kept whole up to 255 bytes, see [`crate::key`].
pub(crate) struct Key<'a>(pub(crate) &'a str);

impl Bind for Key<'_> {
    const NONE: Arg<'static> = Arg::Text(None);
    fn arg(&self) -> Arg<'_> {
        Arg::Text(Some(key(self.0)))
    }
}

impl Bind for str {
    const NONE: Arg<'static> = Arg::Text(None);
    fn arg(&self) -> Arg<'_> {
        Arg::Text(Some(Cow::Borrowed(self)))
    }
}

impl Bind for String {
    const NONE: Arg<'static> = Arg::Text(None);
    fn arg(&self) -> Arg<'_> {
        Arg::Text(Some(Cow::Borrowed(self)))
    }
}

impl Read for String {
    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        row.text(at).map(str::to_owned)
    }
}

impl Bind for bool {
    const NONE: Arg<'static> = Arg::Bool(None);
    fn arg(&self) -> Arg<'_> {
        Arg::Bool(Some(*self))
    }
}

impl Read for bool {
    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        row.boolean(at)
    }
}

impl Bind for i64 {
    const NONE: Arg<'static> = Arg::Int(None);
    fn arg(&self) -> Arg<'_> {
        Arg::Int(Some(*self))
    }
}

impl Read for i64 {
    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        row.int(at)
    }
}

macro_rules! small_numbers {
    ($($name:ty),+) => {$(
        impl Bind for $name {
            const NONE: Arg<'static> = Arg::Int(None);
            fn arg(&self) -> Arg<'_> {
                Arg::Int(Some(i64::from(*self)))
            }
        }

        impl Read for $name {
            fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
                row.int(at)?.try_into().map_err(|error| corrupt(stringify!($name), error))
            }
        }
    )+};
}

small_numbers!(u32, u16);

impl Bind for [u8] {
    const NONE: Arg<'static> = Arg::Bytes(None);
    fn arg(&self) -> Arg<'_> {
        Arg::Bytes(Some(Cow::Borrowed(self)))
    }
}

impl Bind for Vec<u8> {
    const NONE: Arg<'static> = Arg::Bytes(None);
    fn arg(&self) -> Arg<'_> {
        Arg::Bytes(Some(Cow::Borrowed(self)))
    }
}

impl Read for Vec<u8> {
    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        row.bytes(at).map(<[u8]>::to_vec)
    }
}

impl Bind for Timestamp {
    const NONE: Arg<'static> = Arg::Int(None);
    fn arg(&self) -> Arg<'_> {
        Arg::Int(Some(self.as_microsecond()))
    }
}

impl Read for Timestamp {
    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        Timestamp::from_microsecond(row.int(at)?).map_err(|error| corrupt("time", error))
    }
}

impl Bind for Uuid {
    const NONE: Arg<'static> = Arg::Text(None);
    fn arg(&self) -> Arg<'_> {
        Arg::Text(Some(Cow::Owned(self.hyphenated().to_string())))
    }
}

impl Read for Uuid {
    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        Uuid::try_parse(row.text(at)?).map_err(|error| corrupt("id", error))
    }
}

macro_rules! ids {
    ($($name:ident),+ $(,)?) => {$(
        impl Bind for $name {
            const NONE: Arg<'static> = Arg::Text(None);
            fn arg(&self) -> Arg<'_> {
                // The id inside is `Copy`, its argument is owned.
                self.0.arg().into_owned()
            }
        }

        impl Read for $name {
            fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
                Uuid::read(row, at).map(Self)
            }
        }
    )+};
}

ids!(
    OrganisationId,
    AccountId,
    PersonId,
    NodeId,
    InstallationId,
    AreaId,
    ChargerId,
    EvseId,
    DoorId,
    LockId,
    CredentialId,
    UnknownCardId,
    EnrolmentId,
    GrantId,
    ApiKeyId,
    SessionId,
    TransactionId,
    DecisionId,
    RequestId,
    TagId,
    ScheduleId,
    CalendarId,
    EmergencyId,
    InvitationId,
    HandoverId,
    PartnershipId,
    PartnerLinkId,
);

impl Bind for StationKey {
    const NONE: Arg<'static> = Arg::Text(None);
    fn arg(&self) -> Arg<'_> {
        self.as_str().arg()
    }
}

impl Read for StationKey {
    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        row.text(at)
            .map(|text| StationKey::from_stored(text.to_owned()))
    }
}

impl Bind for StationId {
    const NONE: Arg<'static> = Arg::Text(None);
    fn arg(&self) -> Arg<'_> {
        self.as_str().arg()
    }
}

impl Read for StationId {
    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        StationId::new(row.text(at)?).map_err(|error| corrupt("station id", error))
    }
}

impl Bind for StopGroup {
    const NONE: Arg<'static> = Arg::Text(None);
    fn arg(&self) -> Arg<'_> {
        self.as_str().arg()
    }
}

impl Read for StopGroup {
    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        row.text(at).map(Self::new)
    }
}

impl Bind for Revision {
    const NONE: Arg<'static> = Arg::Int(None);
    fn arg(&self) -> Arg<'_> {
        Arg::Int(Some(self.0))
    }
}

impl Read for Revision {
    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        row.int(at).map(Self)
    }
}

impl Bind for ActionSet {
    const NONE: Arg<'static> = Arg::Int(None);
    fn arg(&self) -> Arg<'_> {
        Arg::Int(Some(self.bits()))
    }
}

impl Read for ActionSet {
    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        row.int(at).map(Self::from_bits)
    }
}

/// As words, since the list may grow: `rfid key`.
impl Bind for KindSet {
    const NONE: Arg<'static> = Arg::Text(None);
    fn arg(&self) -> Arg<'_> {
        let words: Vec<&str> = self.iter().map(CredentialKind::name).collect();
        Arg::Text(Some(Cow::Owned(words.join(" "))))
    }
}

impl Read for KindSet {
    fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
        row.text(at)?
            .split_whitespace()
            .map(|word| {
                CredentialKind::from_name(word).ok_or_else(|| corrupt("credential kind", word))
            })
            .collect()
    }
}

macro_rules! json {
    ($($name:ty = $what:literal),+ $(,)?) => {$(
        impl Bind for $name {
            const NONE: Arg<'static> = Arg::Text(None);
            fn arg(&self) -> Arg<'_> {
                // Maps with text keys and plain values always have a JSON text.
                Arg::Text(Some(Cow::Owned(serde_json::to_string(self).unwrap_or_default())))
            }
        }

        impl Read for $name {
            fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
                serde_json::from_str(row.text(at)?).map_err(|error| corrupt($what, error))
            }
        }
    )+};
}

json!(
    Map<String, Value> = "metadata",
    Value = "JSON",
    Vec<u32> = "connectors",
    StationSettings = "station settings",
    Vec<NodeId> = "places",
    ReaderProfile = "reader profile",
);

pub(crate) fn corrupt(what: &'static str, problem: impl std::fmt::Display) -> StoreError {
    StoreError::Corrupt {
        what,
        problem: problem.to_string(),
    }
}
