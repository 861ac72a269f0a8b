//! JoinGroup: makes the sender a member of a classic group and begins a generation.
//!
//! - 1: rebalance timeout (KIP-62).
//! - 2: throttle time in the response (KIP-124).
//! - 4: a new member gets its id with MEMBER_ID_REQUIRED, and asks again with it (KIP-394).
//! - 5: group instance ids (KIP-345).
//! - 6: flexible (KIP-482).
//! - 7: protocol type in the response (KIP-559).
//! - 8: reason (KIP-800).
//! - 9: a leader may be told to assign nothing (KIP-814).

use crate::{Array, ErrorCode, Message};

/// Who wants to join, and what it can do.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 11, versions = 0..=9, flexible = 6..)]
pub struct JoinGroupRequest<'a> {
    /// The group.
    pub group_id: &'a str,
    /// The member is taken for dead after so long without a heartbeat, in milliseconds.
    pub session_timeout_ms: i32,
    /// How long a rebalance waits for the member to join again, in milliseconds; before version 1, `session_timeout_ms`.
    #[kafka(versions = 1.., default = -1)]
    pub rebalance_timeout_ms: i32,
    /// The member; empty from a new one.
    pub member_id: &'a str,
    /// The member's `group.instance.id`; null when it has none.
    #[kafka(versions = 5..)]
    pub group_instance_id: Option<&'a str>,
    /// The kind of group, such as `consumer`.
    pub protocol_type: &'a str,
    /// The protocols that the member has, the one it likes best first.
    pub protocols: Array<'a, JoinGroupRequestProtocol<'a>>,
    /// Why it joins, for the broker's log.
    #[kafka(versions = 8..)]
    pub reason: Option<&'a str>,
}

/// A protocol, such as an assignor.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct JoinGroupRequestProtocol<'a> {
    /// Its name.
    pub name: &'a str,
    /// What the member tells the leader by it, such as its subscription.
    pub metadata: &'a [u8],
}

/// The generation that has begun.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 11, versions = 0..=9, flexible = 6..)]
pub struct JoinGroupResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    #[kafka(versions = 2..)]
    pub throttle_time_ms: i32,
    /// Why the sender has not joined, or none.
    pub error_code: ErrorCode,
    /// The generation; -1 for none.
    #[kafka(default = -1)]
    pub generation_id: i32,
    /// The kind of group.
    #[kafka(versions = 7..)]
    pub protocol_type: Option<&'a str>,
    /// The protocol that all members have.
    #[kafka(nullable = 7.., default = Some(""))]
    pub protocol_name: Option<&'a str>,
    /// The member that assigns.
    pub leader: &'a str,
    /// Whether the leader must assign nothing, as the group goes on with what it had.
    #[kafka(versions = 9..)]
    pub skip_assignment: bool,
    /// The sender's member id.
    pub member_id: &'a str,
    /// All members, for the leader; empty for the others.
    pub members: Array<'a, JoinGroupResponseMember<'a>>,
}

/// A member, as the leader sees it.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct JoinGroupResponseMember<'a> {
    /// Its id.
    pub member_id: &'a str,
    /// Its `group.instance.id`; null when it has none.
    #[kafka(versions = 5..)]
    pub group_instance_id: Option<&'a str>,
    /// What it tells by the chosen protocol.
    pub metadata: &'a [u8],
}
