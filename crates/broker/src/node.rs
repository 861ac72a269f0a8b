//! A node in service: what handlers reach, and what ends it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use arc_swap::{ArcSwap, Guard};
use host::{Clock, DirLock, Pool, Rng};
use metadata::decide::{ConfigCheck, CreateTopics, NewTopic, TopicDefaults};
use net::Errands;
use net::http::HttpServer;
use record::Uuid;

use crate::config::{Config, topic};
use crate::control::{Control, ControlThread, Moves, Trash};
use crate::coordinators::{Coordinators, CoordinatorsThread};
use crate::handlers::fetch::FetchSessions;
use crate::handlers::is_internal;
use crate::handlers::produce::Recompressions;
use crate::log_dirs::LogDirs;
use crate::log_levels::LogLevels;
use crate::metrics::Metrics;
use crate::observe::Observed;
use crate::producer_ids::ProducerIds;
use crate::tasks::TasksThread;
use crate::telemetry::Telemetry;
use crate::view::View;

/// What every handler may use.
pub struct Node {
    /// What the operator set.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// Chance, for ids.
    pub rng: Rng,
    /// Threads for work that waits for the disk, or takes long.
    pub pool: Arc<Pool>,
    /// What requests have done there.
    pub errands: Errands,
    /// What is in the page cache is asked for there too, for one request after the other: the others need the threads.
    pub cache_asks: Errands,
    /// Threads of their own for fetches that need the disk to find where their records are.
    pub look_ups: Errands,
    /// Where the logs are.
    pub log_dirs: Arc<LogDirs>,
    /// Partitions on their way to another of these.
    pub moves: Moves,
    /// Where files go that nobody needs any more.
    pub trash: Trash,
    /// The thread that changes metadata.
    pub control: Control,
    /// Ids for idempotent producers.
    pub producer_ids: ProducerIds,
    /// Room for produced batches that wait to be recompressed.
    pub recompressions: Recompressions,
    /// What clients fetch again and again (KIP-227).
    pub fetch_sessions: FetchSessions,
    /// Groups of consumers.
    pub coordinators: Arc<Coordinators>,
    /// Clients that push metrics.
    pub telemetry: Telemetry,
    /// The metadata and the open partitions; the control thread replaces it.
    pub published: Arc<ArcSwap<View>>,
    /// What it counts.
    pub metrics: Arc<Metrics>,
    /// What is logged.
    pub log_levels: LogLevels,
}

/// A topic's own configs are checked against the table of topic keys; the defaults do not matter for that.
const CHECK_CONFIG: ConfigCheck = |name, key, value| match is_internal(name) {
    true => topic::check_internal(key, value),
    false => topic::TopicConfig::default().with([(key, Some(value))]).map(drop),
};

impl Node {
    /// The view of this moment.
    pub fn view(&self) -> Guard<Arc<View>> {
        self.published.load()
    }

    /// A CreateTopics without topics.
    pub fn topic_creation(&self, validate_only: bool) -> CreateTopics {
        let defaults = TopicDefaults {
            num_partitions: self.config.num_partitions,
            replication_factor: self.config.default_replication_factor,
        };
        CreateTopics { topics: Vec::new(), validate_only, defaults, check_config: CHECK_CONFIG }
    }

    /// A topic with a new id, and everything else left to the defaults.
    pub fn new_topic(&self, name: &str) -> NewTopic {
        NewTopic {
            name: name.to_owned(),
            id: random_id(&self.rng),
            num_partitions: -1,
            replication_factor: -1,
            assignments: Vec::new(),
            configs: Vec::new(),
        }
    }
}

/// A random id (RFC 9562, version 4). Kafka keeps ids that begin with a dash for nobody: tools take them for options.
pub fn random_id(rng: &Rng) -> Uuid {
    loop {
        let mut bytes = [0; 16];
        rng.fill(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let id = Uuid(bytes);
        if !id.to_string().starts_with('-') {
            return id;
        }
    }
}

/// A node that serves clients, until [`RunningNode::shutdown`].
pub struct RunningNode {
    pub(crate) server: net::Server,
    pub(crate) tasks: Vec<TasksThread>,
    pub(crate) node: Arc<Node>,
    pub(crate) control: ControlThread,
    pub(crate) coordinators: CoordinatorsThread,
    pub(crate) addresses: Vec<SocketAddr>,
    pub(crate) data_dirs: Vec<PathBuf>,
    pub(crate) durability: String,
    pub(crate) observed: Arc<Observed>,
    pub(crate) endpoint: Option<HttpServer>,
    pub(crate) _locks: Vec<DirLock>,
}

impl RunningNode {
    /// One line for the operator: where it listens, where the data is, and what an acknowledgement means.
    pub fn ready_line(&self) -> String {
        let addresses: Vec<_> = self.addresses.iter().map(SocketAddr::to_string).collect();
        let data_dirs: Vec<_> = self.data_dirs.iter().map(|dir| dir.display().to_string()).collect();
        format!(
            "ottla {} ready on {}, data in {}, durability: {}",
            env!("CARGO_PKG_VERSION"),
            addresses.join(", "),
            data_dirs.join(","),
            self.durability,
        )
    }

    /// Where it listens, in the order of `listeners`.
    pub fn addresses(&self) -> &[SocketAddr] {
        &self.addresses
    }

    /// Where metrics, health and readiness are told, if anywhere.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.endpoint.as_ref().map(HttpServer::local_addr)
    }

    /// Stops cleanly: no new requests, answers in flight are sent, logs are closed and marked.
    pub fn shutdown(self) {
        self.observed.stopping.store(true, Ordering::Relaxed);
        // First, so that requests that wait for their group have an answer before their connections close.
        self.coordinators.stop();
        self.server.shutdown();
        self.tasks.into_iter().for_each(TasksThread::stop);
        self.node.moves.stop();
        // What requests have begun is done before the logs are closed, and holds the node no longer: it ends here.
        self.node.errands.stop();
        self.node.look_ups.stop();
        self.control.stop();
        // Last, so that whoever asks learns that the node stops.
        drop(self.endpoint);
    }
}

#[cfg(test)]
mod tests;
