//! ConsumerGroupDescribe: consumer groups and their members (KIP-848).
//!
//! - 1: member types in the response (KIP-1099).

use record::Uuid;

use crate::{Array, ErrorCode, Message};

/// Which groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 69, versions = 0..=1, flexible = 0..)]
pub struct ConsumerGroupDescribeRequest<'a> {
    /// Their ids.
    pub group_ids: Array<'a, &'a str>,
    /// Whether to say what the client may do with each group.
    pub include_authorized_operations: bool,
}

/// The groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 69, versions = 0..=1, flexible = 0..)]
pub struct ConsumerGroupDescribeResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// One answer for each group.
    pub groups: Array<'a, DescribedGroup<'a>>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribedGroup<'a> {
    /// Why it is not described, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
    /// Its id.
    pub group_id: &'a str,
    /// Its state, such as `Stable`; empty when not described.
    pub group_state: &'a str,
    /// The group epoch: how often its members or subscriptions have changed.
    pub group_epoch: i32,
    /// The group epoch that the target assignment was made for.
    pub assignment_epoch: i32,
    /// The assignor.
    pub assignor_name: &'a str,
    /// Its members.
    pub members: Array<'a, Member<'a>>,
    /// What the client may do with the group, as bits; `i32::MIN` when unknown.
    #[kafka(default = i32::MIN)]
    pub authorized_operations: i32,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct Member<'a> {
    /// Its id.
    pub member_id: &'a str,
    /// Its `group.instance.id`; null when it has none.
    pub instance_id: Option<&'a str>,
    /// Its rack; null when it has none.
    pub rack_id: Option<&'a str>,
    /// Its member epoch.
    pub member_epoch: i32,
    /// Its client id.
    pub client_id: &'a str,
    /// Where it calls from.
    pub client_host: &'a str,
    /// The topics subscribed to, by name.
    pub subscribed_topic_names: Array<'a, &'a str>,
    /// The topics subscribed to, as a regular expression; null for none.
    pub subscribed_topic_regex: Option<&'a str>,
    /// What it reads.
    pub assignment: Assignment<'a>,
    /// What it shall read.
    pub target_assignment: Assignment<'a>,
    /// -1: unknown, 0: by the classic protocol, 1: by the consumer protocol.
    #[kafka(versions = 1.., default = -1)]
    pub member_type: i8,
}

/// What a member reads.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct Assignment<'a> {
    /// By topic.
    pub topic_partitions: Array<'a, TopicPartitions<'a>>,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicPartitions<'a> {
    /// The topic's id.
    pub topic_id: Uuid,
    /// The topic's name.
    pub topic_name: &'a str,
    /// The partitions.
    pub partitions: Array<'a, i32>,
}
