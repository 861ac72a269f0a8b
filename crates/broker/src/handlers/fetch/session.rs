//! Fetch sessions (KIP-227): what a client fetches again and again, so that each fetch names only what has changed and
//! is answered only with what there is to tell.
//!
//! A session belongs to the node, not to the connection, as in Kafka: a client may go on with it after it has
//! reconnected, on any loop. [`FetchSessions`] is the table of all; its lock is held for a look-up. Each [`Session`] has
//! a lock of its own, which only requests of that session take, and never while they wait for the disk: a look that may
//! takes the [`Places`] away with it, and requests that come meanwhile are refused.
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
use places::{Places, Size};
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
    /// `None` while the latest request has them [`Away`].
    places: Option<Places>,
}

/// The places of a session, with a look at them that waits for the disk. They are back when this is dropped, however the look ends.
struct Away<'s> {
    session: &'s Session,
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
    let (version, replica) = (call.version(), replica_of(call, request));
    let update = |places: &mut Places| places.update(call.view, version, replica, request);
    let Some((epoch, size)) = session.advance(request.session_epoch, version, update)? else {
        sessions.close(session.id);
        return Ok(Resumed::Ended);
    };
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
        Session { id, uses_topic_ids, state: Mutex::new(State { epoch, places: Some(places) }) }
    }

    /// Takes a request's changes in: its epoch from now on, and how large the session is; `None` when nothing is left in it.
    ///
    /// While the request before looks for its records on the disk there is no other: Kafka would answer this one and leave that one
    /// with the same error, but it would have to wait. Only who does not wait for answers, or gave up, is told so.
    fn advance(
        &self,
        asked_epoch: i32,
        version: i16,
        update: impl FnOnce(&mut Places),
    ) -> Result<Option<(i32, Size)>, ErrorCode> {
        let mut state = self.lock();
        check(state.epoch, self.uses_topic_ids, asked_epoch, version)?;
        let places = state.places.as_mut().ok_or(ErrorCode::INVALID_FETCH_SESSION_EPOCH)?;
        update(places);
        let size = places.size();
        if places.is_empty() {
            return Ok(None);
        }
        state.epoch = next_epoch(state.epoch);
        Ok(Some((state.epoch, size)))
    }

    /// The places, for the request of this epoch alone; `None` when another has come.
    fn take(&self, epoch: i32) -> Option<Away<'_>> {
        let mut state = self.lock();
        let places = if state.epoch == epoch { state.places.take() } else { None };
        places.map(|places| Away { session: self, places })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic on the way leaves a queue that lacks a place at worst.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Away<'_> {
    fn drop(&mut self) {
        let places = std::mem::take(&mut self.places);
        self.session.lock().places = Some(places);
    }
}

#[cfg(test)]
mod tests;
