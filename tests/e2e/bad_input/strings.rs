//! Names as long as the protocol has room for, which messages of errors would repeat.

use kafka_protocol::messages::alter_partition_reassignments_request::{ReassignablePartition, ReassignableTopic};
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::describe_client_quotas_request::ComponentData;
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_user_scram_credentials_request::UserName;
use kafka_protocol::messages::elect_leaders_request::TopicPartitions;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::update_features_request::FeatureUpdateKey;
use kafka_protocol::messages::{
    AlterPartitionReassignmentsRequest, CreateTopicsRequest, DescribeClientQuotasRequest, DescribeConfigsRequest,
    DescribeUserScramCredentialsRequest, ElectLeadersRequest, IncrementalAlterConfigsRequest, UpdateFeaturesRequest,
};
use kafka_protocol::protocol::StrBytes;

use super::Scene;
use crate::calls::topic_name;
use crate::raw::Connection;

const LONGEST: usize = 32_767;

fn text() -> StrBytes {
    StrBytes::from_string("x".repeat(LONGEST))
}

/// Each call panics here when the connection is closed instead of answered.
#[test]
fn names_of_the_greatest_length_are_refused_with_an_answer() {
    let scene = Scene::start();
    let mut connection = Connection::open(&scene.broker);
    let name = topic_name(&"x".repeat(LONGEST));
    let topic = CreatableTopic::default().with_name(name.clone()).with_num_partitions(1).with_replication_factor(1);
    let created = connection.call(5, &CreateTopicsRequest::default().with_topics(vec![topic]));
    assert_eq!(created.topics[0].error_code, 17);
    let topics = TopicPartitions::default().with_topic(name.clone()).with_partitions(vec![0]);
    let elected = connection.call(2, &ElectLeadersRequest::default().with_topic_partitions(Some(vec![topics])));
    assert_eq!(elected.replica_election_results[0].partition_result[0].error_code, 3);
    let partition = ReassignablePartition::default().with_replicas(None);
    let topics = ReassignableTopic::default().with_name(name).with_partitions(vec![partition]);
    let moved = connection.call(0, &AlterPartitionReassignmentsRequest::default().with_topics(vec![topics]));
    assert_eq!(moved.responses[0].partitions[0].error_code, 3);
    let broker = DescribeConfigsResource::default().with_resource_type(4).with_resource_name(text());
    let described = connection.call(4, &DescribeConfigsRequest::default().with_resources(vec![broker]));
    assert_eq!(described.results[0].error_code, 42);
    let config = AlterableConfig::default().with_name(text()).with_value(Some(text()));
    let metrics = AlterConfigsResource::default().with_resource_type(16).with_resource_name(text());
    let resources = vec![metrics.with_configs(vec![config])];
    let altered = connection.call(1, &IncrementalAlterConfigsRequest::default().with_resources(resources));
    assert_eq!(altered.responses[0].error_code, 42);
    let feature = FeatureUpdateKey::default().with_feature(text()).with_max_version_level(1).with_upgrade_type(1);
    let updated = connection.call(1, &UpdateFeaturesRequest::default().with_feature_updates(vec![feature]));
    assert_ne!(updated.error_code, 0);
    let user = UserName::default().with_name(text());
    let users = DescribeUserScramCredentialsRequest::default().with_users(Some(vec![user]));
    assert_eq!(connection.call(0, &users).results[0].error_code, 91);
    let quotas = ComponentData::default().with_entity_type(text()).with_match_type(2);
    let quotas = DescribeClientQuotasRequest::default().with_components(vec![quotas]);
    assert_ne!(connection.call(1, &quotas).error_code, 0);
    scene.end();
}
