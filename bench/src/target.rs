//! A broker that is measured, Ottla or another.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::str::FromStr;
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use kafka_protocol::messages::create_partitions_request::CreatePartitionsTopic;
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, CreatePartitionsRequest, ListOffsetsRequest};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::calls::topic_name;
use crate::harness::{Broker, PATIENCE};
use crate::raw::{Connection, error_name};

/// A broker that runs already, `NAME=HOST:PORT=PID`, on the same machine.
#[derive(Clone, Debug)]
pub struct Beside {
    name: String,
    address: String,
    pid: u32,
}

impl FromStr for Beside {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Beside> {
        let mut parts = text.splitn(3, '=');
        let mut part = || parts.next().context("NAME=HOST:PORT=PID is expected");
        Ok(Beside { name: part()?.to_owned(), address: part()?.to_owned(), pid: part()?.parse()? })
    }
}

/// What is asked and measured.
pub struct Target {
    /// For the table.
    pub name: String,
    /// `HOST:PORT`.
    pub address: String,
    /// Its process.
    pub pid: u32,
    /// `HOST:PORT` of its metrics, where it has some.
    pub metrics: Option<String>,
}

impl Target {
    /// One that was started here.
    pub fn of(broker: &Broker) -> Result<Target> {
        Ok(Target {
            name: broker.name().to_owned(),
            address: broker.bootstrap().to_owned(),
            pid: broker.pid()?,
            metrics: broker.metrics(),
        })
    }

    /// Another's.
    pub fn beside(beside: &Beside) -> Target {
        Target { name: beside.name.clone(), address: beside.address.clone(), pid: beside.pid, metrics: None }
    }

    /// Whether it is the floor, which has one partition and speaks few versions.
    pub fn is_floor(&self) -> bool {
        self.name == "floor"
    }

    /// The end of each partition of a topic, as soon as all of them have a leader.
    pub fn ends(&self, topic: &str, partitions: i32) -> Result<Vec<i64>> {
        let partition = |n| ListOffsetsPartition::default().with_partition_index(n).with_timestamp(-1);
        let asked = ListOffsetsTopic::default()
            .with_name(topic_name(topic))
            .with_partitions((0..partitions).map(partition).collect());
        let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![asked]);
        let mut connection = Connection::to(&self.address);
        let deadline = Instant::now() + PATIENCE;
        loop {
            // The oldest version that Kafka 4 takes is the only one of the floor.
            let mut answer = connection.try_call(1, &request).context("the server closed the connection")?;
            let partitions = answer.topics.pop().context("one topic was asked for")?.partitions;
            if partitions.iter().all(|partition| partition.error_code == 0) {
                return Ok(partitions.iter().map(|partition| partition.offset).collect());
            }
            ensure!(Instant::now() < deadline, "a partition of {topic} has no leader");
        }
    }

    /// Creates a topic. Apache Kafka makes at most 10,000 metadata records for one request, hence the second.
    pub fn create_topic(&self, topic: &str, partitions: i32) {
        const AT_ONCE: i32 = 5_000;
        let mut connection = Connection::to(&self.address);
        connection.create_topic(topic, partitions.min(AT_ONCE));
        if partitions > AT_ONCE {
            let more = CreatePartitionsTopic::default()
                .with_name(topic_name(topic))
                .with_count(partitions)
                .with_assignments(None);
            let request = CreatePartitionsRequest::default().with_topics(vec![more]).with_timeout_ms(30_000);
            assert_eq!(error_name(connection.call(3, &request).results[0].error_code), "None");
            connection.await_leader(topic, partitions - 1);
        }
    }

    /// CPU time of the threads that run, in nanoseconds.
    pub fn cpu_ns(&self) -> Result<u64> {
        let mut sum = 0;
        for task in fs::read_dir(format!("/proc/{}/task", self.pid))? {
            let text = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            sum += text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(sum)
    }

    /// Waits until it does next to nothing any more, so that what it was asked before is in no measurement of what follows:
    /// the files of a deleted topic are removed after the answer.
    pub fn rest(&self) -> Result<()> {
        const LOOK: Duration = Duration::from_millis(50);
        const AT_REST_NS: u64 = 2_000_000;
        // Between two files it may wait for the disk's journal.
        const LOOKS: u32 = 10;
        // Ten thousand logs are removed meanwhile.
        const LONGEST: Duration = Duration::from_secs(20);
        let begin = Instant::now();
        let (mut before, mut looks) = (self.cpu_ns()?, 0);
        while looks < LOOKS && begin.elapsed() < LONGEST {
            park_timeout(LOOK);
            let now = self.cpu_ns()?;
            let is_at_rest = now.saturating_sub(std::mem::replace(&mut before, now)) < AT_REST_NS;
            looks = if is_at_rest { looks + 1 } else { 0 };
        }
        Ok(())
    }

    /// Resident memory in bytes.
    pub fn resident_bytes(&self) -> Result<u64> {
        self.memory("VmRSS:")
    }

    /// The most resident memory that it had, in bytes.
    pub fn peak_bytes(&self) -> Result<u64> {
        self.memory("VmHWM:")
    }

    /// What it had read from disks so far, in bytes.
    pub fn disk_read_bytes(&self) -> Result<u64> {
        let io = fs::read_to_string(format!("/proc/{}/io", self.pid))?;
        let line = io.lines().find_map(|line| line.strip_prefix("read_bytes: ")).context("Linux tells read_bytes")?;
        Ok(line.trim().parse()?)
    }

    /// The sum of one metric over all its labels; nothing where it tells none.
    pub fn metric(&self, name: &str) -> Result<Option<f64>> {
        let Some(address) = &self.metrics else { return Ok(None) };
        let mut socket = TcpStream::connect(address)?;
        socket.write_all(b"GET /metrics HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        socket.read_to_string(&mut text)?;
        let is_it = |rest: &&str| rest.starts_with([' ', '{']);
        let lines = text.lines().filter_map(|line| line.strip_prefix(name)).filter(is_it);
        let figures: Vec<f64> = lines.filter_map(|rest| rest.rsplit(' ').next()?.parse().ok()).collect();
        Ok((!figures.is_empty()).then(|| figures.iter().sum()))
    }

    fn memory(&self, name: &str) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name)).context("Linux tells its memory")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }
}

/// Each member has a connection of its own.
pub fn allow_descriptors() -> Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?)
}
