//! What the engine reads: the durable entries after the last snapshot, and snapshots made when one is asked for.

use raft::eraftpb::{Entry, HardState, Snapshot};
use raft::{GetEntriesContext, RaftState, Storage, StorageError};

use crate::snapshot::{Applied, Position};

/// The durable state, in memory. Whoever changes it has made the change durable before.
pub(crate) struct Store {
    /// The entry before the first that is kept.
    start: Position,
    /// Contiguous, from the one after `start`.
    entries: Vec<Entry>,
    pub(crate) hard_state: HardState,
    pub(crate) applied: Applied,
}

impl Store {
    /// The state at a snapshot and the entries after it.
    pub(crate) fn new(applied: Applied, hard_state: HardState, entries: Vec<Entry>) -> Store {
        assert!(
            entries.first().is_none_or(|first| first.index == applied.position.index + 1),
            "entries follow the snapshot"
        );
        Store { start: applied.position, entries, hard_state, applied }
    }

    /// Puts entries at their indexes; what was there and after is dropped.
    pub(crate) fn append(&mut self, entries: &[Entry]) {
        let Some(first) = entries.first() else { return };
        self.entries.truncate(self.place(first.index));
        self.entries.extend_from_slice(entries);
    }

    /// Forgets the entries up to what is applied.
    pub(crate) fn compact(&mut self) {
        let kept = self.place(self.applied.position.index + 1);
        self.entries.drain(..kept);
        self.start = self.applied.position;
    }

    /// Everything before a snapshot of the leader gives way to it.
    pub(crate) fn install(&mut self, applied: Applied) {
        self.entries.clear();
        self.start = applied.position;
        self.applied = applied;
    }

    /// The entries that are not applied yet.
    pub(crate) fn unapplied(&self) -> &[Entry] {
        &self.entries[self.place(self.applied.position.index + 1)..]
    }

    fn end(&self) -> u64 {
        self.start.index + self.entries.len() as u64
    }

    fn place(&self, index: u64) -> usize {
        assert!(index > self.start.index && index <= self.end() + 1, "the engine asks for entries that exist");
        (index - self.start.index - 1) as usize
    }
}

impl Storage for Store {
    fn initial_state(&self) -> raft::Result<RaftState> {
        Ok(RaftState::new(self.hard_state.clone(), self.applied.conf_state.clone()))
    }

    fn entries(
        &self,
        low: u64,
        high: u64,
        max_size: impl Into<Option<u64>>,
        _context: GetEntriesContext,
    ) -> raft::Result<Vec<Entry>> {
        if low <= self.start.index {
            return Err(StorageError::Compacted.into());
        }
        let mut entries = self.entries[self.place(low)..self.place(high)].to_vec();
        raft::util::limit_size(&mut entries, max_size.into());
        Ok(entries)
    }

    fn term(&self, index: u64) -> raft::Result<u64> {
        if index == self.start.index {
            return Ok(self.start.term);
        }
        if index < self.start.index {
            return Err(StorageError::Compacted.into());
        }
        let place = usize::try_from(index - self.start.index - 1).unwrap_or(usize::MAX);
        self.entries.get(place).map(|entry| entry.term).ok_or_else(|| StorageError::Unavailable.into())
    }

    fn first_index(&self) -> raft::Result<u64> {
        Ok(self.start.index + 1)
    }

    fn last_index(&self) -> raft::Result<u64> {
        Ok(self.end())
    }

    /// The state as applied now, with the voters as of now: a snapshot that was made earlier may lack the node it is for,
    /// which then ignores it for ever.
    fn snapshot(&self, request_index: u64, _to: u64) -> raft::Result<Snapshot> {
        let Applied { position, conf_state, .. } = &self.applied;
        if position.index < request_index {
            return Err(StorageError::SnapshotTemporarilyUnavailable.into());
        }
        let mut snapshot = Snapshot { data: self.applied.encode_state().into(), ..Snapshot::default() };
        let metadata = snapshot.mut_metadata();
        metadata.index = position.index;
        metadata.term = position.term;
        metadata.set_conf_state(conf_state.clone());
        Ok(snapshot)
    }
}
