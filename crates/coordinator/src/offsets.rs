//! How far groups have come: committing, fetching, forgetting.
//!
//! A commit is a [`Record::OffsetCommit`], and [`Shard::replay`] keeps it; nothing else changes an offset.

mod commit;
mod delete;
mod expiry;
mod fetch;
mod groups;
mod list;
mod store;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use record::TopicId;
use wire::ErrorCode;

use crate::{Record, Shard, Step};

pub(crate) use store::Offsets;

/// How far a group has come in one partition, as OffsetFetch tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommittedPartition {
    /// The topic's name.
    pub topic: Arc<str>,
    /// The topic's id; zero if it is not known.
    pub topic_id: TopicId,
    /// The partition.
    pub partition: i32,
    /// The next offset to read; -1 for none.
    pub offset: i64,
    /// The epoch of the leader; -1 if it is not known.
    pub leader_epoch: i32,
    /// Whatever the client wanted to be kept.
    pub metadata: Arc<str>,
    /// Why not, or none.
    pub error: ErrorCode,
}

/// A group as ListGroups tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedGroup {
    /// Its name.
    pub group: Arc<str>,
    /// Its protocol type.
    pub protocol_type: Arc<str>,
    /// Its state.
    pub state: &'static str,
    /// `classic` or `consumer`.
    pub group_type: &'static str,
}

impl Shard {
    /// Changes the state by the record and has it appended.
    pub(crate) fn commit_record(&mut self, step: &mut Step<'_>, record: Record) {
        self.replay(&record);
        step.write(record);
    }
}
