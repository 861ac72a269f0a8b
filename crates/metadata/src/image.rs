//! The image: what all records up to an index add up to.
//!
//! An image is a handful of `Arc`s. Cloning it costs nothing; the first change of an aspect in a clone copies that aspect's map of
//! `Arc`s, and the first change of a topic copies that topic. So a controller clones the published image, applies a batch to
//! the clone and publishes it, while readers keep the one they have.

mod broker;
mod config;
mod snapshot;
mod topic;

use std::collections::BTreeMap;
use std::sync::Arc;

use record::{BrokerId, PartitionIndex, ProducerId, TopicId, Uuid};

pub use broker::Broker;
pub use config::{Configs, NamedConfigs};
pub use topic::{Partition, Topic, Topics};

use crate::records::{ConfigRecord, ConfigResource, FeatureRecord};
use crate::{Batch, Index, Record};

/// The cluster as decided up to [`Image::applied`].
#[derive(Debug, Clone, PartialEq)]
pub struct Image {
    applied: Index,
    cluster_id: Uuid,
    brokers: Arc<BTreeMap<BrokerId, Arc<Broker>>>,
    topics: Arc<Topics>,
    broker_configs: Arc<BTreeMap<BrokerId, Arc<Configs>>>,
    default_broker_configs: Arc<Configs>,
    client_metrics: Arc<NamedConfigs>,
    groups: Arc<NamedConfigs>,
    next_producer_id: ProducerId,
    features: Arc<BTreeMap<Arc<str>, i16>>,
}

impl Default for Image {
    fn default() -> Image {
        Image {
            applied: Index::default(),
            cluster_id: Uuid::ZERO,
            brokers: Arc::default(),
            topics: Arc::default(),
            broker_configs: Arc::default(),
            default_broker_configs: Arc::default(),
            client_metrics: Arc::default(),
            groups: Arc::default(),
            next_producer_id: ProducerId(0),
            features: Arc::default(),
        }
    }
}

impl Image {
    /// Rebuilds an image from what [`Image::records`] gave and the index that it was at.
    pub fn restore(applied: Index, records: &[Record]) -> Result<Image, ApplyError> {
        let mut image = Image { applied, ..Image::default() };
        for record in records {
            image.apply(record)?;
        }
        Ok(image)
    }

    /// The index of the last batch in this image: the `base` of the next one.
    pub fn applied(&self) -> Index {
        self.applied
    }

    /// The cluster's id; [`Uuid::ZERO`] before it has one.
    pub fn cluster_id(&self) -> Uuid {
        self.cluster_id
    }

    /// A broker that is registered, fenced or not.
    pub fn broker(&self, id: BrokerId) -> Option<&Arc<Broker>> {
        self.brokers.get(&id)
    }

    /// All registered brokers by id.
    pub fn brokers(&self) -> impl Iterator<Item = &Arc<Broker>> {
        self.brokers.values()
    }

    /// All topics.
    pub fn topics(&self) -> &Topics {
        &self.topics
    }

    /// The topic of this name.
    pub fn topic(&self, name: &str) -> Option<&Arc<Topic>> {
        self.topics.named(name)
    }

    /// The topic of this id.
    pub fn topic_by_id(&self, id: TopicId) -> Option<&Arc<Topic>> {
        self.topics.by_id(id)
    }

    /// What was configured for one broker alone.
    pub fn broker_configs(&self, id: BrokerId) -> Option<&Arc<Configs>> {
        self.broker_configs.get(&id)
    }

    /// What was configured for all brokers.
    pub fn default_broker_configs(&self) -> &Arc<Configs> {
        &self.default_broker_configs
    }

    /// All subscriptions to the metrics of clients, by name; each has at least one config.
    pub fn client_metrics(&self) -> &Arc<NamedConfigs> {
        &self.client_metrics
    }

    /// What was configured for groups, by the group's name; each has at least one config.
    pub fn group_configs(&self) -> &NamedConfigs {
        &self.groups
    }

    /// The first producer id that was not handed out.
    pub fn next_producer_id(&self) -> ProducerId {
        self.next_producer_id
    }

    /// A feature's level; 0 when it was never set.
    pub fn feature(&self, name: &str) -> i16 {
        self.features.get(name).copied().unwrap_or(0)
    }

    /// All features that are in use.
    pub fn features(&self) -> impl Iterator<Item = (&Arc<str>, i16)> {
        self.features.iter().map(|(name, level)| (name, *level))
    }

    /// The image after the batch at index `at`, or `None` when the batch was decided upon another image and therefore counts
    /// for nothing.
    pub fn after(&self, at: Index, batch: &Batch) -> Result<Option<Image>, ApplyError> {
        if batch.base != self.applied {
            return Ok(None);
        }
        let mut next = self.clone();
        for record in &batch.records {
            next.apply(record)?;
        }
        next.applied = at;
        Ok(Some(next))
    }

    /// Assigns what the record says, nothing more. Fails, without a change, when the record speaks of what does not exist; such
    /// a record was never decided upon this image.
    pub fn apply(&mut self, record: &Record) -> Result<(), ApplyError> {
        match record {
            Record::Cluster(r) => self.cluster_id = r.id,
            Record::RegisterBroker(r) => {
                Arc::make_mut(&mut self.brokers).insert(r.id, Arc::new(Broker::registered(r)));
            }
            Record::FenceBroker(r) => self.broker_mut(r.id)?.fenced = true,
            Record::UnfenceBroker(r) => self.broker_mut(r.id)?.fenced = false,
            Record::Topic(r) => Arc::make_mut(&mut self.topics).insert(r)?,
            Record::RemoveTopic(r) => Arc::make_mut(&mut self.topics).remove(r.id)?,
            Record::Partition(r) => Arc::make_mut(&mut self.topics).topic_mut(r.topic_id)?.put(r)?,
            Record::PartitionChange(r) => Arc::make_mut(&mut self.topics).topic_mut(r.topic_id)?.change(r)?,
            Record::Config(r) => self.set_config(r)?,
            Record::ProducerIds(r) => self.next_producer_id = r.next_block_start,
            Record::Feature(r) => self.set_feature(r),
            Record::NoOp(_) => {}
        }
        Ok(())
    }

    fn broker_mut(&mut self, id: BrokerId) -> Result<&mut Broker, ApplyError> {
        let broker = Arc::make_mut(&mut self.brokers).get_mut(&id).ok_or(ApplyError::UnknownBroker(id))?;
        Ok(Arc::make_mut(broker))
    }

    fn set_config(&mut self, r: &ConfigRecord) -> Result<(), ApplyError> {
        let configs = match &r.resource {
            ConfigResource::Topic(name) => &mut Arc::make_mut(&mut self.topics).named_mut(name)?.configs,
            ConfigResource::Broker(id) => Arc::make_mut(&mut self.broker_configs).entry(*id).or_default(),
            ConfigResource::DefaultBroker => &mut self.default_broker_configs,
            ConfigResource::ClientMetrics(name) => {
                Arc::make_mut(&mut self.client_metrics).assign(name, r);
                return Ok(());
            }
            ConfigResource::Group(name) => {
                Arc::make_mut(&mut self.groups).assign(name, r);
                return Ok(());
            }
        };
        Arc::make_mut(configs).assign(r);
        Ok(())
    }

    fn set_feature(&mut self, r: &FeatureRecord) {
        let features = Arc::make_mut(&mut self.features);
        match r.level {
            0 => features.remove(&r.name),
            level => features.insert(Arc::clone(&r.name), level),
        };
    }
}

/// A record speaks of what the image does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// No such broker.
    #[error("a metadata record speaks of broker {0}, which is not registered")]
    UnknownBroker(BrokerId),
    /// No topic of this id.
    #[error("a metadata record speaks of the topic {0}, which does not exist")]
    UnknownTopicId(TopicId),
    /// No topic of this name.
    #[error("a metadata record speaks of the topic '{0}', which does not exist")]
    UnknownTopic(Arc<str>),
    /// The name or the id is taken.
    #[error("a metadata record begins the topic '{0}', which exists")]
    TopicExists(Arc<str>),
    /// The partition is beyond the last one.
    #[error("a metadata record speaks of partition {1} of the topic {0}, which does not exist")]
    UnknownPartition(TopicId, PartitionIndex),
}

#[cfg(test)]
mod tests;
