//! The servers that are measured, and the cores that they and the generator have.

use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs as _};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use kafka_protocol::messages::create_topics_request::CreatableTopic;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, CreateTopicsRequest, DeleteTopicsRequest, ListOffsetsRequest};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with, sockopt};
use tempfile::TempDir;

use super::Options;
use crate::calls::topic_name;
use crate::harness::{Broker, PATIENCE, Setup, free_address};
use crate::raw::{Connection, error_name};
use crate::target::Target;

/// The pages of a topic that was deleted are used again at once.
const FREE_AT_ONCE: &str = "log.segment.delete.delay.ms=0";

/// Which cores are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Placement {
    /// Those that the kernel chooses.
    Free,
    /// The generator on core 0, the servers on core 1.
    Split,
}

/// All of them; dropping it ends those that were started here.
pub struct Servers {
    /// The floor first, then Ottla, then the others.
    pub all: Vec<Target>,
    placement: Placement,
    _floor: Process,
    _brokers: Vec<Broker>,
}

/// A floor.
pub struct Process(Child, #[allow(dead_code, reason = "its file goes with it")] TempDir);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Servers {
    /// Starts the floor, Ottla and, where it is wanted, Kafka.
    pub fn start(setup: &Setup, options: &Options) -> Result<Servers> {
        let (process, floor) = start_floor(setup)?;
        let metrics = free_address()?;
        let mut brokers = vec![Broker::start(setup, &["--set", FREE_AT_ONCE, "--metrics", &metrics])?];
        if let Some(dist) = &options.kafka {
            brokers.push(Broker::kafka(setup, dist, &[FREE_AT_ONCE])?);
        }
        let mut all = vec![floor];
        for broker in &brokers {
            all.push(Target::of(broker)?);
        }
        all.extend(options.beside.iter().map(Target::beside));
        let servers = Servers { all, placement: options.placement, _floor: process, _brokers: brokers };
        if servers.placement == Placement::Split {
            servers.all.iter().try_for_each(|server| pin(server.pid, "1"))?;
            pin(std::process::id(), "0")?;
        }
        Ok(servers)
    }

    /// Does what starts processes that are to have all cores.
    pub fn unpinned<T>(&self, what: impl FnOnce() -> Result<T>) -> Result<T> {
        if self.placement == Placement::Free {
            return what();
        }
        let cores = std::fs::read_to_string("/sys/devices/system/cpu/online")?;
        pin(std::process::id(), cores.trim())?;
        let done = what();
        pin(std::process::id(), "0")?;
        done
    }
}

/// Starts one and waits until it is ready.
pub fn start_floor(setup: &Setup) -> Result<(Process, Target)> {
    let home = tempfile::Builder::new().prefix("ottla-floor-").tempdir_in(&setup.dir)?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["floor", "--listen", "127.0.0.1:0", "--file"])
        .arg(home.path().join("log"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("it is piped")?).read_line(&mut line)?;
    let address = line.trim().strip_prefix("ready on ").context("the floor did not start")?.to_owned();
    let floor = Target { name: "floor".to_owned(), address, pid: child.id(), metrics: None };
    Ok((Process(child, home), floor))
}

/// All threads that a process has and will have.
fn pin(pid: u32, cores: &str) -> Result<()> {
    let output = Command::new("taskset").args(["--all-tasks", "--cpu-list", "--pid", cores, &pid.to_string()]).output();
    ensure!(output.context("taskset is needed")?.status.success(), "taskset cannot pin process {pid}");
    Ok(())
}

/// A connection without delays, and without pacing (BBR), for which the generator would be the bottleneck.
pub fn connect(server: &Target) -> Result<TcpStream> {
    let address: SocketAddr = server.address.to_socket_addrs()?.next().context("the server has no address")?;
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    sockopt::set_tcp_congestion(&socket, "reno")?;
    sockopt::set_tcp_nodelay(&socket, true)?;
    rustix::net::connect(&socket, &address)?;
    Ok(socket.into())
}

/// Creates a topic of one partition, by the oldest versions, and waits until it has a leader.
pub fn create(server: &Target, topic: &str) -> Result<()> {
    let mut connection = Connection::to(&server.address);
    let creatable =
        CreatableTopic::default().with_name(topic_name(topic)).with_num_partitions(1).with_replication_factor(1);
    let request = CreateTopicsRequest::default().with_topics(vec![creatable]).with_timeout_ms(30_000);
    let created = error_name(connection.call(2, &request).topics[0].error_code);
    ensure!(created == "None", "{topic} was not created: {created}");
    let asked = ListOffsetsPartition::default().with_timestamp(-1);
    let asked = ListOffsetsTopic::default().with_name(topic_name(topic)).with_partitions(vec![asked]);
    let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![asked]);
    let deadline = Instant::now() + PATIENCE;
    while connection.call(1, &request).topics[0].partitions[0].error_code != 0 {
        ensure!(Instant::now() < deadline, "{topic} has no leader");
    }
    Ok(())
}

/// Deletes it.
pub fn delete(server: &Target, topic: &str) -> Result<()> {
    let request = DeleteTopicsRequest::default().with_topic_names(vec![topic_name(topic)]).with_timeout_ms(30_000);
    let deleted = Connection::to(&server.address).call(1, &request).responses[0].error_code;
    ensure!(deleted == 0, "{topic} was not deleted: {}", error_name(deleted));
    Ok(())
}
