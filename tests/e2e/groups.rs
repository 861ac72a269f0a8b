//! Groups of consumers over sockets, request by request.

mod bad_input;
mod consumer;
pub mod member;

use std::time::Instant;

use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig};
use kafka_protocol::messages::offset_delete_request::{OffsetDeleteRequestPartition, OffsetDeleteRequestTopic};
use kafka_protocol::messages::offset_fetch_request::{OffsetFetchRequestGroup, OffsetFetchRequestTopics};
use kafka_protocol::messages::{
    CreateTopicsRequest, DeleteGroupsRequest, DescribeGroupsRequest, FindCoordinatorRequest, ListGroupsRequest,
    MetadataRequest, OffsetDeleteRequest, OffsetFetchRequest,
};

use self::member::{Member, committed, group_id, text};
use crate::calls::topic_name;
use crate::harness::{Broker, PATIENCE, unique};
use crate::raw::{Connection, error_name};

/// Nobody is waited for who has not come yet.
const AT_ONCE: [&str; 2] = ["--set", "group.initial.rebalance.delay.ms=0"];

/// A broker of our own, with a topic of four partitions.
fn broker(topic: &str) -> Option<Broker> {
    let broker = Broker::own(&AT_ONCE)?;
    Connection::open(&broker).create_topic(topic, 4);
    Some(broker)
}

/// Asks until the coordinator of the group is there, as clients do. Returns its node id.
pub fn find_coordinator(connection: &mut Connection, group: &str) -> i32 {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let request = FindCoordinatorRequest::default().with_coordinator_keys(vec![text(group)]);
        let response = connection.call(4, &request);
        let found = &response.coordinators[0];
        if error_name(found.error_code) == "None" {
            assert!(found.port > 0 && !found.host.is_empty());
            return found.node_id.0;
        }
        assert_eq!(error_name(found.error_code), "CoordinatorNotAvailable");
        assert!(Instant::now() < deadline, "no coordinator");
    }
}

#[test]
fn the_first_who_looks_for_a_coordinator_has_the_offsets_topic_created() {
    let Some(broker) = Broker::own(&["--set", "offsets.topic.num.partitions=3"]) else { return };
    let mut connection = Connection::open(&broker);
    assert!(connection.topics().is_empty());
    let old = connection.call(0, &FindCoordinatorRequest::default().with_key(text("g")));
    assert_eq!((error_name(old.error_code), old.node_id.0), ("None".to_owned(), 1));
    assert_eq!(connection.topics(), ["__consumer_offsets"]);
    let told = connection.call(12, &MetadataRequest::default().with_topics(None));
    assert!(told.topics[0].is_internal);
    assert_eq!(told.topics[0].partitions.len(), 3);
    assert_eq!(find_coordinator(&mut connection, ""), 1);
}

#[test]
fn transactions_and_kinds_that_do_not_exist_have_no_coordinator() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    for (version, key_type, error) in
        [(4, 1, "CoordinatorNotAvailable"), (4, 7, "InvalidRequest"), (5, 2, "InvalidRequest")]
    {
        let request =
            FindCoordinatorRequest::default().with_key_type(key_type).with_coordinator_keys(vec![text("a"), text("b")]);
        let response = connection.call(version, &request);
        let errors: Vec<_> = response.coordinators.iter().map(|found| error_name(found.error_code)).collect();
        assert_eq!(errors, [error, error], "key type {key_type}");
    }
}

#[test]
fn a_member_joins_is_assigned_beats_commits_and_leaves() {
    let topic = unique("one");
    let Some(broker) = broker(&topic) else { return };
    let mut member = Member::open(&broker, "g");
    member.join();
    assert_eq!((member.generation, member.is_leader()), (1, true));
    let me = member.id.to_string();
    assert_eq!(member.sync(&[(&me, "everything")]), Ok("everything".to_owned()));
    assert_eq!(member.heartbeat(), "None");
    assert_eq!(member.commit(&topic, 2, 42), "None");
    assert_eq!(committed(&mut member.connection, "g", &topic), [-1, -1, 42, -1]);
    let described = member.connection.call(5, &DescribeGroupsRequest::default().with_groups(vec![group_id("g")]));
    let group = &described.groups[0];
    assert_eq!((&*group.group_state, &*group.protocol_type, &*group.protocol_data), ("Stable", "consumer", "range"));
    assert_eq!((&*group.members[0].member_id, &*group.members[0].client_host), (&*me, "/127.0.0.1"));
    assert_eq!(member.leave(), "None");
    assert_eq!(member.heartbeat(), "UnknownMemberId");
    let listed = member.connection.call(4, &ListGroupsRequest::default());
    assert_eq!((&*listed.groups[0].group_id.0, &*listed.groups[0].group_state), ("g", "Empty"));
}

#[test]
fn two_members_share_a_generation_and_one_waits_for_the_others_assignment() {
    let topic = unique("two");
    let Some(broker) = broker(&topic) else { return };
    let mut first = Member::open(&broker, "g");
    first.join();
    let me = first.id.to_string();
    first.sync(&[(&me, "all")]).unwrap();
    let mut second = Member::open(&broker, "g");
    second.take_id();
    second.send_join();
    // The rebalance has begun when the first hears of it.
    let deadline = Instant::now() + PATIENCE;
    while first.heartbeat() != "RebalanceInProgress" {
        assert!(Instant::now() < deadline, "no rebalance");
    }
    first.join();
    second.joined();
    assert_eq!((first.generation, second.generation), (2, 2));
    assert_eq!((first.is_leader(), second.is_leader()), (true, false));
    second.send_sync(&[]);
    let (one, other) = (first.id.to_string(), second.id.to_string());
    assert_eq!(first.sync(&[(&one, "left"), (&other, "right")]), Ok("left".to_owned()));
    assert_eq!(second.synced(), Ok("right".to_owned()));
    assert_eq!((first.heartbeat(), second.heartbeat()), ("None".to_owned(), "None".to_owned()));
}

#[test]
fn a_group_its_members_and_what_it_committed_survive_kill_9() {
    let topic = unique("killed");
    let Some(mut broker) = broker(&topic) else { return };
    let mut member = Member::open(&broker, "g");
    member.join();
    let me = member.id.to_string();
    member.sync(&[(&me, "mine")]).unwrap();
    assert_eq!(member.commit(&topic, 0, 7), "None");
    broker.kill();
    broker.start_again();
    member.reconnect(&broker);
    find_coordinator(&mut member.connection, "g");
    let deadline = Instant::now() + PATIENCE;
    // While its group is loaded, a member is answered that all is well; this tells the loaded group.
    while member.commit(&topic, 1, 8) == "CoordinatorLoadInProgress" {
        assert!(Instant::now() < deadline, "the group is not loaded");
    }
    assert_eq!(member.heartbeat(), "None");
    assert_eq!(committed(&mut member.connection, "g", &topic), [7, 8, -1, -1]);
    assert_eq!(member.sync(&[]), Ok("mine".to_owned()));
}

#[test]
fn offsets_and_groups_are_deleted_where_nobody_needs_them() {
    let topic = unique("deleted");
    let Some(broker) = broker(&topic) else { return };
    let mut connection = Connection::open(&broker);
    let mut simple = Member::open(&broker, "simple");
    (simple.generation, simple.id) = (-1, text(""));
    for partition in 0..2 {
        assert_eq!(simple.commit(&topic, partition, 5), "None");
    }
    let partition = OffsetDeleteRequestPartition::default().with_partition_index(0);
    let asked = |topic: &str| {
        OffsetDeleteRequestTopic::default().with_name(topic_name(topic)).with_partitions(vec![partition.clone()])
    };
    let request =
        OffsetDeleteRequest::default().with_group_id(group_id("simple")).with_topics(vec![asked(&topic), asked("no")]);
    let response = connection.call(0, &request);
    let errors: Vec<_> = response.topics.iter().map(|topic| error_name(topic.partitions[0].error_code)).collect();
    assert_eq!(errors, ["None", "UnknownTopicOrPartition"]);
    assert_eq!(committed(&mut connection, "simple", &topic), [-1, 5, -1, -1]);
    let request = DeleteGroupsRequest::default().with_groups_names(vec![group_id("simple"), group_id("none")]);
    let response = connection.call(2, &request);
    let errors: Vec<_> = response.results.iter().map(|result| error_name(result.error_code)).collect();
    assert_eq!(errors, ["None", "GroupIdNotFound"]);
    assert_eq!(committed(&mut connection, "simple", &topic), [-1; 4]);
    assert!(connection.call(4, &ListGroupsRequest::default()).groups.is_empty());
}

#[test]
fn a_waiting_request_of_a_connection_that_goes_harms_nobody() {
    let topic = unique("gone");
    let Some(mut broker) = broker(&topic) else { return };
    let mut first = Member::open(&broker, "g");
    first.join();
    let me = first.id.to_string();
    first.sync(&[(&me, "all")]).unwrap();
    let mut gone = Member::open(&broker, "g");
    gone.take_id();
    gone.send_join();
    let deadline = Instant::now() + PATIENCE;
    while first.heartbeat() != "RebalanceInProgress" {
        assert!(Instant::now() < deadline, "no rebalance");
    }
    drop(gone);
    first.join();
    let me = first.id.to_string();
    assert_eq!(first.sync(&[(&me, "all again")]), Ok("all again".to_owned()));
    broker.assert_alive();
    assert!(broker.stop().success());
}

#[test]
fn a_group_and_a_partition_are_told_once_however_often_they_are_named() {
    let topic = unique("again");
    let Some(broker) = broker(&topic) else { return };
    let mut simple = Member::open(&broker, "g");
    assert_eq!(simple.commit(&topic, 0, 7), "None");
    let (names, connection) = (vec![group_id("g"); 3], &mut simple.connection);
    let described = connection.call(5, &DescribeGroupsRequest::default().with_groups(names.clone()));
    assert_eq!(described.groups.len(), 1);
    let asked = |partitions: &[i32]| {
        OffsetFetchRequestTopics::default()
            .with_name(topic_name(&topic))
            .with_partition_indexes(partitions.iter().copied().cycle().take(60_000).collect())
    };
    let group = OffsetFetchRequestGroup::default().with_group_id(group_id("g"));
    let fetched = group.clone().with_topics(Some(vec![asked(&[0, 1])]));
    let fetched = connection.call(9, &OffsetFetchRequest::default().with_groups(vec![fetched; 2]));
    assert_eq!(fetched.groups.len(), 1);
    let told = fetched.groups[0].topics[0].partitions.iter();
    let told: Vec<_> = told.map(|partition| (partition.partition_index, partition.committed_offset)).collect();
    assert_eq!(told, [(0, 7), (1, -1)]);
    let fetched = group.with_topics(Some(vec![asked(&[0]); 2]));
    let fetched = connection.call(9, &OffsetFetchRequest::default().with_groups(vec![fetched]));
    assert_eq!(error_name(fetched.groups[0].error_code), "PolicyViolation");
    let deleted = connection.call(2, &DeleteGroupsRequest::default().with_groups_names(names));
    let deleted: Vec<_> = deleted.results.iter().map(|result| error_name(result.error_code)).collect();
    assert_eq!(deleted, ["None"]);
}

#[test]
fn groups_are_listed_by_states_and_types_and_by_none_that_there_are_not() {
    let topic = unique("listed");
    let Some(broker) = broker(&topic) else { return };
    let mut simple = Member::open(&broker, "g");
    assert_eq!(simple.commit(&topic, 0, 7), "None");
    let mut listed = |states: &[&str], types: &[&str]| {
        let texts = |names: &[&str]| names.iter().map(|name| text(name)).collect();
        let request = ListGroupsRequest::default().with_states_filter(texts(states)).with_types_filter(texts(types));
        simple.connection.call(5, &request).groups.len()
    };
    assert_eq!([listed(&[], &[]), listed(&[" empty ", "x"], &[]), listed(&[], &["CLASSIC", "classic"])], [1; 3]);
    assert_eq!(
        [listed(&["x"], &[]), listed(&[], &["x"]), listed(&["Stable"], &[]), listed(&[], &["consumer"])],
        [0; 4]
    );
}

#[test]
fn a_client_may_make_the_offsets_topic_as_the_broker_would() {
    let Some(broker) = Broker::own(&AT_ONCE) else { return };
    let mut connection = Connection::open(&broker);
    let created = |connection: &mut Connection, name: &str| {
        let config =
            CreatableTopicConfig::default().with_name(text("cleanup.policy")).with_value(Some(text("compact")));
        let topic = CreatableTopic::default().with_name(topic_name(name)).with_num_partitions(2);
        let topic = topic.with_replication_factor(1).with_configs(vec![config]);
        let request = CreateTopicsRequest::default().with_topics(vec![topic]).with_timeout_ms(10_000);
        error_name(connection.call(7, &request).topics[0].error_code)
    };
    assert_eq!(created(&mut connection, "mine"), "InvalidConfig");
    assert_eq!(created(&mut connection, "__consumer_offsets"), "None");
    assert_eq!(find_coordinator(&mut connection, "g"), 1);
}
