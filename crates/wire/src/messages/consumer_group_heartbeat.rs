//! ConsumerGroupHeartbeat: a member of a consumer group joins, stays and leaves, and learns its assignment (KIP-848).
//!
//! - 1: subscription by regular expression (KIP-848); the member makes its own id (KIP-1082).

use record::Uuid;

use crate::{Array, ErrorCode, Message};

/// What a member says of itself: all when it joins, then what has changed.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 68, versions = 0..=1, flexible = 0..)]
pub struct ConsumerGroupHeartbeatRequest<'a> {
    /// The group.
    pub group_id: &'a str,
    /// The member, by one id as long as it lives; in version 0, empty from a new one.
    pub member_id: &'a str,
    /// The member epoch; 0: joins, -1: leaves, -2: a static member that will be back.
    pub member_epoch: i32,
    /// The member's `group.instance.id`; null when it has none or it has not changed.
    pub instance_id: Option<&'a str>,
    /// The member's rack; null when it has none or it has not changed.
    pub rack_id: Option<&'a str>,
    /// How long the member may take to give partitions up, in milliseconds; -1 when it has not changed.
    #[kafka(default = -1)]
    pub rebalance_timeout_ms: i32,
    /// The topics subscribed to, by name; null when they have not changed.
    pub subscribed_topic_names: Option<Array<'a, &'a str>>,
    /// The topics subscribed to, as a regular expression; null when it has not changed.
    #[kafka(versions = 1..)]
    pub subscribed_topic_regex: Option<&'a str>,
    /// The assignor that the member wishes; null when it wishes none or it has not changed.
    pub server_assignor: Option<&'a str>,
    /// The partitions that the member has; null when they have not changed.
    pub topic_partitions: Option<Array<'a, TopicPartitions<'a>>>,
}

/// Partitions of one topic.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct TopicPartitions<'a> {
    /// The topic's id.
    pub topic_id: Uuid,
    /// The partitions.
    pub partitions: Array<'a, i32>,
}

/// What the member is to do.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 68, versions = 0..=1, flexible = 0..)]
pub struct ConsumerGroupHeartbeatResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
    /// The member's id.
    pub member_id: Option<&'a str>,
    /// The member epoch.
    pub member_epoch: i32,
    /// How long to wait for the next heartbeat, in milliseconds.
    pub heartbeat_interval_ms: i32,
    /// The member's assignment; null when it has not changed.
    pub assignment: Option<Assignment<'a>>,
}

/// What a member is to read.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct Assignment<'a> {
    /// The partitions that are free to be read.
    pub topic_partitions: Array<'a, TopicPartitions<'a>>,
}
