//! A map that is cheap to copy and change: shards behind `Arc`, copied only where touched.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap};

/// Enough that one shard of a million entries is copied in microseconds.
const SHARDS: usize = 512;

/// A copy-on-write map: a clone costs [`SHARDS`] reference counts, a change one shard.
#[derive(Clone)]
pub(crate) struct Shards<K, V> {
    hasher: DefaultHashBuilder,
    shards: Vec<Arc<HashMap<K, V, DefaultHashBuilder>>>,
}

impl<K: Eq + Hash + Clone, V: Clone> Shards<K, V> {
    pub(crate) fn new() -> Self {
        let hasher = DefaultHashBuilder::default();
        let empty = Arc::new(HashMap::with_hasher(hasher.clone()));
        Self {
            hasher,
            shards: vec![empty; SHARDS],
        }
    }

    fn shard_of(&self, key: &K) -> usize {
        // The top bits: the map inside uses the low ones.
        usize::try_from(self.hasher.hash_one(key) >> 48).unwrap_or(0) % SHARDS
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.shards.get(self.shard_of(key))?.get(key)
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        let index = self.shard_of(&key);
        if let Some(shard) = self.shards.get_mut(index) {
            Arc::make_mut(shard).insert(key, value);
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let index = self.shard_of(key);
        let shard = self.shards.get_mut(index)?;
        if shard.contains_key(key) {
            Arc::make_mut(shard).remove(key)
        } else {
            None
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.shards.iter().flat_map(|shard| shard.iter())
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.len()).sum()
    }
}
