//! CreatePartitions (KIP-195): topics grow while they are used.

use std::process::Command;
use std::time::Instant;

use kafka_protocol::messages::CreatePartitionsRequest;
use kafka_protocol::messages::create_partitions_request::{CreatePartitionsAssignment, CreatePartitionsTopic};
use kafka_protocol::messages::{BrokerId, CreatePartitionsResponse};

use super::tool;
use crate::batch::{self, Identity, Record};
use crate::calls::{fetch_request, topic_name};
use crate::harness::{Broker, OTTLA, PATIENCE, unique};
use crate::raw::{Connection, error_name, framed};
use crate::tools::run;

fn more(topic: &str, count: i32) -> CreatePartitionsTopic {
    CreatePartitionsTopic::default().with_name(topic_name(topic)).with_count(count).with_assignments(None)
}

fn by_hand(topic: &str, count: i32, brokers: &[i32]) -> CreatePartitionsTopic {
    let brokers = brokers.iter().copied().map(BrokerId).collect();
    let assignment = CreatePartitionsAssignment::default().with_broker_ids(brokers);
    more(topic, count).with_assignments(Some(vec![assignment]))
}

fn request(topics: Vec<CreatePartitionsTopic>) -> CreatePartitionsRequest {
    CreatePartitionsRequest::default().with_topics(topics).with_timeout_ms(30_000)
}

/// Kafka's names of the errors, in the order of the answer.
fn errors(response: &CreatePartitionsResponse) -> Vec<String> {
    response.results.iter().map(|result| error_name(result.error_code)).collect()
}

fn record(value: &str) -> Vec<u8> {
    batch::encode(Identity::NONE, &[Record::of(value)])
}

/// Apache Kafka answers before its broker leads the new partitions; asking again is how clients wait.
fn await_leader(connection: &mut Connection, topic: &str, partition: i32) {
    let deadline = Instant::now() + PATIENCE;
    while connection.latest_offset(topic, partition).is_err() {
        assert!(Instant::now() < deadline, "{topic}-{partition} has no leader");
    }
}

#[test]
fn a_topic_grows_and_keeps_what_it_has() {
    let broker = Broker::start();
    let topic = unique("grows");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    assert_eq!(connection.produce(&topic, 0, record("before")), Ok(0));
    for (version, count) in [(0, 2), (1, 3), (2, 4), (3, 5)] {
        let response = connection.call(version, &request(vec![more(&topic, count)]));
        assert_eq!(errors(&response), ["None"], "version {version}");
        assert_eq!(response.results[0].error_message, None);
        await_leader(&mut connection, &topic, count - 1);
        let there: Vec<_> = (0..6).map(|partition| connection.latest_offset(&topic, partition).is_ok()).collect();
        assert_eq!(there, (0..6).map(|partition| partition < count).collect::<Vec<_>>());
        assert_eq!(connection.produce(&topic, count - 1, record("new")), Ok(0));
    }
    assert_eq!(connection.produce(&topic, 0, record("after")), Ok(1));
    assert_eq!(batch::split(&connection.fetch_all(&topic, 0)).len(), 2);
}

/// Growing must not close the logs that are open: a fetch that waits there goes on waiting, and gets what is produced.
#[test]
fn a_fetch_that_waits_is_not_disturbed_when_its_topic_grows() {
    let broker = Broker::start();
    let topic = unique("grows-below-a-fetch");
    let (mut connection, mut waiting) = (Connection::open(&broker), Connection::open(&broker));
    connection.create_topic(&topic, 1);
    let fetch = fetch_request(&topic, 0, 0, 1 << 20).with_min_bytes(1).with_max_wait_ms(30_000);
    waiting.send(&framed(crate::calls::FETCH, 7, &fetch)).unwrap();
    assert_eq!(errors(&connection.call(3, &request(vec![more(&topic, 3)]))), ["None"]);
    assert_eq!(connection.produce(&topic, 0, record("now")), Ok(0));
    let (_, fetched) = waiting.answer::<kafka_protocol::messages::FetchRequest>(crate::calls::FETCH).unwrap();
    let data = &fetched.responses[0].partitions[0];
    assert_eq!((data.error_code, batch::split(data.records.as_ref().unwrap()).len()), (0, 1));
}

#[test]
fn what_would_not_be_an_increase_is_refused_with_kafkas_words() {
    let broker = Broker::start();
    let topic = unique("no-increase");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 3);
    let table = [
        (more(&topic, 3), "InvalidPartitions", "Topic already has 3 partition(s).".to_owned()),
        (
            more(&topic, 2),
            "InvalidPartitions",
            format!("The topic {topic} currently has 3 partition(s); 2 would not be an increase."),
        ),
        (
            more(&topic, -1),
            "InvalidPartitions",
            format!("The topic {topic} currently has 3 partition(s); -1 would not be an increase."),
        ),
    ];
    for (asked, error, text) in table {
        let response = connection.call(3, &request(vec![asked]));
        assert_eq!((&*errors(&response)[0], response.results[0].error_message.as_deref()), (error, Some(&*text)));
    }
    for (asked, error) in [
        (more("no-such-topic", 3), "UnknownTopicOrPartition"),
        (by_hand(&topic, 5, &[1]), "InvalidReplicaAssignment"),
        (by_hand(&topic, 4, &[]), "InvalidReplicaAssignment"),
        (by_hand(&topic, 4, &[99]), "InvalidReplicaAssignment"),
    ] {
        assert_eq!(errors(&connection.call(3, &request(vec![asked]))), [error]);
    }
    let twice = connection.call(3, &request(vec![more(&topic, 4), more(&topic, 5)]));
    assert_eq!(errors(&twice), ["InvalidRequest"]);
    assert!(connection.latest_offset(&topic, 3).is_err());
}

#[test]
fn validation_alone_creates_no_partition() {
    let broker = Broker::start();
    let topic = unique("validated");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let response = connection.call(3, &request(vec![more(&topic, 2)]).with_validate_only(true));
    assert_eq!(errors(&response), ["None"]);
    assert!(connection.latest_offset(&topic, 1).is_err());
}

#[test]
fn partitions_that_were_added_are_there_after_kill_9() {
    let Some(mut broker) = Broker::own(&[]) else { return };
    let topic = unique("grown");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    assert_eq!(errors(&connection.call(3, &request(vec![more(&topic, 3)]))), ["None"]);
    assert_eq!(connection.produce(&topic, 2, record("kept")), Ok(0));
    broker.kill();
    broker.start_again();
    let mut connection = Connection::open(&broker);
    assert_eq!(connection.latest_offset(&topic, 2), Ok(1));
    assert!(connection.latest_offset(&topic, 3).is_err());
}

#[test]
fn kafkas_tool_adds_partitions_and_sees_them() {
    let broker = Broker::start();
    let topic = unique("tool-grown");
    Connection::open(&broker).create_topic(&topic, 1);
    let topics = |arguments: &[&str]| {
        let arguments = [arguments, &["--topic", &topic]].concat();
        tool(&broker, "org.apache.kafka.tools.TopicCommand", &arguments)
    };
    let Some(said) = topics(&["--alter", "--partitions", "4"]) else { return };
    assert_eq!(said, "");
    assert!(topics(&["--describe"]).unwrap().contains("PartitionCount: 4"));
    let said = topics(&["--alter", "--partitions", "2"]).unwrap();
    assert!(said.contains("currently has 4 partition(s); 2 would not be an increase."), "{said}");
}

#[test]
fn the_command_line_enlarges_a_topic() {
    let broker = Broker::start();
    let topic = unique("cli-grown");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let ottla = |count: &str| {
        let mut command = Command::new(OTTLA);
        command.args(["topic", "alter", &topic, "--partitions", count, "--bootstrap", broker.bootstrap()]);
        run(&mut command, b"")
    };
    assert!(ottla("3").status.success());
    await_leader(&mut connection, &topic, 2);
    assert_eq!(connection.latest_offset(&topic, 2), Ok(0));
    let refused = ottla("2");
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("2 would not be an increase"), "{refused:?}");
}
