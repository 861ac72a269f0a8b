//! Messages between the nodes of a quorum, in our encoding.

use metadata::codec::{DecodeError, Reader, Writer};
use raft::eraftpb::{self, MessageType, Snapshot};
use record::Uuid;

use crate::codec;
use crate::member::NodeId;

/// A message from one node to another.
///
/// A message that [carries a snapshot](Message::is_snapshot) holds up everything else for its receiver until the sender's quorum
/// hears of its fate by [`crate::Quorum::report_snapshot`].
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// The sender's directory: a node that lost it is no longer the node that it says it is.
    pub(crate) directory: Uuid,
    pub(crate) inner: eraftpb::Message,
}

impl Message {
    /// The receiver.
    pub fn to(&self) -> NodeId {
        NodeId(self.inner.to)
    }

    /// The sender.
    pub fn from(&self) -> NodeId {
        NodeId(self.inner.from)
    }

    /// Whether the sending must be reported.
    pub fn is_snapshot(&self) -> bool {
        self.inner.msg_type == MessageType::MsgSnapshot
    }

    /// The message as it travels.
    pub fn encode(&self) -> Vec<u8> {
        let m = &self.inner;
        let mut w = Writer::new();
        w.uuid(self.directory);
        w.u8(m.msg_type as u8);
        for number in [m.to, m.from, m.term, m.log_term, m.index, m.commit, m.commit_term] {
            w.u64(number);
        }
        w.list(&m.entries, codec::put_entry);
        w.option(m.snapshot.as_ref(), put_snapshot);
        w.u64(m.request_snapshot);
        w.bool(m.reject);
        w.u64(m.reject_hint);
        w.bytes(&m.context);
        w.u64(m.deprecated_priority);
        w.i64(m.priority);
        w.into_bytes()
    }

    /// Reads what [`Message::encode`] wrote.
    pub fn decode(bytes: &[u8]) -> Result<Message, DecodeError> {
        let mut r = Reader::new(bytes);
        let directory = r.uuid()?;
        let inner = eraftpb::Message {
            msg_type: message_type(r.u8()?)?,
            to: r.u64()?,
            from: r.u64()?,
            term: r.u64()?,
            log_term: r.u64()?,
            index: r.u64()?,
            commit: r.u64()?,
            commit_term: r.u64()?,
            entries: r.list(codec::entry)?.into(),
            snapshot: r.option(snapshot)?.into(),
            request_snapshot: r.u64()?,
            reject: r.bool()?,
            reject_hint: r.u64()?,
            context: r.bytes()?.to_vec().into(),
            deprecated_priority: r.u64()?,
            priority: r.i64()?,
            ..eraftpb::Message::default()
        };
        r.finish()?;
        Ok(Message { directory, inner })
    }
}

fn put_snapshot(w: &mut Writer, snapshot: &Snapshot) {
    let metadata = snapshot.get_metadata();
    w.bytes(&snapshot.data);
    w.u64(metadata.index);
    w.u64(metadata.term);
    codec::put_conf_state(w, metadata.get_conf_state());
}

fn snapshot(r: &mut Reader<'_>) -> Result<Snapshot, DecodeError> {
    let mut snapshot = Snapshot { data: r.bytes()?.to_vec().into(), ..Snapshot::default() };
    let metadata = snapshot.mut_metadata();
    metadata.index = r.u64()?;
    metadata.term = r.u64()?;
    metadata.set_conf_state(codec::conf_state(r)?);
    Ok(snapshot)
}

/// Only the types that nodes send each other. The engine's local ones would let a peer steer it, and a proposal that a follower
/// forwards would not have been decided upon the leader's image.
fn message_type(id: u8) -> Result<MessageType, DecodeError> {
    use MessageType::*;
    let sent = [
        MsgAppend,
        MsgAppendResponse,
        MsgRequestVote,
        MsgRequestVoteResponse,
        MsgSnapshot,
        MsgHeartbeat,
        MsgHeartbeatResponse,
        MsgTransferLeader,
        MsgTimeoutNow,
        MsgReadIndex,
        MsgReadIndexResp,
        MsgRequestPreVote,
        MsgRequestPreVoteResponse,
    ];
    sent.into_iter().find(|known| *known as u8 == id).ok_or(DecodeError::InvalidFlag(id))
}

#[cfg(test)]
mod tests;
