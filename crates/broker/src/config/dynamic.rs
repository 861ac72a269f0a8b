//! Configs that are changed while the node runs: what a topic or a broker may be given.

use std::collections::BTreeMap;

use metadata::ConfigResource;
use metadata::decide::ConfigRules;

use super::definitions::{self, Kind};
use super::support::Rejection;
use super::{TopicConfig, keys, topic};

/// What the controller has to know of configs.
pub const RULES: ConfigRules = ConfigRules { check, list_default };

fn check(resource: &ConfigResource, configs: &BTreeMap<&str, &str>) -> Result<(), String> {
    match resource {
        ConfigResource::Topic(_) => {
            let pairs = configs.iter().map(|(key, value)| (*key, Some(*value)));
            TopicConfig::default().with(pairs).map(drop)
        }
        ConfigResource::Broker(_) | ConfigResource::DefaultBroker => {
            configs.iter().try_for_each(|(key, value)| check_broker_key(key, value))
        }
    }
}

/// The defaults of topic keys can be changed; Kafka can change some others too, which would have no effect here.
fn check_broker_key(name: &str, value: &str) -> Result<(), String> {
    let Some(key) = synonym(name) else {
        return Err(match keys::find(name) {
            Some(_) => format!("Cannot update these configs dynamically: [{name}]"),
            None => format!("Unknown broker config name: {name}"),
        });
    };
    let applied = key.support.apply(&mut TopicConfig::default(), value);
    applied.map(drop).map_err(|rejection| match rejection {
        Rejection::Invalid(reason) => format!("Invalid value {value} for configuration {name}: {reason}"),
        Rejection::Unsupported(reason) => format!("{name}={value} is not supported yet: {reason}"),
    })
}

fn list_default(resource: &ConfigResource, name: &str) -> Option<&'static str> {
    let topic_key = match resource {
        ConfigResource::Topic(_) => name,
        ConfigResource::Broker(_) | ConfigResource::DefaultBroker => synonym(name)?.name,
    };
    definitions::topic(topic_key).filter(|definition| definition.1 == Kind::List).map(|definition| definition.2)
}

/// The topic key whose default the broker's key `name` is.
fn synonym(name: &str) -> Option<&'static topic::TopicKey> {
    topic::KEYS.iter().find(|key| !name.is_empty() && key.broker_synonym == name)
}

#[cfg(test)]
mod tests;
