//! The constraints of our tables, by name (PostgreSQL) or by what SQLite says instead.

/// What a constraint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConstraintKind {
    /// The row, or a value that may stand in one row only, is there already.
    Unique,
    /// The row breaks a rule.
    Check,
    /// The row points at one that is not there.
    Foreign,
}

macro_rules! constraints {
    ($($(#[$doc:meta])* $name:ident = $kind:ident $text:literal $(, $columns:literal)?;)+) => {
        /// A constraint of one of our tables.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Constraint { $($(#[$doc])* $name),+ }

        impl Constraint {
            /// Every constraint.
            pub const ALL: &'static [Constraint] = &[$(Constraint::$name),+];

            /// Its name in the database.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Constraint::$name => $text),+ }
            }

            /// What it is.
            #[must_use]
            pub const fn kind(self) -> ConstraintKind {
                match self { $(Constraint::$name => ConstraintKind::$kind),+ }
            }

            /// The columns SQLite names when a unique constraint is violated.
            const fn columns(self) -> Option<&'static str> {
                match self { $(Constraint::$name => constraints!(@columns $($columns)?)),+ }
            }
        }
    };
    (@columns) => { None };
    (@columns $columns:literal) => { Some($columns) };
}

constraints! {
    /// The stop group of a person from a revision on.
    StopGroupRevision = Unique "stop_groups_pkey", "stop_groups.person_id, stop_groups.revision";
    /// The id of an organisation.
    OrganisationId = Unique "organisations_pkey", "organisations.id";
    /// The id of an account.
    AccountId = Unique "accounts_pkey", "accounts.id";
    /// The e-mail address of an account.
    AccountEmail = Unique "accounts_email_key", "accounts.email";
    /// 1..=320 characters.
    AccountEmailLength = Check "accounts_email_length";
    /// The id of a session.
    SessionId = Unique "sessions_pkey", "sessions.id";
    /// The token of a session.
    SessionToken = Unique "sessions_token_key", "sessions.token_hash";
    /// The account of a session.
    SessionAccount = Foreign "sessions_account_fkey";
    /// The id of a person.
    PersonId = Unique "people_pkey", "people.id";
    /// The id of a person within the organisation; cannot be met without `PersonId`.
    PersonOrganisationId = Unique "people_organisation_key", "people.organisation_id, people.id";
    /// The organisation of a person.
    PersonOrganisation = Foreign "people_organisation_fkey";
    /// The account of a person.
    PersonAccount = Foreign "people_account_fkey";
    /// The id of a credential.
    CredentialId = Unique "credentials_pkey", "credentials.id";
    /// The key of a credential that is not removed, within the organisation.
    CredentialKey = Unique "credentials_live_key",
        "credentials.organisation_id, credentials.namespace, credentials.key";
    /// One remote token per person.
    OneAppCredential = Unique "credentials_one_app", "credentials.person_id";
    /// The person of a credential, in the same organisation.
    CredentialPerson = Foreign "credentials_person_fkey";
    /// 1..=255 characters.
    CredentialKeyLength = Check "credentials_key_length";
    /// Begins before it ends.
    CredentialValidity = Check "credentials_validity";
    /// A card of the inbox.
    UnknownCardId = Unique "unknown_cards_pkey", "unknown_cards.id";
    /// A card of the inbox at a point.
    UnknownCardPlace = Unique "unknown_cards_place",
        "unknown_cards.organisation_id, unknown_cards.key, unknown_cards.node_id";
    /// The id of an enrolment.
    EnrolmentId = Unique "enrolments_pkey", "enrolments.id";
    /// The enrolment that is open at a point.
    EnrolmentOpen = Unique "enrolments_open", "enrolments.node_id";
    /// The person of an enrolment, in the same organisation.
    EnrolmentPerson = Foreign "enrolments_person_fkey";
    /// What is known of the readers of a model.
    ReaderProposalKey = Unique "reader_proposals_pkey",
        "reader_proposals.organisation_id, reader_proposals.vendor, reader_proposals.model, \
         reader_proposals.profile";
    /// The id of a grant.
    GrantId = Unique "grants_pkey", "grants.id";
    /// The person of a grant, in the same organisation.
    GrantPerson = Foreign "grants_person_fkey";
    /// The tag of a grant, in the same organisation.
    GrantTag = Foreign "grants_tag_fkey";
    /// The organisation a grant is given to as a partner.
    GrantPartner = Foreign "grants_partner_fkey";
    /// The schedule of a grant, in the same organisation.
    GrantSchedule = Foreign "grants_schedule_fkey";
    /// The tag of points of a grant, in the same organisation.
    GrantPoints = Foreign "grants_points_fkey";
    /// A grant is given to one.
    GrantOneSubject = Check "grants_one_subject";
    /// Begins before it ends.
    GrantValidity = Check "grants_validity";
    /// The id of a tag.
    TagId = Unique "tags_pkey", "tags.id";
    /// The id of a tag within the organisation; cannot be met without `TagId`.
    TagOrganisationId = Unique "tags_organisation_key", "tags.organisation_id, tags.id";
    /// The organisation of a tag.
    TagOrganisation = Foreign "tags_organisation_fkey";
    /// What stands in a tag; it is put there again.
    MemberKey = Unique "tag_members_pkey",
        "tag_members.tag_id, tag_members.kind, tag_members.member_id";
    /// The tag something stands in, in the same organisation.
    MemberTag = Foreign "tag_members_tag_fkey";
    /// The id of a schedule.
    ScheduleId = Unique "schedules_pkey", "schedules.id";
    /// The id of a schedule within the organisation; cannot be met without `ScheduleId`.
    ScheduleOrganisationId = Unique "schedules_organisation_key",
        "schedules.organisation_id, schedules.id";
    /// The organisation of a schedule.
    ScheduleOrganisation = Foreign "schedules_organisation_fkey";
    /// The calendar of a schedule, in the same organisation.
    ScheduleCalendar = Foreign "schedules_calendar_fkey";
    /// The id of a calendar.
    CalendarId = Unique "calendars_pkey", "calendars.id";
    /// The id of a calendar within the organisation; cannot be met without `CalendarId`.
    CalendarOrganisationId = Unique "calendars_organisation_key",
        "calendars.organisation_id, calendars.id";
    /// The organisation of a calendar.
    CalendarOrganisation = Foreign "calendars_organisation_fkey";
    /// The id of a lockdown or evacuation.
    EmergencyId = Unique "emergencies_pkey", "emergencies.id";
    /// The organisation of a lockdown or evacuation.
    EmergencyOrganisation = Foreign "emergencies_organisation_fkey";
    /// The tag of those whom a lockdown leaves out, in the same organisation.
    EmergencyExempt = Foreign "emergencies_exempt_fkey";
    /// The id of an invitation.
    InvitationId = Unique "invitations_pkey", "invitations.id";
    /// The token of an invitation's link.
    InvitationToken = Unique "invitations_token_key", "invitations.token_hash";
    /// The organisation of an invitation.
    InvitationOrganisation = Foreign "invitations_organisation_fkey";
    /// An invitation is accepted or withdrawn, not both.
    InvitationOneEnd = Check "invitations_one_end";
    /// An accepted invitation has a person and a grant.
    InvitationAcceptance = Check "invitations_whole_acceptance";
    /// The id of a handover.
    HandoverId = Unique "handovers_pkey", "handovers.id";
    /// Who hands over, in the same organisation.
    HandoverFrom = Foreign "handovers_from_fkey";
    /// To whom it is handed over, in the same organisation.
    HandoverTo = Foreign "handovers_to_fkey";
    /// Nobody hands over to themselves.
    HandoverTwoPeople = Check "handovers_two_people";
    /// A handover is accepted or ended, not both.
    HandoverOneEnd = Check "handovers_one_end";
    /// How an organisation is found; it is put there again.
    PartnerProfileKey = Unique "partner_profiles_pkey", "partner_profiles.organisation_id";
    /// A lookup key, in the whole deployment.
    LookupKey = Unique "partner_profiles_lookup_key", "partner_profiles.lookup_key";
    /// The organisation that is found.
    PartnerProfileOrganisation = Foreign "partner_profiles_organisation_fkey";
    /// A verified name has a time.
    PartnerProfileVerification = Check "partner_profiles_whole_verification";
    /// The id of a partnership.
    PartnershipId = Unique "partnerships_pkey", "partnerships.id";
    /// One partnership of two organisations that has not ended.
    PartnershipLive = Unique "partnerships_live_key",
        "partnerships.organisation_id, partnerships.partner_organisation_id";
    /// Whose installations they are.
    PartnershipOrganisation = Foreign "partnerships_organisation_fkey";
    /// Who works on them.
    PartnershipPartner = Foreign "partnerships_partner_fkey";
    /// Nobody is their own partner.
    PartnershipTwoSides = Check "partnerships_two_sides";
    /// Who confirmed, and when.
    PartnershipConfirmation = Check "partnerships_whole_confirmation";
    /// Who ended it, and when.
    PartnershipEnd = Check "partnerships_whole_end";
    /// The id of a partner's link.
    PartnerLinkId = Unique "partner_links_pkey", "partner_links.id";
    /// The token of a partner's link.
    PartnerLinkToken = Unique "partner_links_token_key", "partner_links.token_hash";
    /// Whose link it is.
    PartnerLinkPartner = Foreign "partner_links_partner_fkey";
    /// A link is used or withdrawn, not both.
    PartnerLinkOneEnd = Check "partner_links_one_end";
    /// A used link has a partnership.
    PartnerLinkUse = Check "partner_links_whole_use";
    /// A use of a limited grant; it is taken once.
    GrantUse = Unique "grant_uses_pkey", "grant_uses.id";
    /// What a person has used of a grant.
    GrantTotal = Unique "grant_totals_pkey", "grant_totals.grant_id, grant_totals.person_id";
    /// The id of an API key.
    ApiKeyId = Unique "api_keys_pkey", "api_keys.id";
    /// The first characters of an API key.
    ApiKeyPrefix = Unique "api_keys_prefix_key", "api_keys.prefix";
    /// The person of an API key, in the same organisation.
    ApiKeyPerson = Foreign "api_keys_person_fkey";
    /// The id of an installation.
    InstallationId = Unique "installations_pkey", "installations.id";
    /// The id of an installation within the organisation; cannot be met without `InstallationId`.
    InstallationOrganisationId = Unique "installations_organisation_key",
        "installations.organisation_id, installations.id";
    /// The organisation of an installation.
    InstallationOrganisation = Foreign "installations_organisation_fkey";
    /// The id of an area.
    AreaId = Unique "areas_pkey", "areas.id";
    /// The installation of an area, in the same organisation.
    AreaInstallation = Foreign "areas_installation_fkey";
    /// The id of a charger.
    ChargerId = Unique "chargers_pkey", "chargers.id";
    /// The installation of a charger, in the same organisation.
    ChargerInstallation = Foreign "chargers_installation_fkey";
    /// The id of an EVSE.
    EvseId = Unique "evses_pkey", "evses.id";
    /// The number of an EVSE at its charger.
    EvseNumber = Unique "evses_live_number", "evses.charger_id, evses.number";
    /// The charger of an EVSE.
    EvseCharger = Foreign "evses_charger_fkey";
    /// EVSEs count from 1.
    EvseFromOne = Check "evses_number_from_one";
    /// The id of a lock.
    LockId = Unique "locks_pkey", "locks.id";
    /// The id of a lock within the organisation; cannot be met without `LockId`.
    LockOrganisationId = Unique "locks_organisation_key", "locks.organisation_id, locks.id";
    /// The installation of a lock, in the same organisation.
    LockInstallation = Foreign "locks_installation_fkey";
    /// The id of a door.
    DoorId = Unique "doors_pkey", "doors.id";
    /// The number of a door at its lock.
    DoorNumber = Unique "doors_live_number", "doors.lock_id, doors.number";
    /// The installation of a door, in the same organisation.
    DoorInstallation = Foreign "doors_installation_fkey";
    /// The lock of a door, in the same organisation.
    DoorLock = Foreign "doors_lock_fkey";
    /// Doors count from 1.
    DoorFromOne = Check "doors_number_from_one";
    /// 1..=3600 seconds.
    DoorOpenSeconds = Check "doors_open_seconds";
    /// The identity of a station, in the whole deployment.
    StationTaken = Unique "stations_pkey", "stations.key";
    /// One station per charger.
    StationOfCharger = Unique "stations_charger_key", "stations.charger_id";
    /// One station per lock.
    StationOfLock = Unique "stations_lock_key", "stations.lock_id";
    /// The installation of a station, in the same organisation.
    StationInstallation = Foreign "stations_installation_fkey";
    /// The charger of a station.
    StationCharger = Foreign "stations_charger_fkey";
    /// The lock of a station.
    StationLock = Foreign "stations_lock_fkey";
    /// A station is a charger or a lock.
    StationOneKind = Check "stations_one_kind";
    /// The name of a deviation of a station.
    StationQuirkKey = Unique "station_quirks_pkey",
        "station_quirks.station_key, station_quirks.name";
    /// An example has a time.
    StationQuirkExample = Check "station_quirks_whole_example";
    /// The code of a finding of a station.
    StationFindingKey = Unique "station_findings_pkey",
        "station_findings.station_key, station_findings.code";
    /// The name of a setting of a station.
    StationConfigurationKey = Unique "station_configuration_pkey",
        "station_configuration.station_key, station_configuration.name";
    /// A password has a salt and a hash.
    StationWholePassword = Check "stations_whole_password";
    /// The state of a station.
    StationRecordKey = Unique "station_records_pkey", "station_records.station_key";
    /// The state of a connector.
    ConnectorStateKey = Unique "connector_states_pkey",
        "connector_states.station_key, connector_states.evse_number, connector_states.connector";
    /// The id of a report.
    ReportId = Unique "station_reports_pkey", "station_reports.id";
    /// A refused identity.
    RefusedIdentity = Unique "refused_handshakes_pkey", "refused_handshakes.identity";
    /// The id of a transaction.
    TransactionId = Unique "transactions_pkey", "transactions.id";
    /// The number given to a transaction.
    TransactionNumber = Unique "transactions_number_key",
        "transactions.station_key, transactions.number";
    /// The natural key of a transaction message.
    TransactionRecord = Unique "transaction_records_pkey",
        "transaction_records.station_key, transaction_records.natural_key";
    /// The natural key of a sample.
    MeterSample = Unique "meter_samples_pkey",
        "meter_samples.station_key, meter_samples.natural_key";
    /// The number of a remote start.
    RemoteStartId = Unique "remote_starts_pkey", "remote_starts.id";
    /// The state of a door.
    DoorStateId = Unique "door_states_pkey", "door_states.door_id";
    /// Why a charge was asked to stop, once each.
    TransactionStopId = Unique "transaction_stops_pkey", "transaction_stops.transaction_id";
    /// The mode of a door, one row each.
    DoorModeId = Unique "door_modes_pkey", "door_modes.door_id";
    /// The id a lock gave to an event.
    DoorEventId = Unique "door_events_pkey", "door_events.lock_id, door_events.event_id";
    /// The id of a decision.
    DecisionId = Unique "decisions_pkey", "decisions.id";
    /// A revision.
    Revision = Unique "change_log_pkey", "change_log.revision";
    /// A counter.
    CounterName = Unique "counters_pkey", "counters.name";
    /// A cache that must be cleared.
    CacheDebtStation = Unique "cache_debts_pkey", "cache_debts.station_key";
    /// The number of a segment.
    AuditSegmentNumber = Unique "audit_segments_pkey", "audit_segments.number";
    /// The number of segments.
    AuditRegisterName = Unique "audit_register_pkey", "audit_register.name";
    /// A pseudonym.
    Pseudonym = Unique "pseudonyms_pkey", "pseudonyms.pseudonym";
    /// Who or what has a pseudonym.
    PseudonymTarget = Unique "pseudonyms_target_key", "pseudonyms.target_id";
    /// The outside authority of an installation.
    WebhookKey = Unique "webhooks_pkey", "webhooks.installation_id";
    /// The installation of an outside authority, in the same organisation.
    WebhookInstallation = Foreign "webhooks_installation_fkey";
    /// The id of something an outside authority must be told.
    DeliveryId = Unique "webhook_deliveries_pkey", "webhook_deliveries.id";
    /// What was said beside a decision.
    ShadowAnswerId = Unique "shadow_answers_pkey", "shadow_answers.decision_id";
    /// An answered request.
    IdempotencyKey = Unique "idempotency_keys_pkey",
        "idempotency_keys.principal, idempotency_keys.key";
}

impl Constraint {
    /// By the name PostgreSQL gives.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|constraint| constraint.name() == name)
    }

    /// By the message SQLite gives: a unique one lists columns, a check says its name, a foreign
    /// key says nothing (see `Tx::missing`).
    pub(crate) fn from_message(message: &str) -> Option<Self> {
        if let Some((_, columns)) = message.split_once("UNIQUE constraint failed: ") {
            return Self::ALL
                .iter()
                .copied()
                .find(|constraint| constraint.columns() == Some(columns.trim()))
                .map(Self::plain);
        }
        let (_, name) = message.split_once("CHECK constraint failed: ")?;
        Self::from_name(name.trim())
    }
}

impl Constraint {
    /// A row whose id is there meets the key of organisation and id as well, and SQLite names
    /// whichever it looks at last: it is the id that is there.
    const fn plain(self) -> Self {
        if matches!(self, Constraint::PersonOrganisationId) {
            Constraint::PersonId
        } else if matches!(self, Constraint::InstallationOrganisationId) {
            Constraint::InstallationId
        } else if matches!(self, Constraint::LockOrganisationId) {
            Constraint::LockId
        } else if matches!(self, Constraint::TagOrganisationId) {
            Constraint::TagId
        } else if matches!(self, Constraint::ScheduleOrganisationId) {
            Constraint::ScheduleId
        } else if matches!(self, Constraint::CalendarOrganisationId) {
            Constraint::CalendarId
        } else {
            self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_sqlite_name_the_constraint() {
        assert_eq!(
            Constraint::from_message("(code: 2067) UNIQUE constraint failed: accounts.email"),
            Some(Constraint::AccountEmail)
        );
        assert_eq!(
            Constraint::from_message("CHECK constraint failed: doors_open_seconds"),
            Some(Constraint::DoorOpenSeconds)
        );
        assert_eq!(
            Constraint::from_message("FOREIGN KEY constraint failed"),
            None
        );
    }

    #[test]
    fn every_unique_constraint_knows_its_columns() {
        for constraint in Constraint::ALL {
            assert_eq!(
                constraint.columns().is_some(),
                constraint.kind() == ConstraintKind::Unique,
                "{constraint:?}"
            );
        }
    }
}
