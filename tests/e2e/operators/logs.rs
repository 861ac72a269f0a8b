//! What is logged changes while the broker runs, as `kafka-configs.sh --entity-type broker-loggers` does it.

use std::time::Instant;

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::incremental_alter_configs_request::{AlterConfigsResource, AlterableConfig};
use kafka_protocol::messages::{DescribeConfigsRequest, IncrementalAlterConfigsRequest};
use kafka_protocol::protocol::StrBytes;
use serde_json::Value;

use crate::harness::{Broker, PATIENCE};
use crate::raw::{Connection, error_name};

const BROKER_LOGGER: i8 = 8;
const SET: i8 = 0;
const DELETE: i8 = 1;
const APPEND: i8 = 2;

fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// Error and message.
fn alter(
    connection: &mut Connection,
    node: &str,
    logger: &str,
    operation: i8,
    level: Option<&str>,
) -> (String, String) {
    let config =
        AlterableConfig::default().with_name(text(logger)).with_config_operation(operation).with_value(level.map(text));
    let resource = AlterConfigsResource::default()
        .with_resource_type(BROKER_LOGGER)
        .with_resource_name(text(node))
        .with_configs(vec![config]);
    let response = connection.call(1, &IncrementalAlterConfigsRequest::default().with_resources(vec![resource]));
    let result = &response.responses[0];
    (error_name(result.error_code), result.error_message.as_ref().map_or(String::new(), |message| message.to_string()))
}

/// The level of a logger, and how it is told: its source, whether it is read-only or a secret, its type.
fn level(connection: &mut Connection, logger: &str) -> (String, (i8, bool, bool, i8)) {
    let resource = DescribeConfigsResource::default().with_resource_type(BROKER_LOGGER).with_resource_name(text("1"));
    let response = connection.call(4, &DescribeConfigsRequest::default().with_resources(vec![resource]));
    let configs = &response.results[0].configs;
    let config = configs.iter().find(|config| &*config.name == logger).expect("a logger of this name");
    let how = (config.config_source, config.read_only, config.is_sensitive, config.config_type);
    (config.value.as_ref().unwrap().to_string(), how)
}

fn awaited_line(broker: &Broker, part: &str) {
    let deadline = Instant::now() + PATIENCE;
    while !broker.stderr().contains(part) {
        assert!(Instant::now() < deadline, "{part:?} is not in\n{}", broker.stderr());
    }
}

#[test]
fn levels_of_loggers_change_while_the_broker_runs() {
    let Some(broker) = Broker::own(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let kafkas = (6, false, false, 0);
    assert_eq!(level(&mut connection, "ottla_net"), ("INFO".to_owned(), kafkas));
    drop(Connection::open(&broker));
    let fine = ("None".to_owned(), String::new());
    let quiet = broker.stderr();
    assert!(!quiet.contains("connection closed"), "{quiet}");
    assert_eq!(alter(&mut connection, "1", "ottla_net", SET, Some("DEBUG")), fine);
    assert_eq!(level(&mut connection, "ottla_net::connection"), ("DEBUG".to_owned(), kafkas));
    drop(Connection::open(&broker));
    awaited_line(&broker, "connection closed");
    assert_eq!(alter(&mut connection, "1", "ottla_net", DELETE, None), fine);
    assert_eq!(level(&mut connection, "ottla_net").0, "INFO");
    assert_eq!(alter(&mut connection, "1", "root", SET, Some("FATAL")), fine);
    assert_eq!(level(&mut connection, "ottla_net").0, "FATAL");
}

/// The texts are Apache Kafka 4.3's.
#[test]
fn bad_changes_of_levels_are_refused_as_kafka_does() {
    let Some(broker) = Broker::own(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let table = [
        (
            "1",
            "ottla_net",
            SET,
            Some("debug"),
            "InvalidConfig",
            "Cannot set the log level of ottla_net to debug as it is not a \
          supported log level. Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN",
        ),
        (
            "1",
            "root",
            SET,
            Some("OFF"),
            "InvalidConfig",
            "Cannot set the log level of root to OFF as it is not a supported log \
          level. Valid log levels are DEBUG, ERROR, FATAL, INFO, TRACE, WARN",
        ),
        ("1", "no.such", SET, Some("INFO"), "InvalidConfig", "Logger no.such does not exist!"),
        ("1", "no.such", DELETE, None, "InvalidConfig", "Logger no.such does not exist!"),
        ("1", "root", DELETE, None, "InvalidRequest", "Removing the log level of the root logger is not allowed"),
        (
            "1",
            "root",
            APPEND,
            Some("INFO"),
            "InvalidRequest",
            "APPEND operation is not allowed for the BROKER_LOGGER resource",
        ),
        ("2", "root", SET, Some("INFO"), "InvalidRequest", "Unexpected node id. Expected 1, but received 2"),
        ("x", "root", SET, Some("INFO"), "InvalidRequest", "Node id must be an integer, but it is: x"),
    ];
    for (node, logger, operation, to, error, message) in table {
        let refused = alter(&mut connection, node, logger, operation, to);
        assert_eq!(refused, (error.to_owned(), message.to_owned()), "{node} {logger} {operation} {to:?}");
    }
    assert_eq!(level(&mut connection, "root").0, "INFO");
}

#[test]
fn log_lines_can_be_json() {
    let Some(mut broker) = Broker::own(&["--log-format", "json", "--log-level", "debug"]) else { return };
    drop(Connection::open(&broker));
    awaited_line(&broker, "connection closed");
    broker.stop();
    let said = broker.stderr();
    let lines: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let closed = lines.iter().find(|line| line["message"] == "connection closed").expect("a line of it");
    assert_eq!((&closed["level"], &closed["target"]), (&"DEBUG".into(), &"ottla_net::connection".into()));
    assert!(closed["peer"].is_string() && closed["reason"].is_string() && closed["timestamp"].is_string(), "{closed}");
}

#[test]
fn peers_that_are_no_clients_cannot_fill_the_log() {
    let Some(mut broker) = Broker::own(&["--set", "num.network.threads=1"]) else { return };
    let began = Instant::now();
    let mut peers: Vec<Connection> = (0..200).map(|_| Connection::open(&broker)).collect();
    for peer in &mut peers {
        peer.send(b"GET / HTTP/1.1\r\n\r\n").unwrap();
        assert_eq!(peer.frame(), None);
    }
    broker.stop();
    let lines = broker.stderr().lines().filter(|line| line.contains("not a request")).count();
    // Five in each sweep, which comes once a second.
    let most = 5 * (began.elapsed().as_secs() + 2);
    assert!((1..=most).contains(&(lines as u64)), "{lines} lines for 200 peers");
}
