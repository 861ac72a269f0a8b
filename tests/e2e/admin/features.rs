//! DescribeQuorum (KIP-595), UpdateFeatures and the features of ApiVersions (KIP-584).

use kafka_protocol::messages::describe_quorum_request::{PartitionData, TopicData};
use kafka_protocol::messages::update_features_request::FeatureUpdateKey;
use kafka_protocol::messages::{
    ApiVersionsRequest, ApiVersionsResponse, DescribeQuorumRequest, MetadataRequest, UpdateFeaturesRequest,
};
use kafka_protocol::protocol::StrBytes;

use super::tool_at;
use crate::calls::topic_name;
use crate::harness::{Broker, unique};
use crate::raw::{Connection, error_name};

fn quorum_of(topic: &str, partition: i32) -> DescribeQuorumRequest {
    let partition = PartitionData::default().with_partition_index(partition);
    let topic = TopicData::default().with_topic_name(topic_name(topic)).with_partitions(vec![partition]);
    DescribeQuorumRequest::default().with_topics(vec![topic])
}

#[test]
fn the_sole_voter_leads_and_has_agreed_on_its_whole_log() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    let this = connection.call(12, &MetadataRequest::default().with_topics(None)).brokers[0].node_id.0;
    let mut described = |version| {
        let response = connection.call(version, &quorum_of("__cluster_metadata", 0));
        assert_eq!(error_name(response.error_code), "None");
        let partition = response.topics[0].partitions[0].clone();
        assert_eq!((partition.error_code, partition.leader_id.0, partition.current_voters.len()), (0, this, 1));
        let voter = &partition.current_voters[0];
        assert_eq!(voter.replica_id.0, this);
        assert_eq!(voter.last_fetch_timestamp > 0, version >= 1);
        assert!(partition.leader_epoch > 0 && 0 < partition.high_watermark);
        assert!(partition.high_watermark <= voter.log_end_offset);
        assert_eq!(response.nodes.iter().map(|node| node.node_id.0).eq([this]), version >= 2);
        assert!(response.nodes.iter().all(|node| !node.listeners.is_empty()));
        partition.high_watermark
    };
    let before = [0, 1, 2].map(&mut described)[2];
    connection.create_topic(&unique("agreed"), 1);
    let response = connection.call(2, &quorum_of("__cluster_metadata", 0));
    assert!(response.topics[0].partitions[0].high_watermark > before);
}

#[test]
fn no_other_topic_has_a_quorum() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    for (topic, partition) in [("__cluster_metadata", 1), ("t", 0)] {
        let response = connection.call(2, &quorum_of(topic, partition));
        let told = &response.topics[0].partitions[0];
        assert_eq!((response.error_code, told.partition_index), (0, partition));
        assert_eq!(error_name(told.error_code), "UnknownTopicOrPartition");
    }
}

fn features(connection: &mut Connection, version: i16) -> ApiVersionsResponse {
    let name = StrBytes::from_static_str("ottla-e2e");
    let request =
        ApiVersionsRequest::default().with_client_software_name(name.clone()).with_client_software_version(name);
    connection.call(version, &request)
}

#[test]
fn the_level_of_metadata_version_is_told_and_protocols_that_are_not_served_are_not() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    for version in 3..=4 {
        let told = features(&mut connection, version);
        let level = told.finalized_features.iter().find(|feature| &*feature.name == "metadata.version").unwrap();
        assert_eq!((level.min_version_level, level.max_version_level), (30, 30));
        let range = told.supported_features.iter().find(|feature| &*feature.name == "metadata.version").unwrap();
        assert!((range.min_version..=range.max_version).contains(&30) && told.finalized_features_epoch >= 0);
        assert!(version >= 4 || told.supported_features.iter().all(|feature| feature.min_version > 0));
        if broker.is_ours() {
            // The cluster can do without group.version, which older versions cannot tell.
            let supported = if version >= 4 { 2 } else { 1 };
            assert_eq!((told.finalized_features.len(), told.supported_features.len()), (2, supported));
        }
    }
}

fn update(feature: &'static str, level: i16, upgrade_type: i8) -> UpdateFeaturesRequest {
    let update = FeatureUpdateKey::default()
        .with_feature(StrBytes::from_static_str(feature))
        .with_max_version_level(level)
        .with_upgrade_type(upgrade_type);
    UpdateFeaturesRequest::default().with_feature_updates(vec![update])
}

#[test]
fn a_level_that_is_not_served_is_refused_with_kafkas_words() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    let because = |reason: &str| {
        let reason = format!("The update failed for all features since the following feature had an error: {reason}");
        Some(StrBytes::from_string(reason))
    };
    for (feature, level, upgrade_type, reason) in [
        ("metadata.version", 29, 9, "The controller does not support the given upgrade type."),
        ("metadata.version", -1, 1, "A feature version cannot be less than 0."),
    ] {
        let response = connection.call(2, &update(feature, level, upgrade_type));
        assert_eq!(error_name(response.error_code), "InvalidUpdateVersion");
        let reason = format!("Invalid update version {level} for feature {feature}. {reason}");
        assert_eq!(response.error_message, because(&reason));
        assert_eq!(response.results, []);
    }
    let unknown = connection.call(2, &update("no.such.feature", 1, 1));
    assert_eq!(error_name(unknown.error_code), "InvalidUpdateVersion");
    assert!(unknown.error_message.unwrap().contains("does not support this feature."));
    assert_eq!(connection.call(2, &update("metadata.version", 30, 1)).error_code, 0);
}

#[test]
fn earlier_versions_tell_of_each_feature_where_all_went_well() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    for version in 0..=1 {
        let mut request = update("no.such.feature", 1, 1);
        request.feature_updates[0].allow_downgrade = version == 0;
        let response = connection.call(version, &request);
        assert_eq!((&*error_name(response.error_code), response.results.len()), ("InvalidUpdateVersion", 0));
        let same = connection.call(version, &update("metadata.version", 30, 1));
        let told: Vec<_> = same.results.iter().map(|result| (&*result.feature, result.error_code)).collect();
        assert_eq!((same.error_code, told), (0, vec![("metadata.version", 0)]));
    }
}

#[test]
fn kafkas_tools_show_the_features_and_the_quorum() {
    let Some(broker) = Broker::own(&[]) else { return };
    let Some(said) = tool_at(&broker, "org.apache.kafka.tools.FeatureCommand", &["describe"]) else { return };
    assert!(said.contains("metadata.version") && said.contains("FinalizedVersionLevel: 4.3-IV0"), "{said}");
    let quorum = |arguments: &[&str]| {
        let arguments = [&["describe"], arguments].concat();
        // This tool wants the server before its own arguments.
        tool_at(&broker, "org.apache.kafka.tools.MetadataQuorumCommand", &arguments).unwrap()
    };
    let status = quorum(&["--status"]);
    assert!(status.contains("LeaderEpoch:") && status.contains("MaxFollowerLag:         0"), "{status}");
    let replication = quorum(&["--replication"]);
    assert!(replication.contains("Leader"), "{replication}");
}
