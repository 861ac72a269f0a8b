//! What the node counts of itself, and how it is told to Prometheus.
//!
//! The hot path only adds to counters that one loop owns ([`requests`]) or that a partition's lock guards
//! ([`traffic`]); everything else is read when somebody asks ([`scrape`]).

mod histogram;
pub mod requests;
pub mod residency;
pub mod scrape;
mod text;
pub mod traffic;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use host::Clock;
use storage::Progress;

use crate::coordinators::counts::Counts;
pub use histogram::Histogram;
use requests::LoopCounts;
use residency::Turn;

/// What a node counts.
#[derive(Debug)]
pub struct Metrics {
    /// The time that durations are measured with.
    pub clock: Clock,
    loops: Mutex<Vec<Arc<LoopCounts>>>,
    flushes: Mutex<Histogram>,
    residency_turn: Turn,
    /// The metadata log could not take a decision: topics cannot be changed any more.
    pub metadata_failed: AtomicBool,
    /// The thread that changes metadata has ended.
    pub control_ended: AtomicBool,
    /// The thread that looks after the logs has ended.
    pub tasks_ended: AtomicBool,
    /// The thread that looks after the coordinators' timers has ended.
    pub coordinators_ended: AtomicBool,
    /// What coordinators count.
    pub groups: Arc<Counts>,
    /// Files of logs that retention took away.
    pub retention_deleted_files: AtomicU64,
    /// Logs to be opened at the start.
    recovery_logs: AtomicU64,
    /// Those of them that are open.
    recovery_logs_done: AtomicU64,
    /// How long the opening took, in nanoseconds; 0 while it goes on.
    recovery_ns: AtomicU64,
}

/// Says of a thread that it has ended, in whatever way.
pub struct EndMark {
    /// Where it is said.
    pub metrics: Arc<Metrics>,
    /// Which thread it is.
    pub thread: fn(&Metrics) -> &AtomicBool,
}

impl Drop for EndMark {
    fn drop(&mut self) {
        (self.thread)(&self.metrics).store(true, Relaxed);
    }
}

impl Metrics {
    /// Nothing counted yet.
    pub fn new(clock: Clock) -> Arc<Metrics> {
        Arc::new(Metrics {
            clock,
            loops: Mutex::default(),
            flushes: Mutex::default(),
            residency_turn: Turn::default(),
            metadata_failed: AtomicBool::new(false),
            control_ended: AtomicBool::new(false),
            tasks_ended: AtomicBool::new(false),
            coordinators_ended: AtomicBool::new(false),
            groups: Arc::default(),
            retention_deleted_files: AtomicU64::new(0),
            recovery_logs: AtomicU64::new(0),
            recovery_logs_done: AtomicU64::new(0),
            recovery_ns: AtomicU64::new(0),
        })
    }

    /// How long `flush`, which syncs, takes is noted.
    pub fn time_flush(&self, flush: impl FnOnce()) {
        let began = self.clock.monotonic();
        flush();
        let took = self.clock.monotonic().saturating_sub(began);
        self.flushes.lock().unwrap_or_else(PoisonError::into_inner).observe(took);
    }

    /// Logs are being opened. Those that are tried again later do not count.
    pub fn note_recovery(&self, progress: Progress) {
        if self.recovery_ns.load(Relaxed) > 0 {
            return;
        }
        self.recovery_logs.store(progress.logs as u64, Relaxed);
        self.recovery_logs_done.fetch_max(progress.logs_done as u64, Relaxed);
    }

    /// The logs that were there at the start are open.
    pub fn note_recovered(&self, took: Duration) {
        self.recovery_ns.store(u64::try_from(took.as_nanos()).unwrap_or(u64::MAX).max(1), Relaxed);
    }

    /// How far the opening of the logs has come.
    pub fn recovery(&self) -> Progress {
        Progress {
            logs_done: self.recovery_logs_done.load(Relaxed) as usize,
            logs: self.recovery_logs.load(Relaxed) as usize,
        }
    }

    fn recovery_seconds(&self) -> f64 {
        Duration::from_nanos(self.recovery_ns.load(Relaxed)).as_secs_f64()
    }

    fn lock_loops(&self) -> MutexGuard<'_, Vec<Arc<LoopCounts>>> {
        self.loops.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
