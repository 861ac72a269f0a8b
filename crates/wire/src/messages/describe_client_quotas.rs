//! DescribeClientQuotas: quotas of users, clients and addresses (KIP-546).
//!
//! - 1: flexible (KIP-482).

use crate::{Array, ErrorCode, Message};

/// Which quotas.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 48, versions = 0..=1, flexible = 1..)]
pub struct DescribeClientQuotasRequest<'a> {
    /// By part of the entity.
    pub components: Array<'a, ComponentData<'a>>,
    /// Whether entities with further parts are left out.
    pub strict: bool,
}

/// What one part of an entity must be.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ComponentData<'a> {
    /// `user`, `client-id` or `ip`.
    pub entity_type: &'a str,
    /// 0: this name, 1: the default, 2: any name.
    pub match_type: i8,
    /// The name, where one is asked for.
    pub r#match: Option<&'a str>,
}

/// The quotas.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 48, versions = 0..=1, flexible = 1..)]
pub struct DescribeClientQuotasResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
    /// By entity; null after an error.
    pub entries: Option<Array<'a, EntryData<'a>>>,
}

/// The quotas of one entity.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct EntryData<'a> {
    /// The parts of the entity.
    pub entity: Array<'a, EntityData<'a>>,
    /// By quota.
    pub values: Array<'a, ValueData<'a>>,
}

/// One part of an entity.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct EntityData<'a> {
    /// `user`, `client-id` or `ip`.
    pub entity_type: &'a str,
    /// The name; null for the default.
    pub entity_name: Option<&'a str>,
}

/// A quota.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct ValueData<'a> {
    /// Its key.
    pub key: &'a str,
    /// Its value.
    pub value: f64,
}
