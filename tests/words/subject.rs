//! One of the two brokers, as a client knows it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::TcpStream;
use std::path::Path;
use std::time::Instant;

use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::{
    CreateTopicsRequest, DescribeConfigsRequest, IncrementalAlterConfigsRequest, MetadataRequest, RequestKind,
    ResponseKind, TopicName,
};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use crate::ask::call;
use crate::harness::PATIENCE;

/// The topic whose config is changed to see that everything before has been carried out.
const MARKER: &str = "marker";
const MARKED: &str = "flush.messages";

/// A broker and what was learned of it.
pub struct Subject {
    address: String,
    data_dir: String,
    ids: RefCell<BTreeMap<String, Uuid>>,
    /// The fetch session that was opened last.
    pub session: Cell<i32>,
    marks: Cell<i64>,
}

impl Subject {
    /// The broker at `HOST:PORT` that keeps its logs there.
    pub fn new(address: &str, data_dir: &Path) -> Subject {
        let (address, data_dir) = (address.to_owned(), data_dir.display().to_string());
        Subject { address, data_dir, ids: RefCell::default(), session: Cell::new(0), marks: Cell::new(0) }
    }

    /// `HOST:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The directory with its logs.
    pub fn data_dir(&self) -> &str {
        &self.data_dir
    }

    /// Whether it listens and knows itself.
    pub fn is_ready(&self) -> bool {
        TcpStream::connect(&self.address).is_ok() && !self.metadata(&[]).brokers.is_empty()
    }

    /// The cluster's id.
    pub fn cluster(&self) -> String {
        self.metadata(&[]).cluster_id.expect("a cluster has an id").to_string()
    }

    /// The id of a topic as it was when it was first asked for.
    pub fn id(&self, topic: &str) -> Uuid {
        if let Some(id) = self.ids.borrow().get(topic) {
            return *id;
        }
        let id = self.metadata(&[topic]).topics[0].topic_id;
        self.ids.borrow_mut().insert(topic.to_owned(), id);
        id
    }

    fn metadata(&self, topics: &[&str]) -> kafka_protocol::messages::MetadataResponse {
        let topic = |name: &&str| {
            let name = TopicName(StrBytes::from_string((*name).to_owned()));
            kafka_protocol::messages::metadata_request::MetadataRequestTopic::default().with_name(Some(name))
        };
        let request = MetadataRequest::default()
            .with_allow_auto_topic_creation(false)
            .with_topics(Some(topics.iter().map(topic).collect()));
        match call(&self.address, 12, &RequestKind::Metadata(request)) {
            ResponseKind::Metadata(metadata) => metadata,
            other => panic!("{other:?}"),
        }
    }

    /// Returns when everything that was asked before has been carried out. Kafka's controller answers before its broker
    /// has heard; the broker hears one change after the other, so when it knows the second mark it is done with the first.
    pub fn settle(&self) {
        self.mark();
        self.mark();
    }

    fn mark(&self) {
        if self.marks.get() == 0 {
            let topic = CreatableTopic::default()
                .with_name(TopicName(StrBytes::from_static_str(MARKER)))
                .with_num_partitions(1)
                .with_replication_factor(1);
            let request = CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(30_000);
            call(&self.address, 7, &RequestKind::CreateTopics(request));
        }
        self.marks.set(self.marks.get() + 1);
        let mark = StrBytes::from_string((1_000_000 + self.marks.get()).to_string());
        let config =
            AlterableConfig::default().with_name(StrBytes::from_static_str(MARKED)).with_value(Some(mark.clone()));
        let resource = AlterConfigsResource::default()
            .with_resource_type(2)
            .with_resource_name(StrBytes::from_static_str(MARKER))
            .with_configs(vec![config]);
        let request = IncrementalAlterConfigsRequest::default().with_resources(vec![resource]);
        call(&self.address, 1, &RequestKind::IncrementalAlterConfigs(request));
        let deadline = Instant::now() + PATIENCE;
        while self.marked() != Some(mark.clone()) {
            assert!(Instant::now() < deadline, "{} does not come to rest", self.address);
        }
    }

    fn marked(&self) -> Option<StrBytes> {
        let resource = DescribeConfigsResource::default()
            .with_resource_type(2)
            .with_resource_name(StrBytes::from_static_str(MARKER))
            .with_configuration_keys(Some(vec![StrBytes::from_static_str(MARKED)]));
        let request = DescribeConfigsRequest::default().with_resources(vec![resource]);
        match call(&self.address, 4, &RequestKind::DescribeConfigs(request)) {
            ResponseKind::DescribeConfigs(response) => {
                response.results.first()?.configs.first().and_then(|config| config.value.clone())
            }
            other => panic!("{other:?}"),
        }
    }
}
