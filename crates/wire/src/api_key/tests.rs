use super::*;

#[test]
fn rows_stand_at_their_keys() {
    for (key, name) in [
        (ApiKey::PRODUCE, "Produce"),
        (ApiKey::API_VERSIONS, "ApiVersions"),
        (ApiKey::DESCRIBE_CLUSTER, "DescribeCluster"),
        (ApiKey::DESCRIBE_TOPIC_PARTITIONS, "DescribeTopicPartitions"),
        (ApiKey::UNREGISTER_CONTROLLER, "UnregisterController"),
    ] {
        assert_eq!(key.name(), Some(name));
    }
    assert_eq!(ApiKey::UNREGISTER_CONTROLLER, ApiKey(94));
    assert_eq!(DEFINITIONS.len(), 95);
}

#[test]
fn unknown_and_removed_keys_have_no_versions() {
    for key in [-1, 95, 999, i16::MIN, i16::MAX] {
        assert_eq!((ApiKey(key).name(), ApiKey(key).versions()), (None, None));
        assert!(!ApiKey(key).is_flexible(0));
    }
    assert_eq!(ApiKey::LEADER_AND_ISR.name(), Some("LeaderAndIsr"));
    assert_eq!(ApiKey::LEADER_AND_ISR.versions(), None);
    assert_eq!(ApiKey(95).to_string(), "API key 95");
}

#[test]
fn flexible_begins_where_kafka_says() {
    assert!(!ApiKey::PRODUCE.is_flexible(8) && ApiKey::PRODUCE.is_flexible(9));
    assert!(!ApiKey::SASL_HANDSHAKE.is_flexible(1));
    assert!(ApiKey::DESCRIBE_CLUSTER.is_flexible(0));
}
