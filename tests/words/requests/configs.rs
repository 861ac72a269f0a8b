//! DescribeConfigs, IncrementalAlterConfigs, AlterConfigs, ListConfigResources.

use kafka_protocol::messages::alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::incremental_alter_configs_request as incremental;
use kafka_protocol::messages::{
    AlterConfigsRequest, DescribeConfigsRequest, IncrementalAlterConfigsRequest, ListConfigResourcesRequest,
    RequestKind,
};

use super::topics::created;
use super::{Case, case, text};

const UNKNOWN: i8 = 0;
const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const LOGGER: i8 = 8;
const CLIENT_METRICS: i8 = 16;
const GROUP: i8 = 32;

const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;
const SUBTRACT: i8 = 3;

pub fn cases() -> Vec<Case> {
    let mut cases = vec![created("config", 1, &[("retention.ms", "5000000")])];
    [described(), altered(), replaced(), listed()].into_iter().for_each(|more| cases.extend(more));
    cases
}

fn described() -> Vec<Case> {
    let resources: &[(&str, i8, &'static str)] = &[
        ("a topic", TOPIC, "config"),
        ("a topic that is not there", TOPIC, "nothing"),
        ("an illegal topic", TOPIC, "a/b"),
        ("an empty topic", TOPIC, ""),
        ("the broker", BROKER, "1"),
        ("all brokers", BROKER, ""),
        ("another broker", BROKER, "9"),
        ("a broker that is no number", BROKER, "x"),
        ("an unknown kind", UNKNOWN, "x"),
        ("a kind of 99", 99, "x"),
        ("a kind of 1", 1, "x"),
        ("client metrics that are not there", CLIENT_METRICS, "x"),
        ("client metrics without a name", CLIENT_METRICS, ""),
        ("a group", GROUP, "g"),
        ("a group without a name", GROUP, ""),
        ("loggers of another broker", LOGGER, "9"),
        ("loggers of all brokers", LOGGER, ""),
    ];
    let of = |&(name, kind, resource): &(&str, i8, &'static str)| {
        case(format!("describe {name}"), 1..=4, move |_, _| describe(kind, resource, None, true))
    };
    let mut cases: Vec<Case> = resources.iter().map(of).collect();
    cases.extend([
        case("describe one key", 1..=4, |_, _| describe(TOPIC, "config", Some(&["retention.ms"]), true)),
        case("describe one key without synonyms", 1..=4, |_, _| {
            describe(TOPIC, "config", Some(&["retention.ms"]), false)
        }),
        case("describe a key that is not", 1..=4, |_, _| describe(TOPIC, "config", Some(&["no.such.key"]), true)),
        case("describe no key", 1..=4, |_, _| describe(TOPIC, "config", Some(&[]), true)),
        case("describe a key twice", 4..=4, |_, _| {
            describe(TOPIC, "config", Some(&["retention.ms", "retention.ms"]), true)
        }),
        case("describe a few keys of the broker", 1..=4, |_, _| {
            describe(BROKER, "1", Some(&["log.retention.ms", "log.retention.hours", "num.partitions", "node.id"]), true)
        }),
        case("describe with documentation", 3..=4, |_, _| match describe(TOPIC, "config", None, true) {
            RequestKind::DescribeConfigs(request) => {
                RequestKind::DescribeConfigs(request.with_include_documentation(true))
            }
            other => other,
        }),
        case("describe a topic twice", 4..=4, |_, _| {
            let resource = DescribeConfigsResource::default()
                .with_resource_type(TOPIC)
                .with_resource_name(text("config"))
                .with_configuration_keys(Some(vec![text("segment.ms")]));
            RequestKind::DescribeConfigs(
                DescribeConfigsRequest::default().with_resources(vec![resource.clone(), resource]),
            )
        }),
        case("describe a topic and a kind of 99", 1..=4, |_, _| {
            let of =
                |kind| DescribeConfigsResource::default().with_resource_type(kind).with_resource_name(text("config"));
            RequestKind::DescribeConfigs(DescribeConfigsRequest::default().with_resources(vec![of(TOPIC), of(99)]))
        }),
        case("describe nothing", 1..=4, |_, _| RequestKind::DescribeConfigs(DescribeConfigsRequest::default())),
    ]);
    cases
}

/// Kind, name, key, operation, value.
type Change = (&'static str, i8, &'static str, &'static str, i8, Option<&'static str>);

const CHANGES: &[Change] = &[
    ("set", TOPIC, "config", "retention.ms", SET, Some("6000000")),
    ("set to null", TOPIC, "config", "retention.ms", SET, None),
    ("set to nothing", TOPIC, "config", "retention.ms", SET, Some("")),
    ("set to a word", TOPIC, "config", "retention.ms", SET, Some("x")),
    ("set a key that is not", TOPIC, "config", "no.such.key", SET, Some("1")),
    ("set an empty key", TOPIC, "config", "", SET, Some("1")),
    ("delete", TOPIC, "config", "retention.ms", DELETE, None),
    ("delete with a value", TOPIC, "config", "retention.ms", DELETE, Some("1")),
    ("delete a key that is not", TOPIC, "config", "no.such.key", DELETE, None),
    ("append", TOPIC, "config", "cleanup.policy", APPEND, Some("compact")),
    ("append what is there", TOPIC, "config", "cleanup.policy", APPEND, Some("compact")),
    ("append nonsense", TOPIC, "config", "cleanup.policy", APPEND, Some("burn")),
    ("append null", TOPIC, "config", "cleanup.policy", APPEND, None),
    ("append to a number", TOPIC, "config", "retention.ms", APPEND, Some("1")),
    ("subtract", TOPIC, "config", "cleanup.policy", SUBTRACT, Some("compact")),
    ("subtract what is not there", TOPIC, "config", "cleanup.policy", SUBTRACT, Some("compact")),
    ("subtract the last", TOPIC, "config", "cleanup.policy", SUBTRACT, Some("delete")),
    ("subtract from a number", TOPIC, "config", "retention.ms", SUBTRACT, Some("1")),
    ("operation 9", TOPIC, "config", "retention.ms", 9, Some("1")),
    ("operation -1", TOPIC, "config", "retention.ms", -1, Some("1")),
    ("set of nothing", TOPIC, "nothing", "retention.ms", SET, Some("1")),
    ("set of an illegal topic", TOPIC, "a/b", "retention.ms", SET, Some("1")),
    ("set of an empty topic", TOPIC, "", "retention.ms", SET, Some("1")),
    ("set of the broker", BROKER, "1", "log.retention.ms", SET, Some("7000000")),
    ("set of all brokers", BROKER, "", "log.retention.ms", SET, Some("8000000")),
    ("delete of the broker", BROKER, "1", "log.retention.ms", DELETE, None),
    ("delete of all brokers", BROKER, "", "log.retention.ms", DELETE, None),
    ("set a static key of the broker", BROKER, "1", "num.partitions", SET, Some("5")),
    ("set the broker's id", BROKER, "1", "node.id", SET, Some("5")),
    ("set a bad value of the broker", BROKER, "1", "log.retention.ms", SET, Some("x")),
    ("set of another broker", BROKER, "9", "log.retention.ms", SET, Some("1")),
    ("set of a broker that is no number", BROKER, "x", "log.retention.ms", SET, Some("1")),
    ("set of an unknown kind", UNKNOWN, "x", "a", SET, Some("1")),
    ("set of a kind of 99", 99, "x", "a", SET, Some("1")),
    ("set of client metrics", CLIENT_METRICS, "cm", "interval.ms", SET, Some("1000")),
    ("set of client metrics too often", CLIENT_METRICS, "cm", "interval.ms", SET, Some("1")),
    ("set of client metrics without a name", CLIENT_METRICS, "", "interval.ms", SET, Some("1000")),
    ("set a key that client metrics lack", CLIENT_METRICS, "cm", "retention.ms", SET, Some("1000")),
    ("set of a group", GROUP, "cg", "consumer.session.timeout.ms", SET, Some("46000")),
    ("set of a group without a name", GROUP, "", "consumer.session.timeout.ms", SET, Some("46000")),
    ("set a key that groups lack", GROUP, "cg", "retention.ms", SET, Some("46000")),
    ("set of a logger that is not", LOGGER, "1", "no.such.logger", SET, Some("INFO")),
    ("set of a logger of another broker", LOGGER, "9", "root", SET, Some("INFO")),
];

fn altered() -> Vec<Case> {
    let of = |&(name, kind, resource, key, operation, value): &Change| {
        case(format!("alter: {name}"), 0..=1, move |_, _| {
            alter(vec![changed(kind, resource, &[(key, operation, value)])], false)
        })
    };
    let mut cases: Vec<Case> = CHANGES.iter().map(of).collect();
    cases.extend([
        case("alter: a key twice", 1..=1, |_, _| {
            let ops = [("retention.ms", SET, Some("1")), ("retention.ms", DELETE, None)];
            alter(vec![changed(TOPIC, "config", &ops)], false)
        }),
        case("alter: a resource twice", 1..=1, |_, _| {
            let resource = changed(TOPIC, "config", &[("retention.ms", SET, Some("1"))]);
            alter(vec![resource.clone(), resource], false)
        }),
        case("alter: nothing", 0..=1, |_, _| alter(vec![], false)),
        case("alter: no keys", 0..=1, |_, _| alter(vec![changed(TOPIC, "config", &[])], false)),
        case("alter: only validate", 0..=1, |_, _| {
            alter(vec![changed(TOPIC, "config", &[("retention.ms", SET, Some("123"))])], true)
        }),
        case("alter: validate what is bad", 0..=1, |_, _| {
            alter(vec![changed(TOPIC, "config", &[("retention.ms", SET, Some("x"))])], true)
        }),
        case("alter: good and bad resources", 1..=1, |_, _| {
            let resources = vec![
                changed(TOPIC, "config", &[("segment.ms", SET, Some("70000"))]),
                changed(TOPIC, "nothing", &[("segment.ms", SET, Some("70000"))]),
                changed(TOPIC, "config-2", &[("segment.ms", SET, Some("x"))]),
            ];
            alter(resources, false)
        }),
        case("alter: then described", 4..=4, |_, _| describe(TOPIC, "config", None, true)),
    ]);
    cases
}

/// Name of the case, kind, name of the resource, configs.
type Replacement = (&'static str, i8, &'static str, &'static [(&'static str, Option<&'static str>)]);

fn replaced() -> Vec<Case> {
    let changes: &[Replacement] = &[
        ("one key", TOPIC, "config", &[("retention.ms", Some("4000000"))]),
        ("null", TOPIC, "config", &[("retention.ms", None)]),
        ("a bad value", TOPIC, "config", &[("retention.ms", Some("x"))]),
        ("a key that is not", TOPIC, "config", &[("no.such.key", Some("1"))]),
        ("a key twice", TOPIC, "config", &[("retention.ms", Some("1")), ("retention.ms", Some("2"))]),
        ("no keys", TOPIC, "config", &[]),
        ("of nothing", TOPIC, "nothing", &[("retention.ms", Some("1"))]),
        ("of the broker", BROKER, "1", &[("log.retention.ms", Some("4000000"))]),
        ("of the broker, nothing", BROKER, "1", &[]),
        ("of an unknown kind", UNKNOWN, "x", &[("a", Some("1"))]),
        ("of a broker that is no number", BROKER, "x", &[("log.retention.ms", Some("4000000"))]),
    ];
    let of = |&(name, kind, resource, configs): &Replacement| {
        case(format!("replace: {name}"), 0..=2, move |_, _| {
            let config = |&(key, value): &(&str, Option<&str>)| {
                AlterableConfig::default().with_name(text(key)).with_value(value.map(text))
            };
            let resource = AlterConfigsResource::default()
                .with_resource_type(kind)
                .with_resource_name(text(resource))
                .with_configs(configs.iter().map(config).collect());
            RequestKind::AlterConfigs(AlterConfigsRequest::default().with_resources(vec![resource]))
        })
    };
    changes.iter().map(of).collect()
}

fn listed() -> Vec<Case> {
    let of = |&(name, kinds): &(&str, &'static [i8])| {
        case(format!("resources {name}"), 1..=1, move |_, _| {
            RequestKind::ListConfigResources(ListConfigResourcesRequest::default().with_resource_types(kinds.to_vec()))
        })
    };
    let mut cases =
        vec![case("resources", 0..=0, |_, _| RequestKind::ListConfigResources(ListConfigResourcesRequest::default()))];
    let asked: &[(&str, &'static [i8])] = &[
        ("of client metrics", &[CLIENT_METRICS]),
        ("of groups", &[GROUP]),
        ("of brokers", &[BROKER]),
        ("of kind 99", &[99]),
    ];
    cases.extend(asked.iter().map(of));
    cases
}

fn describe(kind: i8, name: &str, keys: Option<&[&str]>, synonyms: bool) -> RequestKind {
    let resource = DescribeConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(text(name))
        .with_configuration_keys(keys.map(|keys| keys.iter().map(|key| text(key)).collect()));
    let request = DescribeConfigsRequest::default().with_resources(vec![resource]).with_include_synonyms(synonyms);
    RequestKind::DescribeConfigs(request)
}

fn changed(kind: i8, name: &str, ops: &[(&str, i8, Option<&str>)]) -> incremental::AlterConfigsResource {
    let config = |&(key, operation, value): &(&str, i8, Option<&str>)| {
        incremental::AlterableConfig::default()
            .with_name(text(key))
            .with_config_operation(operation)
            .with_value(value.map(text))
    };
    incremental::AlterConfigsResource::default()
        .with_resource_type(kind)
        .with_resource_name(text(name))
        .with_configs(ops.iter().map(config).collect())
}

fn alter(resources: Vec<incremental::AlterConfigsResource>, validate_only: bool) -> RequestKind {
    let request = IncrementalAlterConfigsRequest::default().with_resources(resources).with_validate_only(validate_only);
    RequestKind::IncrementalAlterConfigs(request)
}
