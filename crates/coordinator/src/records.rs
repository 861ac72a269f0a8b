//! What groups leave in `__consumer_offsets`: Kafka's records, so that Kafka's tools can read them.
//!
//! A key begins with the kind of the record as an `i16`, a value with its version as an `i16`. A record without a value
//! takes back what was said under its key.

mod decode;
mod encode;
mod layout;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use record::TopicId;

pub use decode::DecodeError;
pub(crate) use encode::BATCH_OVERHEAD;
pub use encode::EncodedRecord;

/// A set of partitions, by topic.
pub type Partitions = BTreeMap<TopicId, BTreeSet<i32>>;

/// An epoch for each of some partitions, by topic.
pub type Epochs = BTreeMap<TopicId, BTreeMap<i32, i32>>;

/// One record. `None` as its value is a tombstone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// Kind 0 and 1: how far a group has come in a partition.
    OffsetCommit {
        /// The group.
        group: Arc<str>,
        /// The topic's name.
        topic: Arc<str>,
        /// The partition.
        partition: i32,
        /// The position.
        value: Option<OffsetCommit>,
    },
    /// Kind 2: a classic group whose members are assigned, or that is empty.
    GroupMetadata {
        /// The group.
        group: Arc<str>,
        /// All of it.
        value: Option<GroupMetadata>,
    },
    /// Kind 3: the epoch of a consumer group (KIP-848); its tombstone is the end of the group.
    ConsumerGroupMetadata {
        /// The group.
        group: Arc<str>,
        /// Its epoch.
        value: Option<ConsumerGroupMetadata>,
    },
    /// Kind 5: a member of a consumer group.
    ConsumerGroupMemberMetadata {
        /// The group.
        group: Arc<str>,
        /// The member.
        member: Arc<str>,
        /// What it wants.
        value: Option<ConsumerGroupMemberMetadata>,
    },
    /// Kind 6: the epoch of the target assignment.
    ConsumerGroupTargetAssignmentMetadata {
        /// The group.
        group: Arc<str>,
        /// The epoch, and when it was assigned.
        value: Option<TargetAssignmentMetadata>,
    },
    /// Kind 7: what a member shall have.
    ConsumerGroupTargetAssignmentMember {
        /// The group.
        group: Arc<str>,
        /// The member.
        member: Arc<str>,
        /// The partitions.
        value: Option<Partitions>,
    },
    /// Kind 8: what a member has.
    ConsumerGroupCurrentMemberAssignment {
        /// The group.
        group: Arc<str>,
        /// The member.
        member: Arc<str>,
        /// The partitions, and how far it is.
        value: Option<CurrentMemberAssignment>,
    },
    /// Kind 16: what a regular expression matches.
    ConsumerGroupRegularExpression {
        /// The group.
        group: Arc<str>,
        /// The expression.
        regex: Arc<str>,
        /// The topics.
        value: Option<ResolvedRegularExpression>,
    },
}

/// How far a group has come in a partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OffsetCommit {
    /// The next offset to read.
    pub offset: i64,
    /// The epoch of the leader of the last record read; -1 if it is not known.
    pub leader_epoch: i32,
    /// Whatever the client wanted to be kept.
    pub metadata: Arc<str>,
    /// When, in milliseconds since 1970.
    pub commit_timestamp: i64,
    /// When it is forgotten, for clients that asked for a time of their own (until OffsetCommit v4).
    pub expire_timestamp: Option<i64>,
    /// The topic's id; zero if it is not known.
    pub topic_id: TopicId,
}

/// A classic group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupMetadata {
    /// Such as `consumer`.
    pub protocol_type: Arc<str>,
    /// The generation.
    pub generation: i32,
    /// What the members agreed on.
    pub protocol: Option<Arc<str>>,
    /// The member that assigns.
    pub leader: Option<Arc<str>>,
    /// Since when it is in this state, in milliseconds since 1970; -1 if it is not known.
    pub current_state_timestamp: i64,
    /// The members.
    pub members: Vec<MemberMetadata>,
}

/// A member of a classic group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberMetadata {
    /// Its id.
    pub member_id: Arc<str>,
    /// Its name over restarts.
    pub instance_id: Option<Arc<str>>,
    /// Its `client.id`.
    pub client_id: Arc<str>,
    /// Its address.
    pub client_host: Arc<str>,
    /// Milliseconds.
    pub rebalance_timeout: i32,
    /// Milliseconds.
    pub session_timeout: i32,
    /// What it said of itself for the protocol.
    pub subscription: Arc<[u8]>,
    /// What the leader gave it.
    pub assignment: Arc<[u8]>,
}

/// The epoch of a consumer group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerGroupMetadata {
    /// The epoch.
    pub epoch: i32,
    /// A hash of the topics that it is subscribed to; 0 for none.
    pub metadata_hash: i64,
}

/// What a member of a consumer group wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsumerGroupMemberMetadata {
    /// Its name over restarts.
    pub instance_id: Option<Arc<str>>,
    /// Where it is.
    pub rack_id: Option<Arc<str>>,
    /// Its `client.id`.
    pub client_id: Arc<str>,
    /// Its address.
    pub client_host: Arc<str>,
    /// Topics by name.
    pub subscribed_topic_names: Vec<Arc<str>>,
    /// Topics by an expression.
    pub subscribed_topic_regex: Option<Arc<str>>,
    /// Milliseconds.
    pub rebalance_timeout_ms: i32,
    /// The assignor that it would like.
    pub server_assignor: Option<Arc<str>>,
    /// Of a member that speaks the classic protocol.
    pub classic: Option<ClassicMemberMetadata>,
}

/// What a classic member of a consumer group said when it joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassicMemberMetadata {
    /// Milliseconds.
    pub session_timeout_ms: i32,
    /// Names of protocols with what the member said of itself.
    pub supported_protocols: Vec<(Arc<str>, Arc<[u8]>)>,
}

/// When a consumer group was assigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetAssignmentMetadata {
    /// The epoch that was assigned.
    pub assignment_epoch: i32,
    /// When, in milliseconds since 1970; 0 if it is not known.
    pub assignment_timestamp: i64,
}

/// What a member of a consumer group has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentMemberAssignment {
    /// Its epoch.
    pub member_epoch: i32,
    /// The epoch before, which its last request may still have had.
    pub previous_member_epoch: i32,
    /// Where it is between what it has and what it shall have, by Kafka's number.
    pub state: i8,
    /// What it has.
    pub assigned: Partitions,
    /// What it has to give up.
    pub pending_revocation: Partitions,
    /// The epochs in which it got its partitions (KIP-1251). Where one of a topic is not known, none of the topic is written.
    pub epochs: Epochs,
}

impl CurrentMemberAssignment {
    /// Gives each partition its epoch.
    pub(crate) fn date(&mut self, epoch: impl Fn(&TopicId, i32) -> i32) {
        self.epochs = Epochs::new();
        for (topic, partitions) in self.assigned.iter().chain(&self.pending_revocation).filter(|(_, of)| !of.is_empty())
        {
            let dated = partitions.iter().map(|partition| (*partition, epoch(topic, *partition)));
            self.epochs.entry(*topic).or_default().extend(dated);
        }
    }
}

/// What a regular expression matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedRegularExpression {
    /// The topics' names.
    pub topics: BTreeSet<Arc<str>>,
    /// Of the cluster's metadata.
    pub version: i64,
    /// When, in milliseconds since 1970.
    pub timestamp: i64,
}
