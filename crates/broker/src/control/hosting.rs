//! The logs of this node: opened for the partitions that the metadata gives it, retired with their topics.

use std::sync::Arc;
use std::time::Duration;

use host::Pool;
use metadata::{Configs, Image, Topic};
use record::{BrokerId, PartitionIndex};
use storage::{Log, OpenError};

use super::opening::{Opening, WantedLog};
use super::trash::Trash;
use crate::config::TopicConfig;
use crate::handlers::is_internal;
use crate::partition::flushing::Flushing;
use crate::partition::{Partition, Retired};
use crate::view::{HostedTopic, View};

/// Opens and retires logs in one log directory.
pub struct Hosting {
    opening: Opening,
    broker: BrokerId,
    /// What the operator set at start.
    static_defaults: TopicConfig,
    /// What is in force: with what was changed at run time.
    defaults: TopicConfig,
    /// Dropped with this, when all logs are closed.
    flush_pool: Arc<Pool>,
    flushing: Flushing,
    trash: Trash,
}

impl Hosting {
    /// For the logs that `opening` opens, on this `broker`; they are flushed on `flush_pool`. What earlier deletions left there goes at once.
    pub fn new(
        opening: Opening,
        broker: BrokerId,
        defaults: TopicConfig,
        flush_pool: Arc<Pool>,
        trash: Trash,
    ) -> std::io::Result<Hosting> {
        for path in opening.dir.deleted_logs()? {
            trash.add(path, Duration::ZERO);
        }
        let flushing = Flushing::new(&flush_pool, Arc::clone(&opening.metrics));
        Ok(Hosting { opening, broker, static_defaults: defaults.clone(), defaults, flush_pool, flushing, trash })
    }

    /// Sets logs aside that belong to no topic of `image`: a crash came between the deletion of their topic and their own.
    pub fn set_strays_aside(&mut self, image: &Image, now: Duration) -> std::io::Result<()> {
        for name in self.opening.dir.logs()? {
            let is_known = |id| image.topic_by_id(id).is_some();
            let id = self.opening.dir.settled_topic_id(&name, is_known)?;
            if id.is_some_and(|id| !is_known(id)) {
                tracing::info!(log = name, "the log of a deleted topic is removed");
                self.trash.add(self.opening.dir.set_aside(&name)?, now + self.defaults.file_delete_delay);
            }
        }
        Ok(())
    }

    /// Opens the topics of `image` that `view` does not have yet, or has with fewer partitions. What is open stays open.
    pub fn open(&mut self, view: &View, image: &Image) -> Vec<HostedTopic> {
        let topics = image.topics().iter().map(|topic| (&**topic, view.topic_by_id(topic.id)));
        let is_whole = |topic: &Topic, hosted: &HostedTopic| hosted.partitions.len() == topic.partitions.len();
        let lacks = topics.filter(|(topic, hosted)| !hosted.is_some_and(|hosted| is_whole(topic, hosted)));
        self.open_topics(lacks.collect())
    }

    /// Opens what could not be opened before, for want of descriptors or of room, perhaps.
    pub fn open_offline(&mut self, view: &View) -> Vec<HostedTopic> {
        if self.opening.dir.failed() {
            return Vec::new();
        }
        let offline = view.topics().filter(|topic| topic.has_offline());
        let known = |hosted: &'_ Arc<HostedTopic>| view.image().topic_by_id(hosted.id).map(Arc::clone);
        let topics: Vec<_> = offline.filter_map(|hosted| Some((known(hosted)?, Arc::clone(hosted)))).collect();
        self.open_topics(topics.iter().map(|(topic, hosted)| (&**topic, Some(&**hosted))).collect())
    }

    /// Opens the partitions of `topics`, all logs together, but for those that are open already.
    fn open_topics(&self, topics: Vec<(&Topic, Option<&HostedTopic>)>) -> Vec<HostedTopic> {
        let configs: Vec<TopicConfig> = topics.iter().map(|(topic, _)| self.topic_config(topic)).collect();
        let is_open = |hosted: Option<&HostedTopic>, index| hosted.and_then(|hosted| hosted.open_partition(index));
        let mut wanted = Vec::new();
        for ((topic, hosted), config) in topics.iter().zip(&configs) {
            let closed = topic.partitions().filter(|(index, _)| is_open(*hosted, *index).is_none());
            wanted.extend(closed.map(|(index, _)| WantedLog {
                name: log_name(&topic.name, index),
                topic_id: topic.id,
                config: config.log_config(),
            }));
        }
        let mut logs = self.opening.all(wanted).into_iter();
        let mut open = |topic: &Topic, hosted: Option<&HostedTopic>, config: &TopicConfig| {
            let partition = |(index, partition): (PartitionIndex, &metadata::Partition)| {
                is_open(hosted, index).or_else(|| {
                    let log = logs.next().expect("one result for each log that was wanted");
                    self.partition(topic, index, partition, config, log)
                })
            };
            let partitions = topic.partitions().map(partition).collect();
            HostedTopic { name: Arc::clone(&topic.name), id: topic.id, partitions }
        };
        topics.iter().zip(&configs).map(|((topic, hosted), config)| open(topic, *hosted, config)).collect()
    }

    fn partition(
        &self,
        topic: &Topic,
        index: PartitionIndex,
        partition: &metadata::Partition,
        config: &TopicConfig,
        log: Result<Log, OpenError>,
    ) -> Option<Arc<Partition>> {
        let log = log.inspect_err(|error| {
            tracing::error!(topic = &*topic.name, partition = index.0, %error, "the partition's log cannot be opened; it is offline");
        });
        let flushing = self.flushing.clone();
        let open = |log| Partition::new(index, partition.leader_epoch, config.clone(), log, flushing);
        log.ok().map(open).map(Arc::new)
    }

    /// Has what the start left in the page cache made durable with one sync, while it is served already. Where that cannot be done
    /// so, the next checkpoint has each log flushed.
    pub fn flush_recovered(&self, view: &View) {
        let partitions = view.topics().flat_map(|topic| topic.partitions.iter().flatten());
        let begun = partitions.filter_map(|partition| Some((Arc::clone(partition), partition.begin_common_flush()?)));
        let begun: Vec<_> = begun.collect();
        if begun.is_empty() {
            return;
        }
        let dir = Arc::clone(&self.opening.dir);
        self.flush_pool.run(Box::new(move || match dir.sync_all() {
            Ok(()) => begun.into_iter().for_each(|(partition, flush)| partition.end_flush(flush)),
            Err(error) => tracing::warn!(%error, "what was recovered is not durable yet"),
        }));
    }

    /// Puts the settings in force that `image` changes for the open partitions of `view`. Returns whether any changed.
    pub fn configure(&mut self, view: &View, image: &Image) -> bool {
        let defaults = self.defaults_of(image);
        let defaults_changed = defaults != self.defaults;
        self.defaults = defaults;
        let mut changed = false;
        for hosted in view.topics() {
            let (Some(topic), Some(before)) = (image.topic_by_id(hosted.id), view.image().topic_by_id(hosted.id))
            else {
                continue;
            };
            if defaults_changed || topic.configs != before.configs {
                let config = self.topic_config(topic);
                hosted.partitions.iter().flatten().for_each(|partition| partition.set_config(config.clone()));
                changed = true;
            }
        }
        changed
    }

    /// `server.properties`, under what was set for all brokers at run time, under what was set for this one.
    fn defaults_of(&self, image: &Image) -> TopicConfig {
        let own = image.broker_configs(self.broker).map(|configs| &**configs);
        let defaults = self.static_defaults.with_broker_defaults(pairs(image.default_broker_configs()));
        own.map_or(defaults.clone(), |own| defaults.with_broker_defaults(pairs(own)))
    }

    fn topic_config(&self, topic: &Topic) -> TopicConfig {
        let (mut config, not_understood) = self.defaults.with_stored(pairs(&topic.configs));
        // What coordinators keep never expires, whatever a client stored or whoever made the topic.
        config.deletes &= !is_internal(&topic.name);
        for reason in not_understood {
            tracing::warn!(topic = &*topic.name, reason, "a stored topic config is not understood by this version");
        }
        config
    }

    /// Takes the partitions out of service whose topics `image` has not any more.
    pub fn retire(&mut self, view: &View, image: &Image, now: Duration) {
        let gone = view.topics().filter(|topic| image.topic_by_id(topic.id).is_none());
        let partitions =
            gone.flat_map(|topic| topic.partitions.iter().flatten().map(|partition| (&**topic, partition)));
        self.delete(&partitions.collect::<Vec<_>>(), now);
    }

    /// Has the logs of these partitions removed after `file.delete.delay.ms`.
    fn delete(&mut self, partitions: &[(&HostedTopic, &Arc<Partition>)], now: Duration) {
        let dir = Arc::clone(&self.opening.dir);
        let (mut logs, mut owners, mut set_aside) = (Vec::new(), Vec::new(), Vec::new());
        for (topic, partition) in partitions {
            match partition.retire() {
                Retired::Log(log) => {
                    logs.push(log);
                    owners.push((topic, partition));
                }
                Retired::Broken => {
                    set_aside.push(((topic, partition), dir.set_aside(&log_name(&topic.name, partition.index()))));
                }
                Retired::Already => {}
            }
        }
        set_aside.extend(owners.into_iter().zip(dir.delete_logs(logs)));
        for ((topic, partition), set_aside) in set_aside {
            match set_aside {
                Ok(path) => self.trash.add(path, now + partition.file_delete_delay()),
                Err(error) => {
                    let partition = partition.index().0;
                    tracing::error!(topic = &*topic.name, partition, %error, "a deleted log's directory stays until the next start");
                }
            }
        }
        // Without a delay the room is there at once, not when the clock comes by.
        self.trash.empty(now);
    }

    /// The settings in force of a topic without any of its own.
    pub fn defaults(&self) -> &TopicConfig {
        &self.defaults
    }

    /// Whether the disk has no room for new topics. What cannot be told counts as room.
    pub fn is_full(&self) -> bool {
        self.opening.dir.check_room().unwrap_or(false)
    }

    /// Closes every log; the directory is marked as cleanly stopped when all of them are closed well.
    pub fn close(&mut self, view: &View) {
        let mut clean = !self.opening.dir.failed();
        let mut logs = Vec::new();
        for partition in view.topics().flat_map(|topic| &topic.partitions) {
            match partition.as_ref().map(|partition| partition.retire()) {
                Some(Retired::Log(log)) => logs.push(log),
                Some(Retired::Already) => {}
                // A partition that is offline was not closed either.
                Some(Retired::Broken) | None => clean = false,
            }
        }
        for error in self.opening.dir.close_logs(logs).into_iter().filter_map(Result::err) {
            tracing::error!(%error, "a log was not closed; the next start recovers it");
            clean = false;
        }
        if clean && let Err(error) = self.opening.dir.mark_clean_shutdown() {
            tracing::error!(%error, "the clean shutdown could not be marked; the next start recovers the logs");
        }
    }
}

/// The directory of a partition's log.
fn log_name(topic: &str, index: PartitionIndex) -> String {
    format!("{topic}-{}", index.0)
}

fn pairs(configs: &Configs) -> impl Iterator<Item = (&str, &str)> {
    configs.iter().map(|(key, value)| (&**key, &**value))
}

#[cfg(test)]
mod tests;
