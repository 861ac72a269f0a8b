//! The values in force, each with the places that it could come from (KIP-226).
//!
//! Precedence: a topic's own config, this broker's dynamic config, that of all brokers, the settings at start, the default.
//! Everything here is text as it was written: what is stored was checked before.

use std::borrow::Cow;
use std::collections::BTreeMap;

use metadata::{Configs, Image, Topic};

use super::families::{self, Synonym};
use super::key::{Facts, Key, Scope};
use super::keys::BrokerKey;
use super::valid::Kind;
use super::{Config, client_metrics, group, keys, topic};

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
    /// The subscription's own config.
    DynamicClientMetrics = 7,
    /// The group's own config.
    DynamicGroup = 8,
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
    /// What it does, in a sentence.
    pub doc: Cow<'static, str>,
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
        matches!(self.kind, None | Some(Kind::Password))
    }
}

/// What the brokers' configs are made of.
#[derive(Clone, Copy)]
pub struct Layers<'a> {
    config: &'a Config,
    image: &'a Image,
    broker: Option<&'a Configs>,
    default_broker: &'a Configs,
}

impl<'a> Layers<'a> {
    /// Of the node with these settings at start.
    pub fn new(config: &'a Config, image: &'a Image) -> Layers<'a> {
        let broker = image.broker_configs(config.node_id).map(AsRef::as_ref);
        Layers { config, image, broker, default_broker: image.default_broker_configs() }
    }

    /// All configs of a topic.
    pub fn topic(&self, topic: &'a Topic) -> Vec<Described<'a>> {
        let keys =
            topic::KEYS.iter().filter(|key| !key.facts.internal || topic.configs.value(key.facts.name).is_some());
        keys.map(|key| self.topic_key(&key.facts, &topic.configs)).collect()
    }

    fn topic_key(&self, facts: &'static Facts, own: &'a Configs) -> Described<'a> {
        let own = own.value(facts.name);
        let mut synonyms = match facts.synonym {
            "" => Vec::new(),
            synonym => self.places(synonym, &family(synonym)),
        };
        let default = || facts.default.map(Cow::Borrowed);
        let in_force = own.map(|value| facts.kind.told(value)).or_else(|| self.in_force(facts)).or_else(default);
        if let Some(value) = own {
            synonyms.insert(0, place(facts.name, value, Source::DynamicTopic));
        }
        described(facts, facts.name, in_force, synonyms)
    }

    /// All configs that a new topic with these of its `own` has, as its creator is told them (KIP-525): values as they were
    /// given, the first name of a key that is set anywhere, and no other places.
    pub fn new_topic(&self, own: &'a BTreeMap<String, String>) -> Vec<Described<'a>> {
        let keys = topic::KEYS.iter().filter(|key| !key.facts.internal);
        keys.map(|key| self.new_topic_key(&key.facts, own)).collect()
    }

    fn new_topic_key(&self, facts: &'static Facts, own: &'a BTreeMap<String, String>) -> Described<'a> {
        let found = match own.get(facts.name) {
            Some(value) => Some((Cow::Borrowed(value.as_str()), Source::DynamicTopic)),
            None => self.in_place(facts),
        };
        let (value, source) = match found {
            Some((value, source)) => (Some(value), source),
            None => (facts.default.map(Cow::Borrowed), Source::Default),
        };
        let place = Place { name: facts.name, value: value.clone(), source };
        Described { read_only: false, ..described(facts, facts.name, value, vec![place]) }
    }

    /// What the broker says of a topic's key, by source and then by name.
    fn in_place(&self, facts: &Facts) -> Option<(Cow<'a, str>, Source)> {
        let family = if facts.synonym.is_empty() { Vec::new() } else { family(facts.synonym) };
        [Source::DynamicBroker, Source::DynamicDefaultBroker, Source::StaticBroker].into_iter().find_map(|source| {
            family.iter().find_map(|&Synonym(name, unit, _)| {
                let (value, _) = self.set(name).find(|(_, from)| *from == source)?;
                Some((in_millis(Cow::Borrowed(value), unit), source))
            })
        })
    }

    /// All configs of a group.
    pub fn group(&self, name: &str) -> Vec<Described<'a>> {
        let own = self.image.group_configs().of(name);
        let one = |key: &'static Key<()>| {
            let facts = &key.facts;
            let own = own.and_then(|configs| configs.value(facts.name));
            let mut synonyms = match (facts.synonym, facts.default) {
                ("", Some(default)) => vec![place(facts.name, default, Source::Default)],
                (synonym, _) => self.places(synonym, &family(synonym)),
            };
            let default = synonyms.first().and_then(|place| place.value.clone());
            if let Some(value) = own {
                synonyms.insert(0, place(facts.name, value, Source::DynamicGroup));
            }
            described(facts, facts.name, own.map(|value| facts.kind.told(value)).or(default), synonyms)
        };
        group::KEYS.iter().map(one).collect()
    }

    /// All configs of a subscription to the metrics of clients, whether there is one of this name or not.
    pub fn client_metrics(&self, name: &str) -> Vec<Described<'a>> {
        let own = self.image.client_metrics().of(name);
        let one = |key: &'static Key<()>| {
            let facts = &key.facts;
            let own = own.and_then(|configs| configs.value(facts.name));
            let synonyms: Vec<_> =
                own.map(|value| place(facts.name, value, Source::DynamicClientMetrics)).into_iter().collect();
            let value = own.map(|value| facts.kind.told(value)).or(facts.default.map(Cow::Borrowed));
            described(facts, facts.name, value, synonyms)
        };
        client_metrics::KEYS.iter().map(one).collect()
    }

    /// What the broker says of a topic's key, the family's first name first, whatever the source.
    fn in_force(&self, facts: &Facts) -> Option<Cow<'a, str>> {
        if facts.synonym.is_empty() {
            return None;
        }
        family(facts.synonym).iter().find_map(|&Synonym(name, unit, _)| {
            let (value, _) = self.set(name).next()?;
            Some(in_millis(facts.kind.told(value), unit))
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
                let value = self.set(name).find(|(_, from)| *from == source).map(|(value, _)| value);
                places.extend(value.map(|value| place(name, value, source)));
            }
        }
        let default = |&Synonym(name, _, _): &Synonym| {
            let value = keys::find(name).and_then(|key| key.default_in_force())?;
            Some(Place { name, value: Some(value), source: Source::Default })
        };
        places.extend(family.iter().filter_map(default));
        let first = places.iter().position(|place| place.name == name).unwrap_or(places.len());
        places.split_off(first)
    }

    /// All configs of this broker: those that Kafka tells, and what else was set.
    pub fn broker(&self) -> Vec<Described<'a>> {
        let mut found: BTreeMap<&'a str, Described<'a>> = BTreeMap::new();
        for key in keys::all().filter(|key| !key.facts().internal && key.facts().scope != Scope::RunTime) {
            found.insert(key.facts().name, self.broker_key(key));
        }
        let dynamic = self.broker.into_iter().chain([self.default_broker]).flat_map(Configs::iter);
        let set = self.config.originals.keys().map(String::as_str);
        for name in dynamic.map(|(name, _)| &**name).chain(set) {
            found.entry(name).or_insert_with(|| match keys::find(name) {
                Some(key) => self.broker_key(key),
                None => self.unknown_key(name),
            });
        }
        found.into_values().collect()
    }

    fn broker_key(&self, key: BrokerKey) -> Described<'a> {
        let facts = key.facts();
        let synonyms = self.places(facts.name, &family(facts.name));
        let set = self.set(facts.name).next().map(|(value, _)| facts.kind.told(value));
        let value = set.or_else(|| key.default_in_force());
        Described { doc: key.doc(), ..described(&facts, facts.name, value, synonyms) }
    }

    /// A key that nobody knows: its value may be a secret.
    fn unknown_key(&self, name: &'a str) -> Described<'a> {
        let synonyms: Vec<_> = self.set(name).map(|(_, source)| Place { name, value: None, source }).collect();
        unknown(name, synonyms)
    }

    /// The dynamic configs of all brokers.
    pub fn default_broker(&self) -> Vec<Described<'a>> {
        let one = |(name, value): (&'a std::sync::Arc<str>, &'a std::sync::Arc<str>)| {
            let source = Source::DynamicDefaultBroker;
            match keys::find(name) {
                Some(key) => {
                    let facts = key.facts();
                    let value = facts.kind.told(value);
                    let synonyms = vec![Place { name: facts.name, value: Some(value.clone()), source }];
                    Described { doc: key.doc(), ..described(&facts, facts.name, Some(value), synonyms) }
                }
                None => unknown(name, vec![Place { name, value: None, source }]),
            }
        };
        self.default_broker.iter().map(one).collect()
    }
}

fn place<'a>(name: &'a str, value: &'a str, source: Source) -> Place<'a> {
    Place { name, value: Some(Cow::Borrowed(value)), source }
}

/// A key that is known. Secrets are not told.
fn described<'a>(
    facts: &Facts,
    name: &'a str,
    value: Option<Cow<'a, str>>,
    mut synonyms: Vec<Place<'a>>,
) -> Described<'a> {
    let secret = facts.kind == Kind::Password;
    if secret {
        synonyms.iter_mut().for_each(|place| place.value = None);
    }
    let source = synonyms.first().map_or(Source::Default, |place| place.source);
    let (read_only, kind, doc) = (!facts.is_dynamic(), Some(facts.kind), facts.doc.into());
    Described { name, value: value.filter(|_| !secret), source, read_only, kind, synonyms, doc }
}

fn unknown<'a>(name: &'a str, synonyms: Vec<Place<'a>>) -> Described<'a> {
    let source = synonyms.first().map_or(Source::Default, |place| place.source);
    Described { name, value: None, source, read_only: true, kind: None, synonyms, doc: "".into() }
}

/// The names of the setting that has the broker's key `name`.
fn family(name: &'static str) -> Vec<Synonym> {
    match families::of(name) {
        Some(family) => family.iter().map(|&Synonym(name, unit, default)| Synonym(name, unit, default)).collect(),
        None => vec![Synonym(name, 1, None)],
    }
}

/// A value of a coarser unit, in milliseconds. Negative values mean no limit in every unit.
fn in_millis(value: Cow<'_, str>, unit: i64) -> Cow<'_, str> {
    match value.parse::<i64>() {
        Ok(count) if unit > 1 && count >= 0 => Cow::Owned(count.saturating_mul(unit).to_string()),
        _ => value,
    }
}

#[cfg(test)]
mod tests;
