//! What handlers see of the cluster: the metadata image, and the open partitions of exactly that image.
//!
//! The control thread publishes both together, so a request that holds a view sees one state from start to end.

use std::collections::HashMap;
use std::sync::Arc;

use metadata::Image;
use record::{PartitionIndex, Uuid};
use wire::ErrorCode;

use crate::errors::KafkaError;
use crate::partition::Partition;

/// The metadata and the partitions of one moment.
#[derive(Clone, Default)]
pub struct View {
    image: Arc<Image>,
    quorum: Arc<quorum::Status>,
    by_name: HashMap<Arc<str>, Arc<HostedTopic>>,
    by_id: HashMap<Uuid, Arc<HostedTopic>>,
}

/// A topic with its partitions on this node.
pub struct HostedTopic {
    /// Its name.
    pub name: Arc<str>,
    /// Its id.
    pub id: Uuid,
    /// By partition index; `None` where the log could not be opened.
    pub partitions: Vec<Option<Arc<Partition>>>,
}

impl View {
    /// The metadata.
    pub fn image(&self) -> &Arc<Image> {
        &self.image
    }

    /// The quorum of the metadata log.
    pub fn quorum(&self) -> &quorum::Status {
        &self.quorum
    }

    /// This view, with what the quorum says now.
    pub fn with_quorum(self, quorum: quorum::Status) -> View {
        View { quorum: Arc::new(quorum), ..self }
    }

    /// A topic by its name.
    pub fn topic(&self, name: &str) -> Option<&HostedTopic> {
        self.by_name.get(name).map(Arc::as_ref)
    }

    /// A topic by its id.
    pub fn topic_by_id(&self, id: Uuid) -> Option<&HostedTopic> {
        self.by_id.get(&id).map(Arc::as_ref)
    }

    /// All topics, in no order.
    pub fn topics(&self) -> impl Iterator<Item = &Arc<HostedTopic>> {
        self.by_id.values()
    }

    /// The next view: `image` with the topics that were opened for it, without those that are gone.
    pub fn next(&self, image: Arc<Image>, opened: Vec<HostedTopic>) -> View {
        let mut next = self.clone();
        next.by_id.retain(|id, _| image.topic_by_id(*id).is_some());
        // A name may have been taken by a new topic meanwhile, so ids decide.
        next.by_name.retain(|_, topic| image.topic_by_id(topic.id).is_some());
        for topic in opened.into_iter().map(Arc::new) {
            next.by_name.insert(Arc::clone(&topic.name), Arc::clone(&topic));
            next.by_id.insert(topic.id, topic);
        }
        next.image = image;
        next
    }
}

impl HostedTopic {
    /// A partition, if its log is open.
    pub fn open_partition(&self, index: PartitionIndex) -> Option<Arc<Partition>> {
        self.partitions.get(usize::try_from(index.0).ok()?)?.clone()
    }

    /// Whether it has a partition of this index, open or not.
    pub fn has(&self, index: PartitionIndex) -> bool {
        usize::try_from(index.0).is_ok_and(|index| index < self.partitions.len())
    }

    /// Whether the log of some partition could not be opened.
    pub fn has_offline(&self) -> bool {
        self.partitions.iter().any(Option::is_none)
    }

    /// One partition, or why it cannot be used.
    pub fn partition(&self, index: PartitionIndex) -> Result<&Arc<Partition>, KafkaError> {
        let slot = usize::try_from(index.0).ok().and_then(|index| self.partitions.get(index));
        let slot = slot.ok_or(KafkaError::from(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION))?;
        slot.as_ref().ok_or_else(|| ErrorCode::KAFKA_STORAGE_ERROR.into())
    }
}
