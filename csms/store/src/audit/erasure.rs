//! Erasing a person: what the logs say of them names nobody any more, and the chains stay whole.

use jiff::Timestamp;
use model::{AccountId, PersonId};
use uuid::Uuid;

use super::digest::AuditKey;
use super::names::Pseudonym;
use crate::arg::args;
use crate::link::{Columns, Record};
use crate::sql::statements;
use crate::{StoreError, Tx};

statements! {
    NAMES_OF_PERSON = "SELECT pseudonym, person_id, target_id, key, erased_at, seal \
        FROM pseudonyms WHERE person_id = $1 ORDER BY pseudonym";
    DESTROY_NAME = "UPDATE pseudonyms SET person_id = NULL, target_id = NULL, key = NULL, \
        erased_at = $2, seal = $3 WHERE pseudonym = $1";
    ERASE_CHANGES = "UPDATE change_log SET reason = NULL, before_row = NULL, after_row = 'null' \
        WHERE subject = $1";
    // Rows from before the chains.
    ERASE_OLD_CHANGES = "UPDATE change_log SET reason = NULL, before_row = NULL, \
        after_row = 'null' WHERE segment IS NULL AND (row_id = $1 \
        OR row_id IN (SELECT id FROM credentials WHERE person_id = $1) \
        OR row_id IN (SELECT id FROM grants WHERE person_id = $1) \
        OR row_id IN (SELECT id FROM api_keys WHERE person_id = $1))";
    ERASE_OLD_ACTOR = "UPDATE change_log SET actor_person_id = NULL, actor_api_key_id = NULL \
        WHERE segment IS NULL AND actor_person_id = $1";
    ERASE_OLD_DECISIONS = "UPDATE decisions SET person_id = NULL, credential_id = NULL, \
        api_key_id = NULL, token = NULL WHERE segment IS NULL AND person_id = $1";
    // The text of a natural key holds the card; the new one is of nothing.
    RECORDS_OF = "SELECT transaction_records.station_key, natural_key FROM transaction_records \
        JOIN transactions ON transactions.id = transaction_id WHERE person_id = $1";
    ERASE_RECORD = "UPDATE transaction_records SET natural_key = $3, answer = NULL, body = NULL \
        WHERE station_key = $1 AND natural_key = $2";
    OPEN_OF_PERSON = "SELECT id FROM transactions WHERE person_id = $1 AND ended_at IS NULL LIMIT 1";
    ERASE_TRANSACTIONS = "UPDATE transactions SET person_id = NULL, credential_id = NULL, \
        id_token = NULL, token_key = NULL, stop_group = NULL WHERE person_id = $1";
    ERASE_DOOR_EVENTS = "UPDATE door_events SET person_id = NULL, credential_id = NULL, \
        token = NULL WHERE person_id = $1";
    ERASE_REMOTE_STARTS = "DELETE FROM remote_starts WHERE person_id = $1";
    ERASE_CREDENTIALS = "DELETE FROM credentials WHERE person_id = $1";
    ERASE_GRANTS = "DELETE FROM grants WHERE person_id = $1";
    ERASE_GRANTS_GIVEN = "UPDATE grants SET created_by_person_id = NULL \
        WHERE created_by_person_id = $1";
    ERASE_USES = "DELETE FROM grant_uses WHERE person_id = $1";
    ERASE_TOTALS = "DELETE FROM grant_totals WHERE person_id = $1";
    ERASE_MEMBERSHIPS = "DELETE FROM tag_members WHERE kind = 'person' AND member_id = $1";
    ERASE_EMERGENCIES_BEGUN = "UPDATE emergencies SET created_by_person_id = NULL \
        WHERE created_by_person_id = $1";
    ERASE_RELEASES_ASKED = "UPDATE emergencies SET release_asked_by_person_id = NULL, \
        release_asked_at = NULL WHERE release_asked_by_person_id = $1";
    ERASE_ENROLMENTS = "DELETE FROM enrolments WHERE person_id = $1";
    ERASE_ENROLMENTS_OPENED = "UPDATE enrolments SET opened_by_person_id = NULL \
        WHERE opened_by_person_id = $1";
    ERASE_INVITATIONS = "DELETE FROM invitations WHERE person_id = $1 \
        OR accepted_by_person_id = $1 OR created_by_person_id = $1 \
        OR email = (SELECT LOWER(email) FROM people WHERE id = $1)";
    ERASE_HANDOVERS = "DELETE FROM handovers WHERE from_person_id = $1 OR to_person_id = $1";
    // Partnerships stay, by nobody.
    ERASE_PROPOSED = "UPDATE partnerships SET proposed_by_person_id = \
        '00000000-0000-0000-0000-000000000000' WHERE proposed_by_person_id = $1";
    ERASE_CONFIRMED = "UPDATE partnerships SET confirmed_by_person_id = \
        '00000000-0000-0000-0000-000000000000' WHERE confirmed_by_person_id = $1";
    ERASE_LINKS = "DELETE FROM partner_links WHERE created_by_person_id = $1";
    ERASE_STOP_GROUPS = "DELETE FROM stop_groups WHERE person_id = $1";
    ERASE_SHADOWS = "DELETE FROM shadow_answers WHERE person_id = $1";
    ERASE_API_KEYS = "DELETE FROM api_keys WHERE person_id = $1";
    ERASE_PERSON = "UPDATE people SET account_id = NULL, name = 'erased', external_id = NULL, \
        metadata = '{}', email = NULL, phone = NULL, stop_group = '' WHERE id = $1";
    ERASE_SESSIONS = "DELETE FROM sessions WHERE account_id = $1 \
        AND NOT EXISTS (SELECT 1 FROM people WHERE account_id = $1)";
    ERASE_ACCOUNT = "DELETE FROM accounts WHERE id = $1 \
        AND NOT EXISTS (SELECT 1 FROM people WHERE account_id = $1)";
}

/// What is done for a person, in this order; each takes the person's id.
const EACH: [crate::sql::Sql; 25] = [
    ERASE_OLD_CHANGES,
    ERASE_OLD_ACTOR,
    ERASE_OLD_DECISIONS,
    ERASE_TRANSACTIONS,
    ERASE_DOOR_EVENTS,
    ERASE_REMOTE_STARTS,
    ERASE_CREDENTIALS,
    ERASE_GRANTS,
    ERASE_GRANTS_GIVEN,
    ERASE_USES,
    ERASE_TOTALS,
    ERASE_MEMBERSHIPS,
    ERASE_EMERGENCIES_BEGUN,
    ERASE_RELEASES_ASKED,
    ERASE_ENROLMENTS,
    ERASE_ENROLMENTS_OPENED,
    ERASE_INVITATIONS,
    ERASE_HANDOVERS,
    ERASE_PROPOSED,
    ERASE_CONFIRMED,
    ERASE_LINKS,
    ERASE_SHADOWS,
    ERASE_API_KEYS,
    ERASE_STOP_GROUPS,
    ERASE_PERSON,
];

impl Tx {
    /// Whether a transaction of the person is in progress.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn has_open_transaction(&mut self, person: PersonId) -> Result<bool, StoreError> {
        let open: Option<String> = self.find(OPEN_OF_PERSON, args![person]).await?;
        Ok(open.is_some())
    }

    /// Erases a person who was removed before, in another job: what the change log showed of them
    /// is wiped out, and the keys of their pseudonyms are destroyed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erase_person(
        &mut self,
        key: Option<&AuditKey>,
        person: PersonId,
        account: Option<AccountId>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.note_erased();
        let names: Vec<Pseudonym> = self.find_all(NAMES_OF_PERSON, args![person]).await?;
        for name in names {
            self.run(ERASE_CHANGES, args![name.pseudonym]).await?;
            let mut left = Pseudonym {
                person: None,
                target: None,
                key: None,
                erased_at: Some(now),
                ..name
            };
            left.seal = key.map(|key| left.sign(key).to_vec());
            let args = args![left.pseudonym, left.erased_at, left.seal];
            self.run(DESTROY_NAME, args).await?;
        }
        let records: Vec<RecordKey> = self.find_all(RECORDS_OF, args![person]).await?;
        for RecordKey(station, natural_key) in records {
            let nothing = format!("erased|{}", Uuid::new_v4());
            self.run(ERASE_RECORD, args![station, natural_key, nothing])
                .await?;
        }
        for statement in EACH {
            self.run(statement, args![person]).await?;
        }
        if let Some(account) = account {
            self.run(ERASE_SESSIONS, args![account]).await?;
            self.run(ERASE_ACCOUNT, args![account]).await?;
        }
        Ok(())
    }
}

struct RecordKey(String, String);

impl Record for RecordKey {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self(columns.take()?, columns.take()?))
    }
}
