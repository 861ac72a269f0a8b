//! The thread that waits until something is due in some shard.
//!
//! Each place tells when it wants to be rung next, and only when that is earlier than what it told before. A heartbeat that
//! moves the end of a session does not reach the thread: it comes up at the old time, and the shard finds nothing due.

use std::collections::{BTreeSet, HashMap};
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use host::Clock;

use super::place::Place;
use crate::metrics::{EndMark, Metrics};

/// When which place is to be rung.
#[derive(Default)]
pub struct Alarm {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    due: BTreeSet<(Duration, u64)>,
    places: HashMap<u64, Weak<Place>>,
    next_id: u64,
    is_stopped: bool,
}

/// What the thread has to do next.
enum Next {
    Ring(Weak<Place>),
    Stop,
}

impl Alarm {
    /// An id for a place, under which it can be rung.
    pub fn register(&self, place: &Weak<Place>) -> u64 {
        let mut state = self.lock();
        let id = state.next_id;
        state.next_id += 1;
        state.places.insert(id, Weak::clone(place));
        id
    }

    /// The place is never rung again.
    pub fn forget(&self, id: u64) {
        let mut state = self.lock();
        state.places.remove(&id);
        state.due.retain(|(_, of)| *of != id);
    }

    /// Rings the place at `at`, on the monotonic clock.
    pub fn set(&self, id: u64, at: Duration) {
        let mut state = self.lock();
        let is_first = state.due.first().is_none_or(|first| at < first.0);
        state.due.insert((at, id));
        drop(state);
        if is_first {
            self.changed.notify_one();
        }
    }

    fn stop(&self) {
        self.lock().is_stopped = true;
        self.changed.notify_one();
    }

    fn next(&self, clock: &Clock) -> Next {
        let mut state = self.lock();
        loop {
            if state.is_stopped {
                return Next::Stop;
            }
            let now = clock.monotonic();
            let wait = state.due.first().map(|(at, _)| at.saturating_sub(now));
            match wait {
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Duration::ZERO) => {
                    let due = state.due.pop_first();
                    let place = due.and_then(|(_, id)| state.places.get(&id).map(Weak::clone));
                    if let Some(place) = place {
                        return Next::Ring(place);
                    }
                }
                Some(wait) => {
                    state = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // The lists stay whole whatever panics while they are locked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread, to be ended.
pub struct AlarmThread {
    alarm: Arc<Alarm>,
    thread: JoinHandle<()>,
}

impl AlarmThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(alarm: &Arc<Alarm>, metrics: &Arc<Metrics>) -> io::Result<AlarmThread> {
        let mark = EndMark { metrics: Arc::clone(metrics), thread: |metrics| &metrics.coordinators_ended };
        let (heard, clock) = (Arc::clone(alarm), metrics.clock.clone());
        let thread = thread::Builder::new().name("coordinators".to_owned()).spawn(move || {
            let _mark = mark;
            while let Next::Ring(place) = heard.next(&clock) {
                place.upgrade().inspect(|place| place.guard(Place::ring));
            }
        })?;
        Ok(AlarmThread { alarm: Arc::clone(alarm), thread })
    }

    /// Ends the thread, after what it is doing.
    pub fn stop(self) {
        self.alarm.stop();
        if self.thread.join().is_err() {
            tracing::error!("the thread that looks after the coordinators panicked");
        }
    }
}
