//! UnregisterBroker: forgets a broker that will not come back (KIP-746).

use crate::{ErrorCode, Message};

/// Which broker to forget.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 64, versions = 0..=0, flexible = 0..)]
pub struct UnregisterBrokerRequest {
    /// The broker.
    pub broker_id: i32,
}

/// Whether it is forgotten.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 64, versions = 0..=0, flexible = 0..)]
pub struct UnregisterBrokerResponse<'a> {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why not, or none.
    pub error_code: ErrorCode,
    /// The same in words.
    pub error_message: Option<&'a str>,
}
