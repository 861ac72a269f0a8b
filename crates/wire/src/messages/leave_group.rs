//! LeaveGroup: takes members out of a group.
//!
//! - 1: throttle time in the response (KIP-124).
//! - 3: many members at once, also by group instance id (KIP-345).
//! - 4: flexible (KIP-482).
//! - 5: reason (KIP-800).

use crate::{Array, ErrorCode, Message};

/// Who leaves.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 13, versions = 0..=5, flexible = 4..)]
pub struct LeaveGroupRequest<'a> {
    /// The group.
    pub group_id: &'a str,
    /// The member.
    #[kafka(versions = ..=2)]
    pub member_id: &'a str,
    /// The members.
    #[kafka(versions = 3..)]
    pub members: Array<'a, MemberIdentity<'a>>,
}

/// A member that leaves.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct MemberIdentity<'a> {
    /// Its id; empty when only its instance is known.
    pub member_id: &'a str,
    /// Its `group.instance.id`; null when it has none.
    pub group_instance_id: Option<&'a str>,
    /// Why it leaves, for the broker's log.
    #[kafka(versions = 5..)]
    pub reason: Option<&'a str>,
}

/// What became of each member.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 13, versions = 0..=5, flexible = 4..)]
pub struct LeaveGroupResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    #[kafka(versions = 1..)]
    pub throttle_time_ms: i32,
    /// An error of the group, and before version 3 of the member; or none.
    pub error_code: ErrorCode,
    /// By member.
    #[kafka(versions = 3..)]
    pub members: Array<'a, MemberResponse<'a>>,
}

/// What became of one member.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct MemberResponse<'a> {
    /// Its id.
    pub member_id: &'a str,
    /// Its `group.instance.id`; null when it has none.
    #[kafka(default = Some(""))]
    pub group_instance_id: Option<&'a str>,
    /// Why it has not left, or none.
    pub error_code: ErrorCode,
}
