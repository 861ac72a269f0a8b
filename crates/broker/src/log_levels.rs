//! What is logged, and how that is changed while the node runs: Kafka's BROKER_LOGGER resource (KIP-412).
//!
//! A logger is a target of `tracing`: one of our crates or a module of it. Kafka's levels are used, in capitals; FATAL is
//! the same as ERROR. Nothing of this outlives the process, as in Kafka.

pub mod resource;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The logger that all others inherit from.
pub const ROOT: &str = "root";

/// The loggers that are always told.
const LOGGERS: [&str; 13] = [
    ROOT,
    "ottla",
    "ottla_broker",
    "ottla_broker::control",
    "ottla_broker::tasks",
    "ottla_host",
    "ottla_metadata",
    "ottla_net",
    "ottla_net::connection",
    "ottla_net::listener",
    "ottla_quorum",
    "ottla_storage",
    "ottla_storage::recovery",
];

/// A level of logging.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Nothing; only from the command line.
    Off,
    /// As [`Level::Error`].
    Fatal,
    /// What went wrong.
    Error,
    /// What may go wrong.
    Warn,
    /// What an operator may want to know.
    Info,
    /// What a developer may want to know.
    Debug,
    /// Everything.
    Trace,
}

const NAMES: [(Level, &str); 7] = [
    (Level::Off, "OFF"),
    (Level::Fatal, "FATAL"),
    (Level::Error, "ERROR"),
    (Level::Warn, "WARN"),
    (Level::Info, "INFO"),
    (Level::Debug, "DEBUG"),
    (Level::Trace, "TRACE"),
];

impl Level {
    /// The level that a client names; exactly in capitals.
    pub fn of_kafka(name: &str) -> Option<Level> {
        NAMES[1..].iter().find(|(_, known)| *known == name).map(|(level, _)| *level)
    }

    fn of_filter(name: &str) -> Option<Level> {
        NAMES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name)).map(|(level, _)| *level)
    }

    /// Its name in capitals.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(level, _)| *level == self).map_or("", |(_, name)| name)
    }

    fn in_filter(self) -> &'static str {
        match self {
            Level::Off => "off",
            Level::Fatal | Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
            Level::Trace => "trace",
        }
    }
}

/// Puts a filter, in the syntax of `--log-level`, in force.
pub type Apply = Box<dyn Fn(&str) -> Result<(), String> + Send + Sync>;

/// What is logged. Cloning gives another handle to the same.
#[derive(Clone)]
pub struct LogLevels(Arc<Shared>);

struct Shared {
    /// All that can be changed, sorted.
    names: Vec<String>,
    /// Parts of the filter at start that are more than a level of a logger; they stay.
    rest: Vec<String>,
    levels: Mutex<BTreeMap<String, Level>>,
    apply: Apply,
}

impl LogLevels {
    /// The filter that is in force, and what puts another one in force.
    pub fn new(filter: &str, apply: Apply) -> LogLevels {
        let (mut levels, mut rest) = (BTreeMap::new(), Vec::new());
        for directive in filter.split(',').map(str::trim).filter(|directive| !directive.is_empty()) {
            match parse(directive) {
                Some((name, level)) => _ = levels.insert(name.to_owned(), level),
                None => rest.push(directive.to_owned()),
            }
        }
        let mut names: Vec<String> =
            LOGGERS.iter().map(|&name| name.to_owned()).chain(levels.keys().cloned()).collect();
        names.sort_unstable();
        names.dedup();
        LogLevels(Arc::new(Shared { names, rest, levels: Mutex::new(levels), apply }))
    }

    /// All loggers and the levels in force, by name.
    pub fn all(&self) -> Vec<(&str, Level)> {
        let levels = self.lock();
        self.0.names.iter().map(|name| (name.as_str(), in_force(&levels, name))).collect()
    }

    /// Whether there is such a logger.
    pub fn has(&self, name: &str) -> bool {
        self.0.names.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
    }

    /// Gives loggers levels; `None` has one inherit again. Names that are unknown are left out.
    pub fn change<'c>(&self, changes: impl IntoIterator<Item = (&'c str, Option<Level>)>) -> Result<(), String> {
        let mut levels = self.lock();
        for (name, level) in changes.into_iter().filter(|(name, _)| self.has(name)) {
            match level {
                Some(level) => _ = levels.insert(name.to_owned(), level),
                None => _ = levels.remove(name),
            }
        }
        let directives = levels.iter().map(|(name, level)| match name.as_str() {
            ROOT => level.in_filter().to_owned(),
            name => format!("{name}={}", level.in_filter()),
        });
        let filter: Vec<String> = self.0.rest.iter().cloned().chain(directives).collect();
        (self.0.apply)(&filter.join(","))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Level>> {
        self.0.levels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for LogLevels {
    /// For a node whose log is not ours to change.
    fn default() -> LogLevels {
        LogLevels::new("info", Box::new(|_| Ok(())))
    }
}

impl fmt::Debug for LogLevels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogLevels").field(&*self.lock()).finish()
    }
}

/// A level of all, or `<target>=<level>`.
fn parse(directive: &str) -> Option<(&str, Level)> {
    match directive.split_once('=') {
        None => Some((ROOT, Level::of_filter(directive)?)),
        Some((target, level)) => {
            let is_plain = target.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':'));
            is_plain.then_some((target, Level::of_filter(level)?))
        }
    }
}

/// The level of the longest name that `name` begins with, as filters are obeyed.
fn in_force(levels: &BTreeMap<String, Level>, name: &str) -> Level {
    let own = levels.iter().filter(|(known, _)| known.as_str() != ROOT && name.starts_with(known.as_str()));
    let nearest = own.max_by_key(|(known, _)| known.len()).map(|(_, level)| *level);
    // Without a level of all only errors are logged.
    nearest.or_else(|| levels.get(ROOT).copied()).unwrap_or(Level::Error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(filter: &str) -> (LogLevels, Arc<Mutex<String>>) {
        let applied = Arc::new(Mutex::new(String::new()));
        let copy = Arc::clone(&applied);
        let apply = Box::new(move |filter: &str| {
            *copy.lock().unwrap() = filter.to_owned();
            Ok(())
        });
        (LogLevels::new(filter, apply), applied)
    }

    fn of(levels: &LogLevels, name: &str) -> &'static str {
        levels.all().iter().find(|(known, _)| *known == name).unwrap().1.name()
    }

    #[test]
    fn loggers_inherit_from_the_longest_name_before_theirs() {
        let (levels, _) = levels("warn,ottla_net=debug,odd[span]=trace");
        let table =
            [("root", "WARN"), ("ottla_net", "DEBUG"), ("ottla_net::listener", "DEBUG"), ("ottla_storage", "WARN")];
        table.iter().for_each(|(name, level)| assert_eq!(of(&levels, name), *level, "{name}"));
    }

    #[test]
    fn a_change_is_applied_and_can_be_taken_back() {
        let (levels, applied) = levels("info,odd[span]=trace");
        levels.change([("ottla_net", Some(Level::Trace)), ("no.such", Some(Level::Trace))]).unwrap();
        assert_eq!(*applied.lock().unwrap(), "odd[span]=trace,ottla_net=trace,info");
        assert_eq!(of(&levels, "ottla_net::connection"), "TRACE");
        levels.change([("ottla_net", None), ("root", Some(Level::Fatal))]).unwrap();
        assert_eq!(*applied.lock().unwrap(), "odd[span]=trace,error");
        assert_eq!(of(&levels, "ottla_net"), "FATAL");
    }
}
