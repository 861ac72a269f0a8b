//! Requests and their answers, counted by the loop that handles them.
//!
//! Each loop has counters of its own, which the thread knows, so that counting takes no lock and no locked instruction;
//! only answers with errors take a lock that nobody else but a scrape wants. Outside a loop nothing is counted.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use host::Clock;
use net::Counter;
use wire::{ApiKey, ErrorCode};

use super::{Histogram, Metrics};

/// More than Kafka's highest API key.
const KEYS: usize = 128;

thread_local! {
    /// Of the loop that runs on this thread.
    static HERE: RefCell<Option<Arc<LoopCounts>>> = const { RefCell::new(None) };
}

/// What one loop has counted.
#[derive(Debug)]
pub struct LoopCounts {
    clock: Clock,
    /// When the present turn began, in nanoseconds of the clock.
    turn_began_ns: AtomicU64,
    /// By API key.
    pub(super) apis: Box<[ApiCounts; KEYS]>,
    /// By API key and error code.
    pub(super) errors: Mutex<BTreeMap<(i16, i16), u64>>,
    /// Connections that were closed because of what they sent.
    pub(super) refused: Counter,
}

/// Of one API.
#[derive(Debug, Default)]
pub(super) struct ApiCounts {
    pub requests: Counter,
    pub request_bytes: Counter,
    pub response_bytes: Counter,
    /// From the beginning of the turn that took the request to its answer.
    pub seconds: Histogram,
    pub waits_begun: Counter,
    pub waits_ended: Counter,
}

impl LoopCounts {
    fn new(clock: Clock) -> LoopCounts {
        let apis: Vec<ApiCounts> = (0..KEYS).map(|_| ApiCounts::default()).collect();
        LoopCounts {
            clock,
            turn_began_ns: AtomicU64::new(0),
            apis: apis.try_into().expect("as many as there are keys"),
            errors: Mutex::default(),
            refused: Counter::default(),
        }
    }

    /// Ottla's own APIs have the last places.
    pub(super) fn api(&self, key: i16) -> Option<&ApiCounts> {
        let place = usize::try_from(key).ok()?;
        let own = place.checked_sub(ApiKey::OWN_FROM as usize);
        self.apis.get(own.map_or(Some(place), |own| KEYS.checked_sub(own))?)
    }
}

impl Metrics {
    /// Has the calling thread, a loop of this node, count.
    pub fn install(&self) {
        HERE.with_borrow_mut(|here| {
            if here.is_none() {
                let counts = Arc::new(LoopCounts::new(self.clock.clone()));
                self.lock_loops().push(Arc::clone(&counts));
                *here = Some(counts);
            }
        });
    }
}

fn here(count: impl FnOnce(&LoopCounts)) {
    // A thread that ends may have lost them.
    let _ = HERE.try_with(|here| {
        if let Some(counts) = &*here.borrow() {
            count(counts);
        }
    });
}

/// A turn begins: the requests that it takes have arrived.
pub fn turn_began() {
    here(|counts| {
        let now = counts.clock.monotonic().as_nanos();
        counts.turn_began_ns.store(u64::try_from(now).unwrap_or(u64::MAX), Relaxed);
    });
}

/// When the present turn began.
pub fn arrival() -> Duration {
    let mut began = Duration::ZERO;
    here(|counts| began = Duration::from_nanos(counts.turn_began_ns.load(Relaxed)));
    began
}

/// A request of so many bytes, its size prefix included, is handled.
pub fn received(api_key: i16, bytes: usize) {
    here(|counts| {
        if let Some(api) = counts.api(api_key) {
            api.requests.add(1);
            api.request_bytes.add(bytes as u64);
        }
    });
}

/// A request that arrived at `arrival` is answered with so many bytes, its size prefix included.
pub fn answered(api_key: ApiKey, arrival: Duration, bytes: u64, errors: &[ErrorCode]) {
    here(|counts| {
        if let Some(api) = counts.api(api_key.0) {
            api.response_bytes.add(bytes);
            api.seconds.observe(counts.clock.monotonic().saturating_sub(arrival));
        }
        if !errors.is_empty() {
            let mut table = counts.errors.lock().unwrap_or_else(PoisonError::into_inner);
            errors.iter().for_each(|error| *table.entry((api_key.0, error.0)).or_default() += 1);
        }
    });
}

/// A connection is closed because of what it sent.
pub fn refused() {
    here(|counts| counts.refused.add(1));
}

/// A request that waits, for as long as this lives. It does not leave its loop.
#[derive(Debug)]
pub struct Waiting(ApiKey);

impl Waiting {
    /// A request of this API begins to wait.
    pub fn begin(api_key: ApiKey) -> Waiting {
        here(|counts| _ = counts.api(api_key.0).map(|api| api.waits_begun.add(1)));
        Waiting(api_key)
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        here(|counts| _ = counts.api(self.0.0).map(|api| api.waits_ended.add(1)));
    }
}
