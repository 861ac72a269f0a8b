//! Fetch sessions (KIP-227): what a client fetches again and again, so that each fetch names only what has changed and
//! is answered only with what there is to tell.
//!
//! A session belongs to the node, not to the connection, as in Kafka: a client may go on with it after it has
//! reconnected, on any loop. [`FetchSessions`] is the table of all; its lock is held for a look-up. Each [`Session`] has
//! a lock of its own, which only requests of that session take.
//!
//! The work of a fetch follows what has changed, not the size of the session. [`places`] keeps a queue of the partitions
//! that may have something to tell; all others ring the session's bell when something happens to them, whether or not a
//! fetch is there to hear it. [`round`] is one such fetch.

mod cache;
mod places;
mod round;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use wire::ErrorCode;
use wire::messages::fetch::FetchRequest;

use super::{Limits, replica_of};
use crate::api::Call;
pub use cache::FetchSessions;
pub use places::Place;
use places::Places;
use round::Round;

/// One session.
pub struct Session {
    /// Never 0.
    id: i32,
    /// Whether it was made by a request that names topics by id.
    uses_topic_ids: bool,
    state: Mutex<State>,
}

struct State {
    /// Of the request that comes next.
    epoch: i32,
    places: Places,
}

/// What a request with an epoch of 1 or more comes to.
pub enum Resumed {
    /// A fetch of what the session holds.
    Round(Round),
    /// The session has nothing left and is gone: the request stands for itself.
    Ended,
}

/// Takes the changes of a request into its session.
pub fn resume(call: &Call<'_>, request: &FetchRequest<'_>) -> Result<Resumed, ErrorCode> {
    let sessions = &call.node.fetch_sessions;
    let session = sessions.find(request.session_id).ok_or(ErrorCode::FETCH_SESSION_ID_NOT_FOUND)?;
    let mut state = session.lock();
    check(state.epoch, session.uses_topic_ids, request.session_epoch, call.version())?;
    state.places.update(call.view, call.version(), replica_of(call, request), request);
    if state.places.is_empty() {
        drop(state);
        sessions.close(session.id);
        return Ok(Resumed::Ended);
    }
    state.epoch = next_epoch(state.epoch);
    let (epoch, size) = (state.epoch, state.places.size());
    drop(state);
    if !sessions.touch(session.id, call.node.clock.now_ms(), size) {
        return Err(ErrorCode::FETCH_SESSION_ID_NOT_FOUND);
    }
    let node = Arc::clone(call.node);
    Ok(Resumed::Round(Round { node, session, epoch, respond: call.respond(), limits: Limits::of(call, request) }))
}

/// Whether a request may go on with a session that expects `epoch`.
fn check(epoch: i32, uses_topic_ids: bool, asked_epoch: i32, version: i16) -> Result<(), ErrorCode> {
    if asked_epoch != epoch {
        return Err(ErrorCode::INVALID_FETCH_SESSION_EPOCH);
    }
    if uses_topic_ids != (version >= 13) {
        return Err(ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR);
    }
    Ok(())
}

/// The epoch that follows; 0 and below mean something else, so the largest is followed by 1.
fn next_epoch(epoch: i32) -> i32 {
    epoch.checked_add(1).unwrap_or(1)
}

impl Session {
    fn new(id: i32, uses_topic_ids: bool, places: Places) -> Session {
        let epoch = next_epoch(super::INITIAL_EPOCH);
        Session { id, uses_topic_ids, state: Mutex::new(State { epoch, places }) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic on the way leaves a queue that lacks a place at worst.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
