//! Work that concerns no directory more than another: whichever thread comes first does it, so that a disk that hangs, and its
//! thread with it, does not keep the others from it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// When the work is due again, for all threads.
#[derive(Debug, Default)]
pub struct Common {
    /// In milliseconds of the monotonic clock.
    due_ms: AtomicU64,
}

impl Common {
    /// Whether the caller is to do the work `now`; then nobody else is for as long as `pause`.
    pub fn take(&self, now: Duration, pause: Duration) -> bool {
        let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let (due, next) = (self.due_ms.load(Ordering::Relaxed), millis(now.saturating_add(pause)));
        millis(now) >= due && self.due_ms.compare_exchange(due, next, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_comes_first_does_it_and_another_when_that_one_comes_no_more() {
        let (common, pause) = (Common::default(), Duration::from_secs(15));
        let takes = |seconds| common.take(Duration::from_secs(seconds), pause);
        assert!(takes(30) && !takes(30) && !takes(44));
        assert!(takes(60) && !takes(61));
        assert!(takes(90));
    }
}
