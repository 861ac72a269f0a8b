//! ListGroups: the groups of a broker (KIP-40).
//!
//! - 1: throttle time in the response.
//! - 3: flexible (KIP-482).
//! - 4: by state (KIP-518).
//! - 5: by type (KIP-848).

use crate::{Array, ErrorCode, Message};

/// Which groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 16, versions = 0..=5, flexible = 3..)]
pub struct ListGroupsRequest<'a> {
    /// States; none for all.
    #[kafka(versions = 4..)]
    pub states_filter: Array<'a, &'a str>,
    /// Types; none for all.
    #[kafka(versions = 5..)]
    pub types_filter: Array<'a, &'a str>,
}

/// The groups.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 16, versions = 0..=5, flexible = 3..)]
pub struct ListGroupsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    #[kafka(versions = 1..)]
    pub throttle_time_ms: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The groups.
    pub groups: Array<'a, ListedGroup<'a>>,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ListedGroup<'a> {
    /// Its id.
    pub group_id: &'a str,
    /// Its protocol type.
    pub protocol_type: &'a str,
    /// Its state.
    #[kafka(versions = 4..)]
    pub group_state: &'a str,
    /// Its type.
    #[kafka(versions = 5..)]
    pub group_type: &'a str,
}
