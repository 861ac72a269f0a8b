//! Opening and creating the logs of many partitions at once.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use host::Clock;
use record::Uuid;
use storage::{Log, LogConfig, LogDir, NewLog, OpenError, Progress, Stop};

use crate::metrics::Metrics;

/// A log that a partition needs.
pub struct WantedLog {
    /// `<topic>-<partition>`.
    pub name: String,
    /// The id of its topic.
    pub topic_id: Uuid,
    /// Its settings.
    pub config: LogConfig,
}

/// How logs are opened.
pub struct Opening {
    /// Where they are.
    pub dir: Arc<LogDir>,
    /// How the node stopped the last time: what the logs that are there went through.
    pub stop: Stop,
    /// How many are opened at the same time.
    pub threads: usize,
    /// Says how long it has taken.
    pub clock: Clock,
    /// Told how far it has come.
    pub metrics: Arc<Metrics>,
}

impl Opening {
    /// Opens each log, or creates it where its topic is new or a crash came between the decision and the directory. The
    /// results are in the order of `wanted`.
    pub fn all(&self, wanted: Vec<WantedLog>) -> Vec<Result<Log, OpenError>> {
        let mut results: Vec<Option<Result<Log, OpenError>>> = wanted.iter().map(|_| None).collect();
        let (mut there, mut new) = (Vec::new(), Vec::new());
        for (at, wanted) in wanted.into_iter().enumerate() {
            match self.is_there(&wanted) {
                Ok(true) => there.push((at, (wanted.name, wanted.config))),
                Ok(false) => {
                    new.push((at, NewLog { name: wanted.name, topic_id: wanted.topic_id, config: wanted.config }));
                }
                Err(error) => results[at] = Some(Err(error.into())),
            }
        }
        let (places, there): (Vec<usize>, Vec<_>) = there.into_iter().unzip();
        fill(&mut results, &places, self.open(&there));
        let (places, new): (Vec<usize>, Vec<_>) = new.into_iter().unzip();
        fill(&mut results, &places, self.dir.create_logs(new));
        results.into_iter().map(|result| result.expect("each log was opened, created or refused")).collect()
    }

    fn is_there(&self, wanted: &WantedLog) -> io::Result<bool> {
        match self.dir.settled_topic_id(&wanted.name, |id| id == wanted.topic_id)? {
            Some(id) if id == wanted.topic_id => Ok(true),
            // A topic of this name was deleted, and a crash kept its directory.
            Some(_) => self.dir.set_aside(&wanted.name).map(|_| false),
            None => Ok(false),
        }
    }

    fn open(&self, there: &[(String, LogConfig)]) -> Vec<Result<Log, OpenError>> {
        let pace = Mutex::new(Pace::from(self.clock.monotonic()));
        let progress = |progress: Progress| {
            self.metrics.note_recovery(progress);
            let mut pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
            if pace.says(self.clock.monotonic()) {
                tracing::info!("recovering logs: {} of {} are open", progress.logs_done, progress.logs);
            }
        };
        self.dir.open_logs(there, self.stop, self.threads, &progress)
    }
}

fn fill(results: &mut [Option<Result<Log, OpenError>>], places: &[usize], with: Vec<Result<Log, OpenError>>) {
    for (place, result) in places.iter().zip(with) {
        results[*place] = Some(result);
    }
}

/// Lets one word a second through, and none in the first.
struct Pace {
    next: Duration,
}

impl Pace {
    fn from(now: Duration) -> Pace {
        Pace { next: now + Duration::from_secs(1) }
    }

    fn says(&mut self, now: Duration) -> bool {
        let says = now >= self.next;
        if says {
            *self = Pace::from(now);
        }
        says
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_once_a_second_and_not_in_the_first() {
        let mut pace = Pace::from(Duration::ZERO);
        let said: Vec<u64> = (0..=30).filter(|tenths| pace.says(Duration::from_millis(tenths * 100))).collect();
        assert_eq!(said, [10, 20, 30]);
    }
}
