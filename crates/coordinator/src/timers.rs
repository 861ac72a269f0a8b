//! What has to happen at a time, as values.
//!
//! A heartbeat moves its session's end many times before it comes, so a timer is moved without touching the heap: the old entry
//! comes up, is found to be early, and is put back. An entry that is not its timer's earliest is dropped when it comes up.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

/// A timer's name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Timer {
    /// A member of a group was not heard of for its session timeout.
    Session(Arc<str>, Arc<str>),
    /// A member was given an id and did not come back with it (KIP-394).
    PendingMember(Arc<str>, Arc<str>),
    /// A classic group has waited long enough for members to join.
    JoinPhase(Arc<str>),
    /// A classic group has waited long enough for members to ask for their assignment.
    SyncPhase(Arc<str>),
    /// A member of a consumer group has not given up its partitions in time (KIP-848).
    Revocation(Arc<str>, Arc<str>),
    /// A member with the classic protocol in a consumer group was told to join again and did not in time.
    ClassicRejoin(Arc<str>, Arc<str>),
    /// A member with the classic protocol in a consumer group joined and did not ask for its assignment in time.
    ClassicSync(Arc<str>, Arc<str>),
    /// A consumer group may be assigned again.
    Assignment(Arc<str>),
    /// The topics that regular expressions match are to be looked up again.
    RegexRefresh(Arc<str>),
    /// Offsets may have expired.
    OffsetExpiry,
    /// Offsets of deleted topics are still to be forgotten.
    DeletedTopics,
}

/// When a timer is due, and where it stands in the heap.
#[derive(Clone, Copy, Debug)]
struct Due {
    at: Duration,
    /// The time of its earliest entry, not later than it is due.
    queued: Duration,
}

/// All timers of a shard.
#[derive(Debug, Default)]
pub struct Timers {
    due: HashMap<Timer, Due>,
    /// For each timer an entry at its queued time, and perhaps others that have no meaning.
    queue: BinaryHeap<Reverse<(Duration, Timer)>>,
}

impl Timers {
    /// Sets a timer, or moves it.
    pub fn set(&mut self, timer: Timer, at: Duration) {
        if let Some(due) = self.due.get_mut(&timer)
            && due.queued <= at
        {
            due.at = at;
            return;
        }
        self.due.insert(timer.clone(), Due { at, queued: at });
        self.queue.push(Reverse((at, timer)));
        self.shrink();
    }

    /// Forgets a timer.
    pub fn cancel(&mut self, timer: &Timer) {
        self.due.remove(timer);
        self.shrink();
    }

    /// Entries without meaning must not pile up where timers come and go, or are moved ahead, faster than they are due.
    fn shrink(&mut self) {
        if self.queue.len() > 64 + 4 * self.due.len() {
            self.due.values_mut().for_each(|due| due.queued = due.at);
            self.queue = self.due.iter().map(|(timer, due)| Reverse((due.at, timer.clone()))).collect();
        }
    }

    /// When the timer is due.
    pub fn due(&self, timer: &Timer) -> Option<Duration> {
        self.due.get(timer).map(|due| due.at)
    }

    /// Takes one timer that is due.
    pub fn take_due(&mut self, now: Duration) -> Option<Timer> {
        while let Some(Reverse((at, _))) = self.queue.peek() {
            if *at > now {
                return None;
            }
            let Reverse((at, timer)) = self.queue.pop()?;
            let Some(due) = self.due.get_mut(&timer).filter(|due| due.queued == at) else { continue };
            if due.at <= now {
                self.due.remove(&timer);
                return Some(timer);
            }
            due.queued = due.at;
            self.queue.push(Reverse((due.at, timer)));
        }
        None
    }

    /// No timer is due before this.
    pub fn next_due(&self) -> Option<Duration> {
        self.queue.peek().map(|Reverse((at, _))| *at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn session(member: &str) -> Timer {
        Timer::Session("g".into(), member.into())
    }

    #[test]
    fn a_timer_that_was_moved_is_due_once_and_when_it_was_moved_to() {
        let mut timers = Timers::default();
        timers.set(session("a"), at(10));
        timers.set(session("b"), at(12));
        timers.set(session("a"), at(20));
        assert_eq!(timers.take_due(at(11)), None);
        assert_eq!(timers.take_due(at(15)), Some(session("b")));
        timers.set(session("a"), at(16));
        assert_eq!(timers.next_due(), Some(at(16)));
        assert_eq!(timers.take_due(at(30)), Some(session("a")));
        assert_eq!(timers.take_due(at(30)), None);
        assert_eq!(timers.next_due(), None);
    }

    #[test]
    fn timers_that_come_and_go_leave_nothing_behind() {
        let mut timers = Timers::default();
        for member in 0..10_000 {
            timers.set(session(&member.to_string()), at(1_000));
            timers.cancel(&session(&member.to_string()));
        }
        assert!(timers.queue.len() < 100);
        assert_eq!(timers.take_due(at(2_000)), None);
    }

    #[test]
    fn a_timer_that_is_moved_ahead_and_back_has_few_entries() {
        for steps in [1, 10, 1_000] {
            let mut timers = Timers::default();
            for step in 0..steps {
                timers.set(session("a"), at(10 * step + 50));
                timers.set(session("a"), at(10 * step + 20));
                timers.set(session("a"), at(10 * step + 90));
                assert_eq!(timers.take_due(at(10 * step + 60)), None);
            }
            assert!(timers.queue.len() <= 8, "{} after {steps} steps", timers.queue.len());
            assert_eq!(timers.due(&session("a")), Some(at(10 * steps + 80)));
            assert_eq!(timers.take_due(at(10 * steps + 80)), Some(session("a")));
            assert_eq!((timers.take_due(at(100_000)), timers.queue.len()), (None, 0));
        }
    }

    #[test]
    fn a_timer_that_is_moved_ahead_all_the_time_leaves_little_behind() {
        let mut timers = Timers::default();
        for second in (0..10_000).rev() {
            timers.set(session("a"), at(second));
        }
        assert!(timers.queue.len() < 100);
        assert_eq!(timers.take_due(at(0)), Some(session("a")));
        assert_eq!(timers.take_due(at(20_000)), None);
    }

    #[test]
    fn a_timer_that_was_cancelled_and_set_again_is_due_once() {
        let mut timers = Timers::default();
        timers.set(session("a"), at(10));
        timers.cancel(&session("a"));
        timers.set(session("a"), at(10));
        assert_eq!(timers.take_due(at(10)), Some(session("a")));
        timers.set(session("a"), at(30));
        assert_eq!(timers.take_due(at(20)), None);
        assert_eq!(timers.take_due(at(30)), Some(session("a")));
        assert_eq!(timers.take_due(at(40)), None);
    }
}
