//! The table of the broker's configuration keys, one item each, in files by what they are about.
//!
//! A broker's key that gives the default of a topic's key (`log.segment.bytes` of `segment.bytes`) is not written twice: it
//! is the topic's item under another name.

mod groups;
mod listeners;
mod log;
mod metrics;
mod node;
mod parse;
mod quorum;
mod reasons;
mod remote;
mod replication;
mod sasl;
mod security;
mod share;
mod ssl;
mod streams;
mod topics;
mod transactions;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::LazyLock;

use super::groups as groups_config;
use super::key::{Facts, Key, Scope};
use super::support::{Rejection, Support};
use super::topic::{self, TopicConfig};
use super::{Config, cordon, families};

const TABLES: &[&[Key<Config>]] = &[
    node::KEYS,
    listeners::KEYS,
    topics::KEYS,
    log::KEYS,
    replication::KEYS,
    quorum::KEYS,
    groups::KEYS,
    share::KEYS,
    streams::KEYS,
    transactions::KEYS,
    remote::KEYS,
    metrics::KEYS,
    security::KEYS,
    sasl::KEYS,
    ssl::KEYS,
];

/// Families of keys that would secure the broker, were they obeyed: never silently plaintext. What Kafka does not know of
/// them (the keys of an authorizer, of a mechanism) is refused as well.
pub const REFUSED_PREFIXES: &[(&str, &str)] = &[
    ("ssl.", reasons::NO_TLS),
    ("sasl.", reasons::NO_SASL),
    ("super.users", reasons::NO_AUTHORIZER),
    ("allow.everyone.if.no.acl.found", reasons::NO_AUTHORIZER),
];

/// A key of the broker.
#[derive(Clone, Copy)]
pub enum BrokerKey {
    /// One with a meaning of its own.
    Own(&'static Key<Config>),
    /// One that gives the default of a topic's key.
    TopicDefault(&'static Key<TopicConfig>),
}

/// All keys of the broker.
pub fn all() -> impl Iterator<Item = BrokerKey> {
    let of_topics = topic::KEYS.iter().filter(|key| !key.facts.synonym.is_empty() && own(key.facts.synonym).is_none());
    TABLES.iter().copied().flatten().map(BrokerKey::Own).chain(of_topics.map(BrokerKey::TopicDefault))
}

/// The item of `name`.
pub fn find(name: &str) -> Option<BrokerKey> {
    static BY_NAME: LazyLock<HashMap<&str, BrokerKey>> =
        LazyLock::new(|| all().map(|key| (key.facts().name, key)).collect());
    BY_NAME.get(name).copied()
}

fn own(name: &str) -> Option<&'static Key<Config>> {
    TABLES.iter().copied().flatten().find(|key| key.facts.name == name)
}

/// The topic's key of which the broker's key `name` gives the default.
pub fn topic_default(name: &str) -> Option<&'static Key<TopicConfig>> {
    topic::KEYS.iter().find(|key| !name.is_empty() && key.facts.synonym == name)
}

impl BrokerKey {
    /// What is known of the key, as a key of the broker.
    pub fn facts(&self) -> Facts {
        match self {
            BrokerKey::Own(key) => key.facts,
            BrokerKey::TopicDefault(key) => {
                Facts { name: key.facts.synonym, synonym: "", scope: Scope::ClusterWide, ..key.facts }
            }
        }
    }

    /// What it does.
    pub fn doc(&self) -> Cow<'static, str> {
        match self {
            BrokerKey::Own(key) => key.facts.doc.into(),
            BrokerKey::TopicDefault(key) => {
                format!("The default of the topics' {}. {}", key.facts.name, key.facts.doc).into()
            }
        }
    }

    /// What Ottla does with it, for people.
    pub fn support_text(&self) -> String {
        match self {
            BrokerKey::Own(key) => support_text(&key.support),
            BrokerKey::TopicDefault(key) => support_text(&key.support),
        }
    }

    /// Takes `value` into `config`. `Ok(Some(why))` when it has no effect.
    pub fn apply(&self, config: &mut Config, value: &str) -> Result<Option<&'static str>, Rejection> {
        match self {
            BrokerKey::Own(key) => key.apply(config, value),
            BrokerKey::TopicDefault(key) => key.apply(&mut config.topic_defaults, value),
        }
    }

    /// It is obeyed, but only at the start.
    pub fn is_read_at_start(&self) -> bool {
        match self {
            BrokerKey::Own(key) => {
                let at_run_time =
                    key.facts.name == "producer.id.expiration.ms" || topic_default(key.facts.name).is_some();
                let at_run_time = at_run_time || groups_config::DYNAMIC.contains(&key.facts.name);
                let at_run_time = at_run_time || key.facts.name == cordon::KEY;
                matches!(key.support, Support::Obeyed(_)) && !at_run_time
            }
            BrokerKey::TopicDefault(_) => false,
        }
    }

    /// It has a default of its own, rather than that of the setting that it is one of the names of.
    pub fn default_in_force(&self) -> Option<Cow<'static, str>> {
        let facts = self.facts();
        match families::of(facts.name) {
            Some(family) => family.iter().find(|synonym| synonym.0 == facts.name)?.2.map(Into::into),
            None => facts.default_in_force(),
        }
    }
}

/// What Ottla does with a key, for people.
pub fn support_text<C>(support: &Support<C>) -> String {
    match support {
        Support::Obeyed(_) => "obeyed".to_owned(),
        Support::Only(_, why) => format!("other values are refused: {why}"),
        Support::NoEffect(why) => format!("no effect: {why}"),
    }
}

/// A value that must not be printed, whether the key is known or not.
pub fn is_secret(name: &str) -> bool {
    ["password", "jaas", "key", "secret", "passphrase"].iter().any(|word| name.contains(word))
}
