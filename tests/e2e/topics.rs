//! Topics and their directories.

use std::process::Command;

use crate::calls::topic_name;
use crate::harness::{Broker, OTTLA, unique};
use crate::raw::Connection;
use kafka_protocol::messages::{ListOffsetsRequest, list_offsets_request};

/// A crash between the decision to delete a topic and the renaming of its directory leaves the directory.
#[test]
fn the_directory_of_a_deleted_topic_goes_at_the_next_start() {
    let Some(mut broker) = Broker::own(&[]) else { return };
    let topic = unique("stray");
    Connection::open(&broker).create_topic(&topic, 1);
    let log = broker.data_dir().join(format!("{topic}-0"));
    let copy = broker.data_dir().join("copy");
    broker.stop();
    copy_dir(&log, &copy);
    broker.start_again();
    assert!(ottla(&broker, &["topic", "delete", &topic, "--yes"]));
    broker.stop();
    // As if the crash had come before the renaming.
    let is_renamed = |name: &str| name.starts_with(&topic) && name.ends_with("-delete");
    let entries = std::fs::read_dir(broker.data_dir()).unwrap().map(|entry| entry.unwrap());
    entries
        .filter(|entry| is_renamed(&entry.file_name().to_string_lossy()))
        .for_each(|entry| std::fs::remove_dir_all(entry.path()).unwrap());
    std::fs::rename(&copy, &log).unwrap();
    broker.start_again();
    assert!(!log.exists());
    broker.assert_alive();
}

/// The answer takes time that grows with the request, not with its square: this one would take minutes.
#[test]
fn a_partition_named_a_hundred_thousand_times_is_refused_quickly() {
    let broker = Broker::start();
    let topic = unique("repeated");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let partition = list_offsets_request::ListOffsetsPartition::default().with_timestamp(-1);
    let partitions = vec![partition; 100_000];
    let topics = vec![
        list_offsets_request::ListOffsetsTopic::default().with_name(topic_name(&topic)).with_partitions(partitions),
    ];
    let response = connection.call(7, &ListOffsetsRequest::default().with_topics(topics));
    assert!(response.topics[0].partitions.iter().all(|partition| partition.error_code == 42), "INVALID_REQUEST");
}

fn ottla(broker: &Broker, arguments: &[&str]) -> bool {
    Command::new(OTTLA).args(arguments).args(["--bootstrap", broker.bootstrap()]).status().unwrap().success()
}

fn copy_dir(from: &std::path::Path, to: &std::path::Path) {
    assert!(Command::new("cp").arg("-r").args([from, to]).status().unwrap().success());
}
