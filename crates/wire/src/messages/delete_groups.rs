//! DeleteGroups: removes groups without members, with their offsets (KIP-229).
//!
//! - 2: flexible (KIP-482).

use crate::{Array, ErrorCode, Message};

/// Which groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 42, versions = 0..=2, flexible = 2..)]
pub struct DeleteGroupsRequest<'a> {
    /// Their ids.
    pub groups_names: Array<'a, &'a str>,
}

/// What became of each group.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 42, versions = 0..=2, flexible = 2..)]
pub struct DeleteGroupsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By group.
    pub results: Array<'a, DeletableGroupResult<'a>>,
}

/// What became of one group.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DeletableGroupResult<'a> {
    /// Its id.
    pub group_id: &'a str,
    /// Why it is not deleted, or none.
    pub error_code: ErrorCode,
}
