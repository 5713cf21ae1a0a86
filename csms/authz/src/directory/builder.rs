//! The picture from all rows at once.

use model::{Change, NodeId, PersonId, Revision, Subject};

use super::change::grant_entry;
use super::{Directory, GrantEntry, PersonEntry};

/// Builds a Directory from all rows at once, without a copy per row: organisations, then
/// installations, areas (parents first), chargers, locks, doors, people, then the rest.
pub struct DirectoryBuilder {
    directory: Directory,
    grants: hashbrown::HashMap<PersonId, Vec<GrantEntry>>,
    granted: hashbrown::HashMap<NodeId, Vec<PersonId>>,
}

impl DirectoryBuilder {
    /// Begins with nothing.
    #[must_use]
    pub fn new(seed: (u64, u64)) -> Self {
        Self {
            directory: Directory::new(seed),
            grants: hashbrown::HashMap::new(),
            granted: hashbrown::HashMap::new(),
        }
    }

    /// Adds a row.
    pub fn add(&mut self, row: &Change) {
        if let Change::Grant(grant) = row {
            if grant.revoked_at.is_none() {
                let Subject::Person(person) = grant.subject;
                self.grants
                    .entry(person)
                    .or_default()
                    .push(grant_entry(grant));
                self.granted.entry(grant.node).or_default().push(person);
            }
            return;
        }
        self.directory.apply(row);
    }

    /// The picture, at the revision the rows were read at.
    #[must_use]
    pub fn finish(mut self, revision: Revision) -> Directory {
        for (person, mut grants) in self.grants {
            if let Some(entry) = self.directory.people.get(&person) {
                grants.sort_unstable_by_key(|grant| (grant.node, grant.id));
                let entry = PersonEntry {
                    grants: grants.into(),
                    ..entry.clone()
                };
                self.directory.people.insert(person, entry);
            }
        }
        for (node, mut people) in self.granted {
            people.retain(|person| self.directory.people.get(person).is_some());
            if !people.is_empty() {
                self.directory.granted.insert(node, people.into());
            }
        }
        self.directory.revision = revision;
        self.directory
    }
}
