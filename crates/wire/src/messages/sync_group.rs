//! SyncGroup: the leader of a classic group hands over the assignments, and each member receives its own.
//!
//! - 1: throttle time in the response (KIP-124).
//! - 3: group instance id (KIP-345).
//! - 4: flexible (KIP-482).
//! - 5: protocol type and name; INCONSISTENT_GROUP_PROTOCOL may be answered (KIP-559).

use crate::{Array, ErrorCode, Message};

/// Who asks for its assignment, and from the leader all assignments.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 14, versions = 0..=5, flexible = 4..)]
pub struct SyncGroupRequest<'a> {
    /// The group.
    pub group_id: &'a str,
    /// The generation that the member is in.
    pub generation_id: i32,
    /// The member.
    pub member_id: &'a str,
    /// The member's `group.instance.id`; null when it has none.
    #[kafka(versions = 3..)]
    pub group_instance_id: Option<&'a str>,
    /// The kind of group that the member takes it for; null when it does not say.
    #[kafka(versions = 5..)]
    pub protocol_type: Option<&'a str>,
    /// The protocol that the member takes for the chosen one; null when it does not say.
    #[kafka(versions = 5..)]
    pub protocol_name: Option<&'a str>,
    /// By member, from the leader; empty from the others.
    pub assignments: Array<'a, SyncGroupRequestAssignment<'a>>,
}

/// What one member gets.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct SyncGroupRequestAssignment<'a> {
    /// The member.
    pub member_id: &'a str,
    /// Its assignment, in the protocol's own form.
    pub assignment: &'a [u8],
}

/// What the member gets.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 14, versions = 0..=5, flexible = 4..)]
pub struct SyncGroupResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    #[kafka(versions = 1..)]
    pub throttle_time_ms: i32,
    /// Why there is no assignment, or none.
    pub error_code: ErrorCode,
    /// The kind of group.
    #[kafka(versions = 5..)]
    pub protocol_type: Option<&'a str>,
    /// The protocol that all members have.
    #[kafka(versions = 5..)]
    pub protocol_name: Option<&'a str>,
    /// The assignment, in the protocol's own form; empty when the leader gave the member none.
    pub assignment: &'a [u8],
}
