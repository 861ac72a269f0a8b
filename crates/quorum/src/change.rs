//! Changes of the quorum's members.

use metadata::codec::DecodeError;
use protobuf::Message as _;
use raft::eraftpb::{ConfChangeSingle, ConfChangeType, ConfChangeV2, Entry, EntryType};
use record::Uuid;

use crate::member::NodeId;

/// A change of the members. One is under way at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A node that keeps the log but does not vote. The directory is the one that the node drew for itself.
    AddLearner(NodeId, Uuid),
    /// A node that votes.
    AddVoter(NodeId, Uuid),
    /// A node leaves for ever. The leader cannot be removed: it transfers leadership first.
    Remove(NodeId),
}

impl Change {
    /// The node that comes, votes or goes.
    pub fn node(&self) -> NodeId {
        match *self {
            Change::AddLearner(node, _) | Change::AddVoter(node, _) | Change::Remove(node) => node,
        }
    }

    /// The directory of a node that comes.
    pub(crate) fn directory(&self) -> Option<Uuid> {
        match *self {
            Change::AddLearner(_, directory) | Change::AddVoter(_, directory) => Some(directory),
            Change::Remove(_) => None,
        }
    }

    pub(crate) fn to_engine(self) -> ConfChangeV2 {
        let change_type = match self {
            Change::AddLearner(..) => ConfChangeType::AddLearnerNode,
            Change::AddVoter(..) => ConfChangeType::AddNode,
            Change::Remove(_) => ConfChangeType::RemoveNode,
        };
        let single = ConfChangeSingle { change_type, node_id: self.node().0, ..ConfChangeSingle::default() };
        let context = self.directory().map(|directory| directory.0.to_vec()).unwrap_or_default().into();
        ConfChangeV2 { changes: vec![single].into(), context, ..ConfChangeV2::default() }
    }
}

/// A committed change of members. The engine encodes it with protobuf and reads it itself, so this one stays as it is.
pub(crate) struct Committed {
    pub(crate) engine: ConfChangeV2,
}

impl Committed {
    pub(crate) fn decode(entry: &Entry) -> Result<Committed, DecodeError> {
        let malformed = DecodeError::InvalidFlag(entry.entry_type as u8);
        let mut engine = ConfChangeV2::default();
        match entry.entry_type {
            EntryType::EntryConfChangeV2 if engine.merge_from_bytes(&entry.data).is_ok() => Ok(Committed { engine }),
            _ => Err(malformed),
        }
    }

    /// The node that comes with a directory, if one does.
    pub(crate) fn joins(&self) -> Option<(NodeId, Uuid)> {
        let directory = <[u8; 16]>::try_from(&*self.engine.context).ok()?;
        let change = self.engine.changes.first()?;
        Some((NodeId(change.node_id), Uuid(directory)))
    }

    pub(crate) fn removes(&self, node: NodeId) -> bool {
        let leaves =
            |change: &ConfChangeSingle| change.node_id == node.0 && change.change_type != ConfChangeType::AddNode;
        self.engine.changes.iter().any(leaves)
    }
}
