//! Coordinators: what is kept for clients as records in a log of the broker's own.
//!
//! The groups of consumers are the first of them. A group belongs to the partition of `__consumer_offsets` that its name
//! hashes to; who leads the partition coordinates it. Crate `coordinator` decides, without I/O: a request against the state
//! gives records and answers. Here is what carries that out.
//!
//! - [`place`]: one partition with its state. A request takes its lock on the connection's own thread, does its step, and
//!   appends what the step wrote, as one batch, before the lock is given back.
//! - [`append`] and [`loading`]: into the log, and out of it.
//! - [`waiting`]: answers leave when what they depend on is committed; what cannot be answered now waits in a slot, from which
//!   a connection on any loop is woken.
//! - [`alarm`]: the one thread that looks after all timers.
//! - [`counts`]: what operators see.
//!
//! What is of groups alone is the type of the state (`coordinator::Shard`), its records' codec, and the methods here that
//! find the shard of a group.

mod alarm;
mod append;
pub mod counts;
mod loading;
mod place;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use arc_swap::{ArcSwap, ArcSwapOption};
use coordinator::shard_of;
use host::Pool;
use metadata::Image;
use record::{BrokerId, PartitionIndex, Uuid};
use wire::ErrorCode;

use crate::config::groups::{self as group_settings, GroupsConfig};
use crate::metrics::Metrics;
use crate::view::{HostedTopic, View};
use alarm::AlarmThread;
pub use place::Place;
use place::{DeletedTopic, Surroundings};
pub use waiting::{Commit, Ran, Waiting};

/// The topic that the positions and members of groups are kept in.
pub const OFFSETS_TOPIC: &str = "__consumer_offsets";

/// All coordinators of this node.
pub struct Coordinators {
    around: Arc<Surroundings>,
    config: GroupsConfig,
    broker: BrokerId,
    groups: ArcSwapOption<Groups>,
    /// Held while shards come and go. Once the node stops, none comes any more.
    is_stopped: Mutex<bool>,
}

/// The shards of one `__consumer_offsets`.
struct Groups {
    topic: Uuid,
    /// By partition. As many as the topic had when it was first seen: groups keep their partitions until the next start, as
    /// with Apache Kafka, if somebody adds some. `None` where the log is not open.
    places: Vec<Option<Arc<Place>>>,
}

/// Groups and members of all shards that are in service.
#[derive(Debug, Default)]
pub struct Census {
    /// How many shards.
    pub shards: usize,
    /// How many groups, by type and state.
    pub groups: BTreeMap<(&'static str, &'static str), usize>,
    /// How many members.
    pub members: usize,
}

/// What coordinators need of the node.
pub struct Wiring {
    /// The metadata.
    pub published: Arc<ArcSwap<View>>,
    /// Logs are replayed on it.
    pub pool: Weak<Pool>,
    /// Counters, and the time.
    pub metrics: Arc<Metrics>,
    /// Their settings.
    pub config: GroupsConfig,
    /// This node.
    pub broker: BrokerId,
}

/// The coordinators' thread, to be ended.
pub struct CoordinatorsThread {
    coordinators: Arc<Coordinators>,
    thread: AlarmThread,
    /// Goes after the shards were told that nothing is loaded any more.
    pool: Arc<Pool>,
}

impl CoordinatorsThread {
    /// Starts the thread. It keeps the pool that logs are replayed on.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn start(
        coordinators: &Arc<Coordinators>,
        pool: Arc<Pool>,
        metrics: &Arc<Metrics>,
    ) -> io::Result<CoordinatorsThread> {
        let thread = AlarmThread::start(&coordinators.around.alarm, metrics)?;
        Ok(CoordinatorsThread { coordinators: Arc::clone(coordinators), thread, pool })
    }

    /// Whoever waits is told that there is no coordinator here any more, and the thread ends.
    pub fn stop(self) {
        self.coordinators.unload();
        self.thread.stop();
        drop(self.pool);
    }
}

impl Coordinators {
    /// No shard yet.
    pub fn new(wiring: Wiring) -> Coordinators {
        let Wiring { published, pool, metrics, config, broker } = wiring;
        let around = Surroundings {
            clock: metrics.clock.clone(),
            counts: Arc::clone(&metrics.groups),
            published,
            pool,
            alarm: Arc::default(),
            settings: ArcSwap::from_pointee(config.settings.clone()),
            codec: config.codec,
            commit_timeout: config.commit_timeout,
        };
        Coordinators {
            around: Arc::new(around),
            config,
            broker,
            groups: ArcSwapOption::empty(),
            is_stopped: Mutex::default(),
        }
    }

    /// The shard of a group.
    ///
    /// # Errors
    /// It is not here: NOT_COORDINATOR.
    pub fn of_group(&self, group: &str) -> Result<Arc<Place>, ErrorCode> {
        let groups = self.groups.load();
        let groups = groups.as_ref().ok_or(ErrorCode::NOT_COORDINATOR)?;
        let shards = i32::try_from(groups.places.len()).unwrap_or(i32::MAX);
        let place = usize::try_from(shard_of(group, shards)).ok().and_then(|index| groups.places.get(index));
        place.and_then(Option::as_ref).map(Arc::clone).ok_or(ErrorCode::NOT_COORDINATOR)
    }

    /// Which partition of `__consumer_offsets` a group belongs to, if there is one that is open.
    pub fn has_coordinator(&self, group: &str) -> bool {
        self.of_group(group).is_ok()
    }

    /// All shards that are here.
    pub fn all(&self) -> Vec<Arc<Place>> {
        self.groups.load().as_ref().map_or_else(Vec::new, |groups| groups.places.iter().flatten().cloned().collect())
    }

    /// What there is now.
    pub fn census(&self) -> Census {
        let mut census = Census::default();
        for place in self.all() {
            place.tell(|shard| {
                census.shards += 1;
                census.members += shard.member_count();
                for group in shard.list_groups(&[], &[]) {
                    *census.groups.entry((group.group_type, group.state)).or_insert(0) += 1;
                }
            });
        }
        census
    }

    /// Takes in a view that was published after `before`. The control thread calls it after each.
    pub fn published(&self, before: &View, next: &View) {
        self.host(next.topic(OFFSETS_TOPIC));
        if before.image().applied() == next.image().applied() {
            return;
        }
        self.configure(next.image());
        let changes = Changes::between(before.image(), next.image());
        for place in self.all() {
            place.guard(|place| {
                if !changes.deleted.is_empty() {
                    place.topics_deleted(&changes.deleted);
                }
                if !changes.names.is_empty() {
                    place.tell(|shard| shard.topics_changed(&changes.names));
                }
            });
        }
    }

    /// Loads what is new, unloads what is gone.
    fn host(&self, topic: Option<&HostedTopic>) {
        let is_stopped = self.is_stopped.lock().unwrap_or_else(PoisonError::into_inner);
        if *is_stopped {
            return;
        }
        let before = self.groups.load_full();
        if topic.is_none() && before.is_none() {
            return;
        }
        let same = before.as_ref().filter(|groups| topic.is_some_and(|topic| topic.id == groups.topic));
        let next = topic.map(|topic| {
            let count = same.map_or(topic.partitions.len(), |groups| groups.places.len());
            // One whose log has moved to another directory is loaded again.
            let is_here = |place: &Arc<Place>| !place.partition().is_retired();
            let kept = |index: usize| same.and_then(|groups| groups.places[index].clone()).filter(is_here);
            let open = |index: usize| {
                let partition = topic.open_partition(PartitionIndex(i32::try_from(index).ok()?))?;
                Some(Place::open(partition, Arc::clone(&self.around)))
            };
            let places: Vec<_> = (0..count).map(|index| kept(index).or_else(|| open(index))).collect();
            Arc::new(Groups { topic: topic.id, places })
        });
        self.groups.store(next.clone());
        let is_kept = |place: &&Arc<Place>| {
            next.as_ref().is_some_and(|next| next.places.iter().flatten().any(|kept| Arc::ptr_eq(kept, place)))
        };
        let gone = before.iter().flat_map(|groups| &groups.places).flatten().filter(|place| !is_kept(place));
        gone.for_each(|place| place.unload());
    }

    fn configure(&self, image: &Image) {
        let settings = group_settings::in_force(&self.config.settings, image, self.broker);
        if settings != **self.around.settings.load() {
            self.around.settings.store(Arc::new(settings));
            self.all().iter().for_each(|place| place.guard(|place| place.configure()));
        }
    }

    fn unload(&self) {
        let mut is_stopped = self.is_stopped.lock().unwrap_or_else(PoisonError::into_inner);
        *is_stopped = true;
        let groups = self.groups.swap(None);
        groups.iter().flat_map(|groups| &groups.places).flatten().for_each(|place| place.unload());
    }

    /// How `__consumer_offsets` is made.
    pub fn config(&self) -> &GroupsConfig {
        &self.config
    }
}

/// What an image has of topics that another has not.
#[derive(Default)]
struct Changes {
    deleted: Vec<DeletedTopic>,
    /// Of topics that came, went, or have other partitions.
    names: BTreeSet<Arc<str>>,
}

impl Changes {
    fn between(before: &Image, next: &Image) -> Changes {
        let mut changes = Changes::default();
        for topic in before.topics().iter().filter(|topic| next.topic_by_id(topic.id).is_none()) {
            changes.deleted.push((Arc::clone(&topic.name), topic.id));
            changes.names.insert(Arc::clone(&topic.name));
        }
        for topic in next.topics().iter() {
            let same = before.topic_by_id(topic.id);
            let is_same = |old: &Arc<metadata::Topic>| Arc::ptr_eq(old, topic) || old.partitions == topic.partitions;
            if !same.is_some_and(is_same) {
                changes.names.insert(Arc::clone(&topic.name));
            }
        }
        changes
    }
}

#[cfg(test)]
mod tests;
