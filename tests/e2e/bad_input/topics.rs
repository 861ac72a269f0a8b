//! Topics that cannot be, and topics that are not.

use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::{BrokerId, CreateTopicsRequest, DeleteTopicsRequest, MetadataRequest};
use kafka_protocol::protocol::StrBytes;
use uuid::Uuid;

use super::Scene;
use crate::calls::topic_name;
use crate::harness::unique;
use crate::raw::{Connection, error_name};

/// Partitions with the brokers that they are to be on.
type Assignments<'a> = &'a [(i32, &'a [i32])];

fn creatable(name: &str) -> CreatableTopic {
    CreatableTopic::default().with_name(topic_name(name)).with_num_partitions(1).with_replication_factor(1)
}

/// The errors, by the order of the topics' first mention.
fn create(scene: &Scene, topics: Vec<CreatableTopic>) -> Vec<String> {
    let mut connection = Connection::open(&scene.broker);
    let request = CreateTopicsRequest::default().with_topics(topics).with_timeout_ms(30_000);
    connection.call(7, &request).topics.iter().map(|topic| error_name(topic.error_code)).collect()
}

fn refused(scene: &Scene, what: &str, topic: CreatableTopic, expected: &str) {
    assert_eq!(create(scene, vec![topic]), [expected], "{what}");
}

#[test]
fn names_that_are_no_names_of_topics_are_refused() {
    let scene = Scene::start();
    let long = "x".repeat(250);
    for name in ["", ".", "..", &long, "a/b", "../../etc", "a\0b", "a b", "Bücher", "\u{202e}", "a\nb", "a:b"] {
        refused(&scene, &format!("{name:?}"), creatable(name), "InvalidTopicException");
    }
    scene.end();
}

#[test]
fn names_that_would_be_one_in_metrics_are_refused() {
    let mut scene = Scene::start();
    let taken = unique("under_score");
    assert_eq!(create(&scene, vec![creatable(&taken)]), ["None"]);
    refused(&scene, "a dot for an underscore", creatable(&taken.replace('_', ".")), "InvalidTopicException");
    scene.topics.push(taken);
    scene.topics.sort();
    scene.end();
}

#[test]
fn a_topic_is_created_once() {
    let scene = Scene::start();
    refused(&scene, "one that exists", creatable(&scene.topic), "TopicAlreadyExists");
    refused(&scene, "the log of metadata", creatable("__cluster_metadata"), "InvalidRequest");
    let twice = unique("twice");
    let errors = create(&scene, vec![creatable(&twice), creatable(&twice)]);
    assert!(!errors.is_empty() && errors.iter().all(|error| error == "InvalidRequest"), "{errors:?}");
    scene.end();
}

#[test]
fn counts_of_partitions_and_replicas_have_bounds() {
    let scene = Scene::start();
    let name = unique("bounds");
    for count in [0, -2, i32::MIN] {
        refused(&scene, "partitions", creatable(&name).with_num_partitions(count), "InvalidPartitions");
    }
    for factor in [0, -2, 2, i16::MAX, i16::MIN] {
        refused(&scene, "replicas", creatable(&name).with_replication_factor(factor), "InvalidReplicationFactor");
    }
    // Kafka decides on no more than 10,000 partitions at once.
    for count in [10_001, i32::MAX] {
        refused(&scene, "many partitions", creatable(&name).with_num_partitions(count), "PolicyViolation");
    }
    scene.end();
}

#[test]
fn assignments_have_to_make_sense() {
    let scene = Scene::start();
    let assigned = |assignments: Assignments<'_>| {
        let assignment = |&(partition, brokers): &(i32, &[i32])| {
            let brokers = brokers.iter().map(|&id| BrokerId(id)).collect();
            CreatableReplicaAssignment::default().with_partition_index(partition).with_broker_ids(brokers)
        };
        let assignments = assignments.iter().map(assignment).collect();
        creatable(&unique("assigned")).with_num_partitions(-1).with_replication_factor(-1).with_assignments(assignments)
    };
    let id = *Connection::open(&scene.broker).call(12, &MetadataRequest::default()).brokers[0].node_id;
    let counted = assigned(&[(0, &[id])]).with_num_partitions(1);
    refused(&scene, "counts beside it", counted, "InvalidRequest");
    let counted = assigned(&[(0, &[id])]).with_replication_factor(1);
    refused(&scene, "a factor beside it", counted, "InvalidRequest");
    let bad: [(&str, Assignments<'_>); 6] = [
        ("a gap", &[(0, &[id]), (2, &[id])]),
        ("no first partition", &[(1, &[id])]),
        ("a partition twice", &[(0, &[id]), (0, &[id])]),
        ("no broker", &[(0, &[])]),
        ("a broker twice", &[(0, &[id, id])]),
        ("a broker that is not there", &[(0, &[id + 1_000])]),
    ];
    for (what, assignments) in bad {
        refused(&scene, what, assigned(assignments), "InvalidReplicaAssignment");
    }
    scene.end();
}

#[test]
fn configs_of_a_new_topic_are_checked() {
    let scene = Scene::start();
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let bad = [
        ("no.such.config", Some("1")),
        ("retention.ms", Some("soon")),
        ("retention.ms", Some("-2")),
        ("cleanup.policy", Some("keep")),
        ("max.message.bytes", Some("99999999999")),
        ("retention.ms", None),
    ];
    for (key, value) in bad {
        let config = CreatableTopicConfig::default().with_name(text(key)).with_value(value.map(text));
        let topic = creatable(&unique("configured")).with_configs(vec![config]);
        refused(&scene, &format!("{key}={value:?}"), topic, "InvalidConfig");
    }
    scene.end();
}

#[test]
fn a_topic_that_is_not_there_cannot_be_deleted() {
    let scene = Scene::start();
    let mut connection = Connection::open(&scene.broker);
    let named = |name: &str| DeleteTopicState::default().with_name(Some(topic_name(name)));
    let by_id = |id: u128| DeleteTopicState::default().with_name(None).with_topic_id(Uuid::from_u128(id));
    let both = named(&scene.topic).with_topic_id(Uuid::from_u128(5));
    let cases = [
        ("a name", named(&unique("absent")), "UnknownTopicOrPartition"),
        ("an id", by_id(0x1234_5678_9abc_def0_1234_5678_9abc_def0), "UnknownTopicId"),
        ("both", both, "InvalidRequest"),
        ("neither", by_id(0), "InvalidRequest"),
    ];
    for (what, topic, expected) in cases {
        let request = DeleteTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(30_000);
        let response = connection.call(6, &request);
        assert_eq!(error_name(response.responses[0].error_code), expected, "{what}");
    }
    scene.end();
}
