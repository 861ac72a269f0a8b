//! Whether the caller still asks for records. Pure.

use std::time::Duration;

use tokio::time::Instant;

/// Looks at the count of calls now and then, so that a call costs no look at the clock.
pub(super) struct PollWatch {
    seen: u64,
    since: Instant,
}

impl PollWatch {
    pub(super) fn new(now: Instant) -> PollWatch {
        PollWatch { seen: 0, since: now }
    }

    /// Whether the caller has not asked for `longest`, as far as these looks tell.
    pub(super) fn is_overdue(&mut self, polls: u64, is_polling: bool, now: Instant, longest: Duration) -> bool {
        if is_polling || polls != self.seen {
            (self.seen, self.since) = (polls, now);
        }
        now.duration_since(self.since) >= longest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_overdue_when_it_neither_waits_nor_has_called() {
        let begun = Instant::now();
        let at = |secs| begun + Duration::from_secs(secs);
        let mut watch = PollWatch::new(begun);
        let longest = Duration::from_secs(10);
        let looks = [(9, 0, false, false), (10, 0, false, true), (11, 1, false, false), (20, 1, false, false)];
        let more = [(21, 1, false, true), (22, 1, true, false), (60, 1, true, false), (69, 2, false, false)];
        for (secs, polls, is_polling, overdue) in looks.into_iter().chain(more) {
            assert_eq!(watch.is_overdue(polls, is_polling, at(secs), longest), overdue, "{secs}");
        }
    }
}
