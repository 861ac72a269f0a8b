//! Topics and their partitions.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use record::{BrokerId, LeaderEpoch, PartitionIndex, TopicId};

use super::{ApplyError, Configs};
use crate::records::{PartitionChangeRecord, PartitionRecord, TopicRecord};

/// All topics, by name and by id.
///
/// Names lead to ids and ids to topics, so that each topic is held once and a change of it needs no copy while nobody else
/// holds it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Topics {
    ids: BTreeMap<Arc<str>, TopicId>,
    topics: HashMap<TopicId, Arc<Topic>>,
}

impl Topics {
    /// How many topics there are.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The topic of this name.
    pub fn named(&self, name: &str) -> Option<&Arc<Topic>> {
        self.by_id(*self.ids.get(name)?)
    }

    /// The topic of this id.
    pub fn by_id(&self, id: TopicId) -> Option<&Arc<Topic>> {
        self.topics.get(&id)
    }

    /// All topics in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Topic>> {
        self.from("")
    }

    /// The topics whose names are `first` or come after it, in order.
    pub fn from<'a>(&'a self, first: &str) -> impl Iterator<Item = &'a Arc<Topic>> + use<'a> {
        self.ids.range::<str, _>((Bound::Included(first), Bound::Unbounded)).map(|(_, id)| &self.topics[id])
    }

    pub(super) fn insert(&mut self, r: &TopicRecord) -> Result<(), ApplyError> {
        if self.ids.contains_key(&r.name) || self.topics.contains_key(&r.id) {
            return Err(ApplyError::TopicExists(Arc::clone(&r.name)));
        }
        self.ids.insert(Arc::clone(&r.name), r.id);
        self.topics.insert(r.id, Arc::new(Topic::new(r)));
        Ok(())
    }

    pub(super) fn remove(&mut self, id: TopicId) -> Result<(), ApplyError> {
        let topic = self.topics.remove(&id).ok_or(ApplyError::UnknownTopicId(id))?;
        self.ids.remove(&topic.name);
        Ok(())
    }

    pub(super) fn topic_mut(&mut self, id: TopicId) -> Result<&mut Topic, ApplyError> {
        self.topics.get_mut(&id).map(Arc::make_mut).ok_or(ApplyError::UnknownTopicId(id))
    }

    pub(super) fn named_mut(&mut self, name: &Arc<str>) -> Result<&mut Topic, ApplyError> {
        let id = *self.ids.get(name).ok_or_else(|| ApplyError::UnknownTopic(Arc::clone(name)))?;
        self.topic_mut(id)
    }
}

/// A topic.
#[derive(Debug, Clone, PartialEq)]
pub struct Topic {
    /// The name.
    pub name: Arc<str>,
    /// The id.
    pub id: TopicId,
    /// The partitions; each one's index is its place here.
    pub partitions: Vec<Partition>,
    /// What was configured for this topic.
    pub configs: Arc<Configs>,
}

impl Topic {
    fn new(r: &TopicRecord) -> Topic {
        Topic { name: Arc::clone(&r.name), id: r.id, partitions: Vec::new(), configs: Arc::default() }
    }

    /// The partition of this index; none for a negative one.
    pub fn partition(&self, index: PartitionIndex) -> Option<&Partition> {
        self.partitions.get(usize::try_from(index.0).ok()?)
    }

    /// All partitions with their indexes.
    pub fn partitions(&self) -> impl Iterator<Item = (PartitionIndex, &Partition)> {
        (0..).map(PartitionIndex).zip(&self.partitions)
    }

    pub(super) fn put(&mut self, r: &PartitionRecord) -> Result<(), ApplyError> {
        let partition = Partition::from(r);
        match usize::try_from(r.index.0) {
            Ok(at) if at < self.partitions.len() => self.partitions[at] = partition,
            Ok(at) if at == self.partitions.len() => self.partitions.push(partition),
            _ => return Err(ApplyError::UnknownPartition(self.id, r.index)),
        }
        Ok(())
    }

    pub(super) fn change(&mut self, r: &PartitionChangeRecord) -> Result<(), ApplyError> {
        let unknown = ApplyError::UnknownPartition(self.id, r.index);
        let at = usize::try_from(r.index.0).map_err(|_| unknown.clone())?;
        self.partitions.get_mut(at).ok_or(unknown)?.assign(r);
        Ok(())
    }
}

/// A partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// The brokers that hold it, the preferred leader first.
    pub replicas: Arc<[BrokerId]>,
    /// The replicas that hold every committed record.
    pub isr: Arc<[BrokerId]>,
    /// The broker that serves it, if any can.
    pub leader: Option<BrokerId>,
    /// Grows with every election.
    pub leader_epoch: LeaderEpoch,
    /// Grows with every change.
    pub partition_epoch: i32,
}

impl From<&PartitionRecord> for Partition {
    fn from(r: &PartitionRecord) -> Partition {
        Partition {
            replicas: r.replicas.as_slice().into(),
            isr: r.isr.as_slice().into(),
            leader: r.leader,
            leader_epoch: r.leader_epoch,
            partition_epoch: r.partition_epoch,
        }
    }
}

impl Partition {
    fn assign(&mut self, r: &PartitionChangeRecord) {
        if let Some(replicas) = &r.replicas {
            self.replicas = replicas.as_slice().into();
        }
        if let Some(isr) = &r.isr {
            self.isr = isr.as_slice().into();
        }
        self.leader = r.leader;
        self.leader_epoch = r.leader_epoch;
        self.partition_epoch = r.partition_epoch;
    }
}
