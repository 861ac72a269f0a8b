//! InitProducerId: gives a producer its id and epoch (KIP-98).
//!
//! - 2: flexible (KIP-482).
//! - 3: a producer may name the id and epoch it has, to go on with them (KIP-360).
//! - 4: PRODUCER_FENCED may be answered (KIP-588).
//! - 5: TRANSACTION_ABORTABLE may be answered (KIP-890).

use crate::{ErrorCode, Message};

/// Who wants a producer id.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(request, key = 22, versions = 0..=5, flexible = 2..)]
pub struct InitProducerIdRequest<'a> {
    /// Null unless the producer is transactional.
    pub transactional_id: Option<&'a str>,
    /// After how long without a sign of the producer its transaction is aborted, in milliseconds.
    pub transaction_timeout_ms: i32,
    /// The id it has; -1 for none.
    #[kafka(versions = 3.., default = -1)]
    pub producer_id: i64,
    /// The epoch it has; -1 for none.
    #[kafka(versions = 3.., default = -1)]
    pub producer_epoch: i16,
}

/// A producer's id and epoch.
#[derive(Clone, Debug, PartialEq, Message)]
#[kafka(response, key = 22, versions = 0..=5, flexible = 2..)]
pub struct InitProducerIdResponse {
    /// How long the broker held the request back because of a quota, in milliseconds.
    pub throttle_time_ms: i32,
    /// Why there is no id, or none.
    pub error_code: ErrorCode,
    /// The id; -1 with an error.
    #[kafka(default = -1)]
    pub producer_id: i64,
    /// The epoch.
    pub producer_epoch: i16,
}
