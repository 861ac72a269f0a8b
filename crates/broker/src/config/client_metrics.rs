//! The configuration of one subscription to the metrics of clients (KIP-714).

use std::collections::BTreeMap;

use metadata::Refusal;
use regex::{Regex, RegexBuilder};

use super::key::{Key, Scope, int, list};

/// Every key of a subscription of Kafka 4.3.
pub const KEYS: &[Key<()>] = &[
    int("interval.ms")
        .default("300000")
        .scope(Scope::RunTime)
        .obeyed(|_, _| Ok(()))
        .doc("How often clients push their metrics, from 100 ms to an hour; what they push is thrown away so far."),
    list("match").default("").scope(Scope::RunTime).obeyed(|_, _| Ok(())).doc(
        "Which clients are meant: NAME=PATTERN with commas between, all of which have to match; empty means all clients.",
    ),
    list("metrics")
        .default("")
        .scope(Scope::RunTime)
        .obeyed(|_, _| Ok(()))
        .doc("Beginnings of the names of metrics that clients push, and that are thrown away so far; * is all, empty is none."),
];

/// What a pattern of `match` is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The id that the broker gave the client.
    InstanceId,
    /// The client's own name.
    ClientId,
    /// What the client is made with.
    SoftwareName,
    /// Of which version.
    SoftwareVersion,
    /// The client's address.
    SourceAddress,
    /// The client's port.
    SourcePort,
}

impl Subject {
    fn named(name: &str) -> Option<Subject> {
        Some(match name {
            "client_instance_id" => Subject::InstanceId,
            "client_id" => Subject::ClientId,
            "client_software_name" => Subject::SoftwareName,
            "client_software_version" => Subject::SoftwareVersion,
            "client_source_address" => Subject::SourceAddress,
            "client_source_port" => Subject::SourcePort,
            _ => return None,
        })
    }
}

/// The longest value of `match` in bytes.
const MATCH_BYTES_MAX: usize = 1024;
/// Patterns of one value: one for each thing that a pattern can be about.
const PATTERNS_MAX: usize = 6;
/// The most bytes that one compiled pattern may have.
const PATTERN_BYTES_MAX: usize = 256 << 10;

/// The patterns of a value of `match`, all of which have to match the whole of what they are about; or the first that is none.
/// They are regular expressions that take linear time, so those of Java that look back or ahead are none.
pub fn patterns(value: &str) -> Result<Vec<(Subject, Regex)>, &str> {
    let parts = value.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| pattern(part).ok_or(part)).collect()
}

fn pattern(part: &str) -> Option<(Subject, Regex)> {
    let (subject, pattern) = part.split_once('=').filter(|(_, pattern)| !pattern.is_empty())?;
    let whole = RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(PATTERN_BYTES_MAX).build();
    Some((Subject::named(subject.trim())?, whole.ok()?))
}

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
        "match" if value.len() > MATCH_BYTES_MAX || value.split(',').count() > PATTERNS_MAX => {
            Err(Refusal::InvalidConfig(format!(
                "Illegal client matching pattern: match takes at most {PATTERNS_MAX} patterns and {MATCH_BYTES_MAX} bytes"
            )))
        }
        "match" => patterns(value)
            .map(drop)
            .map_err(|part| Refusal::InvalidConfig(format!("Illegal client matching pattern: {part}"))),
        _ => Ok(()),
    }
}
