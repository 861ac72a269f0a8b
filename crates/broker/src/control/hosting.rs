//! The logs of this node: opened for the partitions that the metadata gives it, retired with their topics.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use host::Pool;
use metadata::{Image, Topic};
use record::PartitionIndex;
use storage::{Log, LogConfig, LogDir, OpenError, Stop};

use super::trash::Trash;
use crate::config::TopicConfig;
use crate::partition::{Partition, Retired};
use crate::view::{HostedTopic, View};

/// Opens and retires logs in one log directory.
pub struct Hosting {
    dir: Arc<LogDir>,
    defaults: TopicConfig,
    /// How the node stopped the last time: what the logs that were there at start went through.
    stop: Stop,
    trash: Trash,
}

impl Hosting {
    /// For the logs in `dir`. What earlier deletions left there goes at once.
    pub fn new(dir: Arc<LogDir>, defaults: TopicConfig, stop: Stop, pool: Arc<Pool>) -> std::io::Result<Hosting> {
        let mut trash = Trash::new(dir.disk().clone(), pool);
        for path in dir.deleted_logs()? {
            trash.add(path, Duration::ZERO);
        }
        Ok(Hosting { dir, defaults, stop, trash })
    }

    /// Sets logs aside that belong to no topic of `image`: a crash came between the deletion of their topic and their own.
    pub fn set_strays_aside(&mut self, image: &Image, now: Duration) -> std::io::Result<()> {
        for name in self.dir.logs()? {
            let id = self.dir.topic_id(&name)?;
            if id.is_some_and(|id| image.topic_by_id(id).is_none()) {
                tracing::info!(log = name, "the log of a deleted topic is removed");
                self.trash.add(self.dir.set_aside(&name)?, now + self.defaults.file_delete_delay);
            }
        }
        Ok(())
    }

    /// Opens the topics of `image` that `view` does not have yet.
    pub fn open(&mut self, view: &View, image: &Image) -> Vec<HostedTopic> {
        let missing = image.topics().iter().filter(|topic| view.topic_by_id(topic.id).is_none());
        missing.map(|topic| self.open_topic(topic)).collect()
    }

    fn open_topic(&self, topic: &Topic) -> HostedTopic {
        let config = self.topic_config(topic);
        let open = |(index, partition): (PartitionIndex, &metadata::Partition)| {
            let log = self.open_log(topic, index, &config);
            let log = log.inspect_err(|error| {
                tracing::error!(topic = &*topic.name, partition = index.0, %error, "the partition's log cannot be opened; it is offline");
            });
            let open = |log| Partition::new(index, partition.leader_epoch, config.clone(), log);
            log.ok().map(open).map(Arc::new)
        };
        HostedTopic { name: Arc::clone(&topic.name), id: topic.id, partitions: topic.partitions().map(open).collect() }
    }

    /// Opens the log, or creates it where the topic is new or a crash came between the decision and the directory.
    fn open_log(&self, topic: &Topic, index: PartitionIndex, config: &TopicConfig) -> Result<Log, OpenError> {
        let name = log_name(&topic.name, index);
        let log_config = log_config(config);
        match self.dir.topic_id(&name)? {
            Some(id) if id == topic.id => Log::open(&self.dir, &name, log_config, self.stop),
            // A topic of this name was deleted, and a crash kept its directory.
            Some(_) => {
                self.dir.set_aside(&name)?;
                Log::create(&self.dir, &name, topic.id, log_config)
            }
            None => Log::create(&self.dir, &name, topic.id, log_config),
        }
    }

    fn topic_config(&self, topic: &Topic) -> TopicConfig {
        let own = topic.configs.iter().map(|(key, value)| (&**key, Some(&**value)));
        self.defaults.with(own).unwrap_or_else(|reason| {
            tracing::warn!(
                topic = &*topic.name,
                reason,
                "a stored topic config is not valid any more; defaults are used"
            );
            self.defaults.clone()
        })
    }

    /// Takes the partitions out of service whose topics `image` has not any more.
    pub fn retire(&mut self, view: &View, image: &Image, now: Duration) {
        for topic in view.topics().filter(|topic| image.topic_by_id(topic.id).is_none()) {
            for partition in topic.partitions.iter().flatten() {
                self.delete(topic, partition, now);
            }
        }
    }

    fn delete(&mut self, topic: &HostedTopic, partition: &Partition, now: Duration) {
        let set_aside = match partition.retire() {
            Retired::Log(log) => log.mark_deleted(),
            Retired::Broken => self.dir.set_aside(&log_name(&topic.name, partition.index())),
            Retired::Already => return,
        };
        match set_aside {
            Ok(path) => self.trash.add(path, now + partition.file_delete_delay()),
            Err(error) => {
                let partition = partition.index().0;
                tracing::error!(topic = &*topic.name, partition, %error, "a deleted log's directory stays until the next start");
            }
        }
    }

    /// Has files that left their log removed from `due` on.
    pub fn discard(&mut self, files: Vec<PathBuf>, due: Duration) {
        files.into_iter().for_each(|file| self.trash.add(file, due));
    }

    /// When the next deleted log is to be removed, in monotonic time.
    pub fn trash_due(&self) -> Option<Duration> {
        self.trash.due()
    }

    /// Removes the deleted logs that are due.
    pub fn empty_trash(&mut self, now: Duration) {
        self.trash.empty(now);
    }

    /// Closes every log; the directory is marked as cleanly stopped when all of them are closed well.
    pub fn close(&mut self, view: &View) {
        let mut clean = !self.dir.failed();
        for topic in view.topics() {
            for partition in &topic.partitions {
                // A partition that is offline was not closed either.
                clean &= partition.as_ref().is_some_and(|partition| close(topic, partition));
            }
        }
        if clean && let Err(error) = self.dir.mark_clean_shutdown() {
            tracing::error!(%error, "the clean shutdown could not be marked; the next start recovers the logs");
        }
    }
}

/// Whether the partition's log is closed as a clean start needs it.
fn close(topic: &HostedTopic, partition: &Partition) -> bool {
    match partition.retire() {
        Retired::Log(log) => log
            .close()
            .inspect_err(|error| {
                let partition = partition.index().0;
                tracing::error!(topic = &*topic.name, partition, %error, "a log was not closed; the next start recovers it");
            })
            .is_ok(),
        Retired::Already => true,
        Retired::Broken => false,
    }
}

/// The directory of a partition's log.
fn log_name(topic: &str, index: PartitionIndex) -> String {
    format!("{topic}-{}", index.0)
}

fn log_config(config: &TopicConfig) -> LogConfig {
    LogConfig {
        segment_bytes: config.segment_bytes,
        index_interval_bytes: config.index_interval_bytes,
        segment_index_bytes: config.segment_index_bytes,
        ..LogConfig::default()
    }
}
