//! When which task is due; no clock and no effect.

use std::time::Duration;

use super::{LOOK, OPEN_OFFLINE};
use crate::config::Intervals;

/// What is done by the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Remove the files whose `file.delete.delay.ms` is over.
    Trash,
    /// See whether the disk is full, or has room again.
    Room,
    /// Have logs flushed that `flush.ms` or `flush.messages` want flushed.
    Flush,
    /// Move the logs' starts as `retention.ms` and `retention.bytes` say.
    Retention,
    /// Write the checkpoints, and have rolled segments flushed for the next ones.
    Checkpoints,
    /// Try partitions again that could not be opened.
    OpenOffline,
}

/// When each task is due, in monotonic time.
#[derive(Debug)]
pub struct Schedule([Entry; 6]);

#[derive(Debug)]
struct Entry {
    task: Task,
    every: Duration,
    due: Duration,
}

/// Intervals of zero, which Kafka allows, must not keep a core busy.
const INTERVAL_MIN: Duration = Duration::from_millis(10);

impl Schedule {
    /// From `now` on. The tasks that write begin after the initial delay, those that only look at once.
    pub fn new(intervals: &Intervals, now: Duration) -> Schedule {
        let entry = |task, delay, every: Duration| Entry {
            task,
            every: every.max(INTERVAL_MIN),
            due: now.saturating_add(delay),
        };
        let checkpoint = intervals.recovery_checkpoint.min(intervals.start_checkpoint);
        Schedule([
            entry(Task::Trash, Duration::ZERO, LOOK),
            entry(Task::Room, Duration::ZERO, LOOK),
            entry(Task::Flush, Duration::ZERO, intervals.flush_check),
            entry(Task::Retention, intervals.initial_delay, intervals.retention_check),
            entry(Task::Checkpoints, intervals.initial_delay, checkpoint),
            entry(Task::OpenOffline, OPEN_OFFLINE, OPEN_OFFLINE),
        ])
    }

    /// When to look again.
    pub fn next_due(&self) -> Duration {
        self.0.iter().map(|entry| entry.due).min().expect("there are tasks")
    }

    /// The task that has been due the longest; its next time counts from `now`, so what was missed is done once.
    pub fn take_due(&mut self, now: Duration) -> Option<Task> {
        let entry = self.0.iter_mut().filter(|entry| entry.due <= now).min_by_key(|entry| entry.due)?;
        entry.due = now.saturating_add(entry.every);
        Some(entry.task)
    }

    /// Makes a task due `now`.
    pub fn hurry(&mut self, task: Task, now: Duration) {
        self.0.iter_mut().filter(|entry| entry.task == task).for_each(|entry| entry.due = now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take_all(schedule: &mut Schedule, now: Duration) -> Vec<Task> {
        std::iter::from_fn(|| schedule.take_due(now)).collect()
    }

    /// The seconds at which a task was done, by a clock that wakes when the schedule says so.
    fn times_of(task: Task, intervals: &Intervals, until: Duration) -> Vec<u64> {
        let mut schedule = Schedule::new(intervals, Duration::ZERO);
        let mut times = Vec::new();
        while schedule.next_due() <= until {
            let now = schedule.next_due();
            let done = take_all(&mut schedule, now);
            times.extend(done.contains(&task).then_some(now.as_secs()));
        }
        times
    }

    #[test]
    fn the_defaults_are_kafkas_after_an_initial_delay() {
        let intervals = Intervals::default();
        let until = Duration::from_secs(700);
        assert_eq!(times_of(Task::Retention, &intervals, until), [30, 330, 630]);
        assert_eq!(times_of(Task::Checkpoints, &intervals, Duration::from_secs(200)), [30, 90, 150]);
        assert_eq!(times_of(Task::Room, &intervals, Duration::from_secs(3)), [0, 1, 2, 3]);
    }

    #[test]
    fn what_is_hurried_is_done_now_and_then_in_its_rhythm() {
        let mut schedule = Schedule::new(&Intervals::default(), Duration::ZERO);
        let now = Duration::from_secs(5);
        schedule.hurry(Task::Retention, now);
        assert!(take_all(&mut schedule, now).contains(&Task::Retention));
        assert!(!take_all(&mut schedule, Duration::from_secs(304)).contains(&Task::Retention));
        assert!(take_all(&mut schedule, Duration::from_secs(305)).contains(&Task::Retention));
    }

    #[test]
    fn a_sleep_of_the_machine_is_made_up_for_once() {
        let mut schedule = Schedule::new(&Intervals::default(), Duration::ZERO);
        let done = take_all(&mut schedule, Duration::from_secs(3600));
        assert_eq!(done.iter().filter(|task| **task == Task::Room).count(), 1);
    }

    #[test]
    fn an_interval_of_zero_does_not_spin() {
        let none = Duration::ZERO;
        let intervals = Intervals { recovery_checkpoint: none, start_checkpoint: none, ..Intervals::default() };
        let mut schedule = Schedule::new(&intervals, Duration::ZERO);
        let now = Duration::from_secs(30);
        assert_eq!(take_all(&mut schedule, now).iter().filter(|task| **task == Task::Checkpoints).count(), 1);
    }
}
