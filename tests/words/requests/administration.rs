//! What administrators ask beside topics and configs.

use kafka_protocol::messages::create_acls_request::AclCreation;
use kafka_protocol::messages::delete_acls_request::DeleteAclsFilter;
use kafka_protocol::messages::describe_client_quotas_request::ComponentData;
use kafka_protocol::messages::describe_log_dirs_request::DescribableLogDirTopic;
use kafka_protocol::messages::describe_quorum_request::{PartitionData, TopicData};
use kafka_protocol::messages::describe_user_scram_credentials_request::UserName;
use kafka_protocol::messages::elect_leaders_request::TopicPartitions;
use kafka_protocol::messages::list_partition_reassignments_request::ListPartitionReassignmentsTopics;
use kafka_protocol::messages::update_features_request::FeatureUpdateKey;
use kafka_protocol::messages::{
    BrokerId, CreateAclsRequest, DeleteAclsRequest, DescribeAclsRequest, DescribeClientQuotasRequest,
    DescribeLogDirsRequest, DescribeQuorumRequest, DescribeUserScramCredentialsRequest, ElectLeadersRequest,
    FindCoordinatorRequest, GetTelemetrySubscriptionsRequest, ListPartitionReassignmentsRequest, PushTelemetryRequest,
    RequestKind, UnregisterBrokerRequest, UpdateFeaturesRequest,
};
use uuid::Uuid;

use super::topics::created;
use super::{Case, case, text, topic};

const TOPIC: &str = "administered";

pub fn cases() -> Vec<Case> {
    let mut cases = vec![created(TOPIC, 2, &[])];
    [directories(), elections(), acls(), honest(), quorum(), features(), telemetry()]
        .into_iter()
        .for_each(|more| cases.extend(more));
    cases
}

fn directories() -> Vec<Case> {
    let of = |topics: Option<Vec<(&str, Vec<i32>)>>| {
        let one = |(name, partitions): (&str, Vec<i32>)| {
            DescribableLogDirTopic::default().with_topic(topic(name)).with_partitions(partitions)
        };
        let topics = topics.map(|topics| topics.into_iter().map(one).collect());
        RequestKind::DescribeLogDirs(DescribeLogDirsRequest::default().with_topics(topics))
    };
    vec![
        case("directories of a topic", 1..=4, move |_, _| of(Some(vec![(TOPIC, vec![0, 1])]))),
        case("directories of partition 9", 1..=4, move |_, _| of(Some(vec![(TOPIC, vec![9])]))),
        case("directories of nothing", 1..=4, move |_, _| of(Some(vec![("nothing", vec![0])]))),
        case("directories of no topics", 1..=4, move |_, _| of(Some(vec![]))),
    ]
}

fn elections() -> Vec<Case> {
    let of = |kind: i8, topics: Option<Vec<(&str, Vec<i32>)>>| {
        let one = |(name, partitions): (&str, Vec<i32>)| {
            TopicPartitions::default().with_topic(topic(name)).with_partitions(partitions)
        };
        let request = ElectLeadersRequest::default()
            .with_topic_partitions(topics.map(|topics| topics.into_iter().map(one).collect()))
            .with_timeout_ms(10_000);
        RequestKind::ElectLeaders(if kind < 0 { request } else { request.with_election_type(kind) })
    };
    vec![
        case("elect the preferred", 0..=2, move |_, _| of(-1, Some(vec![(TOPIC, vec![0])]))),
        case("elect the preferred of partition 9", 0..=2, move |_, _| of(-1, Some(vec![(TOPIC, vec![9])]))),
        case("elect the preferred of nothing", 0..=2, move |_, _| of(-1, Some(vec![("nothing", vec![0])]))),
        case("elect the unclean", 1..=2, move |_, _| of(1, Some(vec![(TOPIC, vec![0])]))),
        case("an election of type 9", 1..=2, move |_, _| of(9, Some(vec![(TOPIC, vec![0])]))),
        case("elect of no topics", 0..=2, move |_, _| of(-1, Some(vec![]))),
    ]
}

fn acls() -> Vec<Case> {
    let creation = || {
        AclCreation::default()
            .with_resource_type(2)
            .with_resource_name(text("t"))
            .with_principal(text("User:a"))
            .with_host(text("*"))
            .with_operation(3)
            .with_permission_type(3)
    };
    let filter =
        |kind| DescribeAclsRequest::default().with_resource_type_filter(kind).with_operation(1).with_permission_type(1);
    vec![
        case("acls", 1..=3, move |_, _| RequestKind::DescribeAcls(filter(1))),
        case("acls of an unknown kind", 1..=3, move |_, _| RequestKind::DescribeAcls(filter(0))),
        case("create an acl", 1..=3, move |_, _| {
            RequestKind::CreateAcls(CreateAclsRequest::default().with_creations(vec![creation()]))
        }),
        case("create two acls", 1..=3, move |_, _| {
            RequestKind::CreateAcls(CreateAclsRequest::default().with_creations(vec![creation(), creation()]))
        }),
        case("create no acls", 1..=3, |_, _| RequestKind::CreateAcls(CreateAclsRequest::default())),
        case("delete acls", 1..=3, |_, _| {
            let filter =
                DeleteAclsFilter::default().with_resource_type_filter(1).with_operation(1).with_permission_type(1);
            RequestKind::DeleteAcls(DeleteAclsRequest::default().with_filters(vec![filter]))
        }),
        case("delete no acls", 1..=3, |_, _| RequestKind::DeleteAcls(DeleteAclsRequest::default())),
    ]
}

fn honest() -> Vec<Case> {
    let component =
        |kind: &str, match_type| ComponentData::default().with_entity_type(text(kind)).with_match_type(match_type);
    let quotas = |components| {
        RequestKind::DescribeClientQuotas(DescribeClientQuotasRequest::default().with_components(components))
    };
    let users = |names: Option<Vec<&str>>| {
        let names =
            names.map(|names| names.into_iter().map(|name| UserName::default().with_name(text(name))).collect());
        RequestKind::DescribeUserScramCredentials(DescribeUserScramCredentialsRequest::default().with_users(names))
    };
    let moves = |topics: Option<Vec<(&str, i32)>>| {
        let one = |(name, partition): (&str, i32)| {
            ListPartitionReassignmentsTopics::default().with_name(topic(name)).with_partition_indexes(vec![partition])
        };
        let topics = topics.map(|topics| topics.into_iter().map(one).collect());
        RequestKind::ListPartitionReassignments(
            ListPartitionReassignmentsRequest::default().with_topics(topics).with_timeout_ms(10_000),
        )
    };
    vec![
        case("quotas", 0..=1, move |_, _| quotas(vec![])),
        case("quotas of users", 0..=1, move |_, _| quotas(vec![component("user", 2)])),
        case("quotas of nonsense", 0..=1, move |_, _| quotas(vec![component("nonsense", 2)])),
        case("quotas of nonsense with match 9", 0..=1, move |_, _| quotas(vec![component("nonsense", 9)])),
        case("quotas of users and addresses", 0..=1, move |_, _| {
            quotas(vec![component("user", 2), component("ip", 2)])
        }),
        case("quotas with match 9", 0..=1, move |_, _| quotas(vec![component("user", 9)])),
        case("quotas of users twice", 0..=1, move |_, _| quotas(vec![component("user", 2), component("user", 2)])),
        case("quotas of an empty kind", 0..=1, move |_, _| quotas(vec![component("", 2)])),
        case("users", 0..=0, move |_, _| users(None)),
        case("no users", 0..=0, move |_, _| users(Some(vec![]))),
        case("a user that is not", 0..=0, move |_, _| users(Some(vec!["alice"]))),
        case("a user twice", 0..=0, move |_, _| users(Some(vec!["alice", "alice"]))),
        case("an empty user", 0..=0, move |_, _| users(Some(vec![""]))),
        case("reassignments", 0..=0, move |_, _| moves(None)),
        case("reassignments of a topic", 0..=0, move |_, _| moves(Some(vec![(TOPIC, 0)]))),
        case("reassignments of nothing", 0..=0, move |_, _| moves(Some(vec![("nothing", 0)]))),
        case("unregister a broker that is not", 0..=0, |_, _| {
            RequestKind::UnregisterBroker(UnregisterBrokerRequest::default().with_broker_id(BrokerId(9)))
        }),
        case("unregister broker -1", 0..=0, |_, _| {
            RequestKind::UnregisterBroker(UnregisterBrokerRequest::default().with_broker_id(BrokerId(-1)))
        }),
    ]
}

fn quorum() -> Vec<Case> {
    let of = |name: &str, partition| {
        let partition = PartitionData::default().with_partition_index(partition);
        let topic = TopicData::default().with_topic_name(topic(name)).with_partitions(vec![partition]);
        RequestKind::DescribeQuorum(DescribeQuorumRequest::default().with_topics(vec![topic]))
    };
    vec![
        case("the quorum of partition 9", 0..=2, move |_, _| of("__cluster_metadata", 9)),
        case("the quorum of another topic", 0..=2, move |_, _| of(TOPIC, 0)),
        case("the quorum of nothing", 0..=2, |_, _| RequestKind::DescribeQuorum(DescribeQuorumRequest::default())),
    ]
}

fn features() -> Vec<Case> {
    let of = |name: &str, level: i16, kind: i8, validate: bool| {
        let update = FeatureUpdateKey::default().with_feature(text(name)).with_max_version_level(level);
        let update = if kind == 1 { update } else { update.with_upgrade_type(kind) };
        let request = UpdateFeaturesRequest::default().with_feature_updates(vec![update]).with_timeout_ms(10_000);
        RequestKind::UpdateFeatures(if validate { request.with_validate_only(true) } else { request })
    };
    vec![
        case("a feature that is not", 0..=2, move |_, _| of("nothing", 1, 1, false)),
        case("no level of a feature that is not", 1..=2, move |_, _| of("nothing", 0, 2, false)),
        case("a level that is too high", 0..=2, move |_, _| of("transaction.version", 99, 1, false)),
        case("a level of -1", 0..=2, move |_, _| of("transaction.version", -1, 1, false)),
        case("the level that it has", 0..=2, move |_, _| of("transaction.version", 2, 1, false)),
        case("a lower level as an upgrade", 0..=2, move |_, _| of("transaction.version", 1, 1, false)),
        case("a lower level, only validated", 1..=2, move |_, _| of("transaction.version", 1, 2, true)),
        case("an upgrade of kind 9", 1..=2, move |_, _| of("transaction.version", 2, 9, false)),
        case("an empty feature", 0..=2, move |_, _| of("", 1, 1, false)),
        case("no features", 0..=2, |_, _| RequestKind::UpdateFeatures(UpdateFeaturesRequest::default())),
    ]
}

fn telemetry() -> Vec<Case> {
    let id = Uuid::from_u128(99 << 70);
    vec![
        case("subscriptions of a client", 0..=0, move |_, _| {
            RequestKind::GetTelemetrySubscriptions(
                GetTelemetrySubscriptionsRequest::default().with_client_instance_id(id),
            )
        }),
        case("telemetry of an unknown subscription", 0..=0, move |_, _| {
            RequestKind::PushTelemetry(
                PushTelemetryRequest::default().with_client_instance_id(id).with_subscription_id(5),
            )
        }),
        case("telemetry of nobody", 0..=0, |_, _| RequestKind::PushTelemetry(PushTelemetryRequest::default())),
        case("a coordinator of kind 9", 1..=6, |v, _| {
            let request = FindCoordinatorRequest::default().with_key_type(9);
            let key = text("k");
            RequestKind::FindCoordinator(if v >= 4 {
                request.with_coordinator_keys(vec![key])
            } else {
                request.with_key(key)
            })
        }),
    ]
}
