//! The closed lists of the model as the words they are stored as.

use std::borrow::Cow;
use std::str::FromStr;

use model::neutral::ReportKind;
use model::{
    AcceptedState, Action, Authority, AuthorizationRequired, ChangeKind, ChargerAuthorization,
    ChargerOffline, ConfigurationState, CredentialKind, CredentialState, DoorFail, DoorMode,
    DoorResult, DoorState, Effect, EmergencyKind, EnrolmentProblem, EnrolmentState, Entry,
    Language, OcppVersion, OfflinePolicy, PersonState, Phase, QuirkName, Reason, Role, Side,
    Strength, UsedUp,
};

use crate::StoreError;
use crate::arg::{Arg, Bind, Read, corrupt};
use crate::link::Row;

macro_rules! words {
    ($($name:ident { $($variant:ident = $word:literal),+ $(,)? })+) => {$(
        impl Bind for $name {
            const NONE: Arg<'static> = Arg::Text(None);
            fn arg(&self) -> Arg<'_> {
                Arg::Text(Some(Cow::Borrowed(match self { $($name::$variant => $word),+ })))
            }
        }

        impl Read for $name {
            fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
                match row.text(at)? {
                    $($word => Ok($name::$variant),)+
                    other => Err(corrupt(stringify!($name), other)),
                }
            }
        }
    )+};
}

words! {
    CredentialState { Active = "active", Suspended = "suspended", Lost = "lost" }
    PersonState { Active = "active", Suspended = "suspended" }
    Effect { Allow = "allow", Deny = "deny" }
    AuthorizationRequired { Required = "required", Open = "open" }
    ChargerAuthorization { Inherit = "inherit", Required = "required", Open = "open" }
    DoorFail { Safe = "safe", Secure = "secure" }
    OfflinePolicy { Closed = "closed", List = "list" }
    ChargerOffline { Closed = "closed", List = "list", Open = "open" }
    Authority { Native = "native", Webhook = "webhook" }
    EmergencyKind { Evacuation = "evacuation", Lockdown = "lockdown" }
    UsedUp { Minutes = "minutes", Wh = "wh" }
    DoorMode { Normal = "normal", Lockdown = "lockdown", Evacuation = "evacuation" }
    AcceptedState { New = "new", Accepted = "accepted", Pending = "pending", Rejected = "rejected" }
    Side { Owner = "owner", Partner = "partner" }
    Phase { Started = "started", Updated = "updated", Ended = "ended" }
    EnrolmentState {
        Open = "open",
        Presented = "presented",
        Confirmed = "confirmed",
        Ended = "ended",
    }
    EnrolmentProblem {
        Taken = "taken",
        Ambiguous = "ambiguous",
        RandomUid = "random_uid",
        Unusable = "unusable",
    }
    ConfigurationState { Known = "known", Hidden = "hidden", Unknown = "unknown", Refused = "refused" }
    ChangeKind {
        Organisation = "organisation",
        Installation = "installation",
        Area = "area",
        Charger = "charger",
        Lock = "lock",
        Station = "station",
        Door = "door",
        Person = "person",
        Credential = "credential",
        Grant = "grant",
        ApiKey = "api_key",
        Tag = "tag",
        Membership = "membership",
        Schedule = "schedule",
        Calendar = "calendar",
        Emergency = "emergency",
        Invitation = "invitation",
        Handover = "handover",
        PartnerProfile = "partner_profile",
        Partnership = "partnership",
        PartnerLink = "partner_link",
        Webhook = "webhook",
    }
}

/// Lists of the model that know their own words.
macro_rules! named {
    ($($name:ident: $word:ident, $from:expr;)+) => {$(
        impl Bind for $name {
            const NONE: Arg<'static> = Arg::Text(None);
            fn arg(&self) -> Arg<'_> {
                Arg::Text(Some(Cow::Borrowed(self.$word())))
            }
        }

        impl Read for $name {
            fn read(row: &Row, at: usize) -> Result<Self, StoreError> {
                let word = row.text(at)?;
                ($from)(word).ok_or_else(|| corrupt(stringify!($name), word))
            }
        }
    )+};
}

named! {
    CredentialKind: name, CredentialKind::from_name;
    Strength: name, Strength::from_name;
    Language: tag, Language::from_tag;
    DoorState: name, DoorState::from_name;
    DoorResult: name, DoorResult::from_name;
    Entry: name, Entry::from_name;
    OcppVersion: name, OcppVersion::from_name;
    QuirkName: name, QuirkName::from_name;
    ReportKind: name, ReportKind::from_name;
    Action: name, |word: &str| Action::from_str(word).ok();
    Role: name, |word: &str| Role::from_str(word).ok();
    Reason: code, |word: &str| Reason::from_str(word).ok();
}
