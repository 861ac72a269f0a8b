//! The requests that most tests need, each as one call.

use std::time::Instant;

use bytes::Bytes;
use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::produce_request::{PartitionProduceData, TopicProduceData};
use kafka_protocol::messages::{
    ApiVersionsRequest, BrokerId, CreateTopicsRequest, FetchRequest, GroupId, InitProducerIdRequest,
    ListOffsetsRequest, MetadataRequest, OffsetCommitRequest, ProduceRequest, ProduceResponse, ProducerId, TopicName,
};
use kafka_protocol::protocol::StrBytes;

use crate::batch::{self, Identity};
use crate::harness::PATIENCE;
use crate::raw::{Connection, error_name};

/// The last version of Produce that names topics.
pub const PRODUCE: i16 = 12;
/// The last version of Fetch that names topics.
pub const FETCH: i16 = 12;

/// What a fetch said about its one partition.
pub struct Fetched {
    /// Kafka's name of the error, `None` when all is well.
    pub error: String,
    /// The end of what consumers may read.
    pub high_watermark: i64,
    /// The bytes as they came.
    pub records: Bytes,
}

impl Connection {
    /// The API keys and versions that the broker serves.
    pub fn api_versions(&mut self) -> Vec<(i16, i16, i16)> {
        let name = StrBytes::from_static_str("ottla-e2e");
        let request =
            ApiVersionsRequest::default().with_client_software_name(name.clone()).with_client_software_version(name);
        let response = self.call(3, &request);
        assert_eq!(error_name(response.error_code), "None");
        response.api_keys.iter().map(|api| (api.api_key, api.min_version, api.max_version)).collect()
    }

    /// Creates a topic and returns when its partitions have leaders.
    pub fn create_topic(&mut self, topic: &str, partitions: i32) {
        self.create_topic_with(topic, partitions, &[]);
    }

    /// As [`Connection::create_topic`], with configs of the topic.
    pub fn create_topic_with(&mut self, topic: &str, partitions: i32, configs: &[(&str, &str)]) {
        let config = |(key, value): &(&str, &str)| {
            let text = |text: &str| StrBytes::from_string(text.to_owned());
            CreatableTopicConfig::default().with_name(text(key)).with_value(Some(text(value)))
        };
        let creatable = CreatableTopic::default()
            .with_name(topic_name(topic))
            .with_configs(configs.iter().map(config).collect())
            .with_num_partitions(partitions)
            .with_replication_factor(1);
        let response =
            self.call(7, &CreateTopicsRequest::default().with_topics(vec![creatable]).with_timeout_ms(30_000));
        assert_eq!(error_name(response.topics[0].error_code), "None", "{:?}", response.topics[0].error_message);
        self.await_leader(topic, 0);
    }

    /// Apache Kafka answers CreateTopics before its broker leads the partitions; asking again is how clients wait.
    pub fn await_leader(&mut self, topic: &str, partition: i32) {
        let deadline = Instant::now() + PATIENCE;
        while self.latest_offset(topic, partition).is_err() {
            assert!(Instant::now() < deadline, "partition {partition} of {topic} has no leader");
        }
    }

    /// All topics by name, in order.
    pub fn topics(&mut self) -> Vec<String> {
        let response = self.call(12, &MetadataRequest::default().with_topics(None));
        let mut names: Vec<_> = response.topics.iter().map(|topic| topic.name.as_ref().unwrap().to_string()).collect();
        names.sort();
        names
    }

    /// Sends one batch to a partition. The base offset, or Kafka's name of the error.
    pub fn produce(&mut self, topic: &str, partition: i32, batch: Vec<u8>) -> Result<i64, String> {
        let response = self.call(PRODUCE, &produce_request(topic, partition, batch));
        base_offset(&response)
    }

    /// Reads a partition from `offset`: at most `max_bytes`, but always a whole batch when there is one.
    pub fn fetch(&mut self, topic: &str, partition: i32, offset: i64, max_bytes: i32) -> Fetched {
        let response = self.call(FETCH, &fetch_request(topic, partition, offset, max_bytes));
        assert_eq!(error_name(response.error_code), "None");
        let data = &response.responses[0].partitions[0];
        Fetched {
            error: error_name(data.error_code),
            high_watermark: data.high_watermark,
            records: data.records.clone().unwrap_or_default(),
        }
    }

    /// All whole batches of a partition up to its high watermark, one after the other.
    pub fn fetch_all(&mut self, topic: &str, partition: i32) -> Vec<u8> {
        let (mut all, mut offset) = (Vec::new(), 0);
        loop {
            let fetched = self.fetch(topic, partition, offset, 1 << 20);
            assert_eq!(fetched.error, "None", "{topic}-{partition} at {offset}");
            if offset >= fetched.high_watermark {
                return all;
            }
            let batches = batch::split(&fetched.records);
            let last = batches.last().unwrap_or_else(|| panic!("nothing at {offset} of {topic}-{partition}"));
            offset = batch::next_offset(last);
            batches.iter().for_each(|whole| all.extend_from_slice(whole));
        }
    }

    /// The end of a partition as consumers see it, or Kafka's name of the error.
    pub fn latest_offset(&mut self, topic: &str, partition: i32) -> Result<i64, String> {
        self.listed_offset(topic, partition, -1)
    }

    /// Where a partition begins, or Kafka's name of the error.
    pub fn earliest_offset(&mut self, topic: &str, partition: i32) -> Result<i64, String> {
        self.listed_offset(topic, partition, -2)
    }

    fn listed_offset(&mut self, topic: &str, partition: i32, timestamp: i64) -> Result<i64, String> {
        self.listed(topic, partition, timestamp).map(|(offset, _)| offset)
    }

    /// What ListOffsets finds for a timestamp or one of its special values: an offset, and the time of its record.
    pub fn listed(&mut self, topic: &str, partition: i32, timestamp: i64) -> Result<(i64, i64), String> {
        let asked = ListOffsetsPartition::default().with_partition_index(partition).with_timestamp(timestamp);
        let asked = ListOffsetsTopic::default().with_name(topic_name(topic)).with_partitions(vec![asked]);
        let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![asked]);
        let response = self.call(7, &request);
        let partition = &response.topics[0].partitions[0];
        ok(partition.error_code).map(|()| (partition.offset, partition.timestamp))
    }

    /// A new producer id with its epoch. Like a client, asks again while the broker loads what it needs for that.
    pub fn init_producer_id(&mut self) -> Identity {
        let request = InitProducerIdRequest::default()
            .with_transactional_id(None)
            .with_transaction_timeout_ms(60_000)
            .with_producer_id(ProducerId(-1))
            .with_producer_epoch(-1);
        let deadline = Instant::now() + PATIENCE;
        loop {
            let response = self.call(4, &request);
            match error_name(response.error_code).as_str() {
                "CoordinatorLoadInProgress" if Instant::now() < deadline => {}
                error => assert_eq!(error, "None"),
            }
            if response.error_code == 0 {
                return Identity { producer_id: *response.producer_id, epoch: response.producer_epoch, sequence: 0 };
            }
        }
    }
}

/// A Produce request with acks=all of one batch for one partition.
pub fn produce_request(topic: &str, partition: i32, batch: Vec<u8>) -> ProduceRequest {
    let data = PartitionProduceData::default().with_index(partition).with_records(Some(batch.into()));
    let data = TopicProduceData::default().with_name(topic_name(topic)).with_partition_data(vec![data]);
    ProduceRequest::default().with_acks(-1).with_timeout_ms(30_000).with_topic_data(vec![data])
}

/// An OffsetCommit of somebody who is no member.
pub fn commit_request(group: &str, topic: &str, partition: i32, offset: i64) -> OffsetCommitRequest {
    let partition =
        OffsetCommitRequestPartition::default().with_partition_index(partition).with_committed_offset(offset);
    let topic = OffsetCommitRequestTopic::default().with_name(topic_name(topic)).with_partitions(vec![partition]);
    let group = GroupId(StrBytes::from_string(group.to_owned()));
    OffsetCommitRequest::default().with_group_id(group).with_generation_id_or_member_epoch(-1).with_topics(vec![topic])
}

/// The outcome of a [`produce_request`].
pub fn base_offset(response: &ProduceResponse) -> Result<i64, String> {
    let partition = &response.responses[0].partition_responses[0];
    ok(partition.error_code).map(|()| partition.base_offset)
}

/// A Fetch request without a session that does not wait.
pub fn fetch_request(topic: &str, partition: i32, offset: i64, max_bytes: i32) -> FetchRequest {
    let asked = FetchPartition::default()
        .with_partition(partition)
        .with_fetch_offset(offset)
        .with_current_leader_epoch(-1)
        .with_partition_max_bytes(max_bytes);
    let asked = FetchTopic::default().with_topic(topic_name(topic)).with_partitions(vec![asked]);
    FetchRequest::default()
        .with_replica_id(BrokerId(-1))
        .with_max_bytes(max_bytes)
        .with_session_epoch(-1)
        .with_topics(vec![asked])
}

/// A topic's name as the message crate wants it.
pub fn topic_name(topic: &str) -> TopicName {
    TopicName(StrBytes::from_string(topic.to_owned()))
}

fn ok(error_code: i16) -> Result<(), String> {
    if error_code == 0 { Ok(()) } else { Err(error_name(error_code)) }
}
