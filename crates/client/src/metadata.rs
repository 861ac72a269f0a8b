//! What the client knows of the cluster.

use std::collections::HashMap;

use record::{BrokerId, LeaderEpoch, PartitionIndex, TopicId};
use wire::ErrorCode;
use wire::messages::metadata::{
    MetadataResponse, MetadataResponseBroker, MetadataResponsePartition, MetadataResponseTopic,
};

use crate::{Address, Refusal};

/// The cluster's id and nodes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cluster {
    /// The cluster's id.
    pub id: String,
    /// The controller; [`BrokerId::NONE`] when there is none.
    pub controller: BrokerId,
    /// The brokers, by id.
    pub brokers: Vec<Broker>,
}

/// A broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broker {
    /// Its node id.
    pub id: BrokerId,
    /// Where it says that it is reached.
    pub address: Address,
    /// Its rack, if it has one.
    pub rack: Option<String>,
}

/// A topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// Its name.
    pub name: String,
    /// Its id; zero when the broker is older than topic ids (KIP-516).
    pub id: TopicId,
    /// Whether Kafka itself owns it.
    pub is_internal: bool,
    /// Its partitions, from 0 on.
    pub partitions: Vec<Partition>,
}

/// A partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partition {
    /// Its number.
    pub index: PartitionIndex,
    /// The leader; [`BrokerId::NONE`] when there is none at present.
    pub leader: BrokerId,
    /// The leader's epoch.
    pub leader_epoch: LeaderEpoch,
    /// The brokers that have a replica.
    pub replicas: Vec<BrokerId>,
    /// Those whose replica is in sync.
    pub isr: Vec<BrokerId>,
    /// Those whose replica is offline.
    pub offline_replicas: Vec<BrokerId>,
}

impl Topic {
    /// The partition of this number.
    pub fn partition(&self, index: PartitionIndex) -> Option<&Partition> {
        // Partitions are numbered from 0 on, so that theirs is nearly always their place.
        let at_place = usize::try_from(index.0).ok().and_then(|place| self.partitions.get(place));
        let at_place = at_place.filter(|partition| partition.index == index);
        at_place.or_else(|| self.partitions.iter().find(|partition| partition.index == index))
    }

    /// The leader of a partition, if it has one at present.
    pub(crate) fn leader(&self, index: PartitionIndex) -> Option<BrokerId> {
        self.partition(index).map(|partition| partition.leader).filter(|leader| *leader != BrokerId::NONE)
    }

    fn from_wire(topic: &MetadataResponseTopic<'_>) -> Topic {
        let mut partitions: Vec<_> =
            topic.partitions.iter().map(|partition| Partition::from_wire(&partition)).collect();
        partitions.sort_by_key(|partition| partition.index);
        Topic {
            name: topic.name.unwrap_or_default().to_owned(),
            id: topic.topic_id,
            is_internal: topic.is_internal,
            partitions,
        }
    }
}

impl Partition {
    fn from_wire(partition: &MetadataResponsePartition<'_>) -> Partition {
        Partition {
            index: PartitionIndex(partition.partition_index),
            leader: BrokerId(partition.leader_id),
            leader_epoch: LeaderEpoch(partition.leader_epoch),
            replicas: partition.replica_nodes.iter().map(BrokerId).collect(),
            isr: partition.isr_nodes.iter().map(BrokerId).collect(),
            offline_replicas: partition.offline_replicas.iter().map(BrokerId).collect(),
        }
    }
}

/// What one Metadata response says.
pub(crate) struct Answered {
    pub(crate) cluster: Cluster,
    pub(crate) topics: Vec<(String, Result<Topic, Refusal>)>,
}

impl Answered {
    /// Whether a topic or the whole is not ready yet, as after a topic was created.
    pub(crate) fn is_unsettled(&self) -> bool {
        let retriable =
            |refusal: &Refusal| refusal.code.is_retriable() && refusal.code != ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        self.topics.iter().any(|(_, topic)| topic.as_ref().is_err_and(retriable))
    }
}

/// Reads a response.
pub(crate) fn read(response: &MetadataResponse<'_>) -> Result<Answered, Refusal> {
    Refusal::check(response.error_code, || "the cluster's metadata".to_owned())?;
    let cluster = Cluster {
        id: response.cluster_id.unwrap_or_default().to_owned(),
        controller: BrokerId(response.controller_id),
        brokers: response.brokers.iter().filter_map(|broker| read_broker(&broker)).collect(),
    };
    let topics = response.topics.iter().map(|topic| {
        let name = topic.name.unwrap_or_default().to_owned();
        let checked = Refusal::check(topic.error_code, || format!("topic `{name}`"));
        let topic = checked.map(|()| Topic::from_wire(&topic));
        (name, topic)
    });
    Ok(Answered { cluster, topics: topics.collect() })
}

/// A broker without a usable port cannot be reached, so it is left out.
fn read_broker(broker: &MetadataResponseBroker<'_>) -> Option<Broker> {
    let address = Address { host: broker.host.to_owned(), port: u16::try_from(broker.port).ok()? };
    Some(Broker { id: BrokerId(broker.node_id), address, rack: broker.rack.map(str::to_owned) })
}

/// The brokers' addresses by id.
pub(crate) fn addresses(cluster: &Cluster) -> HashMap<BrokerId, Address> {
    cluster.brokers.iter().map(|broker| (broker.id, broker.address.clone())).collect()
}
