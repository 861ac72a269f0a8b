//! Fetch, with and without sessions.

use kafka_protocol::messages::fetch_request::{FetchPartition, FetchTopic, ForgottenTopic};
use kafka_protocol::messages::{BrokerId, FetchRequest, RequestKind};
use uuid::Uuid;

use super::produce::{good, one};
use super::topics::created;
use super::{Case, case, topic};
use crate::subject::Subject;

const TOPIC: &str = "fetched";

pub fn cases() -> Vec<Case> {
    let mut cases = vec![
        created(TOPIC, 2, &[]),
        case("(fill)", 13..=13, |v, s| one(v, s.id(TOPIC), TOPIC, 0, Some(good()))),
        case("(fill again)", 13..=13, |v, s| one(v, s.id(TOPIC), TOPIC, 0, Some(good()))),
    ];
    cases.extend(alone());
    cases.extend(peculiar());
    cases.extend(epochs());
    cases.extend(limits());
    cases.extend(sessions());
    cases
}

fn alone() -> Vec<Case> {
    let offsets: &[(&str, i32, i64)] = &[
        ("the start", 0, 0),
        ("the middle of a batch", 0, 1),
        ("the end", 0, 4),
        ("past the end", 0, 5),
        ("offset -1", 0, -1),
        ("an empty partition", 1, 0),
        ("partition 9", 9, 0),
        ("partition -1", -1, 0),
    ];
    let of = |&(name, partition, offset): &(&str, i32, i64)| {
        case(format!("fetch {name}"), 4..=18, move |v, s| {
            fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(partition, offset)])])
        })
    };
    offsets.iter().map(of).collect()
}

fn peculiar() -> Vec<Case> {
    vec![
        case("fetch nothing", 4..=18, |v, _| fetch(v, 0, -1, vec![])),
        case("fetch a topic that is not there", 4..=18, |v, _| {
            let topic = FetchTopic::default().with_partitions(vec![at(0, 0)]);
            fetch(
                v,
                0,
                -1,
                vec![if v >= 13 {
                    topic.with_topic_id(Uuid::from_u128(77 << 70))
                } else {
                    topic.with_topic(super::topic("nothing"))
                }],
            )
        }),
        case("fetch the id of zeros", 13..=18, |v, _| {
            fetch(v, 0, -1, vec![FetchTopic::default().with_partitions(vec![at(0, 0)])])
        }),
        case("fetch a partition twice", 4..=18, |v, s| {
            fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(0, 0), at(0, 2)])])
        }),
    ]
}

fn epochs() -> Vec<Case> {
    vec![
        case("fetch in a later epoch", 9..=18, |v, s| {
            fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(0, 0).with_current_leader_epoch(9)])])
        }),
        case("fetch in the leader's epoch", 9..=18, |v, s| {
            fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(0, 0).with_current_leader_epoch(0)])])
        }),
        case("fetch with the last epoch ahead", 12..=18, |v, s| {
            fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(0, 0).with_last_fetched_epoch(9)])])
        }),
        case("fetch with the last epoch", 12..=18, |v, s| {
            fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(0, 2).with_last_fetched_epoch(0)])])
        }),
        case("fetch past the end with the last epoch", 12..=18, |v, s| {
            fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(0, 5).with_last_fetched_epoch(0)])])
        }),
        case("fetch below the start with the last epoch", 12..=18, |v, s| {
            fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(0, -1).with_last_fetched_epoch(0)])])
        }),
    ]
}

fn limits() -> Vec<Case> {
    vec![
        case("fetch one byte", 4..=18, |v, s| {
            fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(0, 0).with_partition_max_bytes(1)])])
        }),
        case("fetch no byte", 4..=18, |v, s| {
            fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(0, 0).with_partition_max_bytes(0)])])
        }),
        case("fetch -1 bytes", 12..=13, |v, s| {
            fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(0, 0).with_partition_max_bytes(-1)])])
        }),
        case("fetch what is committed", 4..=18, |v, s| {
            changed(fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(0, 0)])]), |request| {
                request.with_isolation_level(1)
            })
        }),
        case("fetch with isolation 9", 12..=13, |v, s| {
            changed(fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(0, 0)])]), |request| {
                request.with_isolation_level(9)
            })
        }),
        case("fetch as a replica", 12..=13, |v, s| {
            changed(fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(0, 0)])]), |request| {
                request.with_replica_id(BrokerId(7))
            })
        }),
        case("fetch with a negative wait", 12..=13, |v, s| {
            changed(fetch(v, 0, -1, vec![wanted(v, s, TOPIC, vec![at(0, 4)])]), |request| {
                request.with_max_wait_ms(-1).with_min_bytes(5)
            })
        }),
    ]
}

fn sessions() -> Vec<Case> {
    vec![
        case("session: open", 7..=18, |v, s| fetch(v, 0, 0, vec![wanted(v, s, TOPIC, vec![at(0, 0), at(1, 0)])])),
        case("session: nothing new to ask", 18..=18, |v, s| fetch(v, s.session.get(), 1, vec![])),
        case("session: the wrong epoch", 18..=18, |v, s| fetch(v, s.session.get(), 7, vec![])),
        case("session: move on", 18..=18, |v, s| {
            fetch(v, s.session.get(), 2, vec![wanted(v, s, TOPIC, vec![at(0, 4)])])
        }),
        case("session: nothing has come", 18..=18, |v, s| fetch(v, s.session.get(), 3, vec![])),
        case("session: forget", 18..=18, |v, s| {
            let forgotten = ForgottenTopic::default().with_topic_id(s.id(TOPIC)).with_partitions(vec![0]);
            changed(fetch(v, s.session.get(), 4, vec![]), |request| request.with_forgotten_topics_data(vec![forgotten]))
        }),
        case("session: an error is told", 18..=18, |v, s| {
            fetch(v, s.session.get(), 5, vec![wanted(v, s, TOPIC, vec![at(1, 99)])])
        }),
        case("session: a log that differs", 18..=18, |v, s| {
            fetch(v, s.session.get(), 6, vec![wanted(v, s, TOPIC, vec![at(1, 99).with_last_fetched_epoch(0)])])
        }),
        case("session: names where ids were", 12..=12, |v, s| fetch(v, s.session.get(), 7, vec![])),
        case("session: an unknown one", 7..=18, |v, _| fetch(v, 12345, 1, vec![])),
        case("session: an unknown one begins", 7..=18, |v, _| fetch(v, 12345, 0, vec![])),
        case("session: epoch -2", 18..=18, |v, s| fetch(v, s.session.get(), -2, vec![])),
        case("session: close", 18..=18, |v, s| fetch(v, s.session.get(), -1, vec![])),
        case("session: closed", 18..=18, |v, s| fetch(v, s.session.get(), 1, vec![])),
    ]
}

fn at(partition: i32, offset: i64) -> FetchPartition {
    FetchPartition::default()
        .with_partition(partition)
        .with_fetch_offset(offset)
        .with_current_leader_epoch(-1)
        .with_partition_max_bytes(1 << 20)
}

fn wanted(version: i16, subject: &Subject, name: &str, partitions: Vec<FetchPartition>) -> FetchTopic {
    let wanted = FetchTopic::default().with_partitions(partitions);
    if version >= 13 { wanted.with_topic_id(subject.id(name)) } else { wanted.with_topic(topic(name)) }
}

fn fetch(version: i16, session: i32, epoch: i32, topics: Vec<FetchTopic>) -> RequestKind {
    let request = FetchRequest::default().with_max_bytes(1 << 20).with_topics(topics);
    let request = if version >= 7 { request.with_session_id(session).with_session_epoch(epoch) } else { request };
    RequestKind::Fetch(if version < 15 { request.with_replica_id(BrokerId(-1)) } else { request })
}

fn changed(request: RequestKind, change: impl FnOnce(FetchRequest) -> FetchRequest) -> RequestKind {
    match request {
        RequestKind::Fetch(request) => RequestKind::Fetch(change(request)),
        other => other,
    }
}
