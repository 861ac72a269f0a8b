//! Configs of topics and brokers while the broker runs: DescribeConfigs, IncrementalAlterConfigs, AlterConfigs.

use std::process::Command;

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{DescribeConfigsResourceResult, DescribeConfigsResult};
use kafka_protocol::messages::{
    AlterConfigsRequest, DescribeConfigsRequest, IncrementalAlterConfigsRequest, MetadataRequest,
    alter_configs_request, incremental_alter_configs_request as incremental,
};
use kafka_protocol::protocol::StrBytes;
use serde_json::Value;

use crate::harness::{Broker, OTTLA, unique};
use crate::raw::{Connection, error_name};
use crate::tools::{output_of, run};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;
const CLIENT_METRICS: i8 = 16;
const GROUP: i8 = 32;
const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;

/// Key, operation, value.
type Op<'a> = (&'a str, i8, Option<&'a str>);

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

fn resource(resource_type: i8, name: &str, ops: &[Op<'_>]) -> incremental::AlterConfigsResource {
    let config = |&(key, operation, value): &Op<'_>| {
        incremental::AlterableConfig::default()
            .with_name(text(key))
            .with_config_operation(operation)
            .with_value(value.map(text))
    };
    incremental::AlterConfigsResource::default()
        .with_resource_type(resource_type)
        .with_resource_name(text(name))
        .with_configs(ops.iter().map(config).collect())
}

impl Connection {
    /// Kafka's names of the errors, in the order of the request.
    fn alter(&mut self, resources: Vec<incremental::AlterConfigsResource>) -> Vec<String> {
        let names: Vec<_> = resources.iter().map(|resource| resource.resource_name.clone()).collect();
        let response = self.call(1, &IncrementalAlterConfigsRequest::default().with_resources(resources));
        assert_eq!(response.responses.iter().map(|result| result.resource_name.clone()).collect::<Vec<_>>(), names);
        response.responses.iter().map(|result| error_name(result.error_code)).collect()
    }

    fn alter_one(&mut self, resource_type: i8, name: &str, ops: &[Op<'_>]) -> String {
        self.alter(vec![resource(resource_type, name, ops)]).remove(0)
    }

    fn describe(&mut self, resource_type: i8, name: &str, keys: Option<&[&str]>) -> DescribeConfigsResult {
        let resource = DescribeConfigsResource::default()
            .with_resource_type(resource_type)
            .with_resource_name(text(name))
            .with_configuration_keys(keys.map(|keys| keys.iter().map(|key| text(key)).collect()));
        let request = DescribeConfigsRequest::default().with_resources(vec![resource]).with_include_synonyms(true);
        self.call(4, &request).results.remove(0)
    }

    /// The value of a topic's config and where it comes from.
    fn config(&mut self, topic: &str, key: &str) -> (String, i8) {
        let config = self.describe(TOPIC, topic, Some(&[key])).configs.remove(0);
        (config.value.unwrap().to_string(), config.config_source)
    }

    /// The value of a topic's config once Apache Kafka's broker has heard of the change too.
    fn awaited_config(&mut self, topic: &str, key: &str, expected: (&str, i8)) {
        let deadline = std::time::Instant::now() + crate::harness::PATIENCE;
        let expected = (expected.0.to_owned(), expected.1);
        while self.config(topic, key) != expected {
            assert!(std::time::Instant::now() < deadline, "{key} is {:?}, not {expected:?}", self.config(topic, key));
        }
    }

    fn broker_id(&mut self) -> String {
        self.call(12, &MetadataRequest::default().with_topics(Some(Vec::new()))).brokers[0].node_id.0.to_string()
    }
}

fn synonyms(config: &DescribeConfigsResourceResult) -> Vec<(String, String, i8)> {
    let one = |place: &kafka_protocol::messages::describe_configs_response::DescribeConfigsSynonym| {
        (place.name.to_string(), place.value.as_deref().unwrap_or("null").to_owned(), place.source)
    };
    config.synonyms.iter().map(one).collect()
}

#[test]
fn a_topic_tells_all_its_configs_with_types_and_sources() {
    let broker = Broker::start();
    let topic = unique("described");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    assert_eq!(connection.alter_one(TOPIC, &topic, &[("segment.bytes", SET, Some("2000000"))]), "None");
    connection.awaited_config(&topic, "segment.bytes", ("2000000", 1));
    let described = connection.describe(TOPIC, &topic, None);
    assert_eq!(error_name(described.error_code), "None");
    assert_eq!(described.configs.len(), 33, "every topic key of Kafka 4.3");
    let find = |key: &str| described.configs.iter().find(|config| &*config.name == key).unwrap();
    let segment = find("segment.bytes");
    assert_eq!((segment.config_type, segment.read_only, segment.is_sensitive), (3, false, false));
    assert_eq!(segment.documentation, None);
    let default = ("log.segment.bytes".to_owned(), "1073741824".to_owned(), 5);
    assert_eq!(synonyms(segment), [("segment.bytes".to_owned(), "2000000".to_owned(), 1), default]);
    let flush = find("flush.ms");
    assert_eq!((flush.value.as_deref(), flush.config_source, flush.config_type), (Some("9223372036854775807"), 5, 5));
    assert_eq!(synonyms(flush), [], "the broker's key has no default of its own");
    assert_eq!(find("cleanup.policy").config_type, 7);
    assert_eq!(find("preallocate").config_type, 1);
    assert_eq!(find("min.cleanable.dirty.ratio").config_type, 6);
}

#[test]
fn only_the_keys_that_are_asked_for_are_told_and_synonyms_only_when_asked() {
    let broker = Broker::start();
    let topic = unique("filtered");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let described = connection.describe(TOPIC, &topic, Some(&["segment.bytes", "no.such.key", "flush.ms"]));
    let mut names: Vec<_> = described.configs.iter().map(|config| config.name.to_string()).collect();
    names.sort();
    assert_eq!(names, ["flush.ms", "segment.bytes"]);
    let resource = DescribeConfigsResource::default()
        .with_resource_type(TOPIC)
        .with_resource_name(text(&topic))
        .with_configuration_keys(Some(Vec::new()));
    for version in 1..=4 {
        let request = DescribeConfigsRequest::default().with_resources(vec![resource.clone()]);
        let described = connection.call(version, &request).results.remove(0);
        assert_eq!(described.configs.len(), 33, "version {version}: no keys are all keys");
        assert!(described.configs.iter().all(|config| config.synonyms.is_empty()));
    }
}

#[test]
fn what_cannot_be_described_has_kafkas_error() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    let mut error = |resource_type, name| error_name(connection.describe(resource_type, name, None).error_code);
    assert_eq!(error(TOPIC, "no-such-topic"), "UnknownTopicOrPartition");
    assert_eq!(error(TOPIC, "a/b"), "InvalidTopicException");
    assert_eq!(error(TOPIC, ""), "InvalidTopicException");
    assert_eq!(error(BROKER, "4711"), "InvalidRequest");
    assert_eq!(error(BROKER, "me"), "InvalidRequest");
}

/// Apache Kafka does so without end: a request of 100 MiB that names one topic would make an answer of many gigabytes.
#[test]
fn a_resource_is_described_again_as_long_as_the_answer_has_room() {
    let Some(broker) = Broker::own(&[]) else { return };
    let topic = unique("described-again");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let resource = DescribeConfigsResource::default().with_resource_type(TOPIC).with_resource_name(text(&topic));
    let request = DescribeConfigsRequest::default().with_resources(vec![resource; 400]);
    let results = connection.call(4, &request).results;
    let told = results.iter().take_while(|result| result.configs.len() == 33 && result.error_code == 0).count();
    assert_eq!(told, 1 + 10_000usize.div_ceil(33));
    let refused = |result: &DescribeConfigsResult| {
        error_name(result.error_code) == "PolicyViolation" && result.configs.is_empty()
    };
    assert!(results[told..].iter().all(refused) && results.len() == 400);
}

#[test]
fn a_config_is_set_and_deleted_and_survives_a_restart() {
    let Some(mut broker) = Broker::own(&[]) else { return };
    let topic = unique("altered");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let ops = [("segment.bytes", SET, Some("2000000")), ("max.message.bytes", SET, Some("5000"))];
    assert_eq!(connection.alter_one(TOPIC, &topic, &ops), "None");
    assert_eq!(connection.alter_one(TOPIC, &topic, &[("max.message.bytes", DELETE, None)]), "None");
    broker.kill();
    broker.start_again();
    let mut connection = Connection::open(&broker);
    assert_eq!(connection.config(&topic, "segment.bytes"), ("2000000".to_owned(), 1));
    assert_eq!(connection.config(&topic, "max.message.bytes"), ("1048588".to_owned(), 5));
}

#[test]
fn every_bad_change_has_kafkas_error_and_changes_nothing() {
    let broker = Broker::start();
    let topic = unique("refused");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let good = ("segment.bytes", SET, Some("2000000"));
    let table: &[(i8, &str, &[Op<'_>], &str)] = &[
        (TOPIC, "no-such-topic", &[good], "UnknownTopicOrPartition"),
        (TOPIC, "a/b", &[good], "InvalidTopicException"),
        (TOPIC, "", &[good], "InvalidRequest"),
        (TOPIC, &topic, &[good, ("no.such.key", SET, Some("1"))], "InvalidConfig"),
        (TOPIC, &topic, &[good, ("max.message.bytes", SET, Some("many"))], "InvalidConfig"),
        (TOPIC, &topic, &[good, ("max.message.bytes", SET, Some("-1"))], "InvalidConfig"),
        (TOPIC, &topic, &[good, ("max.message.bytes", SET, None)], "InvalidRequest"),
        (TOPIC, &topic, &[good, ("max.message.bytes", APPEND, Some("1"))], "InvalidConfig"),
        (BROKER, "", &[("log.segment.bytes", 4, Some("1"))], "InvalidRequest"),
        (TOPIC, &topic, &[good, ("segment.bytes", DELETE, None)], "InvalidRequest"),
        (BROKER, "4711", &[("log.segment.bytes", SET, Some("2000000"))], "InvalidRequest"),
        (BROKER, "me", &[("log.segment.bytes", SET, Some("2000000"))], "InvalidRequest"),
        (BROKER, "", &[("node.id", SET, Some("7"))], "InvalidRequest"),
        (BROKER, "", &[("log.segment.bytes", SET, Some("many"))], "InvalidRequest"),
        (BROKER, "", &[("num.io.threads", APPEND, Some("3"))], "InvalidConfig"),
        (CLIENT_METRICS, "", &[("metrics", SET, Some("a"))], "InvalidRequest"),
        (CLIENT_METRICS, "m", &[("interval.ms", SET, Some("50"))], "InvalidRequest"),
        (CLIENT_METRICS, "m", &[("match", SET, Some("bogus=1"))], "InvalidConfig"),
        (CLIENT_METRICS, "m", &[("metrics", APPEND, Some("a"))], "InvalidConfig"),
        (GROUP, "", &[("consumer.session.timeout.ms", SET, Some("46000"))], "InvalidRequest"),
        (GROUP, "g", &[("consumer.session.timeout.ms", SET, Some("1"))], "InvalidConfig"),
        (GROUP, "g", &[("no.such.key", SET, Some("1"))], "InvalidConfig"),
        (99, &topic, &[good], "InvalidRequest"),
    ];
    for (resource_type, name, ops, expected) in table {
        assert_eq!(connection.alter_one(*resource_type, name, ops), *expected, "{resource_type} {name:?} {ops:?}");
    }
    if broker.is_ours() {
        // Apache Kafka says UNKNOWN_SERVER_ERROR here.
        let unknown = connection.alter_one(TOPIC, &topic, &[good, ("max.message.bytes", 4, Some("1"))]);
        assert_eq!(unknown, "InvalidRequest");
    }
    assert_eq!(connection.config(&topic, "segment.bytes").0, "1073741824");
}

#[test]
fn a_resource_named_twice_is_refused_and_others_are_changed() {
    let broker = Broker::start();
    let (twice, once) = (unique("twice"), unique("once"));
    let mut connection = Connection::open(&broker);
    connection.create_topic(&twice, 1);
    connection.create_topic(&once, 1);
    let ops = [("segment.bytes", SET, Some("2000000"))];
    let resources = [&twice, &once, &twice].map(|topic| resource(TOPIC, topic, &ops));
    assert_eq!(connection.alter(resources.into()), ["InvalidRequest", "None", "InvalidRequest"]);
    connection.awaited_config(&once, "segment.bytes", ("2000000", 1));
    assert_eq!(connection.config(&twice, "segment.bytes").0, "1073741824");
}

#[test]
fn validating_only_says_what_would_be_and_changes_nothing() {
    let broker = Broker::start();
    let topic = unique("validated");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    for (value, expected) in [("2000000", "None"), ("many", "InvalidConfig")] {
        let resources = vec![resource(TOPIC, &topic, &[("segment.bytes", SET, Some(value))])];
        let request = IncrementalAlterConfigsRequest::default().with_resources(resources).with_validate_only(true);
        let response = connection.call(0, &request);
        assert_eq!(error_name(response.responses[0].error_code), expected);
    }
    assert_eq!(connection.config(&topic, "segment.bytes").0, "1073741824");
}

#[test]
fn alter_configs_of_old_replaces_everything() {
    let broker = Broker::start();
    let topic = unique("replaced");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    assert_eq!(connection.alter_one(TOPIC, &topic, &[("segment.bytes", SET, Some("2000000"))]), "None");
    let config = alter_configs_request::AlterableConfig::default()
        .with_name(text("flush.ms"))
        .with_value(Some(text("9223372036854775807")));
    let resource = alter_configs_request::AlterConfigsResource::default()
        .with_resource_type(TOPIC)
        .with_resource_name(text(&topic))
        .with_configs(vec![config]);
    for version in 0..=2 {
        let request = AlterConfigsRequest::default().with_resources(vec![resource.clone()]);
        let response = connection.call(version, &request);
        assert_eq!(error_name(response.responses[0].error_code), "None", "version {version}");
    }
    connection.awaited_config(&topic, "flush.ms", ("9223372036854775807", 1));
    connection.awaited_config(&topic, "segment.bytes", ("1073741824", 5));
}

/// Also the order of precedence (KIP-226). One test, as there is one broker.
#[test]
fn a_brokers_dynamic_config_is_the_default_of_its_topics() {
    let Some(broker) = Broker::own(&["--set", "log.segment.bytes=2000000", "--set", "no.such.key=s3cret"]) else {
        return;
    };
    let topic = unique("defaults");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let id = connection.broker_id();
    assert_eq!(connection.config(&topic, "segment.bytes"), ("2000000".to_owned(), 4));
    assert_eq!(connection.alter_one(BROKER, "", &[("log.segment.bytes", SET, Some("3000000"))]), "None");
    assert_eq!(connection.config(&topic, "segment.bytes"), ("3000000".to_owned(), 3));
    assert_eq!(connection.alter_one(BROKER, &id, &[("log.segment.bytes", SET, Some("4000000"))]), "None");
    assert_eq!(connection.config(&topic, "segment.bytes"), ("4000000".to_owned(), 2));
    assert_eq!(connection.alter_one(TOPIC, &topic, &[("segment.bytes", SET, Some("5000000"))]), "None");
    let config = connection.describe(TOPIC, &topic, Some(&["segment.bytes"])).configs.remove(0);
    let places: Vec<_> = synonyms(&config).into_iter().map(|(_, value, source)| (value, source)).collect();
    let expected = [("5000000", 1), ("4000000", 2), ("3000000", 3), ("2000000", 4), ("1073741824", 5)];
    assert_eq!(places, expected.map(|(value, source)| (value.to_owned(), source)));
    let of_all = connection.describe(BROKER, "", None);
    assert_eq!(of_all.configs.iter().map(|config| &*config.name).collect::<Vec<_>>(), ["log.segment.bytes"]);
    let own = connection.describe(BROKER, &id, None);
    let find = |key: &str| own.configs.iter().find(|config| &*config.name == key).unwrap();
    assert!(find("node.id").read_only && !find("log.segment.bytes").read_only);
    let secret = find("no.such.key");
    assert!(secret.is_sensitive && secret.value.is_none() && secret.synonyms[0].value.is_none());
}

#[test]
fn the_command_line_alters_and_describes_configs() {
    let broker = Broker::start();
    let topic = unique("cli-configs");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, 1);
    let ottla = |args: &[&str]| {
        let mut command = Command::new(OTTLA);
        command.args(["topic"]).args(args).args(["--bootstrap", broker.bootstrap()]);
        command
    };
    output_of(&mut ottla(&["alter", &topic, "--set", "segment.bytes=2000000", "--unset", "max.message.bytes"]), b"");
    connection.awaited_config(&topic, "segment.bytes", ("2000000", 1));
    let described = output_of(&mut ottla(&["describe", &topic, "--configs", "--json"]), b"");
    let described: Value = serde_json::from_slice(&described).unwrap();
    let configs = described["configs"].as_array().unwrap();
    let segment = configs.iter().find(|config| config["key"] == "segment.bytes").unwrap();
    assert_eq!((&segment["value"], &segment["from"]), (&"2000000".into(), &"topic".into()));
    let people = String::from_utf8(output_of(&mut ottla(&["describe", &topic, "--configs"]), b"")).unwrap();
    assert!(people.lines().any(|line| line.split_whitespace().eq(["segment.bytes", "2000000", "topic"])), "{people}");
    let code = |args: &[&str]| run(&mut ottla(args), b"").status.code();
    assert_eq!(code(&["alter", "no-such-topic", "--set", "segment.bytes=2000000"]), Some(4));
    assert_eq!(code(&["alter", &topic, "--set", "no.such.key=1"]), Some(1));
    assert_eq!(code(&["alter", &topic]), Some(2));
}

#[test]
fn groups_and_client_metrics_have_configs_that_survive_a_restart() {
    let Some(mut broker) = Broker::own(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let resources = [(GROUP, "g", "consumer.session.timeout.ms", "46000"), (CLIENT_METRICS, "m", "interval.ms", "100")];
    for (resource_type, name, key, value) in resources {
        assert_eq!(connection.describe(resource_type, name, Some(&[key])).configs[0].config_source, 5);
        assert_eq!(connection.alter_one(resource_type, name, &[(key, SET, Some(value))]), "None");
    }
    broker.kill();
    broker.start_again();
    let mut connection = Connection::open(&broker);
    for ((resource_type, name, key, value), source) in resources.into_iter().zip([8, 7]) {
        let config = connection.describe(resource_type, name, Some(&[key])).configs.remove(0);
        assert_eq!((config.value.as_deref(), config.config_source), (Some(value), source));
        assert_eq!(synonyms(&config)[0], (key.to_owned(), value.to_owned(), source));
        assert_eq!(error_name(connection.describe(resource_type, "", None).error_code), "InvalidRequest");
    }
}

#[test]
fn documentation_is_told_when_it_is_asked_for() {
    let Some(broker) = Broker::own(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let id = connection.broker_id();
    let resource = DescribeConfigsResource::default().with_resource_type(BROKER).with_resource_name(text(&id));
    let request = DescribeConfigsRequest::default()
        .with_resources(vec![resource.with_configuration_keys(None)])
        .with_include_documentation(true);
    let configs = connection.call(4, &request).results.remove(0).configs;
    assert!(configs.len() >= 340, "{}", configs.len());
    assert!(configs.iter().all(|config| config.documentation.as_deref().is_some_and(|doc| doc.ends_with('.'))));
}
