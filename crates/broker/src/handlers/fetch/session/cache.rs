//! All sessions of a node: how many there may be, and which one goes when there is no room.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use host::Rng;

use super::Session;
use super::places::{Place, Places, Size};

/// A session that was not used for this long gives way to any other; one this old may give way to a larger one. In
/// milliseconds, as Kafka has it.
const EVICTION_MS: i64 = 120_000;
/// What all sessions may hold together, in bytes: some 200,000 partitions. Kafka has no such bound.
const BYTES_MAX: usize = 64 << 20;
/// What one session may hold of that, so that none pushes all others out.
const SESSION_BYTES_MAX: usize = BYTES_MAX / 8;

/// All sessions of a node.
pub struct FetchSessions(Mutex<Table<Arc<Session>>>);

/// Which sessions there are, and their order. Pure; `S` is what is kept of one.
struct Table<S> {
    slots: usize,
    bytes_max: usize,
    session_bytes_max: usize,
    bytes: usize,
    entries: HashMap<i32, Entry<S>>,
    /// By the time of the last use, in milliseconds.
    by_use: BTreeSet<(i64, i32)>,
    /// Those old enough to give way to larger ones, by partitions.
    by_size: BTreeSet<(usize, i32)>,
}

struct Entry<S> {
    session: S,
    created_ms: i64,
    used_ms: i64,
    size: Size,
}

impl FetchSessions {
    /// Room for `slots` sessions (`max.incremental.fetch.session.cache.slots`).
    pub fn new(slots: usize) -> FetchSessions {
        FetchSessions(Mutex::new(Table::new(slots, BYTES_MAX, SESSION_BYTES_MAX)))
    }

    /// A new session with these places, as they were just told. Its id; 0 when there is no room.
    pub fn open<'p>(
        &self,
        now_ms: i64,
        rng: &Rng,
        uses_topic_ids: bool,
        places: impl Iterator<Item = Place<'p>> + Clone,
    ) -> i32 {
        // Asked first, since the places of a session that gets no room are not worth their making.
        if self.lock().victims(now_ms, Places::size_of_new(places.clone()), 1, None).is_none() {
            return 0;
        }
        let places = Places::new(places);
        let size = places.size();
        let mut table = self.lock();
        let evicted = table.make_room(now_ms, size, 1, None);
        let mut id = 0;
        if let Some(evicted) = &evicted {
            tracing::debug!(evicted = evicted.len(), "fetch sessions gave way to a new one");
            id = table.new_id(rng);
            table.insert(id, Arc::new(Session::new(id, uses_topic_ids, places)), now_ms, size);
        }
        // What is evicted leaves its partitions when it is dropped, after the lock is.
        drop(table);
        id
    }

    /// The session of this id.
    pub fn find(&self, id: i32) -> Option<Arc<Session>> {
        self.lock().entries.get(&id).map(|entry| Arc::clone(&entry.session))
    }

    /// Forgets a session, if it is there.
    pub fn close(&self, id: i32) {
        if id != 0 {
            let closed = self.lock().remove(id);
            drop(closed);
        }
    }

    /// The session was used and has this size now. False when it is gone, or went because there is no room for its size.
    pub fn touch(&self, id: i32, now_ms: i64, size: Size) -> bool {
        let mut table = self.lock();
        let gone = table.touch(id, now_ms, size);
        let is_there = table.entries.contains_key(&id);
        drop(table);
        drop(gone);
        is_there
    }

    fn lock(&self) -> MutexGuard<'_, Table<Arc<Session>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Table<S> {
    fn new(slots: usize, bytes_max: usize, session_bytes_max: usize) -> Table<S> {
        let (by_use, by_size) = Default::default();
        Table { slots, bytes_max, session_bytes_max, bytes: 0, entries: HashMap::new(), by_use, by_size }
    }

    /// Evicts until `new` more sessions of `size` in all fit; `kept` stays. `None`, and nothing has changed, when that cannot be.
    fn make_room(&mut self, now_ms: i64, size: Size, new: usize, kept: Option<i32>) -> Option<Vec<S>> {
        let victims = self.victims(now_ms, size, new, kept)?;
        Some(victims.into_iter().filter_map(|id| self.remove(id)).collect())
    }

    /// Which sessions have to go for that: stale ones, the stalest first, then old and smaller ones, the smallest first.
    fn victims(&self, now_ms: i64, size: Size, new: usize, kept: Option<i32>) -> Option<Vec<i32>> {
        if size.bytes > self.session_bytes_max {
            return None;
        }
        let is_stale = |used_ms: i64| now_ms.saturating_sub(used_ms) > EVICTION_MS;
        let stale = self.by_use.iter().take_while(|(used_ms, _)| is_stale(*used_ms)).map(|&(_, id)| id);
        let smaller = self.by_size.iter().take_while(|(partitions, _)| *partitions < size.partitions);
        let smaller = smaller.map(|&(_, id)| id).filter(|id| !is_stale(self.entries[id].used_ms));
        let mut candidates = stale.chain(smaller).filter(|&id| Some(id) != kept);
        let (mut count, mut bytes) = (self.entries.len() + new, self.bytes + size.bytes);
        let mut victims = Vec::new();
        while count > self.slots || bytes > self.bytes_max {
            let victim = candidates.next()?;
            victims.push(victim);
            count -= 1;
            bytes -= self.entries[&victim].size.bytes;
        }
        Some(victims)
    }

    fn new_id(&self, rng: &Rng) -> i32 {
        loop {
            let id = i32::try_from(rng.below(i32::MAX as u64)).unwrap_or(0);
            if id != 0 && !self.entries.contains_key(&id) {
                return id;
            }
        }
    }

    fn insert(&mut self, id: i32, session: S, now_ms: i64, size: Size) {
        self.bytes += size.bytes;
        self.by_use.insert((now_ms, id));
        self.entries.insert(id, Entry { session, created_ms: now_ms, used_ms: now_ms, size });
    }

    fn touch(&mut self, id: i32, now_ms: i64, size: Size) -> Vec<S> {
        let Some(entry) = self.entries.get_mut(&id) else { return Vec::new() };
        let (used_ms, before) = (entry.used_ms, entry.size);
        (entry.used_ms, entry.size) = (now_ms, size);
        let is_old = now_ms.saturating_sub(entry.created_ms) > EVICTION_MS;
        self.by_use.remove(&(used_ms, id));
        self.by_use.insert((now_ms, id));
        self.by_size.remove(&(before.partitions, id));
        if is_old {
            self.by_size.insert((size.partitions, id));
        }
        self.bytes = self.bytes + size.bytes - before.bytes;
        if size.bytes <= before.bytes {
            return Vec::new();
        }
        if size.bytes > self.session_bytes_max {
            return self.remove(id).into_iter().collect();
        }
        let grown = Size { bytes: 0, ..size };
        self.make_room(now_ms, grown, 0, Some(id)).unwrap_or_else(|| self.remove(id).into_iter().collect())
    }

    fn remove(&mut self, id: i32) -> Option<S> {
        let entry = self.entries.remove(&id)?;
        self.bytes -= entry.size.bytes;
        self.by_use.remove(&(entry.used_ms, id));
        self.by_size.remove(&(entry.size.partitions, id));
        Some(entry.session)
    }
}

#[cfg(test)]
mod tests;
