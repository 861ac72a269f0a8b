//! FindCoordinator: which broker coordinates a group or a transactional id.
//!
//! - 1: key types: groups and transactional ids (KIP-98).
//! - 3: flexible (KIP-482).
//! - 4: many keys at once (KIP-699).
//! - 5: TRANSACTION_ABORTABLE may be answered (KIP-890).
//! - 6: share groups (KIP-932).

use crate::{Array, ErrorCode, Message};

/// Whose coordinator is looked for.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 10, versions = 0..=6, flexible = 3..)]
pub struct FindCoordinatorRequest<'a> {
    /// A group id, or what the type says.
    #[kafka(versions = ..=3)]
    pub key: &'a str,
    /// 0: groups, 1: transactional ids, 2: share groups.
    #[kafka(versions = 1..)]
    pub key_type: i8,
    /// Many keys of the same type.
    #[kafka(versions = 4..)]
    pub coordinator_keys: Array<'a, &'a str>,
}

/// The coordinators.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 10, versions = 0..=6, flexible = 3..)]
pub struct FindCoordinatorResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    #[kafka(versions = 1..)]
    pub throttle_time_ms: i32,
    /// Why there is no coordinator, or none.
    #[kafka(versions = ..=3)]
    pub error_code: ErrorCode,
    /// More about the error.
    #[kafka(versions = 1..=3, default = Some(""))]
    pub error_message: Option<&'a str>,
    /// The coordinator.
    #[kafka(versions = ..=3)]
    pub node_id: i32,
    /// Its host.
    #[kafka(versions = ..=3)]
    pub host: &'a str,
    /// Its port.
    #[kafka(versions = ..=3)]
    pub port: i32,
    /// One answer for each key.
    #[kafka(versions = 4..)]
    pub coordinators: Array<'a, Coordinator<'a>>,
}

/// The coordinator of one key.
#[derive(Clone, Debug, PartialEq, Message)]
pub struct Coordinator<'a> {
    /// The key.
    pub key: &'a str,
    /// The coordinator.
    pub node_id: i32,
    /// Its host.
    pub host: &'a str,
    /// Its port.
    pub port: i32,
    /// Why there is none, or none.
    pub error_code: ErrorCode,
    /// More about the error.
    #[kafka(default = Some(""))]
    pub error_message: Option<&'a str>,
}
