//! The values in force, each with the places that it could come from (KIP-226).
//!
//! Precedence: a topic's own config, this broker's dynamic config, that of all brokers, the settings at start, the default.
//! Everything here is text as it was written: what is stored was checked before.

use std::borrow::Cow;
use std::collections::BTreeMap;

use metadata::{Configs, Image, Topic};

use super::definitions::{self, BrokerDefinition, Kind, Synonym, TopicDefinition};
use super::{Config, keys, topic};

/// Where a value comes from, as DescribeConfigs numbers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The topic's own config.
    DynamicTopic = 1,
    /// The dynamic config of this broker.
    DynamicBroker = 2,
    /// The dynamic config of all brokers.
    DynamicDefaultBroker = 3,
    /// The settings at start.
    StaticBroker = 4,
    /// Nobody said anything.
    Default = 5,
    /// The level of a logger.
    DynamicBrokerLogger = 6,
}

/// One config of a resource.
#[derive(Debug, PartialEq, Eq)]
pub struct Described<'a> {
    /// Its key.
    pub name: &'a str,
    /// The value in force; `None` when there is none, or it is a secret.
    pub value: Option<Cow<'a, str>>,
    /// Where the value comes from.
    pub source: Source,
    /// It can only be changed by a restart.
    pub read_only: bool,
    /// The type of its values; `None` for a key that nobody knows, which is kept secret.
    pub kind: Option<Kind>,
    /// All places that have a value, the one in force first.
    pub synonyms: Vec<Place<'a>>,
}

/// A value in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place<'a> {
    /// The key there.
    pub name: &'a str,
    /// Its value there; `None` when it is a secret.
    pub value: Option<Cow<'a, str>>,
    /// The place.
    pub source: Source,
}

impl Described<'_> {
    /// Whether its value is not told.
    pub fn is_sensitive(&self) -> bool {
        self.kind.is_none()
    }
}

/// What the brokers' configs are made of.
#[derive(Clone, Copy)]
pub struct Layers<'a> {
    config: &'a Config,
    broker: Option<&'a Configs>,
    default_broker: &'a Configs,
}

impl<'a> Layers<'a> {
    /// Of the node with these settings at start.
    pub fn new(config: &'a Config, image: &'a Image) -> Layers<'a> {
        let broker = image.broker_configs(config.node_id).map(AsRef::as_ref);
        Layers { config, broker, default_broker: image.default_broker_configs() }
    }

    /// All configs of a topic.
    pub fn topic(&self, topic: &'a Topic) -> Vec<Described<'a>> {
        definitions::TOPIC.iter().map(|definition| self.topic_key(definition, &topic.configs)).collect()
    }

    fn topic_key(&self, definition: &TopicDefinition, own: &'a Configs) -> Described<'a> {
        let &TopicDefinition(name, kind, default) = definition;
        let own = own.value(name).map(Cow::Borrowed);
        let mut synonyms = match topic::KEYS.iter().find(|key| key.name == name).map(|key| key.broker_synonym) {
            None | Some("") => Vec::new(),
            Some(synonym) => self.places(synonym, &family(synonym, default)),
        };
        let in_force = own.clone().or_else(|| self.in_force(name)).unwrap_or(Cow::Borrowed(default));
        if own.is_some() {
            synonyms.insert(0, Place { name, value: own, source: Source::DynamicTopic });
        }
        let source = synonyms.first().map_or(Source::Default, |place| place.source);
        Described { name, value: Some(in_force), source, read_only: false, kind: Some(kind), synonyms }
    }

    /// What the broker says of a topic key, the family's first name first, whatever the source.
    fn in_force(&self, topic_key: &str) -> Option<Cow<'a, str>> {
        let synonym = topic::KEYS.iter().find(|key| key.name == topic_key)?.broker_synonym;
        let names = family(synonym, "");
        names.iter().find_map(|&Synonym(name, unit, _)| {
            let (value, _) = self.set(name).next()?;
            Some(in_millis(value, unit))
        })
    }

    /// The values that were set for a broker's key, in order of precedence.
    fn set(&self, name: &str) -> impl Iterator<Item = (&'a str, Source)> + use<'a> {
        let dynamic = self.broker.and_then(|configs| configs.value(name)).map(|value| (value, Source::DynamicBroker));
        let of_all = self.default_broker.value(name).map(|value| (value, Source::DynamicDefaultBroker));
        let at_start = self.config.originals.get(name).map(|value| (value.as_str(), Source::StaticBroker));
        dynamic.into_iter().chain(of_all).chain(at_start)
    }

    /// The places of a broker's setting: by source, then by name. Kafka tells none that come before the first of `name`.
    fn places(&self, name: &str, family: &[Synonym]) -> Vec<Place<'a>> {
        let mut places = Vec::new();
        for source in [Source::DynamicBroker, Source::DynamicDefaultBroker, Source::StaticBroker] {
            for &Synonym(name, _, _) in family {
                let value = self.set(name).find(|(_, from)| *from == source).map(|(value, _)| Cow::Borrowed(value));
                places.extend(value.map(|value| Place { name, value: Some(value), source }));
            }
        }
        let default = |&Synonym(name, _, default): &Synonym| {
            default.map(|value| Place { name, value: Some(Cow::Borrowed(value)), source: Source::Default })
        };
        places.extend(family.iter().filter_map(default));
        let first = places.iter().position(|place| place.name == name).unwrap_or(places.len());
        places.split_off(first)
    }

    /// All configs of this broker: what is obeyed, and what else was set.
    pub fn broker(&self) -> Vec<Described<'a>> {
        let mut found: BTreeMap<&'a str, Described<'a>> = BTreeMap::new();
        let defaults = Config::default();
        for definition in definitions::BROKER {
            found.insert(definition.0, self.own_key(definition, &defaults));
        }
        for key in topic::KEYS.iter().filter(|key| !key.broker_synonym.is_empty()) {
            let default = definitions::topic(key.name).map_or("", |definition| definition.2);
            for synonym in family(key.broker_synonym, default) {
                found.insert(synonym.0, self.synonym_key(key, &synonym, default));
            }
        }
        let dynamic = self.broker.into_iter().flat_map(Configs::iter).map(|(name, _)| &**name);
        let set = self.config.originals.keys().map(String::as_str);
        for name in dynamic.chain(set) {
            found.entry(name).or_insert_with(|| self.other_key(name));
        }
        found.into_values().collect()
    }

    fn own_key(&self, definition: &BrokerDefinition, defaults: &Config) -> Described<'a> {
        let &BrokerDefinition(name, kind, show) = definition;
        let mut synonyms: Vec<Place<'a>> =
            self.set(name).map(|(value, source)| Place { name, value: Some(value.into()), source }).collect();
        synonyms.extend(show(defaults).map(|value| Place { name, value: Some(value.into()), source: Source::Default }));
        let source = synonyms.first().map_or(Source::Default, |place| place.source);
        let value = show(self.config).map(Cow::Owned);
        Described { name, value, source, read_only: true, kind: Some(kind), synonyms }
    }

    fn synonym_key(&self, key: &topic::TopicKey, synonym: &Synonym, default: &'static str) -> Described<'a> {
        let &Synonym(name, _, own_default) = synonym;
        let synonyms = self.places(name, &family(name, default));
        let source = synonyms.first().map_or(Source::Default, |place| place.source);
        let value = self.set(name).next().map(|(value, _)| value).or(own_default).map(Cow::Borrowed);
        let kind = definitions::topic(key.name).map(|definition| definition.1);
        Described { name, value, source, read_only: name != key.broker_synonym, kind, synonyms }
    }

    /// A key that was set although it has no effect.
    fn other_key(&self, name: &'a str) -> Described<'a> {
        let kind = definitions::broker_kind(name).filter(|_| !keys::is_secret(name));
        let told = |value: &'a str| kind.map(|_| Cow::Borrowed(value));
        let synonyms: Vec<Place<'a>> =
            self.set(name).map(|(value, source)| Place { name, value: told(value), source }).collect();
        let source = synonyms.first().map_or(Source::Default, |place| place.source);
        let value = synonyms.first().and_then(|place| place.value.clone());
        Described { name, value, source, read_only: true, kind, synonyms }
    }

    /// The dynamic configs of all brokers.
    pub fn default_broker(&self) -> Vec<Described<'a>> {
        let described = |(name, value): (&'a std::sync::Arc<str>, &'a std::sync::Arc<str>)| {
            let key = topic::KEYS.iter().find(|key| key.broker_synonym == &**name);
            let kind = key.and_then(|key| definitions::topic(key.name)).map(|definition| definition.1);
            let (name, value) = (&**name, kind.map(|_| Cow::Borrowed(&**value)));
            let source = Source::DynamicDefaultBroker;
            let synonyms = vec![Place { name, value: value.clone(), source }];
            Described { name, value, source, read_only: false, kind, synonyms }
        };
        self.default_broker.iter().map(described).collect()
    }
}

/// The names of the setting that has the broker's key `name`.
fn family(name: &'static str, default: &'static str) -> Vec<Synonym> {
    match definitions::family(name) {
        Some(family) => family.iter().map(|&Synonym(name, unit, default)| Synonym(name, unit, default)).collect(),
        None => vec![Synonym(name, 1, Some(default))],
    }
}

/// A value of a coarser unit, in milliseconds. Negative values mean no limit in every unit.
fn in_millis(value: &str, unit: i64) -> Cow<'_, str> {
    match value.trim().parse::<i64>() {
        Ok(count) if unit > 1 && count >= 0 => Cow::Owned(count.saturating_mul(unit).to_string()),
        _ => Cow::Borrowed(value),
    }
}

#[cfg(test)]
mod tests;
