//! Which loop a new connection goes to: the first that still has time.
//!
//! Loops are filled one after the other rather than evenly, because a producer and a consumer of one partition that share a loop wake each
//! other without a system call, while a wake across cores costs both sides 20-25 us of CPU.

use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::RuntimeMetrics;
use tokio::time::Instant;

use crate::listener::Arrival;
use crate::wake::Inbox;

/// A loop busier than this gets no further connection while another has time.
const FILL: f64 = 0.7;
/// What a new connection is taken to cost until the next sample shows it; spreads bursts of connections.
const ASSUMED_SHARE: f64 = 0.05;
/// Samples closer together than this say little.
const SAMPLE_AGE_MIN: Duration = Duration::from_millis(100);

/// The loops and how busy they are.
#[derive(Debug)]
pub(crate) struct Placement {
    loops: Vec<Load>,
    sampled: Instant,
}

#[derive(Debug)]
struct Load {
    inbox: Arc<Inbox>,
    metrics: RuntimeMetrics,
    busy: Duration,
    /// Part of the time spent working, as of the last sample, plus what was placed since.
    share: f64,
}

impl Placement {
    pub fn new(loops: impl IntoIterator<Item = (Arc<Inbox>, RuntimeMetrics)>) -> Placement {
        let load = |(inbox, metrics)| Load { inbox, metrics, busy: Duration::ZERO, share: 0.0 };
        Placement { loops: loops.into_iter().map(load).collect(), sampled: Instant::now() }
    }

    /// Looks at the loops' load, unless the last look is too recent.
    pub fn sample(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.sampled);
        if elapsed < SAMPLE_AGE_MIN {
            return;
        }
        self.sampled = now;
        for load in &mut self.loops {
            let busy = load.metrics.worker_total_busy_duration(0);
            load.share = (busy - load.busy).as_secs_f64() / elapsed.as_secs_f64();
            load.busy = busy;
        }
    }

    /// Hands a connection to its loop.
    pub fn place(&mut self, arrival: Arrival) {
        self.sample(Instant::now());
        let chosen = choose(self.loops.iter().map(|load| load.share));
        let load = &mut self.loops[chosen];
        load.share += ASSUMED_SHARE;
        load.inbox.post(|mail| mail.arrivals.push(arrival));
    }
}

/// The index of the first share below [`FILL`], or else of the least.
fn choose(shares: impl Iterator<Item = f64> + Clone) -> usize {
    let least = || shares.clone().enumerate().min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i);
    shares.clone().position(|share| share < FILL).or_else(least).expect("there is at least one loop")
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn loops_fill_in_order_and_overflow_goes_to_the_least_busy() {
        for (shares, want) in [
            (&[0.0, 0.0][..], 0),
            (&[0.69, 0.0], 0),
            (&[0.7, 0.3], 1),
            (&[0.95, 0.9, 0.1], 2),
            (&[0.95, 0.8, 0.9], 1),
            (&[1.0], 0),
        ] {
            assert_eq!(choose(shares.iter().copied()), want, "{shares:?}");
        }
    }
}
