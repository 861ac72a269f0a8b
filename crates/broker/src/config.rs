//! What an operator can set: Kafka's own keys, read from `server.properties` and `--set key=value`.
//!
//! [`keys`] is the table of the broker's keys (one item a key: name, type, default, bounds, scope, doc, what is done with it);
//! [`topic`], [`group`] and [`client_metrics`] have the keys of those. [`properties`] reads the file format, [`environment`]
//! the variables of container images; [`listener`] understands `listeners` and its companions.
//!
//! Invariant: a key is either obeyed, known to have no counterpart here (a warning says why), unknown (a warning), or
//! refused: a setting that would change what the broker promises is never dropped silently.

pub mod bounds;
pub mod client_metrics;
pub mod cordon;
pub mod describe;
pub mod docs;
pub mod dynamic;
pub mod environment;
mod families;
pub mod group;
pub mod groups;
pub mod key;
pub mod keys;
mod listener;
mod properties;
mod support;
mod times;
pub mod topic;
pub mod valid;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use record::BrokerId;

pub use listener::{Endpoint, Listener};
pub use properties::parse as parse_properties;
pub use topic::TopicConfig;

use bounds::Contradiction;
use support::Rejection;

/// Everything a node is told at start.
#[derive(Debug, Clone)]
pub struct Config {
    /// `node.id` (or its older name `broker.id`).
    pub node_id: BrokerId,
    /// `log.dirs`: where the data lives, at least one.
    pub log_dirs: Vec<PathBuf>,
    /// `metadata.log.dir`: where the metadata log lives; the first of [`Config::log_dirs`] unless it is set.
    pub metadata_dir: PathBuf,
    /// `cordoned.log.dirs`: of [`Config::log_dirs`], or `*`.
    pub cordoned_log_dirs: Vec<String>,
    /// `broker.rack`.
    pub rack: Option<String>,
    /// `listeners`, each with what clients are told to connect to (`advertised.listeners`).
    pub listeners: Vec<Listener>,
    /// `num.network.threads`: event loops; by default one per core.
    pub loops: usize,
    /// `num.partitions`: of a topic created without a count.
    pub num_partitions: i32,
    /// `default.replication.factor`: of a topic created without one; -1 takes this.
    pub default_replication_factor: i16,
    /// `auto.create.topics.enable`: a Metadata request may create the topics it names.
    pub auto_create_topics: bool,
    /// `delete.topic.enable`.
    pub delete_topics: bool,
    /// `socket.request.max.bytes`: the largest request frame.
    pub max_request_bytes: u32,
    /// `queued.max.request.bytes`: what all partly received requests may hold together.
    pub request_budget_bytes: u64,
    /// `fetch.max.bytes`: the most one Fetch answers, whatever it asks.
    pub fetch_max_bytes: u32,
    /// `max.incremental.fetch.session.cache.slots`: fetch sessions at one time.
    pub fetch_sessions_max: usize,
    /// `max.connections`.
    pub max_connections: usize,
    /// `max.connections.per.ip`.
    pub max_connections_per_ip: usize,
    /// `connections.max.idle.ms`.
    pub connections_max_idle: Duration,
    /// Defaults of every topic's keys, from the broker's synonyms of them (`log.segment.bytes` for `segment.bytes` ...).
    pub topic_defaults: TopicConfig,
    /// `num.recovery.threads.per.data.dir`: opens logs at start; by default one per core.
    pub recovery_threads: usize,
    /// When the node looks after its logs.
    pub tasks: Intervals,
    /// Groups of consumers.
    pub groups: groups::GroupsConfig,
    /// What was set at start, as it was written, by key.
    pub originals: BTreeMap<String, String>,
    pub(crate) raw_broker_id: BrokerId,
    pub(crate) raw_log_dir: Option<Vec<PathBuf>>,
    pub(crate) raw_log_dirs: Option<Vec<PathBuf>>,
    pub(crate) raw_metadata_dir: Option<PathBuf>,
    pub(crate) raw: listener::Raw,
    pub(crate) times: times::Times,
}

/// How often the node looks after its logs.
#[derive(Debug, Clone)]
pub struct Intervals {
    /// `log.initial.task.delay.ms`: from the start to the first time.
    pub initial_delay: Duration,
    /// `log.retention.check.interval.ms`.
    pub retention_check: Duration,
    /// `log.flush.offset.checkpoint.interval.ms`.
    pub recovery_checkpoint: Duration,
    /// `log.flush.start.offset.checkpoint.interval.ms`.
    pub start_checkpoint: Duration,
    /// `log.flush.scheduler.interval.ms`, and at least each second: looks for logs that `flush.ms` wants flushed.
    pub flush_check: Duration,
}

impl Default for Intervals {
    fn default() -> Intervals {
        Intervals {
            initial_delay: Duration::from_secs(30),
            retention_check: Duration::from_secs(300),
            recovery_checkpoint: Duration::from_secs(60),
            start_checkpoint: Duration::from_secs(60),
            flush_check: Duration::from_secs(1),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            node_id: BrokerId(1),
            log_dirs: vec![PathBuf::from("./ottla-data")],
            metadata_dir: PathBuf::from("./ottla-data"),
            cordoned_log_dirs: Vec::new(),
            rack: None,
            listeners: Vec::new(),
            loops: cores(),
            num_partitions: 1,
            default_replication_factor: 1,
            auto_create_topics: true,
            delete_topics: true,
            max_request_bytes: 100 * 1024 * 1024,
            request_budget_bytes: 256 * 1024 * 1024,
            fetch_max_bytes: 55 * 1024 * 1024,
            fetch_sessions_max: 1000,
            max_connections: 10_000,
            max_connections_per_ip: 10_000,
            connections_max_idle: Duration::from_secs(600),
            topic_defaults: TopicConfig::default(),
            recovery_threads: cores(),
            tasks: Intervals::default(),
            groups: groups::GroupsConfig::default(),
            originals: BTreeMap::new(),
            raw_broker_id: BrokerId(-1),
            raw_log_dir: None,
            raw_log_dirs: None,
            raw_metadata_dir: None,
            raw: listener::Raw::default(),
            times: times::Times::default(),
        }
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get())
}

/// Where settings come from, lowest precedence first: defaults, the file, the environment, `--set`, and the short flags.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// The text of `server.properties`, with its name for messages.
    pub file: Option<(String, String)>,
    /// `--env`: the settings of the environment's variables, see [`environment`].
    pub environment: Vec<(String, String)>,
    /// `--set key=value`, in order.
    pub overrides: Vec<(String, String)>,
    /// `--data`; empty when it is not given.
    pub data_dirs: Vec<PathBuf>,
    /// `--listen HOST:PORT`.
    pub listen: Option<String>,
    /// `--durable`: `log.flush.interval.messages=1`.
    pub durable: bool,
}

/// Why a node does not start with these settings; names the key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ConfigError {
    /// The value does not parse or is out of bounds.
    #[error("{key}={value}: {reason}")]
    Invalid {
        /// The key as it was written.
        key: String,
        /// Its value.
        value: String,
        /// What would be valid.
        reason: String,
    },
    /// The key asks for something that Ottla does not do yet; ignoring it would break a promise.
    #[error("{key}={value} is not supported yet: {reason}. Remove it to start without")]
    Unsupported {
        /// The key as it was written.
        key: String,
        /// Its value.
        value: String,
        /// What is missing.
        reason: String,
    },
    /// A line of the file is not `key=value`.
    #[error("{file}:{line}: {reason}")]
    Syntax {
        /// The file's name.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What is wrong.
        reason: String,
    },
}

const HIDDEN: &str = "[hidden]";

/// `listener.name.<listener>.<key>` is the form of `<key>` for one listener.
fn of_any_listener(key: &str) -> &str {
    key.strip_prefix("listener.name.").and_then(|rest| rest.split_once('.')).map_or(key, |(_, base)| base)
}

/// Settings as understood, and what the operator should know about them.
#[derive(Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// One line each: unknown keys, and known ones that have no effect here.
    pub warnings: Vec<String>,
}

impl Config {
    /// Reads all sources.
    pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
        let mut loaded = Loaded { config: Config::default(), warnings: Vec::new() };
        if let Some((name, text)) = &sources.file {
            for (key, value) in properties::parse(name, text)? {
                loaded.set(&key, &value)?;
            }
        }
        for (key, value) in sources.environment.iter().chain(&sources.overrides) {
            loaded.set(key, value)?;
        }
        loaded.config.resolve_id()?;
        loaded.config.resolve_names();
        if !sources.data_dirs.is_empty() {
            loaded.config.log_dirs.clone_from(&sources.data_dirs);
            let dirs: Vec<String> = sources.data_dirs.iter().map(|dir| dir.display().to_string()).collect();
            loaded.config.originals.insert("log.dirs".to_owned(), dirs.join(","));
        }
        loaded.config.resolve_metadata_dir();
        loaded.config.check_cordoned()?;
        if let Some(address) = &sources.listen {
            loaded.config.raw.listen_at(address);
            loaded.config.originals.insert("listeners".to_owned(), format!("PLAINTEXT://{address}"));
        }
        if sources.durable {
            loaded.config.topic_defaults.flush_messages = 1;
            loaded.config.originals.insert("log.flush.interval.messages".to_owned(), "1".to_owned());
        }
        loaded.config.resolve_times();
        loaded.config.bound_records_of_groups();
        loaded.config.check_groups()?;
        loaded.config.listeners = loaded.config.raw.resolve()?;
        Ok(loaded)
    }

    /// `node.id` or its older name; another than the one that was meant would be another node's data.
    fn resolve_id(&mut self) -> Result<(), ConfigError> {
        let older = self.raw_broker_id;
        if older.0 < 0 {
            self.originals.remove("broker.id");
            return Ok(());
        }
        if self.originals.contains_key("node.id") && self.node_id != older {
            let reason = format!("node.id is {}; both are the id of this node, so set one of them", self.node_id);
            return Err(ConfigError::Invalid { key: "broker.id".to_owned(), value: older.to_string(), reason });
        }
        self.node_id = older;
        Ok(())
    }

    /// Settings under two names: `log.dirs` wins over `log.dir`, and both names of the id are told.
    fn resolve_names(&mut self) {
        if let Some(dirs) = self.raw_log_dirs.take().or(self.raw_log_dir.take()) {
            self.log_dirs = dirs;
        }
        for (name, other) in [("node.id", "broker.id"), ("broker.id", "node.id")] {
            if let Some(id) = self.originals.get(name).cloned() {
                self.originals.entry(other.to_owned()).or_insert(id);
            }
        }
    }

    fn resolve_metadata_dir(&mut self) {
        let first = self.log_dirs.first().expect("there is a default, and a list of none is refused");
        self.metadata_dir = self.raw_metadata_dir.take().unwrap_or_else(|| first.clone());
    }

    fn check_cordoned(&self) -> Result<(), ConfigError> {
        cordon::check(&self.cordoned_log_dirs, &self.log_dirs).map_err(|reason| {
            let value = self.cordoned_log_dirs.join(",");
            ConfigError::Invalid { key: cordon::KEY.to_owned(), value, reason }
        })
    }

    /// A record of groups has to fit into a batch and into a segment of `__consumer_offsets`.
    fn bound_records_of_groups(&mut self) {
        let segment_bytes = usize::try_from(self.groups.segment_bytes).unwrap_or(usize::MAX);
        self.groups.settings.record_bytes_max = segment_bytes.min(self.topic_defaults.max_message_bytes as usize);
    }

    fn check_groups(&self) -> Result<(), ConfigError> {
        bounds::check(&self.groups).map_err(|Contradiction { key, value, reason }| ConfigError::Invalid {
            key,
            value: value.to_string(),
            reason,
        })
    }

    fn resolve_times(&mut self) {
        self.times.resolve(&mut self.topic_defaults);
        let scheduled = self.times.flush_scheduler_ms.map(|ms| Duration::from_millis(ms.max(1).unsigned_abs()));
        self.tasks.flush_check = scheduled.map_or(self.tasks.flush_check, |every| every.min(self.tasks.flush_check));
    }
}

impl Loaded {
    fn set(&mut self, key: &str, value: &str) -> Result<(), ConfigError> {
        self.config.originals.insert(key.to_owned(), value.to_owned());
        let Some(found) = keys::find(key) else {
            return self.unknown(key, value);
        };
        let secret = keys::is_secret(key) || found.facts().kind == valid::Kind::Password;
        let (key_owned, value_owned) = (key.to_owned(), if secret { HIDDEN } else { value }.to_owned());
        let no_effect = found.apply(&mut self.config, value).map_err(|rejection| match rejection {
            Rejection::Invalid { reason, .. } => ConfigError::Invalid { key: key_owned, value: value_owned, reason },
            Rejection::Unsupported(reason) => ConfigError::Unsupported { key: key_owned, value: value_owned, reason },
        })?;
        self.warnings.extend(no_effect.map(|why| format!("{key} has no effect: {why}")));
        Ok(())
    }

    /// Families of keys are refused whole: `ssl.*` that is not obeyed must not look as if it were.
    fn unknown(&mut self, key: &str, value: &str) -> Result<(), ConfigError> {
        let base = of_any_listener(key);
        if let Some((_, reason)) = keys::REFUSED_PREFIXES.iter().find(|(prefix, _)| base.starts_with(prefix)) {
            return Err(ConfigError::Unsupported {
                key: key.to_owned(),
                value: if keys::is_secret(base) { HIDDEN } else { value }.to_owned(),
                reason: (*reason).to_owned(),
            });
        }
        self.warnings.push(format!("unknown configuration key {key}: ignored"));
        Ok(())
    }
}
