//! The nodes of the quorum and the directories that they keep their votes in.

use std::collections::BTreeMap;
use std::fmt;

use metadata::codec::{DecodeError, Reader, Writer};
use record::{BrokerId, Uuid};

/// A node in the quorum: its broker id plus one, since the engine knows no node 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u64);

impl NodeId {
    /// The broker of this node. No node has an id that is no broker's.
    pub fn broker(self) -> BrokerId {
        BrokerId(i32::try_from(self.0).map_or(i32::MAX, |id| id - 1))
    }
}

impl From<BrokerId> for NodeId {
    /// Broker ids are not negative; a negative one is a programmer's error.
    fn from(id: BrokerId) -> NodeId {
        NodeId(u64::try_from(id.0).expect("a broker's id is not negative") + 1)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Every node that ever was a member, with the id of its directory.
///
/// A node that lost its directory has forgotten whom it voted for and what it acknowledged. It must come back under a new id, so
/// an id stays bound to its first directory for ever, also after the node was removed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Members(BTreeMap<NodeId, Uuid>);

impl Members {
    pub(crate) fn bind(&mut self, node: NodeId, directory: Uuid) {
        self.0.entry(node).or_insert(directory);
    }

    /// The directory that `node` is bound to; [`Uuid::ZERO`] for one that never was a member.
    pub(crate) fn directory(&self, node: NodeId) -> Uuid {
        self.0.get(&node).copied().unwrap_or(Uuid::ZERO)
    }

    /// Whether `node` is bound to another directory than this.
    pub(crate) fn contradicts(&self, node: NodeId, directory: Uuid) -> bool {
        self.0.get(&node).is_some_and(|bound| *bound != directory)
    }

    pub(crate) fn encode(&self, w: &mut Writer) {
        let members: Vec<_> = self.0.iter().collect();
        w.list(&members, |w, (node, directory)| {
            w.u64(node.0);
            w.uuid(**directory);
        });
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Members, DecodeError> {
        let members = r.list(|r| Ok((NodeId(r.u64()?), r.uuid()?)))?;
        Ok(Members(members.into_iter().collect()))
    }
}
