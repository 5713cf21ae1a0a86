//! What a station remembers about tokens: the local list and the authorization cache.

use std::collections::{HashMap, HashSet};

use rpc::Version;

use crate::token::{Token, TokenInfo, TokenKind};
use crate::wire::ListEntry;

/// Where an answer about a token came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The central system.
    CentralSystem,
    /// The local list.
    LocalList,
    /// The authorization cache.
    Cache,
    /// Nobody was asked: offline, and unknown tokens may start.
    OfflineForUnknown,
    /// Nobody was asked: a remote start that needs no further authorization.
    RemoteStart,
    /// Nobody was asked: authorization is off.
    NotRequired,
    /// Nobody could be asked.
    Nobody,
}

impl Source {
    /// A few words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Source::CentralSystem => "central system",
            Source::LocalList => "local list",
            Source::Cache => "cache",
            Source::OfflineForUnknown => "unknown, allowed offline",
            Source::RemoteStart => "remote start",
            Source::NotRequired => "not required",
            Source::Nobody => "offline",
        }
    }
}

/// What became of a new local list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListUpdate {
    Accepted,
    Failed,
    VersionMismatch,
}

/// Tokens are kept by kind and text without case; 1.6 knows no kinds.
type Key = (Option<TokenKind>, String);

/// Local list and cache. The list beats the cache (OCPP 1.6 §3.5.3).
#[derive(Debug)]
pub(crate) struct TokenMemory {
    version: Version,
    capacity: usize,
    list_version: i64,
    list: HashMap<Key, TokenInfo>,
    cache: HashMap<Key, TokenInfo>,
    /// Cards that the station refuses by itself (quirk Q33).
    blocked: HashSet<Key>,
}

impl TokenMemory {
    pub(crate) fn new(version: Version, capacity: usize) -> TokenMemory {
        TokenMemory {
            version,
            capacity,
            list_version: 0,
            list: HashMap::new(),
            cache: HashMap::new(),
            blocked: HashSet::new(),
        }
    }

    pub(crate) fn list_version(&self) -> i64 {
        self.list_version
    }

    pub(crate) fn list_length(&self) -> usize {
        self.list.len()
    }

    pub(crate) fn cache_length(&self) -> usize {
        self.cache.len()
    }

    pub(crate) fn listed(&self, token: &Token) -> Option<&TokenInfo> {
        self.list.get(&self.key(token))
    }

    pub(crate) fn cached(&self, token: &Token) -> Option<&TokenInfo> {
        self.cache.get(&self.key(token))
    }

    /// Keeps an answer, good or bad (OCPP 1.6 §3.5.1, C10.FR.03).
    pub(crate) fn learn(&mut self, token: &Token, info: &TokenInfo) {
        // 1.6 §3.5.3: tokens of the list are not put into the cache.
        if token.kind().may_be_cached() && self.listed(token).is_none() {
            self.cache.insert(self.key(token), info.clone());
        }
    }

    /// Forgets one token (2.0.1 N10); the list is the central system's own.
    pub(crate) fn forget(&mut self, token: &Token) {
        self.cache.remove(&self.key(token));
    }

    /// Quirk Q33: the station refuses the card from now on.
    pub(crate) fn block(&mut self, token: &Token) {
        self.blocked.insert(self.key(token));
    }

    pub(crate) fn is_blocked(&self, token: &Token) -> bool {
        self.blocked.contains(&self.key(token))
    }

    pub(crate) fn clear_cache(&mut self) {
        self.cache.clear();
        self.blocked.clear();
    }

    pub(crate) fn replace(&mut self, version: i64, entries: Vec<ListEntry>) -> ListUpdate {
        if version <= 0 {
            return ListUpdate::Failed;
        }
        let mut list = HashMap::new();
        for ListEntry { token, info } in entries {
            // D01.FR.06: an entry must not come twice; a whole list removes nothing.
            let Some(info) = info else {
                return ListUpdate::Failed;
            };
            if list.insert(self.key(&token), info).is_some() {
                return ListUpdate::Failed;
            }
        }
        self.take(version, list)
    }

    pub(crate) fn update(&mut self, version: i64, entries: Vec<ListEntry>) -> ListUpdate {
        if version <= self.list_version {
            return ListUpdate::VersionMismatch;
        }
        let mut list = self.list.clone();
        for ListEntry { token, info } in entries {
            match info {
                Some(info) => drop(list.insert(self.key(&token), info)),
                None => drop(list.remove(&self.key(&token))),
            }
        }
        self.take(version, list)
    }

    fn take(&mut self, version: i64, list: HashMap<Key, TokenInfo>) -> ListUpdate {
        if list.len() > self.capacity {
            return ListUpdate::Failed;
        }
        self.list_version = version;
        self.cache.retain(|key, _| !list.contains_key(key));
        self.list = list;
        self.blocked.clear();
        ListUpdate::Accepted
    }

    fn key(&self, token: &Token) -> Key {
        let kind = match self.version {
            Version::V16 => None,
            Version::V201 => Some(token.kind()),
        };
        (kind, token.text().to_ascii_uppercase())
    }
}

#[cfg(test)]
mod tests {
    use rpc::Version;

    use super::{ListUpdate, TokenMemory};
    use crate::token::{Token, TokenInfo, TokenKind};
    use crate::wire::ListEntry;

    fn entry(token: &str, status: Option<&str>) -> ListEntry {
        ListEntry {
            token: Token::card(token),
            info: status.map(TokenInfo::with_status),
        }
    }

    #[test]
    fn the_list_beats_the_cache_and_keeps_its_tokens_out_of_it() {
        let mut memory = TokenMemory::new(Version::V16, 3);
        memory.learn(&Token::card("04a1"), &TokenInfo::with_status("Accepted"));
        assert_eq!(memory.cache_length(), 1);
        assert_eq!(
            memory.replace(5, vec![entry("04A1", Some("Blocked"))]),
            ListUpdate::Accepted
        );
        assert_eq!(memory.cache_length(), 0);
        memory.learn(&Token::card("04A1"), &TokenInfo::with_status("Accepted"));
        assert_eq!(memory.cache_length(), 0);
        assert_eq!(
            memory.listed(&Token::card("04a1")).unwrap().status,
            "Blocked"
        );
    }

    #[test]
    fn lists_change_by_version_and_within_capacity() {
        let mut memory = TokenMemory::new(Version::V201, 2);
        assert_eq!(memory.replace(0, vec![]), ListUpdate::Failed);
        let two = vec![entry("A", Some("Accepted")), entry("B", Some("Accepted"))];
        assert_eq!(memory.replace(3, two), ListUpdate::Accepted);
        assert_eq!(memory.update(3, vec![]), ListUpdate::VersionMismatch);
        assert_eq!(
            memory.update(4, vec![entry("C", Some("Accepted"))]),
            ListUpdate::Failed
        );
        assert_eq!((memory.list_version(), memory.list_length()), (3, 2));
        let swap = vec![entry("A", None), entry("C", Some("Accepted"))];
        assert_eq!(memory.update(4, swap), ListUpdate::Accepted);
        assert!(memory.listed(&Token::card("A")).is_none());
        let twice = vec![entry("A", Some("Accepted")), entry("a", Some("Blocked"))];
        assert_eq!(memory.replace(9, twice), ListUpdate::Failed);
        assert_eq!(memory.list_version(), 4);
    }

    #[test]
    fn remote_tokens_and_pins_are_never_cached() {
        let mut memory = TokenMemory::new(Version::V201, 2);
        for kind in [
            TokenKind::Central,
            TokenKind::KeyCode,
            TokenKind::NoAuthorization,
        ] {
            memory.learn(
                &Token::new(kind, "123456"),
                &TokenInfo::with_status("Accepted"),
            );
        }
        assert_eq!(memory.cache_length(), 0);
    }
}
