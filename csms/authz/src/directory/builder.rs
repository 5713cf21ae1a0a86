//! The picture from all rows at once.

use hashbrown::HashMap;
use model::{Change, NodeId, Revision, Subject};

use super::grants::grant_entry;
use super::{Directory, GrantEntry};

/// Builds a Directory from all rows at once, without a copy per row: nodes in any order, but locks
/// before doors; then people, tags, and the rest.
pub struct DirectoryBuilder {
    directory: Directory,
    grants: HashMap<Subject, Vec<GrantEntry>>,
    granted: HashMap<NodeId, Vec<Subject>>,
}

impl DirectoryBuilder {
    /// Begins with nothing.
    #[must_use]
    pub fn new(seed: (u64, u64)) -> Self {
        Self {
            directory: Directory::new(seed),
            grants: HashMap::new(),
            granted: HashMap::new(),
        }
    }

    /// Adds a row.
    pub fn add(&mut self, row: &Change) {
        let Change::Grant(grant) = row else {
            self.directory.apply(row);
            return;
        };
        if grant.revoked_at.is_none() {
            self.grants
                .entry(grant.subject)
                .or_default()
                .push(grant_entry(grant));
            self.granted
                .entry(grant.node)
                .or_default()
                .push(grant.subject);
        }
    }

    /// The picture, at the revision the rows were read at.
    #[must_use]
    pub fn finish(mut self, revision: Revision) -> Directory {
        for (subject, grants) in self.grants {
            self.directory.set_grants(subject, grants.into());
        }
        for (node, mut subjects) in self.granted {
            subjects.retain(|subject| match subject {
                Subject::Person(id) => self.directory.people.get(id).is_some(),
                Subject::Tag(id) => self.directory.tags.get(id).is_some(),
                Subject::Partner(_) => true,
            });
            if !subjects.is_empty() {
                self.directory.granted.insert(node, subjects.into());
            }
        }
        // What came before that in which it stands has too short a path.
        self.directory.rebuild_paths(|_, _| true);
        self.directory.revision = revision;
        self.directory
    }
}
