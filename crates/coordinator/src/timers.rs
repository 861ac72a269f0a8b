//! What has to happen at a time, as values.
//!
//! A heartbeat moves its session's end many times before it comes, so a timer is moved without touching the heap: the old entry
//! comes up, is found to be early, and is put back.

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

/// All timers of a shard.
#[derive(Debug, Default)]
pub struct Timers {
    due: HashMap<Timer, Duration>,
    /// For each timer at least one entry that is not later than it is due.
    queue: BinaryHeap<Reverse<(Duration, Timer)>>,
}

impl Timers {
    /// Sets a timer, or moves it.
    pub fn set(&mut self, timer: Timer, at: Duration) {
        let before = self.due.insert(timer.clone(), at);
        if before.is_none_or(|before| at < before) {
            self.queue.push(Reverse((at, timer)));
        }
    }

    /// Forgets a timer.
    pub fn cancel(&mut self, timer: &Timer) {
        self.due.remove(timer);
        // Entries of timers that are gone must not pile up where timers come and go faster than they are due.
        if self.queue.len() > 64 + 4 * self.due.len() {
            self.queue = self.due.iter().map(|(timer, at)| Reverse((*at, timer.clone()))).collect();
        }
    }

    /// When the timer is due.
    pub fn due(&self, timer: &Timer) -> Option<Duration> {
        self.due.get(timer).copied()
    }

    /// Takes one timer that is due.
    pub fn take_due(&mut self, now: Duration) -> Option<Timer> {
        while let Some(Reverse((at, _))) = self.queue.peek() {
            if *at > now {
                return None;
            }
            let Reverse((at, timer)) = self.queue.pop()?;
            match self.due.get(&timer) {
                Some(due) if *due <= now => {
                    self.due.remove(&timer);
                    return Some(timer);
                }
                Some(due) if *due > at => self.queue.push(Reverse((*due, timer))),
                _ => {}
            }
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
}
