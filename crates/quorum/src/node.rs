//! One node of the quorum.

use std::path::PathBuf;
use std::sync::Arc;

use host::Disk;
use metadata::{Batch, Image, Index, Record};
use raft::eraftpb::{self, Entry, EntryType, HardState};
use raft::{RawNode, Ready, SnapshotStatus, StateRole};
use record::Uuid;

use crate::change::{self, Change};
use crate::error::{ChangeError, ProposeError, QuorumError, StepError, is_full};
use crate::journal::{Journal, Update};
use crate::member::NodeId;
use crate::message::Message;
use crate::snapshot::{self, Applied, Identity, Position, StateError};
use crate::store::Store;

/// This node's part in the consensus on the metadata log. See the crate's documentation for how it is driven.
pub struct Quorum {
    pub(crate) disk: Disk,
    pub(crate) snapshot_path: PathBuf,
    pub(crate) identity: Identity,
    pub(crate) engine: RawNode<Store>,
    pub(crate) journal: Journal,
    /// The journal is compacted when it is longer.
    pub(crate) compact_after_bytes: u64,
    pub(crate) in_flight: Option<Proposed>,
    pub(crate) failed: bool,
}

/// What the frames of a turn take beside the batch: hard states and their envelopes.
const TURN_BYTES_MAX: u64 = 4096;

/// Where a proposed batch will be in the log, if it gets there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proposed {
    /// The index.
    pub index: Index,
    /// The leader's term.
    pub term: u64,
}

/// A batch that is committed.
#[derive(Debug, Clone, PartialEq)]
pub struct Committed {
    /// Its place. A proposal whose index is committed with another term was lost to another leader.
    pub at: Proposed,
    /// Whether it counts: `false` when it was decided upon an image that is no longer the last.
    pub applied: bool,
    /// Its records.
    pub records: Vec<Record>,
}

/// What came of a turn.
#[derive(Debug, Default)]
pub struct Progress {
    /// The batches committed since the last turn, in order, applied to [`Quorum::image`].
    pub committed: Vec<Committed>,
    /// A snapshot of the leader has replaced the image as a whole.
    pub installed_snapshot: bool,
    /// What to send. It may be sent now: what it promises is durable.
    pub messages: Vec<Message>,
}

/// What a node knows of its quorum.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Status {
    /// The leader, if one is known.
    pub leader: Option<NodeId>,
    /// The term: Kafka's leader epoch.
    pub term: u64,
    /// The last index that is committed.
    pub commit: Index,
    /// The last index of this node's log.
    pub log_end: Index,
    /// Who votes, with the ids of their directories.
    pub voters: Vec<(NodeId, Uuid)>,
}

impl Quorum {
    /// What this node knows of the quorum.
    pub fn status(&self) -> Status {
        let log = &self.engine.raft.raft_log;
        let voters = self.voters().map(|voter| (voter, self.applied().members.directory(voter)));
        Status {
            leader: self.leader(),
            term: self.engine.raft.term,
            commit: Index(log.committed),
            log_end: Index(log.last_index()),
            voters: voters.collect(),
        }
    }

    /// The image after all batches that are applied here.
    pub fn image(&self) -> Arc<Image> {
        Arc::clone(&self.applied().image)
    }

    /// Whether this node may decide: it leads, and its image has everything that leaders before it committed.
    pub fn is_leader(&self) -> bool {
        !self.failed && self.engine.raft.state == StateRole::Leader && self.engine.raft.apply_to_current_term()
    }

    /// The leader, as far as this node knows.
    pub fn leader(&self) -> Option<NodeId> {
        let leader = self.engine.raft.leader_id;
        (leader != raft::INVALID_ID).then_some(NodeId(leader))
    }

    /// This node.
    pub fn node(&self) -> NodeId {
        self.identity.node
    }

    /// The id of this node's directory, which others add it with.
    pub fn directory(&self) -> Uuid {
        self.identity.directory
    }

    /// The nodes that vote.
    pub fn voters(&self) -> impl Iterator<Item = NodeId> {
        self.applied().conf_state.voters.iter().copied().map(NodeId)
    }

    /// Proposes records that were decided upon [`Quorum::image`]. [`Quorum::ready`] must follow; it, or a later one, says whether the batch
    /// was committed and counts.
    pub fn propose(&mut self, records: Vec<Record>) -> Result<Proposed, ProposeError> {
        if !self.is_leader() {
            return Err(ProposeError::NotLeader);
        }
        let term = self.engine.raft.term;
        if self.in_flight.is_some_and(|last| last.term == term && last.index.0 > self.applied().position.index) {
            return Err(ProposeError::InFlight);
        }
        let index = Index(self.engine.raft.raft_log.last_index() + 1);
        let batch = Batch { base: self.applied().image.applied(), records };
        // Once committed, a batch that cannot be applied would stop every node.
        self.applied().image.after(index, &batch)?;
        let batch = batch.encode();
        self.journal.reserve(batch.len() as u64 + TURN_BYTES_MAX).map_err(|error| match is_full(&error) {
            true => ProposeError::StorageFull,
            false => ProposeError::Io(error),
        })?;
        self.engine.propose(Vec::new(), batch).map_err(ProposeError::Engine)?;
        let proposed = Proposed { index, term };
        self.in_flight = Some(proposed);
        Ok(proposed)
    }

    /// Proposes a change of the members.
    pub fn change(&mut self, change: Change) -> Result<(), ChangeError> {
        let node = change.node();
        if !self.is_leader() {
            return Err(ChangeError::NotLeader);
        }
        if node == self.node() && change == Change::Remove(node) {
            return Err(ChangeError::LeaderLeaves(node));
        }
        if change.directory().is_some_and(|directory| self.applied().members.contradicts(node, directory)) {
            return Err(ChangeError::NodeIdTaken(node));
        }
        self.engine.propose_conf_change(Vec::new(), change.to_engine()).map_err(ChangeError::Engine)
    }

    /// Hands leadership to another voter, if this node leads and the other catches up within an election timeout.
    pub fn transfer_leader(&mut self, to: NodeId) {
        self.engine.transfer_leader(to.0);
    }

    /// Asks for votes now instead of after an election timeout.
    pub fn campaign(&mut self) -> Result<(), QuorumError> {
        Ok(self.engine.campaign()?)
    }

    /// Time passes: once every 100 ms. Elections take 10 to 20 ticks.
    pub fn tick(&mut self) {
        self.engine.tick();
    }

    /// Takes a message of another node.
    pub fn step(&mut self, message: Message) -> Result<(), StepError> {
        if message.to() != self.node() {
            return Err(StepError::NotForMe(message.to()));
        }
        if self.applied().members.contradicts(message.from(), message.directory) {
            return Err(StepError::WrongDirectory(message.from()));
        }
        if message.is_snapshot() {
            decode_snapshot(message.inner.get_snapshot()).map_err(|error| match error {
                StateError::Decode(error) => StepError::Decode(error),
                StateError::Apply(error) => StepError::Apply(error),
            })?;
        }
        self.engine.step(message.inner).map_err(StepError::Engine)
    }

    /// Says what became of a message that [carried a snapshot](Message::is_snapshot). Without this, the leader sends its receiver
    /// nothing more.
    pub fn report_snapshot(&mut self, to: NodeId, arrived: bool) {
        let status = if arrived { SnapshotStatus::Finish } else { SnapshotStatus::Failure };
        self.engine.report_snapshot(to.0, status);
    }

    /// Says that a node could not be reached, so that the leader sends it less until it answers.
    pub fn report_unreachable(&mut self, to: NodeId) {
        self.engine.report_unreachable(to.0);
    }

    /// Makes durable what must be, applies what is committed and returns what to send, until nothing is left to do. After an
    /// error the node has stopped: it neither writes nor answers any more.
    pub fn ready(&mut self) -> Result<Progress, QuorumError> {
        if self.failed {
            return Err(QuorumError::Stopped);
        }
        let mut progress = Progress::default();
        let result = self.run(&mut progress);
        self.failed = result.is_err();
        result.map(|()| progress)
    }

    fn run(&mut self, progress: &mut Progress) -> Result<(), QuorumError> {
        while self.engine.has_ready() {
            self.turn(progress)?;
        }
        if self.journal.len() > self.compact_after_bytes && self.has_room_to_compact() {
            self.compact()?;
        }
        Ok(())
    }

    fn turn(&mut self, progress: &mut Progress) -> Result<(), QuorumError> {
        let mut ready = self.engine.ready();
        progress.installed_snapshot |= self.persist(&ready)?;
        self.send(progress, ready.take_messages());
        self.send(progress, ready.take_persisted_messages());
        let committed = ready.take_committed_entries();
        let mut light = self.engine.advance_append(ready);
        self.send(progress, light.take_messages());
        for entry in committed.into_iter().chain(light.take_committed_entries()) {
            progress.committed.extend(self.apply(&entry)?);
        }
        self.engine.advance_apply();
        Ok(())
    }

    /// Writes and syncs. A commit index alone is not written: it is learnt again after a restart.
    fn persist(&mut self, ready: &Ready) -> Result<bool, QuorumError> {
        let hard_state = ready.hs().cloned();
        if !ready.snapshot().is_empty() {
            self.install(ready.snapshot(), hard_state, ready.entries())?;
            return Ok(true);
        }
        let entries = ready.entries().clone();
        if ready.must_sync() {
            self.journal.append(&Update { hard_state: hard_state.clone(), entries: entries.clone() })?;
        }
        let store = self.engine.mut_store();
        store.append(&entries);
        store.hard_state = hard_state.unwrap_or_else(|| store.hard_state.clone());
        Ok(false)
    }

    /// Takes over a snapshot of the leader. When the node stops between the two writes, the journal holds only entries that the
    /// snapshot has too, and opening drops them.
    fn install(
        &mut self,
        snapshot: &eraftpb::Snapshot,
        hard_state: Option<HardState>,
        entries: &[Entry],
    ) -> Result<(), QuorumError> {
        let applied = decode_snapshot(snapshot).map_err(|error| match error {
            StateError::Decode(error) => QuorumError::Decode(error),
            StateError::Apply(error) => QuorumError::Apply(error),
        })?;
        snapshot::write(&self.disk, &self.snapshot_path, self.identity, &applied)?;
        let store = self.engine.mut_store();
        store.install(applied);
        store.append(entries);
        store.hard_state = hard_state.unwrap_or_else(|| store.hard_state.clone());
        self.restart_journal()
    }

    /// The snapshot and the new journal are written beside the old ones. A journal that is too long is no harm.
    fn has_room_to_compact(&self) -> bool {
        let available = self.disk.available_bytes(&self.snapshot_path);
        available.is_ok_and(|bytes| bytes > 2 * self.journal.len())
    }

    /// Replaces the journal's applied part by a snapshot.
    pub(crate) fn compact(&mut self) -> Result<(), QuorumError> {
        match snapshot::write(&self.disk, &self.snapshot_path, self.identity, self.applied()) {
            // A journal that is too long is no harm: the next turn tries again.
            Err(error) if error.is_storage_full() => {
                tracing::warn!("the disk is full: the journal of the cluster metadata was not compacted");
                return Ok(());
            }
            written => written?,
        }
        self.engine.mut_store().compact();
        self.restart_journal()
    }

    fn restart_journal(&mut self) -> Result<(), QuorumError> {
        let store = self.engine.store();
        let first = Update { hard_state: Some(store.hard_state.clone()), entries: store.unapplied().to_vec() };
        self.journal.restart(&first)
    }

    fn apply(&mut self, entry: &Entry) -> Result<Option<Committed>, QuorumError> {
        let committed = match entry.entry_type {
            EntryType::EntryNormal if entry.data.is_empty() => None, // A new leader's first entry.
            EntryType::EntryNormal => Some(self.apply_batch(entry)?),
            EntryType::EntryConfChange | EntryType::EntryConfChangeV2 => {
                self.apply_change(entry)?;
                None
            }
        };
        self.applied_mut().position = Position { index: entry.index, term: entry.term };
        Ok(committed)
    }

    fn apply_batch(&mut self, entry: &Entry) -> Result<Committed, QuorumError> {
        let batch = Batch::decode(&entry.data)?;
        let at = Proposed { index: Index(entry.index), term: entry.term };
        let next = self.applied().image.after(at.index, &batch)?;
        let applied = next.is_some();
        if let Some(next) = next {
            self.applied_mut().image = Arc::new(next);
        }
        Ok(Committed { at, applied, records: batch.records })
    }

    fn apply_change(&mut self, entry: &Entry) -> Result<(), QuorumError> {
        let change = change::Committed::decode(entry)?;
        // The engine panics later when it leads without being a voter; the change may have been proposed by a leader before.
        if self.engine.raft.state == StateRole::Leader && change.removes(self.node()) {
            let term = self.engine.raft.term;
            self.engine.raft.become_follower(term, raft::INVALID_ID);
        }
        let conf_state = self.engine.apply_conf_change(&change.engine)?;
        let applied = self.applied_mut();
        applied.conf_state = conf_state;
        if let Some((node, directory)) = change.joins() {
            applied.members.bind(node, directory);
        }
        Ok(())
    }

    fn send(&self, progress: &mut Progress, messages: Vec<eraftpb::Message>) {
        let directory = self.identity.directory;
        progress.messages.extend(messages.into_iter().map(|inner| Message { directory, inner }));
    }

    fn applied(&self) -> &Applied {
        &self.engine.store().applied
    }

    fn applied_mut(&mut self) -> &mut Applied {
        &mut self.engine.mut_store().applied
    }
}

fn decode_snapshot(snapshot: &eraftpb::Snapshot) -> Result<Applied, StateError> {
    let metadata = snapshot.get_metadata();
    let position = Position { index: metadata.index, term: metadata.term };
    Applied::decode_state(position, metadata.get_conf_state().clone(), &snapshot.data)
}
