//! Metadata, DescribeTopicPartitions, DescribeCluster.

use kafka_protocol::messages::describe_topic_partitions_request::{Cursor, TopicRequest};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{DescribeClusterRequest, DescribeTopicPartitionsRequest, MetadataRequest, RequestKind};
use uuid::Uuid;

use super::topics::created;
use super::{Case, case, topic};

pub fn cases() -> Vec<Case> {
    [metadata(), partitions(), cluster()].into_iter().flatten().collect()
}

/// What is asked while both have the same topics: creations that only one of them takes come later.
pub fn everything() -> Vec<Case> {
    vec![
        created("every", 2, &[]),
        case("of everything", 0..=13, |v, _| {
            RequestKind::Metadata(MetadataRequest::default().with_topics((v == 0).then(Vec::new)))
        }),
    ]
}

fn metadata() -> Vec<Case> {
    vec![
        case("of a topic", 0..=13, |v, _| of(v, &["default-6"])),
        case("of a topic twice", 1..=13, |v, _| of(v, &["default-6", "default-6"])),
        case("of a topic that is not there", 4..=13, |v, _| of(v, &["nothing"])),
        case("of an illegal name", 4..=13, |v, _| of(v, &["a/b"])),
        case("of an empty name", 4..=13, |v, _| of(v, &[""])),
        case("of nothing", 1..=13, |v, _| of(v, &[])),
        case("of an id", 12..=13, |_, s| by_id(None, s.id("default-6"))),
        case("of an id that is not there", 12..=13, |_, _| by_id(None, Uuid::from_u128(77 << 70))),
        case("of neither name nor id", 12..=13, |_, _| by_id(None, Uuid::nil())),
        case("of an id in a version without", 10..=11, |_, s| by_id(None, s.id("default-6"))),
        case("of a null name", 10..=11, |_, _| by_id(None, Uuid::nil())),
        case("of a name and another id", 12..=13, |_, s| by_id(Some("default-5"), s.id("default-6"))),
        case("with what is authorized", 8..=13, |v, _| {
            let topic = MetadataRequestTopic::default().with_name(Some(topic("default-6")));
            let request = MetadataRequest::default()
                .with_topics(Some(vec![topic]))
                .with_include_topic_authorized_operations(true)
                .with_include_cluster_authorized_operations(v <= 10);
            RequestKind::Metadata(request)
        }),
    ]
}

fn partitions() -> Vec<Case> {
    vec![
        case("partitions of a topic", 0..=0, |_, _| described(&["default-6"], 2000, None)),
        case("partitions of two topics", 0..=0, |_, _| described(&["default-6", "default-5"], 2000, None)),
        case("partitions of a topic twice", 0..=0, |_, _| described(&["default-6", "default-6"], 2000, None)),
        case("partitions of nothing", 0..=0, |_, _| described(&["nothing"], 2000, None)),
        case("partitions of an illegal name", 0..=0, |_, _| described(&["a/b"], 2000, None)),
        case("two partitions at most", 0..=0, |_, _| described(&["default-6"], 2, None)),
        case("one partition of two topics", 0..=0, |_, _| described(&["default-5", "default-6"], 1, None)),
        case("no partitions at most", 0..=0, |_, _| described(&["default-6"], 0, None)),
        case("-1 partitions at most", 0..=0, |_, _| described(&["default-6"], -1, None)),
        case("from a cursor", 0..=0, |_, _| described(&["default-6"], 2000, Some(("default-6", 1)))),
        case("from a cursor past the end", 0..=0, |_, _| described(&["default-6"], 2000, Some(("default-6", 9)))),
        case("from a negative cursor", 0..=0, |_, _| described(&["default-6"], 2000, Some(("default-6", -1)))),
        case("from a cursor of another topic", 0..=0, |_, _| described(&["default-5"], 2000, Some(("default-6", 0)))),
        case("from a cursor of a topic that is not", 0..=0, |_, _| {
            described(&["default-5"], 2000, Some(("nothing", 0)))
        }),
        case("from a cursor, everything", 0..=0, |_, _| described(&[], 3, Some(("default-5", 0)))),
    ]
}

fn cluster() -> Vec<Case> {
    vec![
        case("the cluster", 0..=2, |_, _| RequestKind::DescribeCluster(DescribeClusterRequest::default())),
        case("the cluster with what is authorized", 0..=2, |_, _| {
            RequestKind::DescribeCluster(
                DescribeClusterRequest::default().with_include_cluster_authorized_operations(true),
            )
        }),
        case("the controllers", 1..=2, |_, _| {
            RequestKind::DescribeCluster(DescribeClusterRequest::default().with_endpoint_type(2))
        }),
        case("endpoints of type 9", 1..=2, |_, _| {
            RequestKind::DescribeCluster(DescribeClusterRequest::default().with_endpoint_type(9))
        }),
        case("endpoints of type 0", 1..=2, |_, _| {
            RequestKind::DescribeCluster(DescribeClusterRequest::default().with_endpoint_type(0))
        }),
        case("fenced brokers too", 2..=2, |_, _| {
            RequestKind::DescribeCluster(DescribeClusterRequest::default().with_include_fenced_brokers(true))
        }),
    ]
}

fn of(version: i16, names: &[&str]) -> RequestKind {
    let topics = names.iter().map(|name| MetadataRequestTopic::default().with_name(Some(topic(name)))).collect();
    let request = MetadataRequest::default().with_topics(Some(topics));
    RequestKind::Metadata(if version >= 4 { request.with_allow_auto_topic_creation(false) } else { request })
}

fn by_id(name: Option<&str>, id: Uuid) -> RequestKind {
    let topic = MetadataRequestTopic::default().with_name(name.map(topic)).with_topic_id(id);
    RequestKind::Metadata(
        MetadataRequest::default().with_topics(Some(vec![topic])).with_allow_auto_topic_creation(false),
    )
}

fn described(names: &[&str], limit: i32, cursor: Option<(&str, i32)>) -> RequestKind {
    let topics = names.iter().map(|name| TopicRequest::default().with_name(topic(name))).collect();
    let cursor =
        cursor.map(|(name, partition)| Cursor::default().with_topic_name(topic(name)).with_partition_index(partition));
    let request = DescribeTopicPartitionsRequest::default()
        .with_topics(topics)
        .with_response_partition_limit(limit)
        .with_cursor(cursor);
    RequestKind::DescribeTopicPartitions(request)
}
