//! Time: the system's, or one that a simulation moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant, SystemTime};

/// Tells the time. Cloning gives another handle to the same clock.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Real { start: Instant },
    Sim(SimClock),
}

impl Clock {
    /// The system's clock.
    #[expect(clippy::disallowed_methods, reason = "this is the door to the clock")]
    pub fn real() -> Clock {
        Clock(Kind::Real { start: Instant::now() })
    }

    /// A simulated clock.
    pub fn sim(clock: SimClock) -> Clock {
        Clock(Kind::Sim(clock))
    }

    /// Wall-clock milliseconds since the Unix epoch. May jump in both directions.
    pub fn now_ms(&self) -> i64 {
        match &self.0 {
            Kind::Real { .. } => wall_ms(),
            Kind::Sim(clock) => clock.0.wall_ms.load(Relaxed),
        }
    }

    /// Time since an arbitrary start; never goes back.
    pub fn monotonic(&self) -> Duration {
        match &self.0 {
            Kind::Real { start } => start.elapsed(),
            Kind::Sim(clock) => Duration::from_nanos(clock.0.monotonic_ns.load(Relaxed)),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the door to the clock")]
fn wall_ms() -> i64 {
    let ms = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match SystemTime::now().duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => ms(since),
        Err(before) => -ms(before.duration()),
    }
}

/// The hands of a simulated clock. Cloning gives another handle to the same clock.
#[derive(Clone, Debug)]
pub struct SimClock(Arc<Hands>);

#[derive(Debug)]
struct Hands {
    wall_ms: AtomicI64,
    monotonic_ns: AtomicU64,
}

impl SimClock {
    /// A clock that stands still at this wall-clock time, in milliseconds since the Unix epoch.
    pub fn at(wall_ms: i64) -> SimClock {
        SimClock(Arc::new(Hands { wall_ms: AtomicI64::new(wall_ms), monotonic_ns: AtomicU64::new(0) }))
    }

    /// Lets time pass. The wall clock moves by whole milliseconds.
    pub fn advance(&self, by: Duration) {
        let by_ns = u64::try_from(by.as_nanos()).expect("simulations end within 584 years");
        let before_ns = self.0.monotonic_ns.fetch_add(by_ns, Relaxed);
        let passed_ms = (before_ns + by_ns) / NS_PER_MS - before_ns / NS_PER_MS;
        self.0.wall_ms.fetch_add(passed_ms.cast_signed(), Relaxed);
    }

    /// Sets the wall clock, as an administrator or NTP does; the monotonic time is not touched.
    pub fn set_wall_ms(&self, wall_ms: i64) {
        self.0.wall_ms.store(wall_ms, Relaxed);
    }
}

const NS_PER_MS: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn simulated_time_passes_only_when_told() {
        let hands = SimClock::at(1_000);
        let clock = Clock::sim(hands.clone());
        hands.advance(Duration::from_micros(600));
        assert_eq!((clock.now_ms(), clock.monotonic()), (1_000, Duration::from_micros(600)));
        hands.advance(Duration::from_micros(600));
        assert_eq!((clock.now_ms(), clock.monotonic()), (1_001, Duration::from_micros(1_200)));
        hands.set_wall_ms(-5);
        assert_eq!((clock.now_ms(), clock.monotonic()), (-5, Duration::from_micros(1_200)));
    }

    #[test]
    fn real_time_is_after_this_test_was_written_and_never_goes_back() {
        let clock = Clock::real();
        let earlier = clock.monotonic();
        assert!(clock.now_ms() > 1_750_000_000_000);
        assert!(clock.monotonic() >= earlier);
    }
}
