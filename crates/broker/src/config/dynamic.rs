//! Configs that are changed while the node runs: what a topic, a broker, a group or a subscription may be given.

use std::collections::BTreeMap;
use std::path::PathBuf;

use metadata::decide::ConfigRules;
use metadata::{ConfigResource, Refusal};

use super::bounds::ConsumerBounds;
use super::key::{Facts, Scope};
use super::support::Rejection;
use super::valid::Kind;
use crate::handlers::is_internal;

use super::{Config, TopicConfig, client_metrics, cordon, group, keys, topic};

/// What the controller has to know of configs.
#[derive(Debug)]
pub struct Rules {
    /// What groups may set.
    pub bounds: ConsumerBounds,
    /// What may be cordoned.
    pub log_dirs: Vec<PathBuf>,
}

impl ConfigRules for Rules {
    fn check(&self, resource: &ConfigResource, configs: &BTreeMap<&str, &str>) -> Result<(), Refusal> {
        check(resource, configs, &self.bounds)?;
        match (resource, configs.get(cordon::KEY)) {
            (ConfigResource::Broker(_), Some(value)) => {
                cordon::check_change(value, &self.log_dirs).map_err(Refusal::InvalidRequest)
            }
            _ => Ok(()),
        }
    }

    fn list_default(&self, resource: &ConfigResource, name: &str) -> Option<&'static str> {
        list_default(resource, name)
    }
}

/// Keys that nobody knows are kept, so their number is bounded.
const BROKER_KEYS_MAX: usize = 1000;

fn check(resource: &ConfigResource, configs: &BTreeMap<&str, &str>, bounds: &ConsumerBounds) -> Result<(), Refusal> {
    match resource {
        ConfigResource::Topic(name) if is_internal(name) => {
            let mut pairs = configs.iter();
            pairs.try_for_each(|(key, value)| topic::check_internal(key, value)).map_err(Refusal::InvalidConfig)
        }
        ConfigResource::Topic(_) => {
            let pairs = configs.iter().map(|(key, value)| (*key, Some(*value)));
            TopicConfig::default().with(pairs).map(drop).map_err(Refusal::InvalidConfig)
        }
        ConfigResource::Broker(_) => check_broker(configs, false),
        ConfigResource::DefaultBroker => check_broker(configs, true),
        ConfigResource::ClientMetrics(_) => client_metrics::check(configs),
        ConfigResource::Group(_) => group::check(configs, bounds),
    }
}

/// As Kafka: what is never dynamic first, then what has to be one listener's, then values, then what has to be one broker's.
fn check_broker(configs: &BTreeMap<&str, &str>, of_all: bool) -> Result<(), Refusal> {
    if configs.len() > BROKER_KEYS_MAX {
        let text = format!("a broker would have {} configs; at most {BROKER_KEYS_MAX} are kept", configs.len());
        return Err(Refusal::PolicyViolation(text));
    }
    let named = |which: &dyn Fn(&str, &Facts) -> bool| -> Vec<&str> {
        let chosen = |name: &&str| keys::find(name).is_some_and(|key| which(name, &key.facts()));
        configs.keys().copied().filter(chosen).collect()
    };
    none(named(&|_, facts| !facts.is_dynamic()), "Cannot update these configs dynamically")?;
    none(
        named(&|name, _| {
            ["ssl.key.", "ssl.keystore.", "ssl.truststore."].iter().any(|prefix| name.starts_with(prefix))
        }),
        "These security configs can be dynamically updated only per-listener using the listener prefix",
    )?;
    configs.iter().try_for_each(|(name, value)| check_broker_key(name, value))?;
    let of_one = named(&|_, facts| of_all && facts.scope == Scope::PerBroker);
    none(of_one, "Cannot update these configs at default cluster level, broker id must be specified")
}

fn none(names: Vec<&str>, reason: &str) -> Result<(), Refusal> {
    match names.is_empty() {
        true => Ok(()),
        false => Err(Refusal::InvalidRequest(format!("{reason}: [{}]", names.join(", ")))),
    }
}

/// A key that nobody knows is kept, as Kafka does; one that would secure a listener is not.
fn check_broker_key(name: &str, value: &str) -> Result<(), Refusal> {
    let base = super::of_any_listener(name);
    let refused = keys::REFUSED_PREFIXES.iter().find(|(prefix, _)| base.starts_with(prefix));
    if let Some((_, reason)) = refused.filter(|_| base != name || keys::find(name).is_none()) {
        return Err(Refusal::InvalidConfig(format!("{name} is not supported yet: {reason}")));
    }
    if base != name {
        let text = format!("{name} is not supported yet: settings of single listeners are not served");
        return Err(Refusal::InvalidConfig(text));
    }
    let Some(key) = keys::find(name) else { return Ok(()) };
    key.apply(&mut Config::default(), value).map_err(|rejection| {
        let text = rejection.text(name, if key.facts().kind == Kind::Password { "[hidden]" } else { value });
        match rejection {
            // KAFKA-13609: brokers say INVALID_REQUEST.
            Rejection::Invalid { .. } => Refusal::InvalidRequest(text),
            Rejection::Unsupported(_) => Refusal::InvalidConfig(text),
        }
    })?;
    match key.is_read_at_start() {
        true => Err(Refusal::InvalidConfig(format!(
            "{name} is read at the start only so far: set it in server.properties and start the broker again"
        ))),
        false => Ok(()),
    }
}

fn list_default(resource: &ConfigResource, name: &str) -> Option<&'static str> {
    let facts = match resource {
        ConfigResource::Topic(_) => topic::KEYS.iter().find(|key| key.facts.name == name)?.facts,
        ConfigResource::Broker(_) | ConfigResource::DefaultBroker => keys::find(name)?.facts(),
        // Kafka takes no key of these for a list.
        ConfigResource::ClientMetrics(_) | ConfigResource::Group(_) => return None,
    };
    (facts.kind == Kind::List).then(|| facts.default.unwrap_or_default())
}

#[cfg(test)]
mod tests;
