//! AlterConfigs and IncrementalAlterConfigs: each resource is changed whole or not at all.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use super::Decision;
use crate::records::ConfigRecord;
use crate::{ConfigResource, Configs, Image, Record, Refusal, check_topic_name};

/// The most configs that one request may change; more would make a batch that is too large to commit at once.
pub const MAX_CONFIGS_PER_BATCH: usize = 10_000;

/// The longest value of a config in bytes: that of a string in Kafka's protocol.
pub const CONFIG_BYTES_MAX: usize = i16::MAX as usize;

/// Subscriptions to the metrics of clients that there may be; each client is held against all of them.
pub const MAX_SUBSCRIPTIONS: usize = 256;

/// Configs to change.
#[derive(Debug, Clone)]
pub struct AlterConfigs {
    /// By resource.
    pub resources: Vec<ResourceChanges>,
    /// The keys that are not named return to their defaults, as AlterConfigs has it; otherwise they stay.
    pub replace: bool,
    /// Check and answer as if, but change nothing.
    pub validate_only: bool,
    /// Knows which configs there are.
    pub rules: Arc<dyn ConfigRules>,
}

/// Changes of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceChanges {
    /// The resource.
    pub resource: ConfigResource,
    /// By key.
    pub changes: Vec<ConfigChange>,
}

/// A change of one config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigChange {
    /// The key.
    pub key: String,
    /// What happens to it.
    pub operation: ConfigOperation,
    /// The value, of which [`ConfigOperation::Delete`] needs none.
    pub value: Option<String>,
}

/// What happens to a config (KIP-339).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConfigOperation {
    /// It gets the value.
    Set,
    /// It returns to its default.
    Delete,
    /// The value's parts are added to the list, where they are not in it.
    Append,
    /// The value's parts are taken out of the list.
    Subtract,
    /// A code that Kafka gave no meaning.
    Unknown(i8),
}

impl ConfigOperation {
    /// The operation of a code in IncrementalAlterConfigs.
    pub fn from_code(code: i8) -> ConfigOperation {
        match code {
            0 => ConfigOperation::Set,
            1 => ConfigOperation::Delete,
            2 => ConfigOperation::Append,
            3 => ConfigOperation::Subtract,
            other => ConfigOperation::Unknown(other),
        }
    }
}

/// What the controller has to know of configs.
pub trait ConfigRules: fmt::Debug + Send + Sync {
    /// Says whether a resource may have these configs, which are all that it has of its own, and if not, why.
    fn check(&self, resource: &ConfigResource, configs: &BTreeMap<&str, &str>) -> Result<(), Refusal>;

    /// The default of a key whose value is a list; `None` for other keys.
    fn list_default(&self, resource: &ConfigResource, name: &str) -> Option<&'static str>;
}

/// What became of one resource: its configs are changed, or why none of them is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigAlteration {
    /// The resource as requested.
    pub resource: ConfigResource,
    /// Whether it is changed.
    pub result: Result<(), Refusal>,
}

pub(super) fn decide(image: &Image, intent: &AlterConfigs) -> Result<Decision<Vec<ConfigAlteration>>, Refusal> {
    let mut occurrences = HashMap::new();
    for ResourceChanges { resource, .. } in &intent.resources {
        *occurrences.entry(resource).or_insert(0) += 1;
    }
    let (mut records, mut reply) = (Vec::new(), Vec::new());
    let mut subscriptions = image.client_metrics().count();
    for wanted in &intent.resources {
        let decided = match occurrences[&wanted.resource] {
            1 => alter(image, intent, wanted).and_then(|changed| within(&mut subscriptions, image, wanted, changed)),
            _ => Err(Refusal::InvalidRequest("Each resource must appear at most once.".into())),
        };
        let result = decided.map(|changed| records.extend(changed));
        reply.push(ConfigAlteration { resource: wanted.resource.clone(), result });
    }
    if records.len() > MAX_CONFIGS_PER_BATCH {
        let text = format!(
            "the request changes {} configs; at most {MAX_CONFIGS_PER_BATCH} are changed at once",
            records.len()
        );
        return Err(Refusal::PolicyViolation(text));
    }
    if intent.validate_only {
        records.clear();
    }
    Ok(Decision { records, reply })
}

/// Refuses a subscription beyond [`MAX_SUBSCRIPTIONS`].
fn within(
    subscriptions: &mut usize,
    image: &Image,
    wanted: &ResourceChanges,
    changed: Vec<Record>,
) -> Result<Vec<Record>, Refusal> {
    let ConfigResource::ClientMetrics(name) = &wanted.resource else { return Ok(changed) };
    if image.client_metrics().of(name).is_none() && !changed.is_empty() {
        if *subscriptions >= MAX_SUBSCRIPTIONS {
            let text = format!("there are {subscriptions} subscriptions; at most {MAX_SUBSCRIPTIONS} are kept");
            return Err(Refusal::PolicyViolation(text));
        }
        *subscriptions += 1;
    }
    Ok(changed)
}

/// The records that change one resource.
fn alter(image: &Image, intent: &AlterConfigs, wanted: &ResourceChanges) -> Result<Vec<Record>, Refusal> {
    check_shape(&wanted.changes)?;
    check_name(&wanted.resource)?;
    let nothing = Configs::default();
    let current = configs(image, &wanted.resource).unwrap_or(&nothing);
    let mut next: BTreeMap<&str, Option<String>> = BTreeMap::new();
    if intent.replace {
        next.extend(current.iter().map(|(key, _)| (&**key, None)));
    }
    for change in &wanted.changes {
        let value = new_value(intent, &wanted.resource, change, current.value(&change.key))?;
        check_len(&change.key, value.as_deref().unwrap_or_default())?;
        next.insert(&change.key, value);
    }
    check_whole(intent, &wanted.resource, current, &next)?;
    check_existence(image, &wanted.resource)?;
    let changed = next.into_iter().filter(|(key, value)| current.value(key) != value.as_deref());
    Ok(changed.map(|(key, value)| record(&wanted.resource, key, value)).collect())
}

/// A list grows with each APPEND, and what no answer has room for could not be told any more.
fn check_len(key: &str, value: &str) -> Result<(), Refusal> {
    match value.len() {
        0..=CONFIG_BYTES_MAX => Ok(()),
        len => Err(Refusal::InvalidConfig(format!(
            "the value of {key} would have {len} bytes; at most {CONFIG_BYTES_MAX} are taken"
        ))),
    }
}

/// What can be said of a resource's changes without knowing the resource.
fn check_shape(changes: &[ConfigChange]) -> Result<(), Refusal> {
    let mut seen = HashSet::new();
    if !changes.iter().all(|change| seen.insert(&change.key)) {
        return Err(Refusal::InvalidRequest("Error due to duplicate config keys".into()));
    }
    let lacks_value = |change: &&ConfigChange| change.value.is_none() && change.operation != ConfigOperation::Delete;
    let nulls: Vec<&str> = changes.iter().filter(lacks_value).map(|change| &*change.key).collect();
    match nulls.is_empty() {
        true => Ok(()),
        false => Err(Refusal::InvalidRequest(format!("Null value not supported for : {}", nulls.join(", ")))),
    }
}

fn check_name(resource: &ConfigResource) -> Result<(), Refusal> {
    match resource {
        ConfigResource::Topic(name) if name.is_empty() => {
            Err(Refusal::InvalidRequest("Default topic resources are not allowed.".into()))
        }
        ConfigResource::Topic(name) => check_topic_name(name).map_err(|e| Refusal::InvalidTopic(e.told(name))),
        ConfigResource::ClientMetrics(name) if name.is_empty() => {
            Err(Refusal::InvalidRequest("Subscription name can't be empty".into()))
        }
        ConfigResource::Group(name) if name.is_empty() => {
            Err(Refusal::InvalidRequest("Default group resources are not allowed.".into()))
        }
        _ => Ok(()),
    }
}

fn configs<'i>(image: &'i Image, resource: &ConfigResource) -> Option<&'i Configs> {
    match resource {
        ConfigResource::Topic(name) => image.topic(name).map(|topic| &*topic.configs),
        ConfigResource::Broker(id) => image.broker_configs(*id).map(Arc::as_ref),
        ConfigResource::DefaultBroker => Some(image.default_broker_configs()),
        ConfigResource::ClientMetrics(name) => image.client_metrics().of(name).map(Arc::as_ref),
        ConfigResource::Group(name) => image.group_configs().of(name).map(Arc::as_ref),
    }
}

fn new_value(
    intent: &AlterConfigs,
    resource: &ConfigResource,
    change: &ConfigChange,
    current: Option<&str>,
) -> Result<Option<String>, Refusal> {
    let parts = change.value.as_deref().unwrap_or_default();
    let list = || {
        let default = intent.rules.list_default(resource, &change.key).ok_or_else(|| not_a_list(resource, change))?;
        Ok(current.unwrap_or(default).split(',').filter(|part| !part.is_empty()))
    };
    match change.operation {
        ConfigOperation::Set => Ok(change.value.clone()),
        ConfigOperation::Delete => Ok(None),
        ConfigOperation::Append => {
            let mut seen = HashSet::new();
            Ok(Some(joined(list()?.chain(parts.split(',')).filter(|part| seen.insert(*part)))))
        }
        ConfigOperation::Subtract => {
            let gone: HashSet<&str> = parts.split(',').collect();
            Ok(Some(joined(list()?.filter(|part| !gone.contains(part)))))
        }
        ConfigOperation::Unknown(code) => Err(Refusal::InvalidRequest(format!("Unknown operations type {code}"))),
    }
}

fn not_a_list(resource: &ConfigResource, change: &ConfigChange) -> Refusal {
    let operation = if change.operation == ConfigOperation::Append { "APPEND" } else { "SUBTRACT" };
    let key = &change.key;
    Refusal::InvalidConfig(match resource {
        ConfigResource::Broker(_) | ConfigResource::DefaultBroker => {
            format!("Config value {} is not allowed for config key: {key}", operation.to_ascii_lowercase())
        }
        _ => format!("Can't {operation} to key {key} because its type is not LIST."),
    })
}

fn joined<'p>(parts: impl Iterator<Item = &'p str>) -> String {
    parts.collect::<Vec<_>>().join(",")
}

/// A change is judged by all that the resource would have then.
fn check_whole(
    intent: &AlterConfigs,
    resource: &ConfigResource,
    current: &Configs,
    next: &BTreeMap<&str, Option<String>>,
) -> Result<(), Refusal> {
    let mut whole: BTreeMap<&str, &str> = current.iter().map(|(key, value)| (&**key, &**value)).collect();
    for (key, value) in next {
        match value {
            Some(value) => whole.insert(key, value),
            None => whole.remove(key),
        };
    }
    intent.rules.check(resource, &whole)
}

fn check_existence(image: &Image, resource: &ConfigResource) -> Result<(), Refusal> {
    match resource {
        ConfigResource::Topic(name) if image.topic(name).is_none() => {
            Err(Refusal::UnknownTopicOrPartition(format!("The topic '{name}' does not exist.")))
        }
        ConfigResource::Broker(id) if image.broker(*id).is_none() => Err(Refusal::BrokerIdNotRegistered(*id)),
        _ => Ok(()),
    }
}

fn record(resource: &ConfigResource, key: &str, value: Option<String>) -> Record {
    Record::Config(ConfigRecord { resource: resource.clone(), key: key.into(), value: value.map(Arc::from) })
}

#[cfg(test)]
mod tests;
