//! The map of the picture: cheap to copy and to change, with places that whoever keeps one finds
//! again without a search.

use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

/// Entries that are copied together when one of them changes.
const PAGE: usize = 128;

/// Enough that the part of the index that a new key is added to is copied in microseconds.
const SHARDS: usize = 128;

/// Where an entry stands. It is no part of what anything is: all places are equal.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place(u32);

impl Place {
    /// No place is known.
    pub(crate) const UNKNOWN: Self = Self(u32::MAX);

    /// Page, and place in it.
    fn split(self) -> (usize, usize) {
        let place = usize::try_from(self.0).unwrap_or(usize::MAX);
        (place / PAGE, place % PAGE)
    }
}

impl PartialEq for Place {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

type Page<K, V> = Arc<[Option<(K, V)>]>;

/// A copy-on-write map. Entries stand in pages, an index of hashes says where: so small that what
/// it holds is in a cache when the entries are in none. A clone costs a reference count for each
/// page and shard, a change of a value one page, a new key one shard besides.
#[derive(Clone)]
pub(crate) struct Pages<K, V, H = DefaultHashBuilder> {
    hasher: H,
    index: Vec<Arc<HashTable<Place>>>,
    pages: Vec<Page<K, V>>,
    /// Places that were given before and are free again.
    free: Arc<Vec<Place>>,
    /// The first place that was never given.
    next: u32,
}

/// The top bits: the table inside uses the low ones, and the seven highest.
fn shard_of(hash: u64) -> usize {
    usize::try_from(hash >> 40).unwrap_or(0) % SHARDS
}

fn at<K, V>(pages: &[Page<K, V>], place: Place) -> Option<&(K, V)> {
    let (page, place) = place.split();
    pages.get(page)?.get(place)?.as_ref()
}

impl<K: Eq + Hash + Clone, V: Clone, H: BuildHasher + Default> Pages<K, V, H> {
    pub(crate) fn new() -> Self {
        let empty = Arc::new(HashTable::new());
        Self {
            hasher: H::default(),
            index: vec![empty; SHARDS],
            pages: Vec::new(),
            free: Arc::default(),
            next: 0,
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.search(self.hasher.hash_one(key), |other| other == key)
            .map(|(_, _, value)| value)
    }

    /// Where a key stands, as long as it is not removed.
    pub(crate) fn place(&self, key: &K) -> Place {
        self.search(self.hasher.hash_one(key), |other| other == key)
            .map_or(Place::UNKNOWN, |(place, ..)| place)
    }

    /// [`Pages::get`], looking first where the key stood when its place was asked for.
    pub(crate) fn find(&self, place: Place, key: &K) -> Option<&V> {
        match at(&self.pages, place) {
            Some((there, value)) if there == key => Some(value),
            Some(_) | None => self.get(key),
        }
    }

    /// What is found first where a key of this hash stands. Whoever knows the hash before the key
    /// looks here, and compares later; where nothing is found, no such key is there.
    pub(crate) fn near(&self, hash: u64) -> Option<(&K, &V)> {
        let (_, key, value) = self.search(hash, |_| true)?;
        Some((key, value))
    }

    fn search(&self, hash: u64, is_it: impl Fn(&K) -> bool) -> Option<(Place, &K, &V)> {
        let shard = self.index.get(shard_of(hash))?;
        let place = *shard.find(hash, |place| {
            at(&self.pages, *place).is_some_and(|(key, _)| is_it(key))
        })?;
        let (key, value) = at(&self.pages, place)?;
        Some((place, key, value))
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        let hash = self.hasher.hash_one(&key);
        let known = self.search(hash, |other| *other == key);
        if let Some((place, ..)) = known {
            self.put(place, Some((key, value)));
            return;
        }
        let place = Arc::make_mut(&mut self.free).pop().unwrap_or_else(|| {
            let place = Place(self.next);
            self.next = self.next.saturating_add(1);
            place
        });
        self.put(place, Some((key, value)));
        let Self {
            hasher,
            index,
            pages,
            ..
        } = self;
        if let Some(shard) = index.get_mut(shard_of(hash)) {
            Arc::make_mut(shard).insert_unique(hash, place, |place| {
                at(pages, *place).map_or(0, |(key, _)| hasher.hash_one(key))
            });
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let hash = self.hasher.hash_one(key);
        let (place, ..) = self.search(hash, |other| other == key)?;
        let shard = Arc::make_mut(self.index.get_mut(shard_of(hash))?);
        shard
            .find_entry(hash, |other| other.0 == place.0)
            .ok()?
            .remove();
        Arc::make_mut(&mut self.free).push(place);
        self.put(place, None).map(|(_, value)| value)
    }

    /// Puts something where something else stood, or nothing.
    fn put(&mut self, place: Place, entry: Option<(K, V)>) -> Option<(K, V)> {
        let (page, place) = place.split();
        while self.pages.len() <= page {
            let empty: Vec<Option<(K, V)>> = vec![None; PAGE];
            self.pages.push(empty.into());
        }
        let page = Arc::make_mut(self.pages.get_mut(page)?);
        std::mem::replace(page.get_mut(place)?, entry)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.pages
            .iter()
            .flat_map(|page| page.iter().flatten())
            .map(|(key, value)| (key, value))
    }

    pub(crate) fn len(&self) -> usize {
        self.index.iter().map(|shard| shard.len()).sum()
    }
}

/// For keys that are hashes themselves: the high half is the hash.
#[derive(Clone, Default)]
pub(crate) struct HighHalf(u64);

impl HighHalf {
    pub(crate) fn of(key: u128) -> u64 {
        u64::try_from(key >> 64).unwrap_or(0)
    }
}

impl BuildHasher for HighHalf {
    type Hasher = Self;

    fn build_hasher(&self) -> Self {
        Self(0)
    }
}

impl Hasher for HighHalf {
    /// Nothing of ours comes here.
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u128(&mut self, key: u128) {
        self.0 = Self::of(key);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_is_found_by_its_key_and_at_its_place() {
        let mut pages: Pages<u32, u32> = Pages::new();
        for key in 0..1000 {
            pages.insert(key, key * 2);
        }
        let before = pages.clone();
        let place = pages.place(&500);
        pages.insert(500, 7);
        assert_eq!(pages.find(place, &500), Some(&7), "it stays where it is");
        assert_eq!(before.find(place, &500), Some(&1000), "a copy has its own");
        assert_eq!(pages.find(Place::UNKNOWN, &999), Some(&1998));
        assert_eq!(pages.find(place, &1000), None);
        assert_eq!((pages.len(), pages.iter().count()), (1000, 1000));
        for key in 0..1000 {
            assert_eq!(
                pages.remove(&key),
                Some(if key == 500 { 7 } else { key * 2 })
            );
        }
        assert_eq!((pages.len(), pages.iter().count()), (0, 0));
        assert_eq!((before.len(), before.get(&999)), (1000, Some(&1998)));
    }

    #[test]
    fn a_place_that_is_given_anew_does_not_show_another() {
        let mut pages: Pages<&str, u32> = Pages::new();
        pages.insert("gone", 1);
        let place = pages.place(&"gone");
        assert_eq!(pages.remove(&"gone"), Some(1));
        assert_eq!(pages.remove(&"gone"), None);
        assert_eq!((pages.find(place, &"gone"), pages.len()), (None, 0));
        pages.insert("new", 2);
        assert_eq!(pages.find(place, &"gone"), None);
        assert_eq!(
            pages.find(place, &"new"),
            Some(&2),
            "the place is used again"
        );
        pages.insert("gone", 3);
        assert_eq!(pages.find(place, &"gone"), Some(&3), "found by its key");
        assert_eq!(pages.iter().count(), 2);
    }

    #[test]
    fn keys_of_one_hash_are_told_apart() {
        let mut pages: Pages<u128, u32, HighHalf> = Pages::new();
        let key = |low: u128| (7 << 64) | low;
        assert_eq!(pages.near(7), None);
        for low in 0..100 {
            pages.insert(key(low), 1);
            pages.insert(key(low), 2);
        }
        assert_eq!(pages.remove(&key(50)), Some(2));
        assert_eq!(pages.get(&key(50)), None);
        assert_eq!(pages.get(&key(51)), Some(&2));
        assert_eq!(pages.len(), 99);
        let (near, _) = pages.near(7).unwrap();
        assert_eq!(HighHalf::of(*near), 7);
    }
}
