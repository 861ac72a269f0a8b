//! AlterClientQuotas: sets and removes quotas (KIP-546).
//!
//! - 1: flexible (KIP-482).

use crate::{Array, ErrorCode, Message};

/// Quotas to change.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 49, versions = 0..=1, flexible = 1..)]
pub struct AlterClientQuotasRequest<'a> {
    /// By entity.
    pub entries: Array<'a, asked::EntryData<'a>>,
    /// Only check whether it could be done.
    pub validate_only: bool,
}

/// One part of an entity.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct EntityData<'a> {
    /// `user`, `client-id` or `ip`.
    pub entity_type: &'a str,
    /// The name; null for the default.
    pub entity_name: Option<&'a str>,
}

/// The change of one quota.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct OpData<'a> {
    /// Its key.
    pub key: &'a str,
    /// Its value.
    pub value: f64,
    /// Whether it is removed.
    pub remove: bool,
}

/// What became of each entity.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 49, versions = 0..=1, flexible = 1..)]
pub struct AlterClientQuotasResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// By entity.
    pub entries: Array<'a, EntryData<'a>>,
}

/// What became of one entity.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct EntryData<'a> {
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
    /// The parts of the entity.
    pub entity: Array<'a, EntityData<'a>>,
}

/// What the request is made of, where the response has the same names.
pub mod asked {
    use super::{EntityData, OpData};
    use crate::{Array, Message};

    /// Changes of the quotas of one entity.
    #[derive(Clone, Debug, PartialEq, Message)]
    pub struct EntryData<'a> {
        /// The parts of the entity.
        pub entity: Array<'a, EntityData<'a>>,
        /// By quota.
        pub ops: Array<'a, OpData<'a>>,
    }
}
