//! A map that is cheap to copy and change: shards behind `Arc`, copied only where touched.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Enough that one shard of a million entries is copied in microseconds.
const SHARDS: usize = 512;

/// A copy-on-write map: a clone costs [`SHARDS`] reference counts, a change one shard. A key is
/// hashed once, for its shard and its place in it.
#[derive(Clone)]
pub(crate) struct Shards<K, V> {
    hasher: DefaultHashBuilder,
    shards: Vec<Arc<HashTable<(K, V)>>>,
}

/// The top bits: the table inside uses the low ones, and the seven highest.
fn shard_of(hash: u64) -> usize {
    usize::try_from(hash >> 40).unwrap_or(0) % SHARDS
}

impl<K: Eq + Hash + Clone, V: Clone> Shards<K, V> {
    pub(crate) fn new() -> Self {
        let empty = Arc::new(HashTable::new());
        Self {
            hasher: DefaultHashBuilder::default(),
            shards: vec![empty; SHARDS],
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        let hash = self.hasher.hash_one(key);
        let shard = self.shards.get(shard_of(hash))?;
        shard
            .find(hash, |(other, _)| other == key)
            .map(|(_, value)| value)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        let hash = self.hasher.hash_one(&key);
        let Some(shard) = self.shards.get_mut(shard_of(hash)) else {
            return;
        };
        let shard = Arc::make_mut(shard);
        match shard.find_mut(hash, |(other, _)| *other == key) {
            Some((_, before)) => *before = value,
            None => {
                let hasher = &self.hasher;
                shard.insert_unique(hash, (key, value), |(other, _)| hasher.hash_one(other));
            }
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let hash = self.hasher.hash_one(key);
        let shard = self.shards.get_mut(shard_of(hash))?;
        shard.find(hash, |(other, _)| other == key)?;
        let entry = Arc::make_mut(shard)
            .find_entry(hash, |(other, _)| other == key)
            .ok()?;
        let ((_, value), _) = entry.remove();
        Some(value)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.shards
            .iter()
            .flat_map(|shard| shard.iter())
            .map(|(key, value)| (key, value))
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.len()).sum()
    }
}
