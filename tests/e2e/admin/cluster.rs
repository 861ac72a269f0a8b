//! UnregisterBroker (KIP-746), ListConfigResources (KIP-1142), ListGroups (KIP-40).

use kafka_protocol::messages::{
    BrokerId, ListConfigResourcesRequest, ListGroupsRequest, MetadataRequest, UnregisterBrokerRequest,
};

use super::tool;
use crate::harness::{Broker, unique};
use crate::raw::{Connection, error_name};

#[test]
fn a_broker_that_is_not_there_cannot_be_unregistered() {
    let broker = Broker::start();
    let response = Connection::open(&broker).call(0, &UnregisterBrokerRequest::default().with_broker_id(BrokerId(77)));
    assert_eq!(error_name(response.error_code), "BrokerIdNotRegistered");
    assert_eq!(response.error_message.as_deref(), Some("Broker ID 77 is not currently registered"));
}

/// Kafka would unregister it, and the broker would register again.
#[test]
fn the_broker_that_answers_stays_registered() {
    let Some(broker) = Broker::own(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let this = connection.call(12, &MetadataRequest::default().with_topics(None)).brokers[0].node_id;
    let response = connection.call(0, &UnregisterBrokerRequest::default().with_broker_id(this));
    assert_eq!(error_name(response.error_code), "InvalidRequest");
    assert_eq!(connection.call(12, &MetadataRequest::default().with_topics(None)).brokers.len(), 1);
}

#[test]
fn topics_and_brokers_have_configs() {
    let broker = Broker::start();
    let topic = unique("configured");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let this = connection.call(12, &MetadataRequest::default().with_topics(None)).brokers[0].node_id.to_string();
    let mut list = |version: i16, types: &[i8]| {
        let request = ListConfigResourcesRequest::default().with_resource_types(types.to_vec());
        let response = connection.call(version, &request);
        let names = response.config_resources.iter();
        let names = names.map(|resource| (resource.resource_type, resource.resource_name.to_string()));
        (error_name(response.error_code), names.collect::<Vec<_>>())
    };
    assert_eq!(list(0, &[]), ("None".to_owned(), Vec::new()), "client metrics only");
    let (error, all) = list(1, &[]);
    assert_eq!(error, "None");
    for expected in [(2, topic.clone()), (4, this.clone()), (8, this.clone())] {
        assert!(all.contains(&expected), "{expected:?} in {all:?}");
    }
    assert_eq!(list(1, &[4, 4]).1, [(4, this)]);
    assert!(list(1, &[2]).1.contains(&(2, topic)));
    assert_eq!(list(1, &[16, 32]).1, []);
    assert_eq!(list(1, &[2, 1]).0, "UnsupportedVersion");
}

#[test]
fn there_are_no_groups() {
    let Some(broker) = Broker::own(&[]) else { return };
    for version in 0..=5 {
        let response = Connection::open(&broker).call(version, &ListGroupsRequest::default());
        assert_eq!((response.error_code, response.groups.len()), (0, 0), "version {version}");
    }
}

#[test]
fn kafkas_tool_asks_for_the_clusters_id() {
    let broker = Broker::start();
    let Some(said) = tool(&broker, "org.apache.kafka.tools.ClusterTool", &["cluster-id"]) else { return };
    assert!(said.contains("Cluster ID: "), "{said}");
}
