//! Partitions: replicas, in-sync replicas, leader and epochs.

use record::{BrokerId, LeaderEpoch, PartitionIndex, TopicId};

use super::Body;
use crate::codec::{DecodeError, Reader, Writer};

/// Everything about one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionRecord {
    /// The topic.
    pub topic_id: TopicId,
    /// Partitions of a topic come in the order of their indexes, without gaps.
    pub index: PartitionIndex,
    /// The brokers that hold it, the preferred leader first.
    pub replicas: Vec<BrokerId>,
    /// The replicas that hold every committed record.
    pub isr: Vec<BrokerId>,
    /// The broker that serves it; `None` while none can.
    pub leader: Option<BrokerId>,
    /// Grows with every election.
    pub leader_epoch: LeaderEpoch,
    /// Grows with every change of the partition.
    pub partition_epoch: i32,
}

impl Body for PartitionRecord {
    fn encode(&self, w: &mut Writer) {
        w.uuid(self.topic_id);
        w.i32(self.index.0);
        brokers(w, &self.replicas);
        brokers(w, &self.isr);
        w.option(self.leader, Writer::broker);
        w.i32(self.leader_epoch.0);
        w.i32(self.partition_epoch);
    }

    fn decode(r: &mut Reader<'_>, _version: u8) -> Result<PartitionRecord, DecodeError> {
        Ok(PartitionRecord {
            topic_id: r.uuid()?,
            index: PartitionIndex(r.i32()?),
            replicas: r.list(Reader::broker)?,
            isr: r.list(Reader::broker)?,
            leader: r.option(Reader::broker)?,
            leader_epoch: LeaderEpoch(r.i32()?),
            partition_epoch: r.i32()?,
        })
    }
}

/// What changed about one partition; what is absent stays. The epochs are the new ones, so that no node computes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionChangeRecord {
    /// The topic.
    pub topic_id: TopicId,
    /// The partition.
    pub index: PartitionIndex,
    /// The new assignment, if it changed.
    pub replicas: Option<Vec<BrokerId>>,
    /// The new in-sync set, if it changed.
    pub isr: Option<Vec<BrokerId>>,
    /// The leader after the change.
    pub leader: Option<BrokerId>,
    /// The leader's epoch after the change.
    pub leader_epoch: LeaderEpoch,
    /// The partition's epoch after the change.
    pub partition_epoch: i32,
}

impl Body for PartitionChangeRecord {
    fn encode(&self, w: &mut Writer) {
        w.uuid(self.topic_id);
        w.i32(self.index.0);
        w.option(self.replicas.as_deref(), brokers);
        w.option(self.isr.as_deref(), brokers);
        w.option(self.leader, Writer::broker);
        w.i32(self.leader_epoch.0);
        w.i32(self.partition_epoch);
    }

    fn decode(r: &mut Reader<'_>, _version: u8) -> Result<PartitionChangeRecord, DecodeError> {
        Ok(PartitionChangeRecord {
            topic_id: r.uuid()?,
            index: PartitionIndex(r.i32()?),
            replicas: r.option(|r| r.list(Reader::broker))?,
            isr: r.option(|r| r.list(Reader::broker))?,
            leader: r.option(Reader::broker)?,
            leader_epoch: LeaderEpoch(r.i32()?),
            partition_epoch: r.i32()?,
        })
    }
}

fn brokers(w: &mut Writer, ids: &[BrokerId]) {
    w.list(ids, |w, id| w.broker(*id));
}

#[cfg(test)]
mod tests;
