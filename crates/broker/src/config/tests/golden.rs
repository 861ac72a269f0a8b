//! The tables against what Apache Kafka 4.3.1 says of its keys (`kafka-4.3.1.txt`).

use std::collections::BTreeMap;

use super::*;
use crate::config::key::{Facts, Scope};
use crate::config::valid::Kind;

/// Keys whose default is not Kafka's: Ottla listens on loopback only, keeps its data where it is started, uses all cores,
/// and has bounds for connections and memory.
const OWN_DEFAULTS: &[&str] = &[
    "listeners",
    "log.dir",
    "max.connections",
    "max.connections.per.ip",
    "node.id",
    "num.network.threads",
    "num.recovery.threads.per.data.dir",
    "queued.max.request.bytes",
];

/// The listener of the controller must be named in Kafka; here there is none.
const NO_DEFAULT_NEEDED: &str = "-";

fn kafkas(resource: &str) -> BTreeMap<&'static str, (String, String, String)> {
    let lines = include_str!("kafka-4.3.1.txt").lines().filter(|line| !line.starts_with('#'));
    let words = lines.map(|line| line.splitn(5, ' ').collect::<Vec<_>>());
    let of_resource = words.filter(|words| words[0] == resource);
    of_resource.map(|words| (words[1], (words[2].to_owned(), words[3].to_owned(), words[4].to_owned()))).collect()
}

fn ours(facts: &Facts) -> (String, String, String) {
    let default = match facts.default {
        None => NO_DEFAULT_NEEDED,
        Some("") => "''",
        Some(default) => default,
    };
    let scope = match facts.scope {
        Scope::ReadOnly => "read-only",
        Scope::PerBroker => "per-broker",
        Scope::ClusterWide => "cluster-wide",
        Scope::RunTime => "dynamic",
    };
    let scope = format!("{}{scope}", if facts.internal { "internal " } else { "" });
    (facts.kind.name().to_owned(), default.to_owned(), scope)
}

fn compare(resource: &str, facts: impl Iterator<Item = Facts>) {
    let ours: BTreeMap<_, _> = facts.map(|facts| (facts.name, ours(&facts))).collect();
    let kafkas = kafkas(resource);
    for (name, kafka) in &kafkas {
        assert_eq!(ours.get(name), Some(kafka), "{resource} {name}");
    }
    assert_eq!(ours.keys().collect::<Vec<_>>(), kafkas.keys().collect::<Vec<_>>(), "{resource}");
}

#[test]
fn every_key_has_the_name_type_default_and_scope_that_kafka_gives_it() {
    compare("broker", keys::all().map(|key| key.facts()).filter(|facts| facts.scope != Scope::RunTime));
    compare("topic", topic::KEYS.iter().map(|key| Facts { scope: Scope::RunTime, ..key.facts }));
    compare("group", group::KEYS.iter().map(|key| key.facts));
    compare("metrics", client_metrics::KEYS.iter().map(|key| key.facts));
}

#[test]
fn only_the_listed_defaults_are_not_kafkas() {
    let mut own: Vec<_> =
        keys::all().map(|key| key.facts()).filter(|facts| facts.here.is_some()).map(|facts| facts.name).collect();
    own.sort_unstable();
    assert_eq!(own, OWN_DEFAULTS);
    assert!(topic::KEYS.iter().all(|key| key.facts.here.is_none()));
}

#[test]
fn every_default_in_force_is_what_the_settings_start_with() {
    for key in keys::all() {
        let Some(default) = key.default_in_force().filter(|_| key.facts().name != "broker.id") else { continue };
        let mut config = Config::default();
        let applied = key.apply(&mut config, &default);
        assert!(applied.is_ok(), "{}={default}: {applied:?}", key.facts().name);
        // The raw forms remember that something was said; what it adds up to is the same.
        config.resolve_times();
        config.resolve_names();
        config.listeners = config.raw.resolve().unwrap();
        (config.raw, config.times) = Default::default();
        let mut untouched = Config::default();
        untouched.listeners = untouched.raw.resolve().unwrap();
        assert_eq!(format!("{config:?}"), format!("{untouched:?}"), "{}={default}", key.facts().name);
    }
}

#[test]
fn values_of_another_type_and_beyond_the_bounds_are_refused_by_every_key() {
    for key in keys::all() {
        let facts = key.facts();
        let refuses = |value: &str| assert!(facts.check(value).is_err(), "{} takes {value:?}", facts.name);
        match facts.kind {
            Kind::Int | Kind::Short | Kind::Long | Kind::Double | Kind::Boolean => ["many", ""].map(refuses),
            _ => continue,
        };
        if let valid::Valid::AtLeast(least) | valid::Valid::Between(least, _) = facts.valid {
            refuses(&(least - 1).to_string());
            assert!(facts.check(&least.to_string()).is_ok(), "{}", facts.name);
        }
        if let valid::Valid::Between(_, most) = facts.valid {
            refuses(&(most + 1).to_string());
            assert!(facts.check(&most.to_string()).is_ok(), "{}", facts.name);
        }
    }
}

#[test]
fn every_key_is_documented_in_a_sentence() {
    for key in keys::all() {
        let doc = key.doc();
        assert!(doc.ends_with('.') && doc.len() > 10, "{}: {doc}", key.facts().name);
    }
}
