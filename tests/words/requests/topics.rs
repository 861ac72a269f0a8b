//! CreateTopics, CreatePartitions, DeleteTopics.

use kafka_protocol::messages::create_partitions_request::{CreatePartitionsAssignment, CreatePartitionsTopic};
use kafka_protocol::messages::create_topics_request::{
    CreatableReplicaAssignment, CreatableTopic, CreatableTopicConfig,
};
use kafka_protocol::messages::delete_topics_request::DeleteTopicState;
use kafka_protocol::messages::{
    BrokerId, CreatePartitionsRequest, CreateTopicsRequest, DeleteTopicsRequest, RequestKind,
};
use uuid::Uuid;

use super::{Case, case, text, topic};

pub fn cases() -> Vec<Case> {
    [creations(), configured(), assignments(), more_partitions(), deletions()].into_iter().flatten().collect()
}

fn creations() -> Vec<Case> {
    let long = "x".repeat(250);
    vec![
        case("create a topic", 2..=7, |v, _| create(vec![named(&format!("created-{v}"), 2, 1)])),
        case("create with the defaults", 4..=7, |v, _| create(vec![named(&format!("default-{v}"), -1, -1)])),
        case("defaults that the version lacks", 2..=3, |_, _| create(vec![named("no-default", -1, -1)])),
        case("only validate", 2..=7, |_, _| {
            RequestKind::CreateTopics(
                CreateTopicsRequest::default().with_topics(vec![named("valid", 2, 1)]).with_validate_only(true),
            )
        }),
        case("only validate what exists", 7..=7, |_, _| {
            RequestKind::CreateTopics(
                CreateTopicsRequest::default().with_topics(vec![named("created-7", 2, 1)]).with_validate_only(true),
            )
        }),
        case("create what exists", 2..=7, |_, _| create(vec![named("created-7", 2, 1)])),
        case("create twice in one request", 2..=7, |_, _| create(vec![named("twice", 1, 1), named("twice", 1, 1)])),
        case("create nothing", 2..=7, |_, _| create(vec![])),
        case("a name that is empty", 2..=7, |_, _| create(vec![named("", 1, 1)])),
        case("a name of one dot", 7..=7, |_, _| create(vec![named(".", 1, 1)])),
        case("a name of two dots", 7..=7, |_, _| create(vec![named("..", 1, 1)])),
        case("a name with a slash", 7..=7, |_, _| create(vec![named("a/b", 1, 1)])),
        case("a name that climbs", 7..=7, |_, _| create(vec![named("../../etc", 1, 1)])),
        case("a name with NUL", 7..=7, |_, _| create(vec![named("a\0b", 1, 1)])),
        case("a name with a space", 7..=7, |_, _| create(vec![named("a b", 1, 1)])),
        case("a name with an umlaut", 7..=7, |_, _| create(vec![named("wörter", 1, 1)])),
        case("a name that is too long", 2..=7, move |_, _| create(vec![named(&long, 1, 1)])),
        case("the name of the metadata", 7..=7, |_, _| create(vec![named("__cluster_metadata", 1, 1)])),
        case("a name with a dot", 7..=7, |_, _| create(vec![named("dot.dot", 1, 1)])),
        case("a name that collides", 7..=7, |_, _| create(vec![named("dot_dot", 1, 1)])),
        case("no partitions", 2..=7, |_, _| create(vec![named("bad", 0, 1)])),
        case("-2 partitions", 2..=7, |_, _| create(vec![named("bad", -2, 1)])),
        case("more partitions than anybody has", 7..=7, |_, _| create(vec![named("bad", i32::MAX, 1)])),
        case("no replicas", 2..=7, |_, _| create(vec![named("bad", 1, 0)])),
        case("-2 replicas", 2..=7, |_, _| create(vec![named("bad", 1, -2)])),
        case("more replicas than brokers", 2..=7, |_, _| create(vec![named("bad", 1, 2)])),
        case("good and bad together", 7..=7, |_, _| {
            create(vec![named("good", 1, 1), named("bad", 0, 1), named("bad?", 1, 1)])
        }),
    ]
}

fn configured() -> Vec<Case> {
    let settings: &[(&'static str, Option<&'static str>)] = &[
        ("retention.ms", Some("1000")),
        ("retention.ms", Some("x")),
        ("retention.ms", None),
        ("retention.ms", Some("")),
        ("retention.ms", Some("-2")),
        ("no.such.key", Some("1")),
        ("", Some("1")),
        ("cleanup.policy", Some("compact")),
        ("cleanup.policy", Some("compact,delete")),
        ("cleanup.policy", Some("burn")),
        ("cleanup.policy", Some("")),
        ("cleanup.policy", Some("delete,delete")),
        ("compression.type", Some("gzip")),
        ("compression.type", Some("GZIP")),
        ("min.insync.replicas", Some("0")),
        ("segment.bytes", Some("13")),
        ("max.message.bytes", Some("99999999999")),
        ("unclean.leader.election.enable", Some("yes")),
        ("unclean.leader.election.enable", Some("TRUE")),
        ("min.cleanable.dirty.ratio", Some("1.5")),
        ("message.timestamp.type", Some("LogAppendTime")),
        ("message.timestamp.type", Some("logappendtime")),
        ("leader.replication.throttled.replicas", Some("1:x")),
        ("segment.ms", Some("0")),
        ("retention.bytes", Some(" 5 ")),
        ("message.format.version", Some("2.0")),
        ("message.downconversion.enable", Some("true")),
    ];
    let of = |(at, &(key, value)): (usize, &(&'static str, Option<&'static str>))| {
        let name = format!("configured-{at}");
        case(format!("create with {key:?} = {value:?}"), 7..=7, move |_, _| {
            let config = CreatableTopicConfig::default().with_name(text(key)).with_value(value.map(text));
            create(vec![named(&name, 1, 1).with_configs(vec![config])])
        })
    };
    let mut cases: Vec<Case> = settings.iter().enumerate().map(of).collect();
    cases.push(case("create with a key twice", 7..=7, |_, _| {
        let config =
            |value| CreatableTopicConfig::default().with_name(text("retention.ms")).with_value(Some(text(value)));
        create(vec![named("configured-twice", 1, 1).with_configs(vec![config("1"), config("2")])])
    }));
    cases
}

/// Name of the case, and the replicas of partitions.
type Assignment = (&'static str, &'static [(i32, &'static [i32])]);

fn assignments() -> Vec<Case> {
    let lists: &[Assignment] = &[
        ("of two partitions", &[(0, &[1]), (1, &[1])]),
        ("with a gap", &[(0, &[1]), (2, &[1])]),
        ("that begins at 1", &[(1, &[1])]),
        ("with a negative partition", &[(-1, &[1])]),
        ("to a broker that is not", &[(0, &[9])]),
        ("to a negative broker", &[(0, &[-1])]),
        ("to a broker twice", &[(0, &[1, 1])]),
        ("to nobody", &[(0, &[])]),
        ("of a partition twice", &[(0, &[1]), (0, &[1])]),
        ("that is uneven", &[(0, &[1]), (1, &[1, 1])]),
    ];
    let of = |(at, &(name, list)): (usize, &Assignment)| {
        case(format!("an assignment {name}"), 7..=7, move |_, _| {
            create(vec![named(&format!("assigned-{at}"), -1, -1).with_assignments(assigned(list))])
        })
    };
    let mut cases: Vec<Case> = lists.iter().enumerate().map(of).collect();
    cases.push(case("an assignment and a count", 7..=7, |_, _| {
        create(vec![named("assigned-count", 1, -1).with_assignments(assigned(&[(0, &[1])]))])
    }));
    cases.push(case("an assignment and a factor", 7..=7, |_, _| {
        create(vec![named("assigned-factor", -1, 1).with_assignments(assigned(&[(0, &[1])]))])
    }));
    cases
}

fn more_partitions() -> Vec<Case> {
    vec![
        case("more partitions", 0..=3, |v, _| grow("created-7", 3 + i32::from(v), None)),
        case("as many partitions", 0..=3, |_, _| grow("created-7", 6, None)),
        case("fewer partitions", 0..=3, |_, _| grow("created-7", 2, None)),
        case("0 partitions", 3..=3, |_, _| grow("created-7", 0, None)),
        case("-1 partitions", 3..=3, |_, _| grow("created-7", -1, None)),
        case("more partitions of nothing", 0..=3, |_, _| grow("nothing", 3, None)),
        case("more partitions of an empty name", 3..=3, |_, _| grow("", 3, None)),
        case("more partitions, assigned", 3..=3, |_, _| grow("created-6", 3, Some(&[&[1]]))),
        case("more partitions, too few assigned", 3..=3, |_, _| grow("created-6", 5, Some(&[&[1]]))),
        case("more partitions, too many assigned", 3..=3, |_, _| grow("created-6", 4, Some(&[&[1], &[1]]))),
        case("more partitions, assigned to a broker that is not", 3..=3, |_, _| grow("created-6", 4, Some(&[&[9]]))),
        case("more partitions, assigned to nobody", 3..=3, |_, _| grow("created-6", 4, Some(&[&[]]))),
        case("more partitions, assigned to a broker twice", 3..=3, |_, _| grow("created-6", 4, Some(&[&[1, 1]]))),
        case("more partitions of a topic twice", 3..=3, |_, _| {
            let topic =
                CreatePartitionsTopic::default().with_name(topic("created-6")).with_count(9).with_assignments(None);
            RequestKind::CreatePartitions(CreatePartitionsRequest::default().with_topics(vec![topic.clone(), topic]))
        }),
        case("more partitions, only validated", 0..=3, |_, _| {
            let topic =
                CreatePartitionsTopic::default().with_name(topic("created-6")).with_count(9).with_assignments(None);
            let request = CreatePartitionsRequest::default().with_topics(vec![topic]).with_validate_only(true);
            RequestKind::CreatePartitions(request.with_timeout_ms(10_000))
        }),
        case("more partitions without any time", 0..=3, |_, _| {
            RequestKind::CreatePartitions(match grow("created-6", 9, None) {
                RequestKind::CreatePartitions(request) => request.with_timeout_ms(0).with_validate_only(true),
                _ => CreatePartitionsRequest::default(),
            })
        }),
    ]
}

fn deletions() -> Vec<Case> {
    vec![
        case("delete a topic", 1..=6, |v, _| delete(v, &[&format!("created-{}", v.max(2))])),
        case("delete what is not there", 1..=6, |v, _| delete(v, &["nothing"])),
        case("delete an empty name", 1..=6, |v, _| delete(v, &[""])),
        case("delete nothing", 1..=6, |v, _| delete(v, &[])),
        case("delete a topic twice", 1..=6, |v, _| delete(v, &["dot.dot", "dot.dot"])),
        case("delete by an id that is not there", 6..=6, |_, _| delete_by(None, Uuid::from_u128(77 << 70))),
        case("delete by the id of zeros", 6..=6, |_, _| delete_by(None, Uuid::nil())),
        case("delete by name and id", 6..=6, |_, s| delete_by(Some("default-7"), s.id("default-7"))),
        case("delete by id", 6..=6, |_, s| delete_by(None, s.id("default-7"))),
        case("delete by the id of what was deleted", 6..=6, |_, s| delete_by(None, s.id("default-7"))),
        case("delete good and bad together", 6..=6, |v, _| delete(v, &["good", "nothing"])),
    ]
}

/// The case that creates a topic for those that follow.
pub fn created(name: &'static str, partitions: i32, configs: &'static [(&'static str, &'static str)]) -> Case {
    case(format!("(create {name})"), 7..=7, move |_, _| {
        let config = |&(key, value): &(&str, &str)| {
            CreatableTopicConfig::default().with_name(text(key)).with_value(Some(text(value)))
        };
        create(vec![named(name, partitions, 1).with_configs(configs.iter().map(config).collect())])
    })
}

fn named(name: &str, partitions: i32, replicas: i16) -> CreatableTopic {
    CreatableTopic::default().with_name(topic(name)).with_num_partitions(partitions).with_replication_factor(replicas)
}

fn create(topics: Vec<CreatableTopic>) -> RequestKind {
    RequestKind::CreateTopics(CreateTopicsRequest::default().with_topics(topics).with_timeout_ms(10_000))
}

fn assigned(list: &[(i32, &[i32])]) -> Vec<CreatableReplicaAssignment> {
    let one = |&(partition, brokers): &(i32, &[i32])| {
        CreatableReplicaAssignment::default()
            .with_partition_index(partition)
            .with_broker_ids(brokers.iter().map(|&broker| BrokerId(broker)).collect())
    };
    list.iter().map(one).collect()
}

fn grow(name: &str, count: i32, assignments: Option<&[&[i32]]>) -> RequestKind {
    let one = |brokers: &&[i32]| {
        CreatePartitionsAssignment::default().with_broker_ids(brokers.iter().map(|&broker| BrokerId(broker)).collect())
    };
    let topic = CreatePartitionsTopic::default()
        .with_name(topic(name))
        .with_count(count)
        .with_assignments(assignments.map(|list| list.iter().map(one).collect()));
    RequestKind::CreatePartitions(CreatePartitionsRequest::default().with_topics(vec![topic]).with_timeout_ms(10_000))
}

fn delete(version: i16, names: &[&str]) -> RequestKind {
    let request = DeleteTopicsRequest::default().with_timeout_ms(10_000);
    RequestKind::DeleteTopics(if version < 6 {
        request.with_topic_names(names.iter().map(|name| topic(name)).collect())
    } else {
        let state = |name: &&str| DeleteTopicState::default().with_name(Some(topic(name)));
        request.with_topics(names.iter().map(state).collect())
    })
}

fn delete_by(name: Option<&str>, id: Uuid) -> RequestKind {
    let state = DeleteTopicState::default().with_name(name.map(topic)).with_topic_id(id);
    RequestKind::DeleteTopics(DeleteTopicsRequest::default().with_topics(vec![state]).with_timeout_ms(10_000))
}
