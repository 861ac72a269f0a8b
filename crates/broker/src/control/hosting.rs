//! The logs of this node: opened for the partitions that the metadata gives it, retired with their topics.

use std::sync::Arc;
use std::time::Duration;

use host::Pool;
use metadata::{Configs, Image, Topic};
use record::{BrokerId, PartitionIndex, Uuid};
use storage::{Log, LogDir, Replaced};

use super::ControlError;
use super::moving::Moving;
use super::opening::{NoLog, Opening, WantedLog};
use super::trash::Trash;
use crate::config::{TopicConfig, cordon};
use crate::handlers::is_internal;
use crate::log_dirs::{Listed, LogDirs, NoPlace, TwiceError, side_by_side};
use crate::partition::flushing::Flushing;
use crate::partition::{Partition, Retired, Settings};
use crate::view::{HostedTopic, View};

/// Opens and retires logs in the log directories.
pub struct Hosting {
    opening: Opening,
    broker: BrokerId,
    /// What the operator set at start.
    static_defaults: TopicConfig,
    /// What is in force: with what was changed at run time.
    defaults: TopicConfig,
    /// `cordoned.log.dirs` as the operator set it at start.
    static_cordoned: Vec<String>,
    /// One for each directory, so that a slow disk keeps no other waiting. Dropped with this, when all logs are closed.
    flush_pools: Vec<Arc<Pool>>,
    flushing: Vec<Flushing>,
    trash: Trash,
    /// Whether the partitions that were there at the start were opened: those that come later are new.
    is_started: bool,
    /// What is there at the start, until it is opened.
    listed: Listed,
}

impl Hosting {
    /// For the logs that `opening` opens, on this `broker`; those of each directory are flushed on the pool of its index.
    /// What earlier deletions left there goes at once.
    pub fn new(
        opening: Opening,
        broker: BrokerId,
        defaults: TopicConfig,
        cordoned: Vec<String>,
        flush_pools: Vec<Arc<Pool>>,
        trash: Trash,
    ) -> Hosting {
        for (_, dir) in opening.dirs.working() {
            // Where the directory cannot be listed, the next start tries again.
            let left = [dir.deleted_logs(), dir.set_futures_aside()].into_iter().flat_map(Result::unwrap_or_default);
            left.for_each(|path| trash.add(path, Duration::ZERO));
        }
        let flushing = flush_pools.iter().map(|pool| Flushing::new(pool, Arc::clone(&opening.metrics))).collect();
        Hosting {
            opening,
            broker,
            static_defaults: defaults.clone(),
            defaults,
            static_cordoned: cordoned,
            flush_pools,
            flushing,
            trash,
            is_started: false,
            listed: Listed::default(),
        }
    }

    /// Sets logs aside that belong to no topic of `image`: a crash came between the deletion of their topic and their own. The
    /// others are known to the first [`Hosting::open`], which comes next.
    pub fn set_strays_aside(&mut self, image: &Image, now: Duration) {
        let dirs = Arc::clone(&self.opening.dirs);
        let mut listed = Listed(dirs.all().iter().map(|_| Vec::new()).collect());
        for (index, dir) in dirs.working() {
            match self.set_strays_of_aside(dir, image, now) {
                Ok(logs) => listed.0[index] = logs,
                Err(error) => {
                    let dir = dir.path().display();
                    tracing::error!(%dir, %error, "logs of deleted topics may be left; the next start tries again");
                }
            }
        }
        self.listed = listed;
    }

    fn set_strays_of_aside(
        &mut self,
        dir: &LogDir,
        image: &Image,
        now: Duration,
    ) -> std::io::Result<Vec<(String, Uuid)>> {
        let is_known = |id| image.topic_by_id(id).is_some();
        let names = dir.logs()?;
        let ids = dir.settled_topic_ids(&names, is_known, self.opening.threads);
        let mut listed = Vec::with_capacity(names.len());
        for (name, id) in names.into_iter().zip(ids) {
            match id? {
                Some(id) if is_known(id) => listed.push((name, id)),
                Some(_) => {
                    tracing::info!(log = name, "the log of a deleted topic is removed");
                    self.trash.add(dir.set_aside(&name)?, now + self.defaults.file_delete_delay);
                }
                None => {}
            }
        }
        Ok(listed)
    }

    /// Refuses a log that lies in two directories, once the strays are set aside; what a move left there goes.
    pub fn settle_twice(&mut self, now: Duration) -> Result<(), TwiceError> {
        let set_aside = self.opening.dirs.settle_twice()?;
        if !set_aside.is_empty() {
            self.listed = Listed::default();
        }
        set_aside.into_iter().for_each(|path| self.trash.add(path, now + self.defaults.file_delete_delay));
        Ok(())
    }

    /// Puts the copy of a partition's log in the place of the log, and returns its topic with the partition in its new
    /// directory. `None` when the partition is none of `view` any more.
    pub fn switch(&mut self, view: &View, moving: Moving, now: Duration) -> Option<HostedTopic> {
        let Moving { asked, future } = moving;
        let (partition, index) = (&asked.partition, asked.partition.index());
        let hosted = view.topic_by_id(asked.topic_id).filter(|_| asked.is_wanted());
        let is_open =
            |hosted: &&HostedTopic| hosted.open_partition(index).is_some_and(|one| Arc::ptr_eq(&one, partition));
        let topic = view.image().topic_by_id(asked.topic_id);
        let (Some(hosted), Some(topic)) = (hosted.filter(is_open), topic) else {
            future.abandon();
            return None;
        };
        let Some(log) = partition.retire_to_move() else {
            tracing::error!(
                topic = &*hosted.name,
                partition = index.0,
                "a partition without a log that is in order cannot be moved"
            );
            future.abandon();
            return None;
        };
        let config = Settings::of(self.topic_config(topic));
        let Replaced { log, error, set_aside } = future.take_place(log, config.log());
        if let Some(path) = set_aside {
            self.trash.add(path, now + partition.file_delete_delay());
        }
        match error {
            Some(error) => {
                tracing::error!(topic = &*hosted.name, partition = index.0, %error, "the partition cannot be moved");
            }
            None => tracing::info!(topic = &*hosted.name, partition = index.0, "the partition was moved"),
        }
        let (_, known) = topic.partitions().find(|(one, _)| *one == index).expect("it is hosted, so it is known");
        let next = self.partition(topic, index, known, &config, log.map_err(NoLog::from));
        let replaced = |one: &Option<Arc<Partition>>| match one {
            Some(one) if Arc::ptr_eq(one, partition) => next.clone(),
            other => other.clone(),
        };
        let partitions = hosted.partitions.iter().map(replaced).collect();
        Some(HostedTopic { name: Arc::clone(&hosted.name), id: hosted.id, partitions })
    }

    /// Opens the topics of `image` that `view` does not have yet, or has with fewer partitions. What is open stays open.
    pub fn open(&mut self, view: &View, image: &Image) -> Vec<HostedTopic> {
        let topics = image.topics().iter().map(|topic| (&**topic, view.topic_by_id(topic.id)));
        let is_whole = |topic: &Topic, hosted: &HostedTopic| hosted.partitions.len() == topic.partitions.len();
        let lacks = topics.filter(|(topic, hosted)| !hosted.is_some_and(|hosted| is_whole(topic, hosted)));
        let is_new = self.is_started;
        let listed = std::mem::take(&mut self.listed);
        let opened = self.open_topics(view, lacks.collect(), is_new, &listed);
        self.is_started = true;
        opened
    }

    /// Opens what could not be opened before, for want of descriptors or of room, perhaps.
    pub fn open_offline(&mut self, view: &View) -> Vec<HostedTopic> {
        if self.opening.dirs.working().next().is_none() {
            return Vec::new();
        }
        let offline = view.topics().filter(|topic| topic.has_offline());
        let known = |hosted: &'_ Arc<HostedTopic>| view.image().topic_by_id(hosted.id).map(Arc::clone);
        let topics: Vec<_> = offline.filter_map(|hosted| Some((known(hosted)?, Arc::clone(hosted)))).collect();
        let topics = topics.iter().map(|(topic, hosted)| (&**topic, Some(&**hosted))).collect();
        self.open_topics(view, topics, false, &Listed::default())
    }

    /// Opens the partitions of `topics`, all logs together, but for those that are open already. Partitions that `view`
    /// has not are new if `is_new`.
    fn open_topics(
        &self,
        view: &View,
        topics: Vec<(&Topic, Option<&HostedTopic>)>,
        is_new: bool,
        listed: &Listed,
    ) -> Vec<HostedTopic> {
        let configs: Vec<_> = topics.iter().map(|(topic, _)| Settings::of(self.topic_config(topic))).collect();
        let is_open = |hosted: Option<&HostedTopic>, index| hosted.and_then(|hosted| hosted.open_partition(index));
        let mut wanted = Vec::new();
        for ((topic, hosted), config) in topics.iter().zip(&configs) {
            let closed = topic.partitions().filter(|(index, _)| is_open(*hosted, *index).is_none());
            wanted.extend(closed.map(|(index, _)| WantedLog {
                name: log_name(&topic.name, index),
                topic_id: topic.id,
                config: Arc::clone(config.log()),
                is_new: is_new && !hosted.is_some_and(|hosted| hosted.has(index)),
            }));
        }
        let mut logs = self.opening.all(wanted, self.log_counts(view), listed).into_iter();
        let mut open = |topic: &Topic, hosted: Option<&HostedTopic>, config: &Arc<Settings>| {
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

    /// How many open logs each directory has.
    fn log_counts(&self, view: &View) -> Vec<usize> {
        let dirs = &self.opening.dirs;
        let mut counts = vec![0; dirs.all().len()];
        if counts.len() == 1 {
            // Nothing depends on it, and there may be many partitions.
            return counts;
        }
        let open = view.topics().flat_map(|topic| topic.partitions.iter().flatten());
        open.for_each(|partition| counts[dirs.index_of(partition.dir())] += 1);
        counts
    }

    fn partition(
        &self,
        topic: &Topic,
        index: PartitionIndex,
        partition: &metadata::Partition,
        settings: &Arc<Settings>,
        log: Result<Log, NoLog>,
    ) -> Option<Arc<Partition>> {
        let log = log.inspect_err(|error| match error {
            // That is tried again and again, and is no news.
            NoLog::Away if self.is_started => {}
            _ => {
                tracing::error!(topic = &*topic.name, partition = index.0, %error, "the partition's log cannot be opened; it is offline");
            }
        });
        let open = |log: Log| {
            let flushing = self.flushing[self.opening.dirs.index_of(log.dir())].clone();
            Partition::new(index, partition.leader_epoch, Arc::clone(settings), log, flushing)
        };
        log.ok().map(open).map(Arc::new)
    }

    /// Has what the start left in the page cache made durable with one sync for each directory, while it is served already. Where that
    /// cannot be done so, the next checkpoint has each log flushed.
    pub fn flush_recovered(&self, view: &View) {
        for (at, dir) in self.opening.dirs.working() {
            let partitions = view.topics().flat_map(|topic| topic.partitions.iter().flatten());
            let here = partitions.filter(|partition| Arc::ptr_eq(partition.dir(), dir));
            let begun = here.filter_map(|partition| Some((Arc::clone(partition), partition.begin_common_flush()?)));
            let begun: Vec<_> = begun.collect();
            if begun.is_empty() {
                continue;
            }
            let dir = Arc::clone(dir);
            self.flush_pools[at].run(Box::new(move || match dir.sync_all() {
                Ok(()) => begun.into_iter().for_each(|(partition, flush)| partition.end_flush(flush)),
                Err(error) => tracing::warn!(%error, "what was recovered is not durable yet"),
            }));
        }
    }

    /// Puts the settings in force that `image` changes for the open partitions of `view`. Returns whether any changed.
    pub fn configure(&mut self, view: &View, image: &Image) -> bool {
        let own = image.broker_configs(self.broker).and_then(|configs| configs.value(cordon::KEY));
        let entries = own.map_or_else(|| self.static_cordoned.clone(), cordon::entries);
        self.opening.dirs.cordon(&entries);
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
                let settings = Settings::of(self.topic_config(topic));
                hosted.partitions.iter().flatten().for_each(|partition| partition.set_config(Arc::clone(&settings)));
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
        let dirs = Arc::clone(&self.opening.dirs);
        let mut shares: Vec<(Vec<Log>, Vec<_>)> = dirs.all().iter().map(|_| Default::default()).collect();
        let mut set_aside = Vec::new();
        for (topic, partition) in partitions {
            match partition.retire() {
                Retired::Log(log) => {
                    let (logs, owners) = &mut shares[dirs.index_of(log.dir())];
                    logs.push(log);
                    owners.push((topic, partition));
                }
                Retired::Broken => {
                    let renamed = partition.dir().set_aside(&log_name(&topic.name, partition.index()));
                    set_aside.push(((topic, partition), renamed));
                }
                Retired::Already => {}
            }
        }
        for (dir, (logs, owners)) in dirs.all().iter().zip(shares) {
            set_aside.extend(owners.into_iter().zip(dir.delete_logs(logs)));
        }
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

    /// Refuses new partitions where every directory is cordoned, or no disk of the others has room for them. What cannot be
    /// told counts as room.
    pub fn check_place(&self) -> Result<(), ControlError> {
        match self.opening.dirs.no_place() {
            Some(NoPlace::Cordoned) => Err(ControlError::Cordoned),
            Some(NoPlace::Full) => Err(ControlError::DiskFull),
            None => Ok(()),
        }
    }

    /// Closes every log; a directory is marked as cleanly stopped when all of its logs are closed well.
    pub fn close(&mut self, view: &View) {
        let dirs: &LogDirs = &self.opening.dirs;
        let mut shares: Vec<Closing<'_>> = dirs.all().iter().map(|dir| Closing::of(dir)).collect();
        for topic in view.topics() {
            for (index, partition) in (0..).map(PartitionIndex).zip(&topic.partitions) {
                let Some(partition) = partition else {
                    // A partition that is offline was not closed either.
                    let name = log_name(&topic.name, index);
                    shares.iter_mut().for_each(|share| share.is_clean &= !share.dir.has(&name).unwrap_or(true));
                    continue;
                };
                let share = &mut shares[dirs.index_of(partition.dir())];
                match partition.retire() {
                    Retired::Log(log) => share.logs.push(log),
                    Retired::Already => {}
                    Retired::Broken => share.is_clean = false,
                }
            }
        }
        let threads = self.opening.threads;
        side_by_side(shares, |share| share.run(threads));
    }
}

/// What is closed in one directory.
struct Closing<'d> {
    dir: &'d LogDir,
    logs: Vec<Log>,
    is_clean: bool,
}

impl Closing<'_> {
    fn of(dir: &LogDir) -> Closing<'_> {
        Closing { dir, logs: Vec::new(), is_clean: !dir.failed() }
    }

    fn run(self, threads: usize) {
        let mut is_clean = self.is_clean;
        for error in self.dir.close_logs(self.logs, threads).into_iter().filter_map(Result::err) {
            tracing::error!(%error, "a log was not closed; the next start recovers it");
            is_clean = false;
        }
        if is_clean && let Err(error) = self.dir.mark_clean_shutdown() {
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
