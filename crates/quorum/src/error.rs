//! What can go wrong, by operation.

use std::io;
use std::path::PathBuf;

use metadata::ApplyError;
use metadata::codec::DecodeError;

use crate::NodeId;

/// Why the metadata could not be opened. Nothing was changed, so that the operator can look.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The disk failed.
    #[error("cannot open the cluster metadata in {}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A file is not what was written and synced.
    #[error("the cluster metadata in {} is damaged: {what}; restore the file or the whole directory from a copy, or give this node \
             a new id and an empty directory", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file holds what this program does not know.
    #[error("cannot read the cluster metadata in {}", path.display())]
    Decode {
        /// The file.
        path: PathBuf,
        /// What it does not know.
        #[source]
        source: DecodeError,
    },
    /// The directory belongs to another node.
    #[error("the cluster metadata in {} belongs to node {found}, but this is node {given}", path.display())]
    WrongNode {
        /// The directory.
        path: PathBuf,
        /// The node that is being opened.
        given: NodeId,
        /// The node that made the directory.
        found: NodeId,
    },
    /// The engine refuses its configuration or its state.
    #[error("the consensus engine cannot start")]
    Engine(#[source] raft::Error),
    /// The first turn of the only voter failed.
    #[error(transparent)]
    Quorum(#[from] QuorumError),
}

/// The node can go on no longer: what it promised others may not be on its disk. Only a restart helps.
#[derive(Debug, thiserror::Error)]
pub enum QuorumError {
    /// A write or an fsync failed.
    #[error("cannot write the cluster metadata in {}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// What was committed cannot be read by this program.
    #[error("cannot read a committed batch of cluster metadata")]
    Decode(#[from] DecodeError),
    /// What was committed contradicts the image.
    #[error("cannot apply a committed batch of cluster metadata")]
    Apply(#[from] ApplyError),
    /// The engine failed.
    #[error("the consensus engine failed")]
    Engine(#[from] raft::Error),
    /// It failed before.
    #[error("the metadata quorum stopped after an earlier failure")]
    Stopped,
}

impl QuorumError {
    /// Whether there was no room on the disk.
    pub(crate) fn is_storage_full(&self) -> bool {
        matches!(self, QuorumError::Io { source, .. } if is_full(source))
    }
}

/// Whether the disk, or what this user may use of it, is used up.
pub(crate) fn is_full(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
}

/// Why a batch was not proposed.
#[derive(Debug, thiserror::Error)]
pub enum ProposeError {
    /// This node does not lead, or not yet: propose at the leader.
    #[error("this node does not lead the metadata quorum")]
    NotLeader,
    /// The batch before is not applied yet; there is one at a time.
    #[error("another batch of metadata is being committed")]
    InFlight,
    /// The records contradict the image, so they were not decided upon it.
    #[error("the batch cannot be applied")]
    Apply(#[from] ApplyError),
    /// There is no room on the disk for the batch. The node is well, and takes it when there is room.
    #[error("no room is left on the disk for cluster metadata")]
    StorageFull,
    /// The disk does not say whether there is room.
    #[error("cannot make room for cluster metadata")]
    Io(#[source] io::Error),
    /// The engine takes no proposal now, for instance while it hands over leadership.
    #[error("the consensus engine dropped the batch")]
    Engine(#[source] raft::Error),
}

/// Why the members did not change.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// This node does not lead.
    #[error("this node does not lead the metadata quorum")]
    NotLeader,
    /// A leader must hand over leadership before it leaves.
    #[error("node {0} leads: transfer leadership before it is removed")]
    LeaderLeaves(NodeId),
    /// The id belongs, or belonged, to another directory.
    #[error("node id {0} is bound to another directory: a node that lost its directory needs a new id")]
    NodeIdTaken(NodeId),
    /// The engine takes no change now, for instance because one is under way.
    #[error("the consensus engine dropped the change")]
    Engine(#[source] raft::Error),
}

/// Why a message was not taken. The node is well.
#[derive(Debug, thiserror::Error)]
pub enum StepError {
    /// The message is for another node.
    #[error("the message is for node {0}")]
    NotForMe(NodeId),
    /// The sender's id is bound to another directory than the one it has.
    #[error("node {0} speaks from another directory than it joined with: it may have forgotten its votes")]
    WrongDirectory(NodeId),
    /// The message is malformed.
    #[error("the message is malformed")]
    Decode(#[from] DecodeError),
    /// The snapshot in the message contradicts itself.
    #[error("the message's snapshot cannot be applied")]
    Apply(#[from] ApplyError),
    /// The engine refuses it.
    #[error("the consensus engine refuses the message")]
    Engine(#[source] raft::Error),
}
