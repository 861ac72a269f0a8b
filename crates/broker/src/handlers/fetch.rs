//! Fetch (key 1), versions 4-18: reads record batches. v5 log start offset, v7 sessions (KIP-227; not kept yet: every
//! fetch is whole, session id 0), v9 leader epochs (KIP-320), v12 flexible, v13 topic ids (KIP-516).
//!
//! A fetch that finds fewer than `min_bytes` parks until its partitions grow or `max_wait_ms` is over. No record byte
//! is touched: the answer is a head with holes, and for each hole a file range.

mod park;
mod plan;

use std::time::Duration;

use net::Outbox;
use wire::ErrorCode;
use wire::messages::fetch::{FetchRequest, FetchResponse};

use crate::api::{Call, Flow};
use plan::Plan;

/// Answers at once, or parks.
pub fn handle(call: &Call<'_>, request: FetchRequest<'_>, outbox: &mut Outbox) -> Flow {
    // Sessions are never granted, so any id is one that nobody knows.
    if request.session_id != 0 {
        return refuse(call, ErrorCode::FETCH_SESSION_ID_NOT_FOUND, outbox);
    }
    if !matches!(request.isolation_level, 0 | 1) || request.max_bytes < 0 {
        return refuse(call, ErrorCode::INVALID_REQUEST, outbox);
    }
    let plan = Plan::new(call, &request);
    let found = plan.read();
    let wait = Duration::from_millis(u64::try_from(request.max_wait_ms).unwrap_or(0));
    if found.must_answer(&plan) || wait.is_zero() {
        plan.answer(&found, outbox);
        return Flow::Done;
    }
    park::until_ready(plan, wait)
}

fn refuse(call: &Call<'_>, error_code: ErrorCode, outbox: &mut Outbox) -> Flow {
    call.answer(outbox, &FetchResponse { error_code, ..Default::default() });
    Flow::Done
}
