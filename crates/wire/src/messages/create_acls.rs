//! CreateAcls: new rules of access (KIP-140).
//!
//! - 1: prefixed patterns (KIP-290).
//! - 2: flexible (KIP-482).
//! - 3: user resources (KIP-373).

use crate::{Array, ErrorCode, Message};

/// New rules.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 30, versions = 1..=3, flexible = 2..)]
pub struct CreateAclsRequest<'a> {
    /// The rules.
    pub creations: Array<'a, AclCreation<'a>>,
}

/// A new rule.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct AclCreation<'a> {
    /// The type of resource.
    pub resource_type: i8,
    /// The name.
    pub resource_name: &'a str,
    /// 3: the name as it is, 4: a prefix.
    #[kafka(default = 3)]
    pub resource_pattern_type: i8,
    /// Who.
    pub principal: &'a str,
    /// From where; `*` for anywhere.
    pub host: &'a str,
    /// What is done; in a filter 1 for anything.
    pub operation: i8,
    /// 2: denied, 3: allowed; in a filter 1 for either.
    pub permission_type: i8,
}

/// What became of each rule.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 30, versions = 1..=3, flexible = 2..)]
pub struct CreateAclsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By rule.
    pub results: Array<'a, AclCreationResult<'a>>,
}

/// What became of one rule.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct AclCreationResult<'a> {
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
}
