//! The group's epoch: it rises with every change of what the group is to read, or by whom.

use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use metadata::{Image, Topic};

use super::{ConsumerGroup, Work};
use crate::Record;
use crate::history::{Event, RebalanceCause};
use crate::records::ConsumerGroupMetadata;

impl ConsumerGroup {
    /// All topics that a member is subscribed to, by name or expression, in order.
    pub(super) fn subscribed_names(&self) -> BTreeSet<&Arc<str>> {
        let used = self.resolved.iter().filter(|(regex, _)| self.regexes.contains_key(*regex));
        self.names.keys().chain(used.flat_map(|(_, resolved)| &resolved.topics)).collect()
    }

    /// A hash of the subscribed topics as the image has them (KIP-1101): their ids, partitions and racks. 0 for none.
    fn hash_of_topics(&mut self, image: &Image) -> i64 {
        match self.soft.hash {
            Some((at, hash)) if at == image.applied() => hash,
            _ => {
                let topics = self.subscribed_names().into_iter().filter_map(|name| image.topic(name));
                let hash = topics.fold(0_i64, |hash, topic| hash.wrapping_mul(31).wrapping_add(hash_of(image, topic)));
                self.soft.hash = Some((image.applied(), hash));
                hash
            }
        }
    }
}

/// `DefaultHasher::new` has no random key: the same topic gives the same hash in every process of this version. Another
/// version may give another, which costs one rebalance.
fn hash_of(image: &Image, topic: &Topic) -> i64 {
    let mut hasher = DefaultHasher::new();
    topic.id.0.hash(&mut hasher);
    topic.partitions.len().hash(&mut hasher);
    for partition in &topic.partitions {
        let racks = partition.replicas.iter().filter_map(|id| image.broker(*id)?.rack.as_deref());
        let racks: BTreeSet<&str> = racks.collect();
        racks.hash(&mut hasher);
    }
    hasher.finish() as i64
}

impl Work<'_, '_> {
    /// Raises the epoch where there is a cause, or where the subscribed topics have changed.
    pub(super) fn update_epoch(&mut self, cause: Option<RebalanceCause>) {
        let hash = self.group.hash_of_topics(self.step.image);
        self.group.soft.metadata_stale = false;
        let topics_changed = hash != self.group.metadata_hash;
        if let Some(cause) = cause.or(topics_changed.then_some(RebalanceCause::Topics)) {
            self.raise_epoch(hash, cause);
        }
    }

    fn raise_epoch(&mut self, metadata_hash: i64, cause: RebalanceCause) {
        let epoch = self.group.epoch.saturating_add(1);
        let (group, value) = (Arc::clone(&self.group.id), Some(ConsumerGroupMetadata { epoch, metadata_hash }));
        self.apply(Record::ConsumerGroupMetadata { group, value });
        self.note(Event::Epoch { epoch, cause });
    }
}
