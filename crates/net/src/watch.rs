//! Deadlines of the connections of one loop, judged by one coarse sweep instead of a timer per connection.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::sync::Notify;

use crate::Config;

/// Bounds of the sweep's period; within them it is a quarter of the shortest deadline.
const PERIOD_MIN: Duration = Duration::from_millis(10);
const PERIOD_MAX: Duration = Duration::from_secs(1);

/// What a connection does, which decides the deadline it is under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Between requests.
    Idle,
    /// In the middle of a frame.
    Partial,
    /// Waiting for memory, or for the service: under no deadline of ours.
    Waiting,
    /// As `Waiting`, for the service, but the peer has finished sending: it may read the answer, or be gone.
    Leaving,
    /// The peer is slow to take an answer.
    Writing,
}

/// One connection as the sweep sees it.
pub(crate) struct Watch {
    phase: Cell<Phase>,
    since: Cell<u32>,
    verdict: Cell<Option<&'static str>>,
    waker: RefCell<Option<Waker>>,
}

impl Watch {
    /// Remembers how to wake the connection's task.
    pub fn attend(&self, cx: &Context<'_>) {
        self.waker.borrow_mut().get_or_insert_with(|| cx.waker().clone());
    }

    pub fn phase(&self) -> Phase {
        self.phase.get()
    }

    /// Why the connection must end now, if so.
    pub fn verdict(&self) -> Option<&'static str> {
        self.verdict.get()
    }

    fn condemn(&self, reason: &'static str) {
        self.verdict.set(Some(reason));
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}

/// The connections of one loop, and its coarse time.
pub(crate) struct Roster {
    /// Sweeps so far: the time by which activity is stamped.
    tick: Cell<u32>,
    period: Duration,
    deadlines: Deadlines,
    watches: RefCell<Vec<Weak<Watch>>>,
    live: Cell<usize>,
    draining: Cell<bool>,
    emptied: Notify,
}

/// Deadlines in ticks.
struct Deadlines {
    idle: u32,
    write: u32,
    stall: u32,
}

impl Roster {
    pub fn new(config: &Config) -> Roster {
        let shortest = config.idle.min(config.write_deadline).min(config.stall_deadline);
        let period = (shortest / 4).clamp(PERIOD_MIN, PERIOD_MAX);
        let ticks =
            |deadline: Duration| (deadline.as_millis() / period.as_millis()).try_into().unwrap_or(u32::MAX - 1) + 1;
        Roster {
            tick: Cell::new(0),
            period,
            deadlines: Deadlines {
                idle: ticks(config.idle),
                write: ticks(config.write_deadline),
                stall: ticks(config.stall_deadline),
            },
            watches: RefCell::default(),
            live: Cell::new(0),
            draining: Cell::new(false),
            emptied: Notify::new(),
        }
    }

    /// A new connection; [`Roster::leave`] must follow when it ends.
    pub fn join(&self) -> Rc<Watch> {
        let watch = Rc::new(Watch {
            phase: Cell::new(Phase::Idle),
            since: Cell::new(self.tick.get()),
            verdict: Cell::new(None),
            waker: RefCell::default(),
        });
        self.watches.borrow_mut().push(Rc::downgrade(&watch));
        self.live.set(self.live.get() + 1);
        watch
    }

    pub fn leave(&self) {
        self.live.set(self.live.get() - 1);
        if self.live.get() == 0 {
            self.emptied.notify_one();
        }
    }

    /// The connection begins something, or something happened in it.
    pub fn stamp(&self, watch: &Watch, phase: Phase) {
        watch.phase.set(phase);
        watch.since.set(self.tick.get());
    }

    /// Coarse time in sweeps.
    pub fn tick(&self) -> u32 {
        self.tick.get()
    }

    /// Whether connections end as soon as nothing is in flight.
    pub fn is_draining(&self) -> bool {
        self.draining.get()
    }

    /// Lets connections end; returns when all have, or after `grace`, when the rest were told to end at once.
    pub async fn drain(&self, grace: Duration) {
        self.draining.set(true);
        self.each(Watch::wake);
        if tokio::time::timeout(grace, self.wait_empty()).await.is_err() {
            self.each(|watch| watch.condemn("the broker has shut down"));
            self.wait_empty().await;
        }
    }

    /// Judges the deadlines, over and over. `memory_is_short` tells whether frames wait for the budget.
    pub async fn sweep_forever(&self, memory_is_short: impl Fn() -> bool) {
        let mut ticks = tokio::time::interval(self.period);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.tick.set(self.tick.get().wrapping_add(1));
            let short = memory_is_short();
            self.watches.borrow_mut().retain(|watch| watch.strong_count() > 0);
            self.each(|watch| {
                if let Some(reason) = self.judge(watch, short) {
                    watch.condemn(reason);
                }
            });
        }
    }

    fn judge(&self, watch: &Watch, memory_is_short: bool) -> Option<&'static str> {
        let age = self.tick.get().wrapping_sub(watch.since.get());
        match watch.phase.get() {
            Phase::Idle | Phase::Partial if age > self.deadlines.idle => Some("idle for too long"),
            Phase::Partial if memory_is_short && age > self.deadlines.stall => {
                Some("its partial frame stalled while memory was short")
            }
            Phase::Writing if age > self.deadlines.write => Some("the peer takes no bytes"),
            Phase::Leaving if age > self.deadlines.write => Some("closed by the peer, as far as one can tell"),
            _ => None,
        }
    }

    async fn wait_empty(&self) {
        while self.live.get() > 0 {
            self.emptied.notified().await;
        }
    }

    fn each(&self, visit: impl Fn(&Watch)) {
        for watch in self.watches.borrow().iter().filter_map(Weak::upgrade) {
            visit(&watch);
        }
    }
}

/// Lets a few warnings per sweep through, so that a peer cannot fill the disk with log lines.
#[derive(Default)]
pub(crate) struct Warnings {
    tick: Cell<u32>,
    passed: Cell<u32>,
}

const WARNINGS_PER_TICK: u32 = 5;

impl Warnings {
    /// Whether one more may be logged at this coarse time.
    pub fn allow(&self, tick: u32) -> bool {
        if self.tick.replace(tick) != tick {
            self.passed.set(0);
        }
        self.passed.set(self.passed.get().saturating_add(1));
        self.passed.get() <= WARNINGS_PER_TICK
    }
}
