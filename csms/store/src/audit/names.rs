//! Pseudonyms: what people, their credentials and their API keys are called in the logs.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use uuid::Uuid;

use super::digest::{AuditKey, Hash};
use crate::arg::{args, corrupt};
use crate::link::{Columns, Record};
use crate::sql::{IN_LIST, in_list, statements};
use crate::{StoreError, Tx};

statements! {
    NAMES_OF = "SELECT target_id, pseudonym FROM pseudonyms WHERE target_id IN \
        ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    INSERT_NAME = "INSERT INTO pseudonyms (pseudonym, person_id, target_id, key, erased_at, seal) \
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (target_id) DO NOTHING";
    KEY_OF = "SELECT key FROM pseudonyms WHERE pseudonym = $1";
}

/// A row of `pseudonyms`.
pub(crate) struct Pseudonym {
    pub(crate) pseudonym: Uuid,
    /// Whose it is.
    pub(crate) person: Option<Uuid>,
    /// The person, the credential or the API key it stands for; `None`: erased.
    pub(crate) target: Option<Uuid>,
    /// Of people: the key of what the change log shows of them.
    pub(crate) key: Option<Vec<u8>>,
    pub(crate) erased_at: Option<Timestamp>,
    pub(crate) seal: Option<Vec<u8>>,
}

impl Pseudonym {
    /// The signature it should have.
    pub(crate) fn sign(&self, key: &AuditKey) -> Hash {
        key.sign(
            "pseudonym",
            args![
                self.pseudonym,
                self.person,
                self.target,
                self.key,
                self.erased_at
            ],
        )
    }
}

/// Whom a batch speaks of, and whose each is.
#[derive(Default)]
pub(crate) struct Wanted(BTreeMap<Uuid, Uuid>);

impl Wanted {
    /// Something of a person, or the person.
    pub(crate) fn add(&mut self, target: Option<Uuid>, person: Uuid) {
        if let Some(target) = target {
            self.0.insert(target, person);
        }
    }

    /// Finds or makes the pseudonyms that are not known yet, in the order of the ids: two
    /// processes that do it at once do not wait for each other in a circle.
    pub(crate) async fn names(
        mut self,
        tx: &mut Tx,
        key: Option<&AuditKey>,
        known: &HashMap<Uuid, Uuid>,
    ) -> Result<HashMap<Uuid, Uuid>, StoreError> {
        self.0.retain(|target, _| !known.contains_key(target));
        let mut found = HashMap::new();
        let targets: Vec<Uuid> = self.0.keys().copied().collect();
        for part in targets.chunks(IN_LIST) {
            found.extend(look_up(tx, part).await?);
        }
        for (target, person) in self.0 {
            if found.contains_key(&target) {
                continue;
            }
            if let Some(name) = make(tx, key, target, person).await? {
                found.insert(target, name);
                continue;
            }
            // Another process was faster.
            let there = look_up(tx, &[target]).await?;
            if there.is_empty() {
                return Err(corrupt("pseudonym", "neither there nor made"));
            }
            found.extend(there);
        }
        Ok(found)
    }
}

async fn look_up(tx: &mut Tx, targets: &[Uuid]) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
    let rows: Vec<Named> = tx.find_all(NAMES_OF, &in_list(targets)).await?;
    Ok(rows
        .into_iter()
        .map(|Named(target, name)| (target, name))
        .collect())
}

async fn make(
    tx: &mut Tx,
    key: Option<&AuditKey>,
    target: Uuid,
    person: Uuid,
) -> Result<Option<Uuid>, StoreError> {
    let own_key = (target == person).then(|| {
        let halves = [Uuid::new_v4(), Uuid::new_v4()];
        halves.iter().flat_map(|half| *half.as_bytes()).collect()
    });
    let mut row = Pseudonym {
        pseudonym: Uuid::new_v4(),
        person: Some(person),
        target: Some(target),
        key: own_key,
        erased_at: None,
        seal: None,
    };
    row.seal = key.map(|key| row.sign(key).to_vec());
    let args = args![
        row.pseudonym,
        row.person,
        row.target,
        row.key,
        row.erased_at,
        row.seal
    ];
    let made = tx.touched(INSERT_NAME, args).await?;
    Ok(made.then_some(row.pseudonym))
}

/// The key of a person, by their pseudonym; `None`: they were erased.
pub(crate) async fn key_of(tx: &mut Tx, name: Uuid) -> Result<Option<Vec<u8>>, StoreError> {
    let key: Option<Key> = tx.find(KEY_OF, args![name]).await?;
    Ok(key.and_then(|Key(key)| key))
}

struct Named(Uuid, Uuid);

impl Record for Named {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self(columns.take()?, columns.take()?))
    }
}

struct Key(Option<Vec<u8>>);

impl Record for Key {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        columns.take().map(Self)
    }
}

impl Record for Pseudonym {
    fn record(columns: &mut Columns<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            pseudonym: columns.take()?,
            person: columns.take()?,
            target: columns.take()?,
            key: columns.take()?,
            erased_at: columns.take()?,
            seal: columns.take()?,
        })
    }
}
