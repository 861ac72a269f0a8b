//! Opening and creating the logs of many partitions at once, in each log directory beside the others.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use host::Clock;
use record::Uuid;
use storage::{Log, LogConfig, NewLog, OpenError, Progress, Stop};

use crate::log_dirs::{Listed, LogDirs, Place, side_by_side};
use crate::metrics::Metrics;

/// A log that a partition needs.
pub struct WantedLog {
    /// `<topic>-<partition>`.
    pub name: String,
    /// The id of its topic.
    pub topic_id: Uuid,
    /// Its settings, shared with the other logs of its topic.
    pub config: Arc<LogConfig>,
    /// Whether the partition was made just now, so that its log is nowhere yet.
    pub is_new: bool,
}

/// Why a partition has no log.
#[derive(Debug, thiserror::Error)]
pub enum NoLog {
    /// It cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It is in no directory that can be used, and another would be empty, or no directory gets new ones.
    #[error("its log is not in the log directories that can be used, or it has none yet and all of them are cordoned")]
    Away,
}

impl From<io::Error> for NoLog {
    fn from(error: io::Error) -> NoLog {
        NoLog::Open(error.into())
    }
}

/// How logs are opened.
pub struct Opening {
    /// Where they are.
    pub dirs: Arc<LogDirs>,
    /// For each directory how the node stopped the last time: what the logs that are there went through.
    pub stops: Vec<Stop>,
    /// How many are opened at the same time, in each directory.
    pub threads: usize,
    /// Says how long it has taken.
    pub clock: Clock,
    /// Told how far it has come.
    pub metrics: Arc<Metrics>,
}

/// What is to be done in one directory; each log with its place among all that are wanted.
#[derive(Default)]
struct Share {
    there: Vec<(usize, (String, Arc<LogConfig>))>,
    new: Vec<(usize, NewLog)>,
}

type Opened = Result<Log, NoLog>;

impl Opening {
    /// Opens each log, or creates it where its topic is new or a crash came between the decision and the directory. The
    /// results are in the order of `wanted`. The directories hold `logs` logs each already that are not wanted; what is
    /// `listed` is not looked for again.
    pub fn all(&self, wanted: Vec<WantedLog>, logs: Vec<usize>, listed: &Listed) -> Vec<Opened> {
        let mut results: Vec<Option<Opened>> = wanted.iter().map(|_| None).collect();
        let shares = self.share_out(wanted, logs, listed, &mut results);
        let pace = SharedPace::new(&self.clock, shares.iter().map(|share| share.there.len()).sum());
        // Also where nothing is wanted: that all is open there is worth knowing.
        let (idle, busy): (Vec<_>, Vec<_>) = shares
            .into_iter()
            .enumerate()
            .filter(|(index, _)| !self.dirs.all()[*index].failed())
            .partition(|(_, share)| share.there.is_empty() && share.new.is_empty());
        idle.into_iter().for_each(|(index, share)| drop(self.carry_out(index, share, &pace)));
        let opened = side_by_side(busy, |(index, share)| self.carry_out(index, share, &pace));
        for (place, result) in opened.into_iter().flatten() {
            results[place] = Some(result);
        }
        results.into_iter().map(|result| result.unwrap_or(Err(NoLog::Away))).collect()
    }

    /// Which directory opens or creates which log. What none does has its result already.
    fn share_out(
        &self,
        wanted: Vec<WantedLog>,
        mut logs: Vec<usize>,
        listed: &Listed,
        results: &mut [Option<Opened>],
    ) -> Vec<Share> {
        let mut shares: Vec<Share> = logs.iter().map(|_| Share::default()).collect();
        let mut homeless = Vec::new();
        for (at, wanted) in wanted.into_iter().enumerate() {
            let WantedLog { name, topic_id, config, is_new } = wanted;
            match self.dirs.find(&name, topic_id, listed) {
                Ok(Place::Here(index)) => {
                    logs[index] += 1;
                    shares[index].there.push((at, (name, config)));
                }
                Ok(Place::Nameless(index)) => {
                    logs[index] += 1;
                    shares[index].new.push((at, NewLog { name, topic_id, config }));
                }
                Ok(Place::Nowhere) if !is_new && self.dirs.may_hide_logs() => results[at] = Some(Err(NoLog::Away)),
                Ok(Place::Nowhere) => homeless.push((at, NewLog { name, topic_id, config })),
                Err(error) => results[at] = Some(Err(error.into())),
            }
        }
        // After the others, as where those are counts.
        for (at, new) in homeless {
            match self.dirs.next(&new.name, &logs) {
                Some(index) => {
                    logs[index] += 1;
                    shares[index].new.push((at, new));
                }
                None => results[at] = Some(Err(NoLog::Away)),
            }
        }
        shares
    }

    fn carry_out(&self, index: usize, share: Share, pace: &SharedPace<'_>) -> Vec<(usize, Opened)> {
        let dir = &self.dirs.all()[index];
        let (places, there): (Vec<usize>, Vec<_>) = share.there.into_iter().unzip();
        let progress = |_: Progress| {
            let (progress, says) = pace.one_more();
            self.metrics.note_recovery(progress);
            if says {
                tracing::info!("recovering logs: {} of {} are open", progress.logs_done, progress.logs);
            }
        };
        let opened = dir.open_logs(&there, self.stops[index], self.threads, &progress);
        let (new_places, new): (Vec<usize>, Vec<_>) = share.new.into_iter().unzip();
        let created = dir.create_logs(new, self.threads);
        let opened = places.into_iter().zip(opened).chain(new_places.into_iter().zip(created));
        opened.map(|(place, result)| (place, result.map_err(NoLog::from))).collect()
    }
}

/// How far all directories have come, and when to say so.
struct SharedPace<'c> {
    clock: &'c Clock,
    logs: usize,
    done: AtomicUsize,
    pace: Mutex<Pace>,
}

impl SharedPace<'_> {
    fn new(clock: &Clock, logs: usize) -> SharedPace<'_> {
        let pace = Mutex::new(Pace::from(clock.monotonic()));
        SharedPace { clock, logs, done: AtomicUsize::new(0), pace }
    }

    /// One more log is open; whether it is time to tell.
    fn one_more(&self) -> (Progress, bool) {
        let logs_done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        (Progress { logs_done, logs: self.logs }, pace.says(self.clock.monotonic()))
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
