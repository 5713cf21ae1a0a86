//! The closed lists of the domain as the API spells them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

macro_rules! words {
    ($($(#[$doc:meta])* $word:ident for $model:ty { $($(#[$variant_doc:meta])* $variant:ident),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub(crate) enum $word { $($(#[$variant_doc])* $variant),+ }

        impl From<$word> for $model {
            fn from(word: $word) -> Self {
                match word { $($word::$variant => <$model>::$variant),+ }
            }
        }

        impl From<$model> for $word {
            fn from(value: $model) -> Self {
                match value { $(<$model>::$variant => $word::$variant),+ }
            }
        }
    )+};
}

words! {
    /// A language people are spoken to in.
    LanguageWord for model::Language {
        /// English.
        En,
        /// French.
        Fr,
        /// Italian.
        It,
        /// German.
        De,
    }
    /// What can be done on a node of the tree.
    ActionWord for model::Action {
        /// Charge at a charger or enter by a door, presented at the point.
        Use,
        /// Start charging or open a door from elsewhere.
        RemoteUse,
        /// Stop one's own transaction.
        StopOwn,
        /// Stop anybody's transaction.
        StopAny,
        /// See one's own transactions.
        ViewOwn,
        /// See everybody's transactions and decisions.
        ViewAll,
        /// Edit people, credentials and grants.
        ManageAccess,
        /// Edit the tree, its settings and its stations.
        ManageSettings,
        /// Edit station credentials, certificates and security profiles.
        ManageSecurity,
        /// Technical work: reset, unlock, trigger, diagnose.
        Service,
        /// Start a transaction marked as a test.
        ServiceTest,
        /// Read reports.
        Reports,
        /// Lockdown and evacuation.
        Emergency,
    }
    /// A named bundle of actions.
    RoleWord for model::Role {
        /// All but `service_test`.
        Owner,
        /// use, remote_use, stop_own, view_own.
        User,
        /// Service partner: service, service_test, manage_settings.
        Service,
    }
    /// What can be done with an invitation, a link or a handover.
    OfferStateWord for model::OfferState {
        /// It can be used.
        Open,
        /// Its time is over.
        Expired,
        /// It was used.
        Used,
        /// It was withdrawn or declined.
        Revoked,
    }
    /// How a partnership stands.
    PartnershipStateWord for model::PartnershipState {
        /// Nothing is given yet.
        Proposed,
        /// Grants hold and may be given.
        Confirmed,
        /// It is history.
        Ended,
    }
    /// One end of a partnership.
    SideWord for model::Side {
        /// Whose installations they are.
        Owner,
        /// Who works on them.
        Partner,
    }
    /// Allow or deny; a denial wins over any permission.
    EffectWord for model::Effect { Allow, Deny }
    /// The flag of an installation.
    InstallationFlag for model::AuthorizationRequired {
        /// Only who has a right may charge.
        Required,
        /// Anybody may charge.
        Open,
    }
    /// The flag of a charger; the nearest that is not `inherit` decides.
    ChargerFlag for model::ChargerAuthorization {
        /// As the installation says.
        Inherit,
        /// Only who has a right may charge.
        Required,
        /// Anybody may charge.
        Open,
    }
    /// What holds at a charger when an outside authority does not answer.
    ChargerOfflineWord for model::ChargerOffline {
        /// Everybody is refused.
        Closed,
        /// Who has a right here charges.
        List,
        /// Everybody charges.
        Open,
    }
    /// Who decides about the points of an installation.
    AuthorityWord for model::Authority {
        /// This system.
        Native,
        /// A web service is asked.
        Webhook,
    }
    /// What a credential is.
    CredentialKindWord for model::CredentialKind {
        /// A card or fob.
        Rfid,
        /// A mechatronic key.
        Key,
        /// A contract id.
        Emaid,
        /// The remote token; made by the system.
        App,
        /// A number plate: information only.
        Plate,
        /// A code a person keeps; made by the system.
        Pin,
        /// A code for a guest; made by the system.
        Guest,
        /// A code for one use; made by the system.
        OneTime,
    }
    /// How hard a credential is to copy; the later is the stronger.
    StrengthWord for model::Strength {
        /// A number that anybody can copy: a plain UID, a code.
        Weak,
        /// Takes effort to copy.
        Medium,
        /// Proves that it holds a secret.
        Strong,
    }
    /// Whether a credential counts.
    CredentialStateWord for model::CredentialState { Active, Suspended, Lost }
    /// How far an enrolment has come.
    EnrolmentStateWord for model::EnrolmentState {
        /// It waits for a card.
        Open,
        /// A card was presented and waits to be confirmed.
        Presented,
        /// The card is the person's.
        Confirmed,
        /// It was called off, or its time is over.
        Ended,
    }
    /// Why a card that was presented cannot be enrolled.
    EnrolmentProblemWord for model::EnrolmentProblem {
        /// It has a person already.
        Taken,
        /// It cannot be told from another card.
        Ambiguous,
        /// It shows another number each time: phones and some bank cards do.
        RandomUid,
        /// Its number cannot be that of a credential.
        Unusable,
    }
    /// Whether a person may use anything.
    PersonStateWord for model::PersonState { Active, Suspended }
    /// What a door does without power.
    DoorFailWord for model::DoorFail {
        /// It is unlocked.
        Safe,
        /// It is locked.
        Secure,
    }
    /// What a door does without connection.
    OfflinePolicyWord for model::OfflinePolicy {
        /// Everybody is refused.
        Closed,
        /// Who is on the list enters.
        List,
    }
    /// A lockdown or an evacuation.
    EmergencyKindWord for model::EmergencyKind {
        /// Everybody passes every door; beats a lockdown.
        Evacuation,
        /// Nobody passes but who is exempt.
        Lockdown,
    }
    /// In which forms a card's number counts where it is not equal to what was read.
    CardNumbersWord for model::Numbers {
        /// In no other.
        Exact,
        /// In those that lose nothing: reversed, decimal, padded.
        Forms,
        /// In those too that lose something: cut, 26 bits. Two cards may look alike.
        WeakForms,
    }
    /// What of a limited right is used up.
    UsedUpWord for model::UsedUp {
        /// Its minutes.
        Minutes,
        /// Its energy.
        Wh,
    }
    /// What a door is set to in an emergency.
    DoorModeWord for model::DoorMode {
        /// Locked; who may enter is asked.
        Normal,
        /// Locked, without connection too.
        Lockdown,
        /// Unlocked for everybody.
        Evacuation,
    }
    /// What happened at a door.
    DoorResultWord for model::DoorResult { Granted, Refused, Exit, Forced }
    /// The state of a door.
    DoorStateWord for model::DoorState { Closed, Open, Held, Forced, Jammed }
    /// How a station's BootNotification is answered.
    AcceptanceWord for model::Acceptance {
        /// It is served.
        Accepted,
        /// It waits; it may be looked at and set up meanwhile.
        Pending,
        /// It is sent away.
        Rejected,
    }
    /// What is done about a deviation.
    TreatmentWord for model::Treatment {
        /// It is repaired and counted.
        Repair,
        /// It is repaired and counted, and watchers are told.
        Report,
        /// The message is refused, unless it tells what has happened.
        Refuse,
    }
    /// What a station reports.
    ReportKindWord for model::neutral::ReportKind {
        /// All that it says of itself when it starts.
        Boot,
        /// Events of its device model.
        Events,
        /// Its device model: what there is and how it is set.
        Inventory,
        /// An event of security.
        SecurityEvent,
        /// How a log is being sent.
        LogStatus,
        /// How firmware is being installed.
        FirmwareStatus,
        /// How firmware is being published in the local network.
        PublishFirmwareStatus,
        /// What it monitors.
        Monitoring,
        /// The charging profiles it has.
        ChargingProfiles,
        /// A limit set from elsewhere.
        ChargingLimit,
        /// A limit from elsewhere that is gone.
        ChargingLimitCleared,
        /// What a car needs.
        EvChargingNeeds,
        /// How a car means to charge.
        EvChargingSchedule,
        /// The messages it shows.
        DisplayMessages,
        /// What became of a reservation.
        ReservationStatus,
        /// What it knows of a customer: only that it was told.
        CustomerInformation,
        /// A certificate it asks for.
        CertificateRequest,
        /// A contract certificate a car asks for: only that it was asked.
        EvCertificateRequest,
        /// A certificate whose state it asks for.
        CertificateStatusRequest,
    }
    /// What a node of the tree is.
    NodeKindWord for model::NodeKind { Organisation, Installation, Area, Charger, Evse, Door }
}

/// A version of OCPP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) enum OcppVersionWord {
    /// 1.6
    #[serde(rename = "1.6")]
    V16,
    /// 2.0.1
    #[serde(rename = "2.0.1")]
    V201,
}

impl From<OcppVersionWord> for model::OcppVersion {
    fn from(word: OcppVersionWord) -> Self {
        match word {
            OcppVersionWord::V16 => Self::V16,
            OcppVersionWord::V201 => Self::V201,
        }
    }
}

impl From<model::OcppVersion> for OcppVersionWord {
    fn from(version: model::OcppVersion) -> Self {
        match version {
            model::OcppVersion::V16 => Self::V16,
            model::OcppVersion::V201 => Self::V201,
        }
    }
}

/// A set of actions, in the order of the vocabulary.
pub(crate) fn actions(set: model::ActionSet) -> Vec<ActionWord> {
    set.iter().map(ActionWord::from).collect()
}

/// Actions by name.
pub(crate) fn named(words: Vec<ActionWord>) -> Vec<model::Action> {
    words.into_iter().map(model::Action::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_api_spells_actions_as_the_log_does() {
        for action in model::Action::ALL {
            let word = serde_json::to_value(ActionWord::from(*action)).unwrap();
            assert_eq!(word, action.name());
        }
        for kind in model::NodeKind::ALL {
            let word = serde_json::to_value(NodeKindWord::from(kind)).unwrap();
            assert_eq!(word, kind.name());
        }
        for kind in model::neutral::ReportKind::ALL {
            let word = serde_json::to_value(ReportKindWord::from(kind)).unwrap();
            assert_eq!(word, kind.name());
            assert_eq!(
                model::neutral::ReportKind::from_name(kind.name()),
                Some(kind)
            );
        }
        for kind in model::CredentialKind::ALL {
            let word = serde_json::to_value(CredentialKindWord::from(kind)).unwrap();
            assert_eq!(word, kind.name());
        }
    }
}
