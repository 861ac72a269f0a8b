//! What members of groups go through, against any broker.

use std::collections::BTreeMap;
use std::time::Duration;

use client::{
    Assignor, Client, ClientConfig, CommittedOffset, ErrorCode, GroupConfig, GroupConsumer, GroupEvent, GroupProtocol,
    MemberToRemove, NewTopic, Offset, PartitionIndex, ProducerConfig, ProducerRecord, Reset, TopicPartition,
};

use kafka_protocol::messages::ConsumerGroupHeartbeatRequest;

use crate::calls::topic_name;
use crate::groups::member::{group_id, text};
use crate::harness::Broker;
use crate::raw::{Connection, error_name};

/// Long enough for everything that comes to an end.
const PATIENCE: Duration = Duration::from_secs(60);

pub async fn connect(bootstrap: &str) -> Client {
    let config = ClientConfig { retry_backoff: Duration::from_millis(10), ..ClientConfig::default() };
    Client::connect_with(bootstrap, config).await.unwrap()
}

pub fn config(group: &str, protocol: GroupProtocol, assignor: Assignor) -> GroupConfig {
    let mut config = GroupConfig {
        protocol,
        assignors: vec![assignor],
        session_timeout: Duration::from_secs(6),
        heartbeat_interval: Duration::from_millis(100),
        ..GroupConfig::new(group)
    };
    config.consumer.reset = Reset::Earliest;
    config
}

/// A topic with the numbers up to `count`, number `i` in partition `i % partitions`.
pub async fn filled(client: &Client, topic: &str, partitions: i32, count: u32) {
    let new = NewTopic { partitions: Some(partitions), replication_factor: Some(1), ..NewTopic::new(topic) };
    for (_, created) in client.admin().create_topics(&[new]).await.unwrap() {
        created.unwrap();
    }
    fill(client, topic, partitions, 0..count).await;
}

pub async fn fill(client: &Client, topic: &str, partitions: i32, numbers: std::ops::Range<u32>) {
    let producer = client.producer(ProducerConfig::default());
    for number in numbers {
        let value = number.to_string();
        let to = PartitionIndex((number % partitions as u32) as i32);
        producer.send(ProducerRecord::to(topic).partition(to).value(value.as_bytes())).await.unwrap();
    }
    producer.flush().await.unwrap();
}

pub fn of(topic: &str, partition: i32) -> TopicPartition {
    TopicPartition { topic: topic.to_owned(), partition: PartitionIndex(partition) }
}

fn number(record: &client::ConsumerRecord) -> u32 {
    std::str::from_utf8(record.value.as_deref().unwrap()).unwrap().parse().unwrap()
}

/// The next record or change.
async fn next(consumer: &mut GroupConsumer) -> GroupEvent {
    tokio::time::timeout(PATIENCE, consumer.next()).await.expect("nothing comes").unwrap()
}

/// Reads until the member has been given so many partitions in all.
async fn until_it_has(consumer: &mut GroupConsumer, count: usize) {
    while consumer.assignment().len() != count {
        next(consumer).await;
    }
}

/// Two members read everything once; a third goes on where they were.
pub async fn members_share_and_successors_go_on(
    bootstrap: &str,
    name: &str,
    protocol: GroupProtocol,
    assignor: Assignor,
) {
    let client = connect(bootstrap).await;
    filled(&client, name, 4, 400).await;
    let mut members: Vec<GroupConsumer> =
        (0..2).map(|_| client.group_consumer(config(name, protocol, assignor))).collect();
    members.iter_mut().for_each(|member| member.subscribe(&[name]));
    let [first, second] = &mut members[..] else { unreachable!() };
    // Each waits for what the other gives up.
    while (first.assignment().len(), second.assignment().len()) != (2, 2) {
        tokio::select! {
            _ = next(first) => {}
            _ = next(second) => {}
        }
    }
    let mut seen: BTreeMap<u32, u32> = BTreeMap::new();
    for member in members {
        drain(member, &mut seen).await;
    }
    fill(&client, name, 4, 400..500).await;
    let mut third = client.group_consumer(config(name, protocol, assignor));
    third.subscribe(&[name]);
    let mut later = Vec::new();
    while later.len() < 100 {
        if let GroupEvent::Record(record) = next(&mut third).await {
            later.push(number(&record));
        }
    }
    later.sort_unstable();
    assert_eq!(later, (400..500).collect::<Vec<u32>>(), "all before was committed, and none of these");
    third.close(PATIENCE).await.unwrap();
    for lag in client.admin().group_lag(name, &[]).await.unwrap() {
        assert_eq!((lag.lag(), lag.end), (Some(0), Some(Offset(125))), "{}", lag.partition);
    }
}

/// Reads what the member still has to read, and closes it.
async fn drain(mut member: GroupConsumer, seen: &mut BTreeMap<u32, u32>) {
    while let Ok(Ok(event)) = tokio::time::timeout(Duration::from_secs(1), member.next()).await {
        if let GroupEvent::Record(record) = event {
            *seen.entry(number(&record)).or_default() += 1;
        }
    }
    member.close(PATIENCE).await.unwrap();
}

/// KIP-429, KIP-848: who keeps partitions is not interrupted.
pub async fn what_stays_is_not_revoked(bootstrap: &str, name: &str, protocol: GroupProtocol) {
    let client = connect(bootstrap).await;
    filled(&client, name, 4, 8).await;
    let config = || config(name, protocol, Assignor::CooperativeSticky);
    let (mut first, mut second) = (client.group_consumer(config()), client.group_consumer(config()));
    first.subscribe(&[name]);
    until_it_has(&mut first, 4).await;
    second.subscribe(&[name]);
    let mut revoked = Vec::new();
    while second.assignment().len() != 2 {
        tokio::select! {
            event = next(&mut first) => if let GroupEvent::Revoked(partitions) = event {
                assert!(partitions.iter().all(|partition| first.position(partition).is_some()), "they can be committed");
                revoked.extend(partitions);
            },
            _ = next(&mut second) => {}
        }
    }
    revoked.sort();
    let mut has = second.assignment();
    has.sort();
    assert_eq!(revoked, has);
    first.close(PATIENCE).await.unwrap();
    until_it_has(&mut second, 4).await;
    second.close(PATIENCE).await.unwrap();
}

/// KIP-345: a static member that comes back has what it had, and nobody else notices.
pub async fn a_static_member_comes_back(bootstrap: &str, name: &str, protocol: GroupProtocol) {
    let client = connect(bootstrap).await;
    filled(&client, name, 4, 8).await;
    let named = |instance: &str| GroupConfig {
        instance_id: Some(instance.to_owned()),
        ..config(name, protocol, Assignor::CooperativeSticky)
    };
    let (mut first, mut second) = (client.group_consumer(named("a")), client.group_consumer(named("b")));
    first.subscribe(&[name]);
    second.subscribe(&[name]);
    while (first.assignment().len(), second.assignment().len()) != (2, 2) {
        tokio::select! {
            _ = next(&mut first) => {}
            _ = next(&mut second) => {}
        }
    }
    let (mut had, keeps) = (second.assignment(), first.membership().unwrap());
    second.close(PATIENCE).await.unwrap();
    let mut again = client.group_consumer(named("b"));
    again.subscribe(&[name]);
    while again.assignment().len() != 2 {
        tokio::select! {
            event = next(&mut first) => assert!(matches!(event, GroupEvent::Record(_)), "{event:?}"),
            _ = next(&mut again) => {}
        }
    }
    let mut has = again.assignment();
    has.sort();
    had.sort();
    assert_eq!(has, had);
    assert_eq!(first.membership(), Some(keeps), "no generation began");
    // A namesake takes its place, and it learns that.
    let mut namesake = client.group_consumer(named("b"));
    namesake.subscribe(&[name]);
    let fenced = if protocol == GroupProtocol::Classic { &mut again } else { &mut namesake };
    let error = loop {
        match tokio::time::timeout(PATIENCE, fenced.next()).await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    let expected = match protocol {
        GroupProtocol::Classic => ErrorCode::FENCED_INSTANCE_ID,
        GroupProtocol::Consumer => ErrorCode::UNRELEASED_INSTANCE_ID,
    };
    assert_eq!(error.code(), Some(expected), "{error}");
}

/// A caller that does not ask for records costs the member its place, and it has it again when it asks.
pub async fn a_caller_that_is_too_slow_loses_what_it_had(bootstrap: &str, name: &str, protocol: GroupProtocol) {
    let client = connect(bootstrap).await;
    filled(&client, name, 2, 2).await;
    let config = GroupConfig { max_poll_interval: Duration::from_secs(1), ..config(name, protocol, Assignor::Range) };
    let mut slow = client.group_consumer(config.clone());
    slow.subscribe(&[name]);
    until_it_has(&mut slow, 2).await;
    let mut other = client.group_consumer(config);
    other.subscribe(&[name]);
    until_it_has(&mut other, 2).await;
    loop {
        tokio::select! {
            // It may be asked to give up what it has just before it hears that it is too late.
            event = next(&mut slow) => if let GroupEvent::Lost(partitions) | GroupEvent::Revoked(partitions) = event {
                assert_eq!(partitions.len(), 2);
                break;
            },
            _ = next(&mut other) => {}
        }
    }
    while slow.assignment().len() != 1 {
        tokio::select! {
            _ = next(&mut slow) => {}
            _ = next(&mut other) => {}
        }
    }
}

/// KIP-848: a member that unsubscribed lives until its caller has given up its partitions, and outlives one that came later
/// and is silent; then it leaves.
pub async fn a_member_that_unsubscribes_lives_until_it_has_nothing(broker: &Broker, name: &str) {
    let client = connect(broker.bootstrap()).await;
    filled(&client, name, 2, 2).await;
    let mut consumer = client.group_consumer(config(name, GroupProtocol::Consumer, Assignor::Range));
    consumer.subscribe(&[name]);
    until_it_has(&mut consumer, 2).await;
    let me = consumer.membership().expect("it is a member").0;
    consumer.subscribe(&[]);
    let silent = ConsumerGroupHeartbeatRequest::default()
        .with_group_id(group_id(name))
        .with_member_id(text("silent"))
        .with_rebalance_timeout_ms(30_000)
        .with_subscribed_topic_names(Some(vec![topic_name(name)]))
        .with_topic_partitions(Some(Vec::new()));
    assert_eq!(error_name(Connection::open(broker).call(1, &silent).error_code), "None");
    until_members(&client, name, |members| !members.contains(&"silent".to_owned())).await;
    until_members(&client, name, |members| members == [me.clone()]).await;
    while !matches!(next(&mut consumer).await, GroupEvent::Revoked(_)) {}
    tokio::select! {
        _ = next(&mut consumer) => panic!("there is nothing to read"),
        () = until_members(&client, name, <[String]>::is_empty) => {}
    }
}

async fn until_members(client: &Client, group: &str, are: impl Fn(&[String]) -> bool) {
    let admin = client.admin();
    let asking = async {
        loop {
            let described = admin.describe_groups(&[group]).await.unwrap().remove(0).1.unwrap();
            let members: Vec<String> = described.members.into_iter().map(|member| member.member_id).collect();
            if are(&members) {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("other members are there");
}

/// Commits by hand are what `committed` tells; records behind a seek are not committed by themselves.
pub async fn offsets_are_committed_by_hand(bootstrap: &str, name: &str, protocol: GroupProtocol) {
    let client = connect(bootstrap).await;
    filled(&client, name, 2, 40).await;
    let config = GroupConfig { auto_commit: None, ..config(name, protocol, Assignor::Range) };
    let mut consumer = client.group_consumer(config.clone());
    consumer.subscribe(&[name]);
    until_it_has(&mut consumer, 2).await;
    let (zero, one) = (of(name, 0), of(name, 1));
    assert!(consumer.pause(&one));
    for expected in 0..5 {
        let GroupEvent::Record(record) = next(&mut consumer).await else { panic!("a record is next") };
        assert_eq!((record.partition.0, record.offset.0), (0, expected));
    }
    consumer.commit().await.unwrap();
    let noted = CommittedOffset { metadata: "by hand".to_owned(), ..Offset(7).into() };
    consumer.commit_offsets(&[(one.clone(), noted.clone())]).await.unwrap();
    let committed = consumer.committed(&[zero.clone(), one.clone()]).await.unwrap();
    let offsets: Vec<Option<i64>> = committed.iter().map(|(_, committed)| Some(committed.as_ref()?.offset.0)).collect();
    assert_eq!(offsets, [Some(5), Some(7)]);
    assert_eq!(committed[1].1.as_ref().unwrap().metadata, "by hand");
    consumer.seek(&zero, client::Start::Offset(Offset(15))).await.unwrap();
    let GroupEvent::Record(record) = next(&mut consumer).await else { panic!("a record is next") };
    assert_eq!(record.offset, Offset(15));
    consumer.commit_async();
    consumer.close(PATIENCE).await.unwrap();
    let mut successor = client.group_consumer(config);
    successor.subscribe(&[name]);
    until_it_has(&mut successor, 2).await;
    assert_eq!((successor.position(&zero), successor.position(&one)), (Some(Offset(16)), Some(Offset(7))));
}

/// What the admin client does with groups.
pub async fn groups_are_looked_after(bootstrap: &str, name: &str, protocol: GroupProtocol) {
    let (client, admin) = (connect(bootstrap).await, connect(bootstrap).await.admin());
    filled(&client, name, 2, 20).await;
    let static_config = GroupConfig { instance_id: Some("one".to_owned()), ..config(name, protocol, Assignor::Range) };
    let mut consumer = client.group_consumer(static_config);
    consumer.subscribe(&[name]);
    until_it_has(&mut consumer, 2).await;
    consumer.commit().await.unwrap();
    let listed = admin.list_groups(&["Stable"], &[]).await.unwrap();
    let listed = listed.iter().find(|listed| listed.group_id == name).unwrap();
    let group_type = if protocol == GroupProtocol::Classic { "classic" } else { "consumer" };
    assert_eq!((listed.protocol_type.as_str(), listed.group_type.to_lowercase().as_str()), ("consumer", group_type));
    let (_, described) = admin.describe_groups(&[name]).await.unwrap().remove(0);
    let described = described.unwrap();
    assert_eq!((described.state.as_str(), described.members.len()), ("Stable", 1));
    let member = &described.members[0];
    assert_eq!(member.assigned, [of(name, 0), of(name, 1)]);
    assert_eq!((member.instance_id.as_deref(), member.topics.as_slice()), (Some("one"), &[name.to_owned()][..]));
    let one: BTreeMap<_, CommittedOffset> = [(of(name, 0), Offset(3).into())].into();
    let refused = admin.alter_group_offsets(name, &one).await.unwrap().remove(0).1;
    assert_eq!(refused.unwrap_err().code, ErrorCode::UNKNOWN_MEMBER_ID, "it has a member");
    let (_, deleted) = admin.delete_groups(&[name]).await.remove(0);
    assert_eq!(deleted.unwrap_err().code(), Some(ErrorCode::NON_EMPTY_GROUP));
    consumer.close(PATIENCE).await.unwrap();
    let removed = admin.remove_members(name, &[MemberToRemove::Instance("one".to_owned())], "a test").await.unwrap();
    removed[0].1.as_ref().unwrap();
    admin.alter_group_offsets(name, &one).await.unwrap().remove(0).1.unwrap();
    let lags = admin.group_lag(name, &[of(name, 1)]).await.unwrap();
    assert_eq!(lags.iter().map(client::PartitionLag::lag).next(), Some(Some(7)));
    admin.delete_group_offsets(name, &[of(name, 0)]).await.unwrap().remove(0).1.unwrap();
    let left = admin.group_offsets(name, None).await.unwrap();
    assert!(left.iter().all(|(partition, _)| *partition != of(name, 0)), "{left:?}");
    admin.delete_groups(&[name]).await.remove(0).1.unwrap();
    let (_, gone) = admin.describe_groups(&[name]).await.unwrap().remove(0);
    assert_eq!(gone.unwrap_err().code, ErrorCode::GROUP_ID_NOT_FOUND);
}

/// KIP-848: a pattern, and topics that come later.
pub async fn a_pattern_finds_its_topics(bootstrap: &str, name: &str) {
    let client = connect(bootstrap).await;
    filled(&client, &format!("{name}-a"), 2, 2).await;
    filled(&client, &format!("{name}-other"), 2, 2).await;
    let mut consumer = client.group_consumer(config(name, GroupProtocol::Consumer, Assignor::Range));
    consumer.subscribe_pattern(&format!("{name}-[ab]")).unwrap();
    until_it_has(&mut consumer, 2).await;
    assert!(consumer.assignment().iter().all(|partition| partition.topic == format!("{name}-a")));
    consumer.subscribe(&[&format!("{name}-other")]);
    while consumer.assignment() != [of(&format!("{name}-other"), 0), of(&format!("{name}-other"), 1)] {
        next(&mut consumer).await;
    }
    let mut classic = client.group_consumer(config(name, GroupProtocol::Classic, Assignor::Range));
    assert!(classic.subscribe_pattern("a").is_err());
}
