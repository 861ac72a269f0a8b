//! DescribeAcls: rules of access that match a filter (KIP-140).
//!
//! - 1: prefixed patterns (KIP-290).
//! - 2: flexible (KIP-482).
//! - 3: user resources (KIP-373).

use crate::{Array, ErrorCode, Message};

/// Which rules.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 29, versions = 1..=3, flexible = 2..)]
pub struct DescribeAclsRequest<'a> {
    /// The type of resource; 1 for any.
    pub resource_type_filter: i8,
    /// The name; null for any.
    pub resource_name_filter: Option<&'a str>,
    /// 1: any, 2: any that match, 3: the name as it is, 4: a prefix.
    #[kafka(default = 3)]
    pub pattern_type_filter: i8,
    /// Who; null for anyone.
    pub principal_filter: Option<&'a str>,
    /// From where; null for anywhere.
    pub host_filter: Option<&'a str>,
    /// What is done; in a filter 1 for anything.
    pub operation: i8,
    /// 2: denied, 3: allowed; in a filter 1 for either.
    pub permission_type: i8,
}

/// The rules.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 29, versions = 1..=3, flexible = 2..)]
pub struct DescribeAclsResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
    /// By resource.
    pub resources: Array<'a, DescribeAclsResource<'a>>,
}

/// The rules of one resource.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct DescribeAclsResource<'a> {
    /// The type of resource.
    pub resource_type: i8,
    /// The name.
    pub resource_name: &'a str,
    /// 3: the name as it is, 4: a prefix.
    #[kafka(default = 3)]
    pub pattern_type: i8,
    /// The rules.
    pub acls: Array<'a, AclDescription<'a>>,
}

/// A rule.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct AclDescription<'a> {
    /// Who.
    pub principal: &'a str,
    /// From where; `*` for anywhere.
    pub host: &'a str,
    /// What is done; in a filter 1 for anything.
    pub operation: i8,
    /// 2: denied, 3: allowed; in a filter 1 for either.
    pub permission_type: i8,
}
