//! Heartbeat: a member of a classic group is alive, and hears whether a rebalance has begun.
//!
//! - 1: throttle time in the response (KIP-124).
//! - 3: group instance id (KIP-345).
//! - 4: flexible (KIP-482).

use crate::{ErrorCode, Message};

/// Who is alive.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 12, versions = 0..=4, flexible = 4..)]
pub struct HeartbeatRequest<'a> {
    /// The group.
    pub group_id: &'a str,
    /// The generation that the member is in.
    pub generation_id: i32,
    /// The member.
    pub member_id: &'a str,
    /// The member's `group.instance.id`; null when it has none.
    #[kafka(versions = 3..)]
    pub group_instance_id: Option<&'a str>,
}

/// Whether the member may go on.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 12, versions = 0..=4, flexible = 4..)]
pub struct HeartbeatResponse {
    /// How long the broker held the request back because of a quota, in milliseconds.
    #[kafka(versions = 1..)]
    pub throttle_time_ms: i32,
    /// REBALANCE_IN_PROGRESS and the like, or none.
    pub error_code: ErrorCode,
}
