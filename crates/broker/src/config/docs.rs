//! `docs/configs.md`, made from the tables.

use std::fmt::Write;

use super::key::{Facts, Key, Scope};
use super::{client_metrics, group, keys, topic};

const HEAD: &str = "\
# Configuration keys

Made by `ottla config-docs` from the tables in `crates/broker/src/config`; a test fails when it is stale.

Ottla takes Apache Kafka 4.3's keys, values and defaults. A key is obeyed, or it has no effect here and says so at the start,
or values other than Kafka's default are refused by name, because leaving them out would break a promise. A default in
brackets is Kafka's where Ottla has another. `cluster-wide` keys can be changed at run time for one broker or for all,
`per-broker` ones for one, `read-only` ones at the start, unless the last column says more.

`min.insync.replicas` is never more than the topic has replicas, and `offsets.topic.replication.factor` and its like never
more than there are brokers: a single node starts and serves with any of them.
";

/// The whole file.
pub fn markdown() -> String {
    let mut out = HEAD.to_owned();
    section(&mut out, "Topics", topic::KEYS.iter().map(row));
    let mut brokers: Vec<_> = keys::all().collect();
    brokers.sort_by_key(|key| key.facts().name);
    let broker = |key: &keys::BrokerKey| {
        let at_start = if key.is_read_at_start() && key.facts().is_dynamic() { "; read at the start only" } else { "" };
        line(&key.facts(), &format!("{}{at_start}", key.support_text()), &key.doc())
    };
    section(&mut out, "Brokers", brokers.iter().map(broker));
    section(&mut out, "Groups", group::KEYS.iter().map(row));
    section(&mut out, "Subscriptions to the metrics of clients", client_metrics::KEYS.iter().map(row));
    out
}

fn row<C>(key: &Key<C>) -> String {
    line(&key.facts, &keys::support_text(&key.support), key.facts.doc)
}

fn section(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let _ = write!(
        out,
        "\n## {title}\n\n| key | type | default | valid | scope, or the broker's key that has the default | what it does | in Ottla |\n|---|---|---|---|---|---|---|\n"
    );
    lines.for_each(|line| out.push_str(&line));
}

fn line(facts: &Facts, support: &str, doc: &str) -> String {
    let kafkas = facts.default.map_or(String::new(), |default| format!("`{default}`"));
    let kafkas = if kafkas == "``" { "empty".to_owned() } else { kafkas };
    // The number of cores would make the file differ from machine to machine.
    let default = match facts.here {
        Some(_) if facts.name.ends_with("threads") || facts.name.contains(".threads.") => {
            format!("one per core ({kafkas})")
        }
        Some(here) if kafkas.is_empty() => format!("`{}`", here()),
        Some(here) => format!("`{}` ({kafkas})", here()),
        None => kafkas,
    };
    let scope = match facts.scope {
        Scope::ReadOnly => "read-only",
        Scope::PerBroker => "per-broker",
        Scope::ClusterWide if !facts.synonym.is_empty() => facts.synonym,
        Scope::ClusterWide => "cluster-wide",
        Scope::RunTime if !facts.synonym.is_empty() => facts.synonym,
        Scope::RunTime => "run time",
    };
    let kind = facts.kind.name().to_ascii_lowercase();
    let (name, valid) = (facts.name, facts.valid.text());
    format!("| `{name}` | {kind} | {default} | {valid} | {scope} | {doc} | {support} |\n")
}

#[cfg(test)]
mod tests;
