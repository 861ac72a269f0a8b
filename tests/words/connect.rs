//! What web consoles ask when they connect, in the order and the versions in which they ask it. Every answer must be one
//! without an error.
//!
//! kafka-ui and AKHQ use the AdminClient of Apache Kafka, Redpanda Console uses franz-go's kadm. Groups are not served yet,
//! so what they ask of groups is not here: ListGroups, DescribeGroups, OffsetFetch, and FindCoordinator of groups.

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;
use kafka_protocol::messages::{
    ApiVersionsRequest, BrokerId, DescribeAclsRequest, DescribeClientQuotasRequest, DescribeClusterRequest,
    DescribeConfigsRequest, DescribeLogDirsRequest, DescribeQuorumRequest, DescribeTopicPartitionsRequest,
    DescribeUserScramCredentialsRequest, ListOffsetsRequest, ListPartitionReassignmentsRequest, MetadataRequest,
    RequestKind, TopicName, describe_quorum_request, describe_topic_partitions_request,
};
use kafka_protocol::protocol::StrBytes;

use crate::ask::{Answer, ask, key_of};
use crate::subject::Subject;

const TOPIC: &str = "marker";
/// There is no authorizer, and consoles know this answer: they show no ACLs then.
const SECURITY_DISABLED: &str = "error_code: 54,";

type Asked = Vec<(&'static str, i16, RequestKind)>;

#[test]
fn kafka_ui_connects() {
    replay(kafka_ui());
}

#[test]
fn akhq_connects() {
    replay(akhq());
}

#[test]
fn redpanda_console_connects() {
    replay(console());
}

fn replay(asked: Asked) {
    let Some(broker) = crate::ottla() else { return };
    let subject = Subject::new(broker.bootstrap(), &broker.data_dir());
    subject.settle();
    for (name, version, request) in asked {
        let Answer::Response(response, left) = ask(subject.address(), key_of(&request), version, &request) else {
            panic!("no answer to {name}, {request:?} of version {version}");
        };
        assert!(left.is_empty(), "{name}: bytes are left");
        let text = format!("{response:#?}");
        let is_error = |line: &&str| {
            let line = line.trim();
            line.starts_with("error_code: ") && line != "error_code: 0," && line != SECURITY_DISABLED
        };
        assert_eq!(text.lines().find(is_error), None, "{name}: {text}");
    }
}

/// `ReactiveAdminClient` and `StatisticsService`: the cluster, settings of the controller, features, ACLs as a feature,
/// then topics, their settings, their offsets, and directories.
fn kafka_ui() -> Asked {
    vec![
        ("versions", 4, versions("apache-kafka-java", "3.9.0")),
        ("brokers", 12, metadata(Some(vec![]))),
        ("describeCluster", 1, cluster(true)),
        ("describeConfigs of a broker", 4, configs(4, "1", false)),
        ("describeFeatures", 4, versions("apache-kafka-java", "3.9.0")),
        ("describeAcls", 3, acls()),
        ("listTopics", 12, metadata(None)),
        ("describeTopics", 0, partitions()),
        ("describeTopics of old clients", 12, metadata(Some(vec![TOPIC]))),
        ("describeConfigs of topics", 4, configs(2, TOPIC, true)),
        ("listOffsets earliest", 9, offsets(-2)),
        ("listOffsets latest", 9, offsets(-1)),
        ("describeLogDirs", 4, directories()),
        ("describeQuorum", 2, quorum()),
        ("describeClientQuotas", 1, quotas()),
    ]
}

/// `ClusterRepository`, `TopicRepository`, `LogDirRepository`, `ConfigRepository`, `AccessControlListRepository`.
fn akhq() -> Asked {
    vec![
        ("versions", 4, versions("apache-kafka-java", "4.0.0")),
        ("brokers", 13, metadata(Some(vec![]))),
        ("describeCluster", 2, cluster(false)),
        ("listTopics", 13, metadata(None)),
        ("describeTopics", 0, partitions()),
        ("endOffsets", 10, offsets(-1)),
        ("beginningOffsets", 10, offsets(-2)),
        ("describeLogDirs", 4, directories()),
        ("describeConfigs of topics", 4, configs(2, TOPIC, true)),
        ("describeConfigs of a node", 4, configs(4, "1", true)),
        ("describeAcls", 3, acls()),
    ]
}

/// kadm: `BrokerMetadata`, `Metadata`, `DescribeAllLogDirs`, `ListStartOffsets`, `ListEndOffsets`, `DescribeBrokerConfigs`,
/// `DescribeACLs`, `DescribeClientQuotas`, `DescribeUserSCRAMs`, `ListPartitionReassignments`.
fn console() -> Asked {
    vec![
        ("versions", 4, versions("kgo", "unknown")),
        ("BrokerMetadata", 13, metadata(Some(vec![]))),
        ("Metadata", 13, metadata(None)),
        ("DescribeAllLogDirs", 4, directories()),
        ("ListStartOffsets", 10, offsets(-2)),
        ("ListEndOffsets", 10, offsets(-1)),
        ("DescribeBrokerConfigs", 4, configs(4, "1", true)),
        ("DescribeTopicConfigs", 4, configs(2, TOPIC, true)),
        ("DescribeACLs", 3, acls()),
        ("DescribeClientQuotas", 1, quotas()),
        (
            "DescribeUserSCRAMs",
            0,
            RequestKind::DescribeUserScramCredentials(DescribeUserScramCredentialsRequest::default().with_users(None)),
        ),
        (
            "ListPartitionReassignments",
            0,
            RequestKind::ListPartitionReassignments(
                ListPartitionReassignmentsRequest::default().with_topics(None).with_timeout_ms(15_000),
            ),
        ),
    ]
}

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn versions(name: &str, version: &str) -> RequestKind {
    let request = ApiVersionsRequest::default();
    RequestKind::ApiVersions(request.with_client_software_name(text(name)).with_client_software_version(text(version)))
}

fn metadata(topics: Option<Vec<&str>>) -> RequestKind {
    let topic = |name| MetadataRequestTopic::default().with_name(Some(TopicName(text(name))));
    let topics = topics.map(|topics| topics.into_iter().map(topic).collect());
    RequestKind::Metadata(MetadataRequest::default().with_topics(topics).with_allow_auto_topic_creation(false))
}

fn cluster(authorized: bool) -> RequestKind {
    let request = DescribeClusterRequest::default().with_include_cluster_authorized_operations(authorized);
    RequestKind::DescribeCluster(request)
}

fn configs(kind: i8, name: &str, synonyms: bool) -> RequestKind {
    let resource = DescribeConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(text(name))
        .with_configuration_keys(None);
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]).with_include_synonyms(synonyms);
    RequestKind::DescribeConfigs(request)
}

fn acls() -> RequestKind {
    let request = DescribeAclsRequest::default()
        .with_resource_type_filter(1)
        .with_resource_name_filter(None)
        .with_pattern_type_filter(1)
        .with_principal_filter(None)
        .with_host_filter(None)
        .with_operation(1)
        .with_permission_type(1);
    RequestKind::DescribeAcls(request)
}

fn partitions() -> RequestKind {
    let topic = describe_topic_partitions_request::TopicRequest::default().with_name(TopicName(text(TOPIC)));
    let request = DescribeTopicPartitionsRequest::default().with_topics(vec![topic]);
    RequestKind::DescribeTopicPartitions(request.with_response_partition_limit(2000))
}

fn offsets(timestamp: i64) -> RequestKind {
    let partition =
        ListOffsetsPartition::default().with_partition_index(0).with_current_leader_epoch(-1).with_timestamp(timestamp);
    let topic = ListOffsetsTopic::default().with_name(TopicName(text(TOPIC))).with_partitions(vec![partition]);
    RequestKind::ListOffsets(ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic]))
}

fn directories() -> RequestKind {
    RequestKind::DescribeLogDirs(DescribeLogDirsRequest::default().with_topics(None))
}

fn quorum() -> RequestKind {
    let partition = describe_quorum_request::PartitionData::default();
    let topic = describe_quorum_request::TopicData::default()
        .with_topic_name(TopicName(text("__cluster_metadata")))
        .with_partitions(vec![partition]);
    RequestKind::DescribeQuorum(DescribeQuorumRequest::default().with_topics(vec![topic]))
}

fn quotas() -> RequestKind {
    RequestKind::DescribeClientQuotas(DescribeClientQuotasRequest::default())
}
