//! Several log directories (`log.dirs=/a,/b`): what lies where, and what one of them does to the other.

mod faults;
mod moves;
mod refused;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kafka_protocol::messages::alter_replica_log_dirs_request::{AlterReplicaLogDir, AlterReplicaLogDirTopic};
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::{
    AlterReplicaLogDirsRequest, CreateTopicsRequest, DescribeLogDirsRequest, IncrementalAlterConfigsRequest,
};
use kafka_protocol::protocol::StrBytes;

use crate::admin::tool;
use crate::batch::{self, Identity, Record};
use crate::calls::topic_name;
use crate::harness::{Broker, OTTLA, unique};
use crate::raw::{Connection, error_name};
use crate::storm::delete_topic;
use crate::tools::run;

/// The second directory.
const OTHER: &str = "other";

fn two(options: &[&str]) -> Option<Broker> {
    Broker::with_dirs(&[OTHER], options)
}

fn other(broker: &Broker) -> PathBuf {
    broker.home().join(OTHER)
}

fn batch_of(text: &str) -> Vec<u8> {
    batch::encode(Identity::NONE, &[Record::of(text)])
}

/// The partitions of a topic that lie in a directory.
fn partitions_in(dir: &Path, topic: &str) -> Vec<i32> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let index = |name: String| name.strip_prefix(topic)?.strip_prefix('-')?.parse().ok();
    let mut found: Vec<i32> = names.filter_map(index).collect();
    found.sort();
    found
}

/// The keys of a `meta.properties`.
fn identity(dir: &Path) -> BTreeMap<String, String> {
    let text = fs::read_to_string(dir.join("meta.properties")).unwrap();
    let pair = |line: &str| line.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()));
    text.lines().filter_map(pair).collect()
}

/// A topic of four partitions with a record in each.
fn filled(connection: &mut Connection) -> String {
    let topic = unique("spread");
    connection.create_topic(&topic, 4);
    (0..4).for_each(|index| assert_eq!(connection.produce(&topic, index, batch_of(&format!("of {index}"))), Ok(0)));
    topic
}

fn assert_filled(connection: &mut Connection, topic: &str, partitions: &[i32]) {
    for index in partitions {
        let all = connection.fetch_all(topic, *index);
        let records = batch::decode(batch::split(&all)[0]);
        assert_eq!(records[0].1, Record::of(format!("of {index}")), "{topic}-{index}");
    }
}

/// By directory its error and the partitions that it holds of a topic.
fn described(connection: &mut Connection, topic: &str) -> BTreeMap<String, (String, Vec<i32>)> {
    let response = connection.call(4, &DescribeLogDirsRequest::default().with_topics(None));
    let told = response.results.iter().map(|dir| {
        let topics = dir.topics.iter().filter(|found| &**found.name == topic);
        let mut partitions: Vec<i32> =
            topics.flat_map(|topic| &topic.partitions).map(|partition| partition.partition_index).collect();
        partitions.sort();
        (dir.log_dir.to_string(), (error_name(dir.error_code), partitions))
    });
    told.collect()
}

/// What becomes of the wish that a partition be in a directory.
fn alter(connection: &mut Connection, dir: &Path, topic: &str, partition: i32) -> String {
    let wanted = AlterReplicaLogDirTopic::default().with_name(topic_name(topic)).with_partitions(vec![partition]);
    let path = StrBytes::from_string(dir.display().to_string());
    let dir = AlterReplicaLogDir::default().with_path(path).with_topics(vec![wanted]);
    let response = connection.call(2, &AlterReplicaLogDirsRequest::default().with_dirs(vec![dir]));
    error_name(response.results[0].partitions[0].error_code)
}

#[test]
fn partitions_are_spread_and_stay_where_they_are_over_stops_and_kills() {
    let Some(mut broker) = two(&[]) else { return };
    let (data, other) = (broker.data_dir(), other(&broker));
    let said = format!("data in {},{}", data.display(), other.display());
    assert!(broker.ready_line().contains(&said), "{}", broker.ready_line());
    let mut connection = Connection::open(&broker);
    let topic = filled(&mut connection);
    let single = unique("single");
    connection.create_topic(&single, 1);
    let lies = || (partitions_in(&data, &topic), partitions_in(&other, &topic), partitions_in(&data, &single));
    assert_eq!(lies(), (vec![0, 2], vec![1, 3], vec![0]));
    for kills in [false, true, false] {
        if kills {
            broker.kill();
        } else {
            assert!(broker.stop().success());
            for dir in [&data, &other] {
                assert!(dir.join(".kafka_cleanshutdown").exists(), "{}", dir.display());
                let checkpoint = fs::read_to_string(dir.join("recovery-point-offset-checkpoint")).unwrap();
                let expected =
                    partitions_in(dir, &topic).iter().all(|p| checkpoint.contains(&format!("{topic} {p} 1")));
                assert!(expected, "{checkpoint}");
            }
        }
        broker.start_again();
        let mut connection = Connection::open(&broker);
        assert_filled(&mut connection, &topic, &[0, 1, 2, 3]);
        assert_eq!(lies(), (vec![0, 2], vec![1, 3], vec![0]));
    }
    let (one, two) = (identity(&data), identity(&other));
    assert_eq!((&one["node.id"], &one["cluster.id"]), (&two["node.id"], &two["cluster.id"]));
    assert_ne!(one["directory.id"], two["directory.id"]);
    assert!(data.join("cluster-metadata").exists() && !other.join("cluster-metadata").exists());
}

#[test]
fn a_new_topic_goes_where_the_fewest_partitions_are() {
    let Some(broker) = two(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let topics: Vec<String> = (0..4).map(|_| unique("few")).collect();
    topics.iter().for_each(|topic| connection.create_topic(topic, 1));
    let in_other = |topic: &String| partitions_in(&other(&broker), topic).len();
    assert_eq!(topics.iter().map(in_other).collect::<Vec<_>>(), [0, 1, 0, 1]);
    delete_topic(&mut connection, &topics[1]);
    delete_topic(&mut connection, &topics[3]);
    for _ in 0..2 {
        let topic = unique("few");
        connection.create_topic(&topic, 1);
        assert_eq!(in_other(&topic), 1, "that is where they are missing");
    }
}

#[test]
fn the_start_of_a_partition_is_noted_in_its_own_directory() {
    let Some(mut broker) = two(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = filled(&mut connection);
    for index in [0, 1] {
        assert_eq!(connection.delete_records(2, &topic, index, 1), Ok(1));
    }
    broker.kill();
    for (dir, index) in [(broker.data_dir(), 0), (other(&broker), 1)] {
        let noted = fs::read_to_string(dir.join("log-start-offset-checkpoint")).unwrap();
        assert!(noted.contains(&format!("{topic} {index} 1")), "{noted}");
    }
    broker.start_again();
    let mut connection = Connection::open(&broker);
    let starts: Vec<_> = (0..4).map(|index| connection.earliest_offset(&topic, index)).collect();
    assert_eq!(starts, [Ok(1), Ok(1), Ok(0), Ok(0)]);
}

#[test]
fn every_directory_is_described() {
    let Some(broker) = two(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = filled(&mut connection);
    let path = |dir: PathBuf| dir.display().to_string();
    let fine = |partitions: [i32; 2]| ("None".to_owned(), partitions.to_vec());
    let expected = [(path(broker.data_dir()), fine([0, 2])), (path(other(&broker)), fine([1, 3]))];
    assert_eq!(described(&mut connection, &topic), BTreeMap::from(expected));

    let Some(said) = tool(&broker, "org.apache.kafka.tools.LogDirsCommand", &["--describe"]) else { return };
    let json = said.lines().find(|line| line.starts_with('{')).unwrap_or_else(|| panic!("{said}"));
    let told: serde_json::Value = serde_json::from_str(json).unwrap();
    let dirs = told["brokers"][0]["logDirs"].as_array().unwrap();
    let mut told: Vec<_> =
        dirs.iter().map(|dir| (dir["logDir"].as_str().unwrap(), dir["partitions"].as_array().unwrap().len())).collect();
    told.sort();
    assert_eq!(told, [(path(broker.data_dir()).as_str(), 2), (path(other(&broker)).as_str(), 2)]);
}

#[test]
fn a_partition_that_is_not_there_yet_is_made_where_it_was_wished() {
    let Some(broker) = two(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = unique("wished");
    for index in 0..3 {
        assert_eq!(alter(&mut connection, &other(&broker), &topic, index), "UnknownTopicOrPartition");
    }
    connection.create_topic(&topic, 4);
    assert_eq!(partitions_in(&other(&broker), &topic), [0, 1, 2]);
    assert_eq!(alter(&mut connection, &other(&broker), &topic, 1), "None", "it is there already");
    assert_eq!(alter(&mut connection, &broker.home().join("third"), &topic, 1), "LogDirNotFound");
    for illegal in ["a/b".to_owned(), "x".repeat(250)] {
        assert_eq!(alter(&mut connection, &other(&broker), &illegal, 0), "InvalidTopicException");
    }
}

#[test]
fn the_metadata_log_may_lie_apart() {
    let home = tempfile::tempdir().unwrap();
    let setting = format!("metadata.log.dir={}", home.path().join("meta").display());
    let Some(mut broker) = two(&["--set", &setting]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = filled(&mut connection);
    assert!(home.path().join("meta/cluster-metadata").exists());
    assert!(!broker.data_dir().join("cluster-metadata").exists());
    assert_eq!(described(&mut connection, &topic).len(), 2, "no logs lie there");
    broker.kill();
    broker.start_again();
    assert_filled(&mut Connection::open(&broker), &topic, &[0, 1, 2, 3]);
}

#[test]
fn the_doctor_examines_every_directory() {
    let Some(mut broker) = two(&[]) else { return };
    assert!(broker.stop().success());
    let doctor = |second: &Path| {
        let mut command = Command::new(OTTLA);
        command.args(["doctor", "--listen", "127.0.0.1:0", "--data"]).arg(broker.data_dir()).arg("--data").arg(second);
        let ended = run(&mut command, b"");
        (ended.status.success(), String::from_utf8(ended.stdout).unwrap())
    };
    let (is_fit, said) = doctor(&other(&broker));
    assert!(is_fit && said.matches("the last broker stopped cleanly").count() == 2, "{said}");
    assert_eq!(said.matches(&format!("of cluster {}", identity(&other(&broker))["cluster.id"])).count(), 2, "{said}");
    let (is_fit, said) = doctor(&broker.data_dir());
    assert!(!is_fit && said.contains("are the same directory"), "{said}");
    let away = broker.home().join("away");
    fs::rename(other(&broker), &away).unwrap();
    for is_there in [false, true] {
        if is_there {
            fs::create_dir(other(&broker)).unwrap();
        }
        let (is_fit, said) = doctor(&other(&broker));
        assert!(!is_fit && said.contains("is its disk mounted?") && !said.contains("nobody's yet"), "{said}");
    }
    fs::remove_dir(other(&broker)).unwrap();
    fs::rename(&away, other(&broker)).unwrap();
    fs::write(other(&broker).join("meta.properties"), "version=1\nnode.id=7\n").unwrap();
    let (is_fit, said) = doctor(&other(&broker));
    assert!(!is_fit && said.contains("holds the data of node.id=7"), "{said}");
}

/// As `kafka-configs.sh --alter --add-config cordoned.log.dirs=...` (KIP-1066): Kafka's name of the error.
fn cordon(connection: &mut Connection, value: &str) -> String {
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let config = AlterableConfig::default()
        .with_name(text("cordoned.log.dirs"))
        .with_config_operation(0)
        .with_value(Some(text(value)));
    let resource =
        AlterConfigsResource::default().with_resource_type(4).with_resource_name(text("1")).with_configs(vec![config]);
    let response = connection.call(1, &IncrementalAlterConfigsRequest::default().with_resources(vec![resource]));
    error_name(response.responses[0].error_code)
}

#[test]
fn a_cordoned_directory_gets_no_new_partitions() {
    let Some(mut broker) = two(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = filled(&mut connection);
    assert_eq!(cordon(&mut connection, "/no/such/dir"), "InvalidRequest");
    assert_eq!(cordon(&mut connection, broker.data_dir().to_str().unwrap()), "None");
    for restarts in [false, true] {
        if restarts {
            broker.kill();
            broker.start_again();
        }
        let mut connection = Connection::open(&broker);
        let new = unique("cordoned");
        connection.create_topic(&new, 2);
        assert_eq!(partitions_in(&other(&broker), &new), [0, 1]);
        assert_filled(&mut connection, &topic, &[0, 1, 2, 3]);
        let response = connection.call(4, &DescribeLogDirsRequest::default().with_topics(None));
        assert_eq!(response.results.len(), 2);
    }
    let mut connection = Connection::open(&broker);
    assert_eq!(cordon(&mut connection, "*"), "None");
    let creatable = CreatableTopic::default()
        .with_name(topic_name(&unique("nowhere")))
        .with_num_partitions(1)
        .with_replication_factor(1);
    let request = CreateTopicsRequest::default().with_topics(vec![creatable]).with_timeout_ms(30_000);
    let response = connection.call(7, &request);
    assert_eq!(error_name(response.topics[0].error_code), "InvalidReplicationFactor");
    assert_eq!(cordon(&mut connection, ""), "None");
    connection.create_topic(&unique("somewhere"), 1);
}
