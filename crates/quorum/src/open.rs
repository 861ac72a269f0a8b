//! Opening a directory: the first time, or again.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::Disk;
use metadata::Image;
use metadata::records::ClusterRecord;
use raft::RawNode;
use raft::eraftpb::{Entry, HardState};
use record::Uuid;

use crate::error::OpenError;
use crate::journal::{self, Journal, Update};
use crate::member::{Members, NodeId};
use crate::node::Quorum;
use crate::snapshot::{self, Applied, Identity, Position};
use crate::store::Store;

const LOG: &str = "log";
const SNAPSHOT: &str = "snapshot";

/// The first entry of every cluster's log is the snapshot that its first node starts with. So a node that joins with an empty log
/// is sent a snapshot, which tells it the cluster's id.
const FIRST: Position = Position { index: 1, term: 1 };

/// How to open.
#[derive(Debug, Clone)]
pub struct Options {
    /// This node.
    pub node: NodeId,
    /// What to do in an empty directory.
    pub start: Start,
    /// The journal is replaced by a snapshot when it is longer than this.
    pub compact_after_bytes: u64,
}

impl Options {
    /// For a node that starts a cluster of its own unless its directory knows of one; a snapshot after each 8 MiB.
    pub fn new(node: NodeId) -> Options {
        Options { node, start: Start::Bootstrap, compact_after_bytes: 8 << 20 }
    }
}

/// What an empty directory means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// A new cluster, with this node as its only voter.
    Bootstrap,
    /// A new node of a cluster, whose leader will send everything.
    Join,
}

impl Quorum {
    /// Opens `dir`, making it if need be. `new_id` draws random ids for a new cluster and a new directory.
    ///
    /// A sole voter leads when this returns, and its image has everything that was ever committed. The caller makes sure that only
    /// one process opens the directory.
    pub fn open(disk: &Disk, dir: &Path, options: &Options, new_id: impl FnMut() -> Uuid) -> Result<Quorum, OpenError> {
        let files = Files { disk, log: dir.join(LOG), snapshot: dir.join(SNAPSHOT) };
        if !files.have_a_node()? {
            files.create(dir, options, new_id)?;
        }
        let mut quorum = files.open(options)?;
        if quorum.voters().eq([options.node]) {
            quorum.campaign()?;
        }
        quorum.ready()?;
        Ok(quorum)
    }
}

struct Files<'a> {
    disk: &'a Disk,
    log: PathBuf,
    snapshot: PathBuf,
}

impl Files<'_> {
    /// Whether the directory was set up. The snapshot is written last, so a log alone is a set-up that was cut off, unless it
    /// has entries.
    fn have_a_node(&self) -> Result<bool, OpenError> {
        let exists = |path: &Path| self.disk.exists(path).map_err(|source| io_error(path, source));
        let (log, snapshot) = (exists(&self.log)?, exists(&self.snapshot)?);
        if snapshot && !log {
            return Err(damaged(&self.log, "it is missing"));
        }
        if log && !snapshot && !journal::read(self.disk, &self.log)?.entries.is_empty() {
            return Err(damaged(&self.snapshot, "it is missing"));
        }
        Ok(snapshot)
    }

    fn create(&self, dir: &Path, options: &Options, mut new_id: impl FnMut() -> Uuid) -> Result<(), OpenError> {
        self.disk.create_dir_all(dir).map_err(|source| io_error(dir, source))?;
        if let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            self.disk.sync_dir(parent).map_err(|source| io_error(parent, source))?;
        }
        let identity = Identity { node: options.node, directory: new_id() };
        let applied = match options.start {
            Start::Bootstrap => first_state(identity, new_id()),
            Start::Join => Applied::default(),
        };
        let hard_state = Some(raised(HardState::default(), applied.position));
        Journal::rewrite(self.disk, &self.log, &Update { hard_state, entries: Vec::new() })?;
        snapshot::write(self.disk, &self.snapshot, identity, &applied)?;
        Ok(())
    }

    fn open(&self, options: &Options) -> Result<Quorum, OpenError> {
        let (identity, applied) = snapshot::read(self.disk, &self.snapshot)?;
        if identity.node != options.node {
            let path = self.snapshot.clone();
            return Err(OpenError::WrongNode { path, given: options.node, found: identity.node });
        }
        let (hard_state, entries) = self.read_log(applied.position)?;
        let first = Update { hard_state: Some(hard_state.clone()), entries: entries.clone() };
        let journal = Journal::rewrite(self.disk, &self.log, &first)?;
        let config = engine_config(options.node, applied.position);
        let store = Store::new(applied, hard_state, entries);
        let engine = RawNode::new(&config, store, &crate::logger::logger()).map_err(OpenError::Engine)?;
        Ok(Quorum {
            disk: self.disk.clone(),
            snapshot_path: self.snapshot.clone(),
            identity,
            engine,
            journal,
            compact_after_bytes: options.compact_after_bytes,
            in_flight: None,
            failed: false,
        })
    }

    /// The hard state, and the entries after the snapshot.
    fn read_log(&self, snapshot: Position) -> Result<(HardState, Vec<Entry>), OpenError> {
        let Update { hard_state, mut entries } = journal::read(self.disk, &self.log)?;
        let hard_state = hard_state.ok_or_else(|| damaged(&self.log, "it has no hard state"))?;
        entries.retain(|entry| entry.index > snapshot.index);
        if entries.first().is_some_and(|first| first.index != snapshot.index + 1) {
            return Err(damaged(&self.log, "entries are missing after the snapshot"));
        }
        let mut hard_state = raised(hard_state, snapshot);
        hard_state.commit = hard_state.commit.min(snapshot.index + entries.len() as u64);
        Ok((hard_state, entries))
    }
}

/// The state of a cluster that consists of this node.
fn first_state(identity: Identity, cluster_id: Uuid) -> Applied {
    let mut image = Image::default();
    let cluster = ClusterRecord { id: cluster_id }.into();
    image.apply(&cluster).expect("a cluster's id can always be assigned");
    let mut members = Members::default();
    members.bind(identity.node, identity.directory);
    let conf_state = (vec![identity.node.0], Vec::new()).into();
    Applied { position: FIRST, conf_state, members, image: Arc::new(image) }
}

/// A hard state that knows of the snapshot: a snapshot may become durable before the hard state that came with it.
fn raised(mut hard_state: HardState, snapshot: Position) -> HardState {
    if hard_state.term < snapshot.term {
        hard_state.term = snapshot.term;
        hard_state.vote = raft::INVALID_ID;
    }
    hard_state.commit = hard_state.commit.max(snapshot.index);
    hard_state
}

fn engine_config(node: NodeId, applied: Position) -> raft::Config {
    raft::Config {
        id: node.0,
        election_tick: 10,
        heartbeat_tick: 2,
        applied: applied.index,
        max_size_per_msg: 1 << 20,
        max_inflight_msgs: 64,
        check_quorum: true,
        pre_vote: true,
        ..raft::Config::default()
    }
}

fn io_error(path: &Path, source: std::io::Error) -> OpenError {
    OpenError::Io { path: path.to_owned(), source }
}

fn damaged(path: &Path, what: &str) -> OpenError {
    OpenError::Damaged { path: path.to_owned(), what: what.to_owned() }
}
