//! Partitions move from one directory to another while they are served (AlterReplicaLogDirs, KIP-113).

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use kafka_protocol::messages::{
    DescribeLogDirsRequest, GroupId, OffsetFetchRequest, offset_fetch_request::OffsetFetchRequestGroup,
};
use kafka_protocol::protocol::StrBytes;

use super::{alter, batch_of, filled, other, partitions_in, two};
use crate::batch::{self, Identity, Record};
use crate::calls::commit_request;
use crate::groups::find_coordinator;
use crate::harness::{Broker, PATIENCE, unique};
use crate::raw::{Connection, error_name};
use crate::syscalls::trace::{Tracer, strace_works};
use crate::tools::{kafka_tool, run};

const RECORDS_MAX: i32 = 60_000;
/// What a client hears while a partition changes its directory; it asks again.
const PASSING: [&str; 1] = ["NotLeaderOrFollower"];

/// The directories that hold a partition, or a copy that is to replace it.
fn places(connection: &mut Connection, topic: &str, index: i32) -> Vec<(String, bool)> {
    let response = connection.call(4, &DescribeLogDirsRequest::default().with_topics(None));
    let mut places = Vec::new();
    for dir in &response.results {
        let topics = dir.topics.iter().filter(|found| &**found.name == topic);
        let of = topics.flat_map(|topic| &topic.partitions).filter(|found| found.partition_index == index);
        places.extend(of.map(|found| (dir.log_dir.to_string(), found.is_future_key)));
    }
    places
}

/// Waits until a partition is in `dir` alone.
fn await_move(connection: &mut Connection, topic: &str, index: i32, dir: &Path) {
    let deadline = Instant::now() + PATIENCE;
    while places(connection, topic, index) != [(dir.display().to_string(), false)] {
        assert!(Instant::now() < deadline, "{topic}-{index} is not moved to {}", dir.display());
    }
}

fn values(connection: &mut Connection, topic: &str, index: i32) -> Vec<String> {
    let all = connection.fetch_all(topic, index);
    let records = batch::split(&all).into_iter().flat_map(batch::decode);
    records.map(|(_, record)| String::from_utf8(record.value.unwrap()).unwrap()).collect()
}

#[test]
fn a_partition_moves_there_and_back_under_load_and_loses_nothing() {
    let Some(mut broker) = two(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = unique("moves");
    connection.create_topic_with(&topic, 1, &[("segment.bytes", "1048576")]);
    let producer = connection.init_producer_id();
    let (over, dirs) = (AtomicBool::new(false), [other(&broker), broker.data_dir()]);
    let sent = thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut connection = Connection::open(&broker);
            let mut sent = 0;
            // Without an end it would fill the disk of a test that fails.
            while !over.load(Ordering::Relaxed) && sent < RECORDS_MAX {
                let identity = Identity { sequence: sent, ..producer };
                let value = format!("{sent:05} {}", "x".repeat(1000));
                let batch = batch::encode(identity, &[Record::of(value)]);
                match connection.produce(&topic, 0, batch) {
                    Ok(_) => sent += 1,
                    Err(error) => assert!(PASSING.contains(&error.as_str()), "a producer was told {error}"),
                }
            }
            sent
        });
        for round in 0..6 {
            let from = connection.latest_offset(&topic, 0).unwrap_or(0);
            let more = || Connection::open(&broker).latest_offset(&topic, 0).unwrap_or(0) > from + 300;
            while !more() && !writer.is_finished() {}
            assert_eq!(alter(&mut connection, &dirs[round % 2], &topic, 0), "None");
            await_move(&mut connection, &topic, 0, &dirs[round % 2]);
        }
        over.store(true, Ordering::Relaxed);
        writer.join().unwrap()
    });
    let expected: Vec<String> = (0..sent).map(|index| format!("{index:05}")).collect();
    let numbers = |connection: &mut Connection| -> Vec<String> {
        values(connection, &topic, 0).iter().map(|value| value[..5].to_owned()).collect()
    };
    assert_eq!(numbers(&mut connection), expected, "each record once and in order");
    broker.kill();
    broker.start_again();
    let mut connection = Connection::open(&broker);
    assert_eq!(numbers(&mut connection), expected);
    assert_eq!(partitions_in(&broker.data_dir(), &topic), [0]);
    assert_eq!(partitions_in(&other(&broker), &topic), Vec::<i32>::new());
    let again = batch::encode(Identity { sequence: sent - 1, ..producer }, &[Record::of("again")]);
    assert_eq!(connection.produce(&topic, 0, again), Ok(i64::from(sent) - 1), "what the producer sent last is known");
}

#[test]
fn a_broker_that_is_killed_during_a_move_has_every_record_in_one_place() {
    let Some(mut broker) = two(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = unique("killed");
    connection.create_topic_with(&topic, 1, &[("segment.bytes", "1048576")]);
    let count = 3000;
    for index in 0..count {
        assert_eq!(connection.produce(&topic, 0, batch_of(&format!("{index} {}", "x".repeat(4000)))), Ok(index));
    }
    for round in 0..6 {
        let to = if partitions_in(&other(&broker), &topic).is_empty() { other(&broker) } else { broker.data_dir() };
        let mut connection = Connection::open(&broker);
        assert_eq!(alter(&mut connection, &to, &topic, 0), "None");
        // Another moment each time.
        (0..round * 4).for_each(|_| _ = places(&mut connection, &topic, 0));
        broker.kill();
        broker.start_again();
        let mut connection = Connection::open(&broker);
        assert_eq!(connection.latest_offset(&topic, 0), Ok(count));
        assert_eq!(values(&mut connection, &topic, 0).len() as i64, count);
        assert_eq!(places(&mut connection, &topic, 0).len(), 1);
    }
}

#[test]
fn a_move_that_finds_no_room_leaves_the_partition_where_it_is() {
    if !strace_works() {
        return;
    }
    let Some(broker) = two(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = filled(&mut connection);
    let tracer =
        Tracer::attach_with(&broker, &["-e", "trace=pwritev,pwrite64", "-e", "inject=pwritev,pwrite64:error=ENOSPC"]);
    assert_eq!(alter(&mut connection, &other(&broker), &topic, 0), "None", "it was begun");
    await_move(&mut connection, &topic, 0, &broker.data_dir());
    drop(tracer.finish());
    let deadline = Instant::now() + PATIENCE;
    while !broker.stderr().contains("cannot be moved") {
        assert!(Instant::now() < deadline, "nothing is said:\n{}", broker.stderr());
    }
    assert_eq!(connection.produce(&topic, 0, batch_of("goes on")), Ok(1));
    assert_eq!(alter(&mut connection, &other(&broker), &topic, 0), "None");
    await_move(&mut connection, &topic, 0, &other(&broker));
    assert_eq!(values(&mut connection, &topic, 0), ["of 0", "goes on"]);
}

#[test]
fn groups_go_on_after_their_partition_has_moved() {
    let Some(broker) = two(&["--set", "offsets.topic.num.partitions=1"]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = filled(&mut connection);
    let group = unique("group");
    find_coordinator(&mut connection, &group);
    commit(&mut connection, &group, &topic, 1);
    for dir in [other(&broker), broker.data_dir(), other(&broker)] {
        assert_eq!(alter(&mut connection, &dir, "__consumer_offsets", 0), "None");
        await_move(&mut connection, "__consumer_offsets", 0, &dir);
        assert_eq!(committed(&mut connection, &group), [1]);
    }
    commit(&mut connection, &group, &topic, 1);
}

fn commit(connection: &mut Connection, group: &str, topic: &str, offset: i64) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let response = connection.call(7, &commit_request(group, topic, 0, offset));
        match error_name(response.topics[0].partitions[0].error_code).as_str() {
            "None" => return,
            error => assert!(Instant::now() < deadline && is_loading(error), "{error}"),
        }
    }
}

fn committed(connection: &mut Connection, group: &str) -> Vec<i64> {
    let asked = OffsetFetchRequestGroup::default()
        .with_group_id(GroupId(StrBytes::from_string(group.to_owned())))
        .with_topics(None);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let response = connection.call(8, &OffsetFetchRequest::default().with_groups(vec![asked.clone()]));
        let group = &response.groups[0];
        match error_name(group.error_code).as_str() {
            "None" => {
                return group
                    .topics
                    .iter()
                    .flat_map(|topic| &topic.partitions)
                    .map(|one| one.committed_offset)
                    .collect();
            }
            error => assert!(Instant::now() < deadline && is_loading(error), "{error}"),
        }
    }
}

fn is_loading(error: &str) -> bool {
    ["CoordinatorLoadInProgress", "NotCoordinator", "CoordinatorNotAvailable"].contains(&error)
}

/// `kafka-reassign-partitions.sh` moves a replica within its broker, and sees that it has moved.
#[test]
fn kafkas_tool_moves_a_partition() {
    let Some(broker) = two(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = filled(&mut connection);
    let plan = broker.home().join("plan.json");
    let dir = other(&broker);
    let text = format!(
        r#"{{"version":1,"partitions":[{{"topic":"{topic}","partition":0,"replicas":[1],"log_dirs":["{}"]}}]}}"#,
        dir.display()
    );
    std::fs::write(&plan, text).unwrap();
    let Some(said) = reassign(&broker, &plan, "--execute") else { return };
    assert!(said.contains("Successfully started moving log directory"), "{said}");
    await_move(&mut connection, &topic, 0, &dir);
    let said = reassign(&broker, &plan, "--verify").unwrap();
    assert!(said.contains(&format!("Reassignment of replica {topic}-0-1 completed successfully")), "{said}");
    assert_eq!(values(&mut connection, &topic, 0), ["of 0"]);
}

fn reassign(broker: &Broker, plan: &Path, what: &str) -> Option<String> {
    let mut command = kafka_tool("org.apache.kafka.tools.reassign.ReassignPartitionsCommand")?;
    command.args(["--bootstrap-server", broker.bootstrap(), "--reassignment-json-file"]).arg(plan).arg(what);
    let ended = run(&mut command, b"");
    Some(format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr)))
}
