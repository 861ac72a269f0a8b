//! DescribeGroups: classic groups and their members.
//!
//! - 1: throttle time in the response (KIP-124).
//! - 3: authorized operations (KIP-430).
//! - 4: group instance ids in the response (KIP-345).
//! - 5: flexible (KIP-482).
//! - 6: GROUP_ID_NOT_FOUND in place of a dead group, and texts of errors (KIP-1043).

use crate::{Array, ErrorCode, Message};

/// Which groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 15, versions = 0..=6, flexible = 5..)]
pub struct DescribeGroupsRequest<'a> {
    /// Their ids.
    pub groups: Array<'a, &'a str>,
    /// Whether to say what the client may do with each group.
    #[kafka(versions = 3..)]
    pub include_authorized_operations: bool,
}

/// The groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 15, versions = 0..=6, flexible = 5..)]
pub struct DescribeGroupsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    #[kafka(versions = 1..)]
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
    #[kafka(versions = 6..)]
    pub error_message: Option<&'a str>,
    /// Its id.
    pub group_id: &'a str,
    /// Its state, such as `Stable`; empty when not described.
    pub group_state: &'a str,
    /// Its kind, such as `consumer`; empty when it has none.
    pub protocol_type: &'a str,
    /// The protocol that its members have chosen; empty unless it is stable.
    pub protocol_data: &'a str,
    /// Its members.
    pub members: Array<'a, DescribedGroupMember<'a>>,
    /// What the client may do with the group, as bits; `i32::MIN` when unknown.
    #[kafka(versions = 3.., default = i32::MIN)]
    pub authorized_operations: i32,
}

/// A member.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribedGroupMember<'a> {
    /// Its id.
    pub member_id: &'a str,
    /// Its `group.instance.id`; null when it has none.
    #[kafka(versions = 4..)]
    pub group_instance_id: Option<&'a str>,
    /// The client id that it joined with.
    pub client_id: &'a str,
    /// Where it joined from.
    pub client_host: &'a str,
    /// What it tells by the chosen protocol; empty unless the group is stable.
    pub member_metadata: &'a [u8],
    /// Its assignment, in the protocol's own form; empty unless the group is stable.
    pub member_assignment: &'a [u8],
}
