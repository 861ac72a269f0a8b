//! The BROKER_LOGGER resource (KIP-412), for DescribeConfigs and IncrementalAlterConfigs: the levels of this node's log.

use std::collections::HashSet;

use metadata::decide::{ConfigChange, ConfigOperation};
use wire::ErrorCode;

use super::{Level, ROOT};
use crate::config::describe::{Described, Source};
use crate::config::valid::Kind;
use crate::errors::KafkaError;
use crate::node::Node;

/// Kafka's number of the resource type.
pub const BROKER_LOGGER: i8 = 8;

/// The loggers of the node `name` and their levels.
pub fn describe<'a>(node: &'a Node, name: &str) -> Result<Vec<Described<'a>>, KafkaError> {
    let this = node.config.node_id.0;
    match name.parse::<i32>() {
        Ok(id) if id == this => {}
        Ok(_) => return Err(invalid(format!("Unexpected broker id, expected {this} but received {name}"))),
        Err(_) if name.is_empty() => return Err(invalid("Broker id must not be empty".to_owned())),
        Err(_) => return Err(invalid(format!("Broker id must be an integer, but it is: {name}"))),
    }
    let described = |(name, level): (&'a str, Level)| Described {
        name,
        value: Some(level.name().into()),
        source: Source::DynamicBrokerLogger,
        read_only: false,
        kind: Some(Kind::Unknown),
        synonyms: Vec::new(),
        doc: "".into(),
    };
    Ok(node.log_levels.all().into_iter().map(described).collect())
}

/// Changes levels; all of them or, when one is bad, none.
pub fn alter(node: &Node, name: &str, changes: &[ConfigChange], validate_only: bool) -> Result<(), KafkaError> {
    let this = node.config.node_id.0;
    match name.parse::<i32>() {
        Ok(id) if id == this => {}
        Ok(_) => return Err(invalid(format!("Unexpected node id. Expected {this}, but received {name}"))),
        Err(_) => return Err(invalid(format!("Node id must be an integer, but it is: {name}"))),
    }
    let mut seen = HashSet::new();
    if !changes.iter().all(|change| seen.insert(change.key.as_str())) {
        return Err(invalid("Error due to duplicate config keys".to_owned()));
    }
    let decided = changes.iter().map(|change| Ok((change.key.as_str(), decide(node, change)?)));
    let decided: Vec<_> = decided.collect::<Result<_, KafkaError>>()?;
    if validate_only {
        return Ok(());
    }
    decided.iter().for_each(|(logger, level)| {
        tracing::info!(logger, level = level.map_or("inherited", Level::name), "the level of a logger is changed");
    });
    node.log_levels.change(decided).map_err(|error| KafkaError::new(ErrorCode::UNKNOWN_SERVER_ERROR, error))
}

/// The level that a change asks for; `None` inherits.
fn decide(node: &Node, change: &ConfigChange) -> Result<Option<Level>, KafkaError> {
    let logger = change.key.as_str();
    let refused =
        |operation: &str| Err(invalid(format!("{operation} operation is not allowed for the BROKER_LOGGER resource")));
    match change.operation {
        ConfigOperation::Set | ConfigOperation::Delete if !node.log_levels.has(logger) => {
            Err(KafkaError::new(ErrorCode::INVALID_CONFIG, format!("Logger {logger} does not exist!")))
        }
        ConfigOperation::Set => {
            let Some(value) = &change.value else {
                return Err(invalid(format!("Null value not supported for : {logger}")));
            };
            Level::of_kafka(value).map(Some).ok_or_else(|| {
                let text = format!(
                    "Cannot set the log level of {logger} to {value} as it is not a supported log level. Valid log levels are \
                     DEBUG, ERROR, FATAL, INFO, TRACE, WARN"
                );
                KafkaError::new(ErrorCode::INVALID_CONFIG, text)
            })
        }
        ConfigOperation::Delete if logger == ROOT => {
            Err(invalid(format!("Removing the log level of the {ROOT} logger is not allowed")))
        }
        ConfigOperation::Delete => Ok(None),
        ConfigOperation::Append => refused("APPEND"),
        ConfigOperation::Subtract => refused("SUBTRACT"),
        ConfigOperation::Unknown(code) => {
            Err(invalid(format!("Unknown operation type {code} is not allowed for the BROKER_LOGGER resource")))
        }
    }
}

fn invalid(text: String) -> KafkaError {
    KafkaError::new(ErrorCode::INVALID_REQUEST, text)
}
