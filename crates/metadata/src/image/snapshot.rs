//! An image as the records that rebuild it.

use std::sync::Arc;

use record::{BrokerId, PartitionIndex, Uuid};

use super::{Broker, Configs, Image, Partition, Topic};
use crate::Record;
use crate::records::{
    ClusterRecord, ConfigRecord, ConfigResource, FeatureRecord, PartitionRecord, ProducerIdsRecord,
    RegisterBrokerRecord, TopicRecord, UnfenceBrokerRecord,
};

impl Image {
    /// Records that lead from an empty image to this one, always in the same order. A snapshot of the metadata log is these
    /// and [`Image::applied`].
    pub fn records(&self) -> Vec<Record> {
        let mut records = Vec::new();
        if self.cluster_id != Uuid::ZERO {
            records.push(ClusterRecord { id: self.cluster_id }.into());
        }
        for (name, level) in self.features() {
            records.push(FeatureRecord { name: Arc::clone(name), level }.into());
        }
        for broker in self.brokers() {
            push_broker(&mut records, broker);
        }
        push_configs(&mut records, &ConfigResource::DefaultBroker, &self.default_broker_configs);
        for (id, configs) in self.broker_configs.iter() {
            push_configs(&mut records, &ConfigResource::Broker(*id), configs);
        }
        for (name, configs) in self.client_metrics.iter() {
            push_configs(&mut records, &ConfigResource::ClientMetrics(Arc::clone(name)), configs);
        }
        for (name, configs) in self.groups.iter() {
            push_configs(&mut records, &ConfigResource::Group(Arc::clone(name)), configs);
        }
        for topic in self.topics.iter() {
            push_topic(&mut records, topic);
        }
        // Nobody reads which broker got the last block; the mark is what must survive.
        if self.next_producer_id.0 != 0 {
            let next_block_start = self.next_producer_id;
            records.push(ProducerIdsRecord { broker: BrokerId(-1), next_block_start }.into());
        }
        records
    }
}

fn push_broker(records: &mut Vec<Record>, broker: &Broker) {
    let registration = RegisterBrokerRecord {
        id: broker.id,
        incarnation: broker.incarnation,
        epoch: broker.epoch,
        endpoints: broker.endpoints.clone(),
        rack: broker.rack.clone(),
    };
    records.push(registration.into());
    if !broker.fenced {
        records.push(UnfenceBrokerRecord { id: broker.id, epoch: broker.epoch }.into());
    }
}

fn push_topic(records: &mut Vec<Record>, topic: &Topic) {
    records.push(TopicRecord { name: Arc::clone(&topic.name), id: topic.id }.into());
    push_configs(records, &ConfigResource::Topic(Arc::clone(&topic.name)), &topic.configs);
    for (index, partition) in topic.partitions() {
        records.push(partition_record(topic, index, partition).into());
    }
}

fn partition_record(topic: &Topic, index: PartitionIndex, partition: &Partition) -> PartitionRecord {
    PartitionRecord {
        topic_id: topic.id,
        index,
        replicas: partition.replicas.to_vec(),
        isr: partition.isr.to_vec(),
        leader: partition.leader,
        leader_epoch: partition.leader_epoch,
        partition_epoch: partition.partition_epoch,
    }
}

fn push_configs(records: &mut Vec<Record>, resource: &ConfigResource, configs: &Configs) {
    records.extend(configs.iter().map(|(key, value)| {
        let (resource, key, value) = (resource.clone(), Arc::clone(key), Some(Arc::clone(value)));
        Record::Config(ConfigRecord { resource, key, value })
    }));
}
