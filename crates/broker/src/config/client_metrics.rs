//! The configuration of one subscription to the metrics of clients (KIP-714).

use std::collections::BTreeMap;

use metadata::Refusal;

use super::key::{Key, Scope, int, list};

/// Every key of a subscription of Kafka 4.3.
pub const KEYS: &[Key<()>] = &[
    int("interval.ms")
        .default("300000")
        .scope(Scope::RunTime)
        .obeyed(|_, _| Ok(()))
        .doc("How often clients push their metrics, from 100 ms to an hour."),
    list("match").default("").scope(Scope::RunTime).obeyed(|_, _| Ok(())).doc(
        "Which clients are meant: NAME=PATTERN with commas between, all of which have to match; empty means all clients.",
    ),
    list("metrics")
        .default("")
        .scope(Scope::RunTime)
        .obeyed(|_, _| Ok(()))
        .doc("Beginnings of the names of metrics that are wanted; * is all, empty is none."),
];

/// What a pattern can be about.
const SUBJECTS: &[&str] = &[
    "client_instance_id",
    "client_id",
    "client_software_name",
    "client_software_version",
    "client_source_address",
    "client_source_port",
];

/// Whether a subscription may have these configs.
pub fn check(configs: &BTreeMap<&str, &str>) -> Result<(), Refusal> {
    configs.iter().try_for_each(|(name, value)| check_one(name, value))
}

fn check_one(name: &str, value: &str) -> Result<(), Refusal> {
    let Some(key) = KEYS.iter().find(|key| key.facts.name == name) else {
        return Err(Refusal::InvalidRequest(format!("Unknown client metrics configuration: {name}")));
    };
    key.facts.check(value).map_err(|rejection| Refusal::InvalidConfig(rejection.text(name, value)))?;
    match name {
        "interval.ms" if !value.trim().parse::<i32>().is_ok_and(|ms| (100..=3_600_000).contains(&ms)) => {
            Err(Refusal::InvalidRequest(format!(
                "Invalid value {value} for interval.ms, interval must be between 100 and 3600000 (1 hour)"
            )))
        }
        "match" => value.split(',').map(str::trim).filter(|part| !part.is_empty()).try_for_each(check_pattern),
        _ => Ok(()),
    }
}

fn check_pattern(part: &str) -> Result<(), Refusal> {
    let known = part.split_once('=').is_some_and(|(subject, pattern)| {
        SUBJECTS.contains(&subject.trim()) && !pattern.is_empty() && is_closed(pattern)
    });
    match known {
        true => Ok(()),
        false => Err(Refusal::InvalidConfig(format!("Illegal client matching pattern: {part}"))),
    }
}

/// Whatever a pattern opens it closes.
fn is_closed(pattern: &str) -> bool {
    let (mut groups, mut in_class, mut escaped) = (0_usize, false, false);
    for c in pattern.chars() {
        match c {
            _ if escaped => {
                escaped = false;
                continue;
            }
            '\\' => escaped = true,
            '[' => in_class = true,
            ']' => in_class = false,
            '(' if !in_class => groups += 1,
            ')' if !in_class => match groups.checked_sub(1) {
                Some(fewer) => groups = fewer,
                None => return false,
            },
            _ => {}
        }
    }
    groups == 0 && !in_class && !escaped
}
