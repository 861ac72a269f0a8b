//! Fetch (key 1), versions 4-18: reads record batches. v5 log start offset, v7 sessions (KIP-227), v9 leader epochs
//! (KIP-320), v12 flexible, v13 topic ids (KIP-516).
//!
//! Where the records are that it asks for is looked up from the page cache alone; what is not there is looked for on another
//! thread. A fetch that finds fewer than `min_bytes` parks until its partitions grow or `max_wait_ms` is over ([`park`]). No record byte
//! is touched: the answer is a head with holes, and for each hole a file range.
//!
//! A *whole* fetch ([`plan`]) names all that it reads. One with epoch 0 leaves a session behind, of which later fetches,
//! with epochs from 1, name only what has changed: see [`session`].

mod park;
mod part;
mod plan;
mod session;

use std::time::Duration;

use net::Outbox;
use wire::ErrorCode;
use wire::messages::fetch::{FetchRequest, FetchResponse};

use crate::api::{Call, Flow};
use plan::Plan;
pub use session::FetchSessions;
use session::Resumed;

/// The epoch of a fetch that asks for a session.
const INITIAL_EPOCH: i32 = 0;
/// The epoch of a fetch that ends its session, or does without.
const FINAL_EPOCH: i32 = -1;

const READ_UNCOMMITTED: i8 = 0;
const READ_COMMITTED: i8 = 1;

/// Answers at once, or parks.
pub fn handle(call: &Call<'_>, request: FetchRequest<'_>, outbox: &mut Outbox) -> Flow {
    if !matches!(request.isolation_level, READ_UNCOMMITTED | READ_COMMITTED) || request.max_bytes < 0 {
        return refuse(call, ErrorCode::INVALID_REQUEST, outbox);
    }
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    let look_ups = &call.node.look_ups;
    if let INITIAL_EPOCH | FINAL_EPOCH = request.session_epoch {
        call.node.fetch_sessions.close(request.session_id);
        let plan = Plan::new(call, &request, request.session_epoch == INITIAL_EPOCH);
        return park::go(plan, wait, look_ups, outbox);
    }
    match session::resume(call, &request) {
        Ok(Resumed::Round(round)) => park::go(round, wait, look_ups, outbox),
        Ok(Resumed::Ended) => park::go(Plan::new(call, &request, false), wait, look_ups, outbox),
        Err(error_code) => refuse(call, error_code, outbox),
    }
}

fn refuse(call: &Call<'_>, error_code: ErrorCode, outbox: &mut Outbox) -> Flow {
    call.answer(outbox, &FetchResponse { error_code, ..Default::default() });
    Flow::Done
}

/// How much a fetch wants in all, and of what.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// Fewer bytes are waited for.
    min_bytes: u32,
    /// No more bytes are given, but for the first batch.
    max_bytes: u32,
    /// Only records of transactions that are decided.
    reads_committed: bool,
}

impl Limits {
    fn of(call: &Call<'_>, request: &FetchRequest<'_>) -> Limits {
        let max_bytes = request.max_bytes.unsigned_abs().min(call.node.config.fetch_max_bytes);
        let min_bytes = u32::try_from(request.min_bytes).unwrap_or(0).min(max_bytes);
        Limits { min_bytes, max_bytes, reads_committed: request.isolation_level == READ_COMMITTED }
    }

    /// What a partition may give that wants `partition_max`, when so many bytes were `found` before it.
    fn left(&self, found: u64, partition_max: u32) -> u32 {
        let left = u64::from(self.max_bytes).saturating_sub(found);
        partition_max.min(u32::try_from(left).unwrap_or(u32::MAX))
    }
}

/// The broker id of a follower, -1 for a consumer.
fn replica_of(call: &Call<'_>, request: &FetchRequest<'_>) -> i32 {
    if call.version() < 15 { request.replica_id } else { request.replica_state.replica_id }
}
