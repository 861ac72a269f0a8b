//! `__consumer_offsets`, made when it is needed first.

use metadata::Refusal;
use metadata::decide::{CreateTopics, NewTopic};

use crate::coordinators::OFFSETS_TOPIC;
use crate::node::Node;

/// The least `segment.bytes` of a topic.
const SEGMENT_BYTES_MIN: i32 = 1 << 20;

/// Creates the topic. Whether it is there afterwards the view tells.
pub async fn create_offsets_topic(node: &Node) {
    let wanted = CreateTopics { topics: vec![offsets_topic(node)], ..node.topic_creation(false) };
    let refused = match node.control.create_topics(wanted).await {
        Ok(results) => results.into_iter().find_map(|creation| creation.result.err()).map(|refusal| match refusal {
            // Somebody else was first, which is as good.
            Refusal::TopicAlreadyExists(_) => String::new(),
            refusal => refusal.to_string(),
        }),
        Err(error) => Some(error.to_string()),
    };
    if let Some(reason) = refused.filter(|reason| !reason.is_empty()) {
        tracing::warn!(topic = OFFSETS_TOPIC, reason, "the topic that groups need was not created");
    }
}

/// As Apache Kafka makes it. Compaction is not served yet: its log keeps everything.
fn offsets_topic(node: &Node) -> NewTopic {
    let config = node.coordinators.config();
    let view = node.view();
    let brokers = view.image().brokers().filter(|broker| !broker.fenced).count();
    let replicas = config.replication_factor.min(i16::try_from(brokers).unwrap_or(i16::MAX)).max(1);
    let segment_bytes = config.segment_bytes.max(SEGMENT_BYTES_MIN).to_string();
    let configs = [("cleanup.policy", "compact"), ("compression.type", "producer"), ("segment.bytes", &segment_bytes)];
    NewTopic {
        num_partitions: config.partitions,
        replication_factor: replicas,
        configs: configs.map(|(key, value)| (key.to_owned(), Some(value.to_owned()))).to_vec(),
        ..node.new_topic(OFFSETS_TOPIC)
    }
}
