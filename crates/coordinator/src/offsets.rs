//! How far groups have come.

use std::sync::Arc;

use record::TopicId;
use wire::ErrorCode;
use wire::messages::offset_commit::OffsetCommitRequest;
use wire::messages::offset_delete::OffsetDeleteRequest;

use crate::{Record, Shard, Step};

/// The offsets of all groups of a shard.
#[derive(Debug, Default)]
pub(crate) struct Offsets {}

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
    /// OffsetCommit: one error for each partition, in the order of the request. Topics are named; those that do not
    /// exist were sorted out before.
    pub fn offset_commit(
        &mut self,
        _step: &mut Step<'_>,
        _version: i16,
        _request: &OffsetCommitRequest<'_>,
    ) -> Vec<ErrorCode> {
        todo!()
    }

    /// OffsetFetch of one group: these partitions, or all that have an offset.
    ///
    /// # Errors
    /// The member is not what it says, or the group is gone.
    pub fn offset_fetch(
        &mut self,
        _step: &mut Step<'_>,
        _group: &str,
        _member: Option<(&str, i32)>,
        _partitions: Option<&[(&str, i32)]>,
        _require_stable: bool,
    ) -> Result<Vec<CommittedPartition>, ErrorCode> {
        todo!()
    }

    /// OffsetDelete: one error for each partition, in the order of the request.
    ///
    /// # Errors
    /// There is no such group, or it has members that may read anything.
    pub fn offset_delete(
        &mut self,
        _step: &mut Step<'_>,
        _request: &OffsetDeleteRequest<'_>,
    ) -> Result<Vec<ErrorCode>, ErrorCode> {
        todo!()
    }

    /// DeleteGroups, of one group.
    pub fn delete_group(&mut self, _step: &mut Step<'_>, _group: &str) -> ErrorCode {
        todo!()
    }

    /// ListGroups: states and types to list, by any spelling of their letters; none for all.
    pub fn list_groups(&self, _states: &[&str], _types: &[&str]) -> Vec<ListedGroup> {
        todo!()
    }

    /// These topics are deleted, their offsets go.
    pub fn topics_deleted(&mut self, _step: &mut Step<'_>, _topics: &[(Arc<str>, TopicId)]) {
        todo!()
    }

    pub(crate) fn replay_offset(&mut self, _record: &Record) {
        todo!()
    }

    pub(crate) fn expire_offsets(&mut self, _step: &mut Step<'_>) {
        todo!()
    }
}
