//! The threads that look after the logs by the clock: retention, flushes, checkpoints, room on the disk, files to remove.
//!
//! Each log directory has its own, so that none waits for the disk of another.
//!
//! [`schedule`] decides what is due; nothing here changes metadata.

mod common;
mod schedule;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use arc_swap::ArcSwap;
use host::Clock;
use record::Timestamp;
use storage::LogDir;

use crate::config::Intervals;
use crate::control::{Control, Trash};
use crate::metrics::{EndMark, Metrics};
use crate::partition::Partition;
use crate::view::{HostedTopic, View};
pub use common::Common;
use schedule::{Schedule, Task};

/// What the thread is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nudge {
    /// Settings of topics have changed: what they promise about the age of records holds at once.
    SettingsChanged,
    /// The node stops.
    Stop,
}

/// The way to the thread, made before it so that others can have it. One nudge waits; another would say the same.
pub fn nudges() -> (SyncSender<Nudge>, Receiver<Nudge>) {
    mpsc::sync_channel(1)
}

/// The thread, to be ended.
pub struct TasksThread {
    nudges: SyncSender<Nudge>,
    thread: JoinHandle<()>,
}

/// What the thread works on.
pub struct Tasks {
    /// Where the logs are that it looks after.
    pub dir: Arc<LogDir>,
    /// Shared by the threads of all directories: who opens what is offline.
    pub offline: Arc<Common>,
    /// The open partitions.
    pub published: Arc<ArcSwap<View>>,
    /// Where files go that are not needed any more.
    pub trash: Trash,
    /// Opens what is offline.
    pub control: Control,
    /// The time.
    pub clock: Clock,
    /// Told what retention takes away.
    pub metrics: Arc<Metrics>,
}

impl TasksThread {
    /// Starts the thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        tasks: Tasks,
        intervals: &Intervals,
        nudges: SyncSender<Nudge>,
        nudged: Receiver<Nudge>,
    ) -> io::Result<TasksThread> {
        let schedule = Schedule::new(intervals, tasks.clock.monotonic());
        let thread = thread::Builder::new().name("tasks".to_owned()).spawn(move || {
            let _mark = EndMark { metrics: Arc::clone(&tasks.metrics), thread: |metrics| &metrics.tasks_ended };
            tasks.run(schedule, &nudged);
        })?;
        Ok(TasksThread { nudges, thread })
    }

    /// Ends the thread, after what it is doing.
    pub fn stop(self) {
        // A thread that has ended already is joined all the same.
        let _ = self.nudges.send(Nudge::Stop);
        if self.thread.join().is_err() {
            tracing::error!("the thread that looks after the logs panicked");
        }
    }
}

impl Tasks {
    fn run(&self, mut schedule: Schedule, nudged: &Receiver<Nudge>) {
        loop {
            while let Some(task) = schedule.take_due(self.clock.monotonic()) {
                self.perform(task);
            }
            let wait = schedule.next_due().saturating_sub(self.clock.monotonic());
            match nudged.recv_timeout(wait) {
                Ok(Nudge::SettingsChanged) => schedule.hurry(Task::Retention, self.clock.monotonic()),
                Ok(Nudge::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn perform(&self, task: Task) {
        let now = Timestamp(self.clock.now_ms());
        match task {
            // Each thread asks, as any may hang with its disk; one removal runs at a time.
            Task::Trash => self.trash.empty(self.clock.monotonic()),
            Task::Room => self.check_room(),
            Task::Flush => self.each(|_, partition| partition.flush_if_due(now)),
            Task::Retention => self.each(|topic, partition| self.apply_retention(topic, partition, now)),
            Task::Checkpoints => self.write_checkpoints(),
            Task::OpenOffline => {
                // Half of the time, so that the turns of the threads need not be equally far apart.
                if self.offline.take(self.clock.monotonic(), OPEN_OFFLINE / 2)
                    && self.published.load().topics().any(|topic| topic.has_offline())
                {
                    self.control.open_offline();
                }
            }
        }
    }

    fn each(&self, mut work: impl FnMut(&HostedTopic, &Arc<Partition>)) {
        let view = self.published.load_full();
        for topic in view.topics() {
            let here = topic.partitions.iter().flatten().filter(|partition| Arc::ptr_eq(partition.dir(), &self.dir));
            here.for_each(|partition| work(topic, partition));
        }
    }

    fn apply_retention(&self, topic: &HostedTopic, partition: &Partition, now: Timestamp) {
        match partition.apply_retention(now) {
            Ok(removed) => {
                self.metrics.retention_deleted_files.fetch_add(removed.len() as u64, Ordering::Relaxed);
                let due = self.clock.monotonic().saturating_add(partition.file_delete_delay());
                removed.into_iter().for_each(|path| self.trash.add(path, due));
            }
            Err(error) if !partition.is_retired() => {
                let partition = partition.index().0;
                tracing::error!(topic = &*topic.name, partition, %error, "expired records could not be removed");
            }
            Err(_) => {}
        }
    }

    fn check_room(&self) {
        if let Err(error) = self.dir.check_room() {
            tracing::debug!(%error, "the room on the disk is not known");
        }
    }

    fn write_checkpoints(&self) {
        if self.dir.failed() {
            return;
        }
        self.each(|_, partition| {
            partition.note_high_watermark();
            // The recovery point that this makes is in the next checkpoint.
            partition.flush_rolled();
        });
        if let Err(error) = self.dir.write_checkpoints() {
            tracing::error!(%error, "the checkpoints of the logs could not be written");
        }
    }
}

/// Nothing waits longer than this for the clock: it bounds what a sleep of the machine can delay.
const LOOK: Duration = Duration::from_secs(1);
/// How often a partition that is offline is tried again.
const OPEN_OFFLINE: Duration = Duration::from_secs(30);
