//! ElectLeaders (KIP-183, KIP-460), ListPartitionReassignments and AlterPartitionReassignments (KIP-455).

use kafka_protocol::messages::alter_partition_reassignments_request::{ReassignablePartition, ReassignableTopic};
use kafka_protocol::messages::elect_leaders_request::TopicPartitions;
use kafka_protocol::messages::{
    AlterPartitionReassignmentsRequest, BrokerId, ElectLeadersRequest, ListPartitionReassignmentsRequest,
    MetadataRequest,
};

use super::tool;
use crate::calls::topic_name;
use crate::harness::{Broker, unique};
use crate::raw::{Connection, error_name};

fn partitions(topic: &str, partitions: &[i32]) -> TopicPartitions {
    TopicPartitions::default().with_topic(topic_name(topic)).with_partitions(partitions.to_vec())
}

#[test]
fn a_partition_that_has_its_leader_needs_no_election() {
    let broker = Broker::start();
    let topic = unique("led");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 2);
    for (version, election_type) in [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1)] {
        let asked = vec![partitions(&topic, &[1, 0, 7]), partitions("no-such-topic", &[0])];
        let request = ElectLeadersRequest::default().with_election_type(election_type).with_timeout_ms(30_000);
        let response = connection.call(version, &request.clone().with_topic_partitions(Some(asked)));
        assert_eq!(error_name(response.error_code), "None");
        let outcomes: Vec<_> = response
            .replica_election_results
            .iter()
            .flat_map(|topic| topic.partition_result.iter().map(|result| (&**topic.topic, result)))
            .map(|(topic, result)| (topic, result.partition_id, error_name(result.error_code)))
            .collect();
        let not_needed = |partition| (&*topic, partition, "ElectionNotNeeded".to_owned());
        let unknown = "UnknownTopicOrPartition".to_owned();
        let expected = [not_needed(1), not_needed(0), (&*topic, 7, unknown.clone()), ("no-such-topic", 0, unknown)];
        assert_eq!(outcomes, expected, "version {version}, type {election_type}");
        let all = connection.call(version, &request.with_topic_partitions(None));
        assert_eq!(all.error_code, 0);
        assert!(all.replica_election_results.iter().all(|topic| topic.partition_result.is_empty()));
    }
}

#[test]
fn an_election_of_an_unknown_kind_is_refused() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    let request = ElectLeadersRequest::default().with_election_type(9);
    let named = request.clone().with_topic_partitions(Some(vec![partitions("no-such-topic", &[4])]));
    let response = connection.call(2, &named);
    assert_eq!(error_name(response.error_code), "InvalidRequest");
    let refused = &response.replica_election_results[0].partition_result[0];
    assert_eq!((refused.partition_id, &*error_name(refused.error_code)), (4, "InvalidRequest"));
    assert_eq!(refused.error_message.as_deref(), Some("Unknown election type 9"));
    let nothing = connection.call(2, &request.with_topic_partitions(Some(Vec::new())));
    assert_eq!((nothing.error_code, nothing.replica_election_results.len()), (0, 0));
}

#[test]
fn nothing_is_being_moved() {
    let broker = Broker::start();
    let response = Connection::open(&broker).call(0, &ListPartitionReassignmentsRequest::default().with_topics(None));
    assert_eq!((response.error_code, response.topics.len()), (0, 0));
}

#[test]
fn a_partition_can_be_where_it_is_and_nowhere_else() {
    let broker = Broker::start();
    let topic = unique("moved");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let metadata = connection.call(12, &MetadataRequest::default().with_topics(None));
    let this = metadata.brokers[0].node_id;
    let mut move_to = |topic: &str, partition: i32, replicas: Option<Vec<i32>>| {
        let replicas = replicas.map(|ids| ids.into_iter().map(BrokerId).collect());
        let asked = ReassignablePartition::default().with_partition_index(partition).with_replicas(replicas);
        let asked = ReassignableTopic::default().with_name(topic_name(topic)).with_partitions(vec![asked]);
        let request = AlterPartitionReassignmentsRequest::default().with_timeout_ms(30_000).with_topics(vec![asked]);
        let response = connection.call(1, &request);
        assert_eq!((response.error_code, &**response.responses[0].name), (0, topic));
        error_name(response.responses[0].partitions[0].error_code)
    };
    assert_eq!(move_to(&topic, 0, Some(vec![this.0])), "None");
    for (topic, partition, replicas, error) in [
        (&*topic, 0, Some(vec![99]), "InvalidReplicaAssignment"),
        (&topic, 0, Some(vec![this.0, this.0]), "InvalidReplicaAssignment"),
        (&topic, 0, Some(vec![]), "InvalidReplicaAssignment"),
        (&topic, 0, None, "NoReassignmentInProgress"),
        (&topic, 1, Some(vec![this.0]), "UnknownTopicOrPartition"),
        ("no-such-topic", 0, Some(vec![this.0]), "UnknownTopicOrPartition"),
    ] {
        assert_eq!(move_to(topic, partition, replicas.clone()), error, "{topic}-{partition} to {replicas:?}");
    }
}

#[test]
fn kafkas_tools_hold_elections_and_list_moves() {
    let broker = Broker::start();
    let topic = unique("tool-led");
    Connection::open(&broker).create_topic(&topic, 1);
    let arguments = ["--election-type", "preferred", "--topic", &topic, "--partition", "0"];
    let election = "org.apache.kafka.tools.LeaderElectionCommand";
    let Some(said) = tool(&broker, election, &arguments) else { return };
    assert!(said.contains("Valid replica already elected for partitions"), "{said}");
    let said = tool(&broker, "org.apache.kafka.tools.reassign.ReassignPartitionsCommand", &["--list"]).unwrap();
    assert!(said.contains("No partition reassignments found."), "{said}");
}
