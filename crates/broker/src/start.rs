//! How a node starts: settings, lock, identity, logs, and only then the first client.

pub(crate) mod directories;
pub(crate) mod identity;

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, SyncSender};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use host::{Clock, Disk, Pool, Rng};
use metadata::decide::RegisterBroker;
use metadata::{Endpoint, SecurityProtocol};
use net::http::HttpServer;
use net::{ERRANDS_MAX, Errands};
use quorum::{NodeId, Quorum};
use record::BrokerId;
use storage::LogDir;

use crate::config::{self, Config, ConfigError, Listener, Sources};
use crate::control::{ControlError, ControlThread, Controller, Hosting, Moves, Opening, Trash};
use crate::coordinators::{Coordinators, CoordinatorsThread, Wiring};
use crate::handlers::fetch::FetchSessions;
use crate::handlers::produce::Recompressions;
use crate::log_dirs::{LogDirs, TwiceError};
use crate::log_levels::LogLevels;
use crate::metrics::Metrics;
use crate::node::{Node, RunningNode, random_id};
use crate::observe::{self, Observed, Serving};
use crate::partition::flushing::FLUSHES_MAX;
use crate::producer_ids::ProducerIds;
use crate::tasks::{self, Common, Nudge, Tasks, TasksThread};
use crate::telemetry::Telemetry;
use crate::turn::Requests;
use crate::view::View;
use directories::Directories;
use identity::IdentityError;

/// What a node is started with.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `--config`: a `server.properties`.
    pub config_file: Option<PathBuf>,
    /// `--env`: the variables of the environment, by name.
    pub environment: Vec<(String, String)>,
    /// `--set key=value`, in order.
    pub overrides: Vec<(String, String)>,
    /// `--data`; empty when it is not given.
    pub data_dirs: Vec<PathBuf>,
    /// `--listen HOST:PORT`.
    pub listen: Option<String>,
    /// `--durable`.
    pub durable: bool,
    /// `--metrics HOST:PORT`.
    pub metrics: Option<String>,
    /// `--metrics-partitions`: with more partitions than this only topics have series of their own;
    /// [`PARTITION_SERIES_MAX`] when `None`.
    pub metrics_partitions: Option<usize>,
    /// What is logged; without it no client can change that.
    pub log_levels: LogLevels,
}

/// Partitions with metrics of their own, unless somebody says otherwise: what Prometheus takes without effort.
pub const PARTITION_SERIES_MAX: usize = 4000;

/// Why a node did not start; the text says what to do.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration file cannot be read.
    #[error("cannot read {path}: {source}")]
    ConfigFile {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A setting is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data directory cannot be used.
    #[error("cannot use the data directory {path}: {source}")]
    DataDir {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process has the data directory.
    #[error("another ottla uses the data directory {path}: stop it, or choose another with --data")]
    InUse {
        /// The directory.
        path: PathBuf,
    },
    /// Two entries of `log.dirs` are the same directory.
    #[error("{one} and {other} are the same directory: name each directory once in log.dirs")]
    Same {
        /// The first entry.
        one: PathBuf,
        /// The second.
        other: PathBuf,
    },
    /// A partition lies in two directories.
    #[error(transparent)]
    Twice(#[from] TwiceError),
    /// The data directory belongs to another node.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The address of a listener is not known.
    #[error("cannot find the address {address} of a listener: {source}")]
    Address {
        /// As configured.
        address: String,
        /// What the system says.
        source: io::Error,
    },
    /// The address of `--metrics` cannot be listened on.
    #[error("--metrics: {0}")]
    Metrics(String),
    /// A listener cannot be opened.
    #[error("{0}")]
    Listen(io::Error),
    /// The metadata log cannot be opened.
    #[error(transparent)]
    Quorum(#[from] quorum::OpenError),
    /// The node could not register itself.
    #[error("cannot register in the metadata log: {0}")]
    Register(#[from] ControlError),
    /// The system gives no threads.
    #[error("cannot start threads: {0}")]
    Threads(io::Error),
}

/// Starts a node; when this returns, it answers clients.
pub fn start(options: &Options) -> Result<RunningNode, StartError> {
    let disk = Disk::real();
    let loaded = Config::load(&sources(&disk, options)?)?;
    loaded.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let config = loaded.config;
    let mut directories = Directories::take(&disk, &config)?;
    let (locks, data_dirs) = (std::mem::take(&mut directories.locks), config.log_dirs.clone());
    // Before the recovery, so that a port that is taken is told at once. Nobody is let in yet.
    let (mut sockets, mut addresses) = (Vec::new(), Vec::new());
    for listener in &config.listeners {
        let socket = net::bind(resolve(&listener.bind)?).map_err(StartError::Listen)?;
        addresses.push(socket.local_addr().map_err(StartError::Listen)?);
        sockets.push(socket);
    }
    let observed = Arc::new(observed(&config, options));
    // Up during the recovery, which it tells of.
    let endpoint = options.metrics.as_ref().map(|address| endpoint(address, &observed)).transpose()?;
    let Opened { node, control, coordinators, tasks, durability } =
        open(disk, config, directories, &addresses, &observed, options)?;
    let (published, groups) = (Arc::clone(&node.published), Arc::clone(&node.coordinators));
    let requests = Arc::new(Requests(Arc::clone(&node)));
    let server = net::Server::start(net_config(&node.config), sockets, requests).map_err(StartError::Threads)?;
    observed.serve(Serving { published, loops: server.observers(), coordinators: Some(groups) });
    Ok(RunningNode {
        server,
        control,
        coordinators,
        tasks,
        node,
        addresses,
        data_dirs,
        durability,
        observed,
        endpoint,
        _locks: locks,
    })
}

fn observed(config: &Config, options: &Options) -> Observed {
    Observed {
        metrics: Metrics::new(Clock::real()),
        data_dirs: config.log_dirs.clone(),
        partitions_max: options.metrics_partitions.unwrap_or(PARTITION_SERIES_MAX),
        dirs: OnceLock::new(),
        serving: OnceLock::new(),
        stopping: AtomicBool::new(false),
    }
}

fn endpoint(address: &str, observed: &Arc<Observed>) -> Result<HttpServer, StartError> {
    let failed = |source| StartError::Address { address: address.to_owned(), source };
    let resolved = address.to_socket_addrs().map_err(failed)?.next();
    let resolved = resolved.ok_or_else(|| failed(io::Error::from(io::ErrorKind::AddrNotAvailable)))?;
    let listener = net::bind(resolved).map_err(|error| StartError::Metrics(error.to_string()))?;
    let server = HttpServer::start(listener, observe::handler(Arc::clone(observed))).map_err(StartError::Threads)?;
    tracing::info!("metrics, health and readiness are told on http://{}/metrics, /health, /ready", server.local_addr());
    Ok(server)
}

pub(crate) fn sources(disk: &Disk, options: &Options) -> Result<Sources, StartError> {
    let read = |path: &PathBuf| {
        let bytes = disk.read(path).map_err(|source| StartError::ConfigFile { path: path.clone(), source })?;
        Ok::<_, StartError>((path.display().to_string(), String::from_utf8_lossy(&bytes).into_owned()))
    };
    Ok(Sources {
        file: options.config_file.as_ref().map(read).transpose()?,
        environment: config::environment::settings(options.environment.clone()),
        overrides: options.overrides.clone(),
        data_dirs: options.data_dirs.clone(),
        listen: options.listen.clone(),
        durable: options.durable,
    })
}

fn resolve(bind: &config::Endpoint) -> Result<SocketAddr, StartError> {
    let failed = |source| StartError::Address { address: bind.to_string(), source };
    let mut resolved = (bind.bind_host(), bind.port).to_socket_addrs().map_err(failed)?;
    resolved.next().ok_or_else(|| failed(io::Error::from(io::ErrorKind::AddrNotAvailable)))
}

/// Opens the metadata and all logs.
fn open(
    disk: Disk,
    config: Config,
    mut directories: Directories,
    addresses: &[SocketAddr],
    observed: &Observed,
    options: &Options,
) -> Result<Opened, StartError> {
    let metrics = Arc::clone(&observed.metrics);
    let (clock, rng) = (metrics.clock.clone(), Rng::os());
    let quorum_options = quorum::Options::new(quorum_node(config.node_id));
    let metadata = config.metadata_dir.join(identity::METADATA);
    let quorum = Quorum::open(&disk, &metadata, &quorum_options, || random_id(&rng))?;
    directories.identify(&disk, config.node_id, quorum.image().cluster_id(), &rng)?;
    let pool = Pool::new("pool", 2).map(Arc::new).map_err(StartError::Threads)?;
    let look_ups = Pool::new("look-up", 2).map(Arc::new).map_err(StartError::Threads)?;
    let trash = Trash::new(disk.clone(), Arc::clone(&pool));
    let (log_dirs, hosting) = hosting(&disk, &config, directories, observed, &trash)?;
    let published = Arc::new(ArcSwap::from_pointee(View::default()));
    let (nudges, nudged): (Vec<_>, Vec<_>) = log_dirs.all().iter().map(|_| tasks::nudges()).unzip();
    let (coordinators, coordinators_thread) = coordinators(&config, &published, &metrics)?;
    let mut controller = Controller {
        quorum,
        hosting,
        coordinators: Arc::clone(&coordinators),
        published: Arc::clone(&published),
        broker: config.node_id,
        clock: clock.clone(),
        nudges: nudges.clone(),
        metrics: Arc::clone(&metrics),
    };
    let began = clock.monotonic();
    controller.register(registration(&config, addresses, &rng))?;
    controller.open()?;
    metrics.note_recovered(clock.monotonic().saturating_sub(began));
    // Settings that were changed at run time are in force now.
    let durability = controller.hosting.defaults().durability();
    let (control, control_thread) = ControlThread::start(controller).map_err(StartError::Threads)?;
    let moves = Moves::new(&log_dirs, control.clone()).map_err(StartError::Threads)?;
    let producer_ids = ProducerIds::default();
    let fetch_sessions = FetchSessions::new(config.fetch_sessions_max);
    let recompressions = Recompressions::new(config.request_budget_bytes);
    let node = Node {
        config,
        clock,
        rng,
        errands: Errands::new(&pool, ERRANDS_MAX),
        cache_asks: Errands::new(&pool, 1),
        look_ups: Errands::new(&look_ups, ERRANDS_MAX),
        pool,
        log_dirs,
        moves,
        trash,
        control,
        producer_ids,
        recompressions,
        fetch_sessions,
        coordinators,
        telemetry: Telemetry::default(),
        published,
        metrics,
        log_levels: options.log_levels.clone(),
    };
    let tasks = tasks_threads(&node, nudges.into_iter().zip(nudged)).map_err(StartError::Threads)?;
    let node = Arc::new(node);
    Ok(Opened { node, control: control_thread, coordinators: coordinators_thread, tasks, durability })
}

/// A thread for each log directory that looks after its logs, told by the nudges of its index.
fn tasks_threads(
    node: &Node,
    nudges: impl Iterator<Item = (SyncSender<Nudge>, Receiver<Nudge>)>,
) -> io::Result<Vec<TasksThread>> {
    let offline = Arc::new(Common::default());
    let start = |(dir, (nudges, nudged)): (&Arc<LogDir>, _)| {
        let tasks = Tasks {
            dir: Arc::clone(dir),
            offline: Arc::clone(&offline),
            published: Arc::clone(&node.published),
            trash: node.trash.clone(),
            control: node.control.clone(),
            clock: node.clock.clone(),
            metrics: Arc::clone(&node.metrics),
        };
        TasksThread::start(tasks, &node.config.tasks, nudges, nudged)
    };
    node.log_dirs.all().iter().zip(nudges).map(start).collect()
}

/// What coordinates, without a shard yet.
fn coordinators(
    config: &Config,
    published: &Arc<ArcSwap<View>>,
    metrics: &Arc<Metrics>,
) -> Result<(Arc<Coordinators>, CoordinatorsThread), StartError> {
    // Their own: a load goes on for long, and what else blocks must not wait for it.
    let loads = Pool::new("loads", 1).map(Arc::new).map_err(StartError::Threads)?;
    let wiring = Wiring {
        published: Arc::clone(published),
        pool: Arc::downgrade(&loads),
        metrics: Arc::clone(metrics),
        config: config.groups.clone(),
        broker: config.node_id,
    };
    let coordinators = Arc::new(Coordinators::new(wiring));
    let thread = CoordinatorsThread::start(&coordinators, loads, metrics).map_err(StartError::Threads)?;
    Ok((coordinators, thread))
}

/// The directories of logs, and what opens and closes them.
fn hosting(
    disk: &Disk,
    config: &Config,
    directories: Directories,
    observed: &Observed,
    trash: &Trash,
) -> Result<(Arc<LogDirs>, Hosting), StartError> {
    let (log_dirs, stops) = directories.open(disk, open_files_max())?;
    let log_dirs = Arc::new(log_dirs);
    let _ = observed.dirs.set(Arc::clone(&log_dirs));
    let opening = Opening {
        dirs: Arc::clone(&log_dirs),
        stops,
        threads: config.recovery_threads,
        clock: observed.metrics.clock.clone(),
        metrics: Arc::clone(&observed.metrics),
    };
    let pools = log_dirs.all().iter().map(|_| Pool::new("flush", FLUSHES_MAX).map(Arc::new));
    let pools = pools.collect::<io::Result<Vec<_>>>().map_err(StartError::Threads)?;
    let (defaults, cordoned) = (config.topic_defaults.clone(), config.cordoned_log_dirs.clone());
    let hosting = Hosting::new(opening, config.node_id, defaults, cordoned, pools, trash.clone());
    Ok((log_dirs, hosting))
}

fn registration(config: &Config, addresses: &[SocketAddr], rng: &Rng) -> RegisterBroker {
    RegisterBroker {
        id: config.node_id,
        incarnation: random_id(rng),
        endpoints: endpoints(&config.listeners, addresses),
        rack: config.rack.as_deref().map(Into::into),
        // The lock on the data directory says so.
        previous_is_gone: true,
    }
}

/// How many files of logs may be open: half of what the process may open, so that connections find room.
fn open_files_max() -> usize {
    const UNLIMITED: u64 = 1 << 16;
    // What the system allows is rarely what a shell hands on.
    let limit = host::raise_open_files_limit().unwrap_or_else(|error| {
        tracing::warn!(%error, "the limit of open files could not be raised");
        Some(1024)
    });
    usize::try_from(limit.unwrap_or(UNLIMITED).min(UNLIMITED) / 2).unwrap_or(usize::MAX)
}

/// A node that lacks only its listeners.
struct Opened {
    node: Arc<Node>,
    control: ControlThread,
    coordinators: CoordinatorsThread,
    tasks: Vec<TasksThread>,
    /// What an acknowledgement means.
    durability: String,
}

/// The engine takes 0 for "no node", Kafka counts brokers from 0.
fn quorum_node(broker: BrokerId) -> NodeId {
    NodeId(u64::from(broker.0.unsigned_abs()) + 1)
}

/// What clients are told to connect to.
fn endpoints(listeners: &[Listener], addresses: &[SocketAddr]) -> Vec<Endpoint> {
    let endpoint = |(listener, address): (&Listener, &SocketAddr)| {
        let (host, port) = match &listener.advertised {
            Some(advertised) => (advertised.host.clone(), advertised.port),
            // An unspecified address cannot be connected to from elsewhere; the machine's name can.
            None if address.ip().is_unspecified() => (host_name(), address.port()),
            None => (listener.bind.host.clone(), address.port()),
        };
        Endpoint {
            listener: listener.name.as_str().into(),
            host: host.into(),
            port,
            security_protocol: SecurityProtocol::Plaintext,
        }
    };
    listeners.iter().zip(addresses).map(endpoint).collect()
}

fn host_name() -> String {
    let name = host::system::read_text("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "localhost".to_owned(),
        name => name.to_owned(),
    }
}

fn net_config(config: &Config) -> net::Config {
    net::Config {
        loops: config.loops,
        max_frame_bytes: config.max_request_bytes,
        budget_bytes: config.request_budget_bytes,
        max_connections: config.max_connections,
        max_connections_per_ip: config.max_connections_per_ip,
        idle: config.connections_max_idle,
        ..net::Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_tells_its_name() {
        assert_eq!(host_name(), host::system::read_text("/proc/sys/kernel/hostname").unwrap().trim());
    }
}
