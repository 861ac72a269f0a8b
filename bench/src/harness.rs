//! The broker that is measured: a process of its own, and what the system says about it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use kafka_protocol::messages::MetadataRequest;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::kafka;
use crate::raw::Connection;

/// How long anything may take before it is called lost.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// What is measured, and where.
pub struct Setup {
    /// The binary.
    pub ottla: PathBuf,
    /// Where data directories are made.
    pub dir: PathBuf,
}

/// How its process is started.
enum Recipe {
    /// The binary, and options behind those that every broker gets.
    Ottla(PathBuf, Vec<String>),
    /// Where Apache Kafka was unpacked.
    Kafka(PathBuf),
}

/// A broker on a port that stays the same when it starts again. Dropping it kills it and removes its data.
pub struct Broker {
    recipe: Recipe,
    bootstrap: String,
    process: Option<Child>,
    home: TempDir,
}

impl Broker {
    /// Starts Ottla on an empty directory and waits until it is ready.
    pub fn start(setup: &Setup, options: &[&str]) -> Result<Broker> {
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let mut broker = Broker::new(setup, Recipe::Ottla(setup.ottla.clone(), options))?;
        broker.start_again()?;
        Ok(broker)
    }

    /// Starts Apache Kafka on an empty directory, with its defaults but for `settings` (`KEY=VALUE`), and waits until it
    /// is ready.
    pub fn kafka(setup: &Setup, dist: &Path, settings: &[&str]) -> Result<Broker> {
        let mut broker = Broker::new(setup, Recipe::Kafka(dist.to_owned()))?;
        kafka::format(dist, broker.home.path(), &broker.bootstrap, &free_address()?, settings)?;
        broker.start_again()?;
        Ok(broker)
    }

    fn new(setup: &Setup, recipe: Recipe) -> Result<Broker> {
        // Kafka runs in a directory of its own and needs to be told the whole path.
        let home = tempfile::Builder::new().prefix("ottla-bench-").tempdir_in(setup.dir.canonicalize()?)?;
        Ok(Broker { recipe, bootstrap: free_address()?, process: None, home })
    }

    /// For tables.
    pub fn name(&self) -> &'static str {
        match self.recipe {
            Recipe::Ottla(..) => "ottla",
            Recipe::Kafka(_) => "kafka",
        }
    }

    /// Starts the process on the data that is there, and waits for nothing.
    pub fn spawn(&mut self) -> Result<()> {
        let stderr = File::create(self.home.path().join("stderr"))?;
        let (mut command, stdout) = match &self.recipe {
            Recipe::Ottla(binary, options) => {
                let mut command = Command::new(binary);
                command.args(["serve", "--listen", &self.bootstrap, "--data"]).arg(self.data()).args(options);
                (command, Stdio::piped())
            }
            Recipe::Kafka(dist) => {
                (kafka::command(dist, self.home.path()), File::create(self.home.path().join("stdout"))?.into())
            }
        };
        let program = command.get_program().to_owned();
        let child = command.stdin(Stdio::null()).stdout(stdout).stderr(stderr).spawn();
        self.process = Some(child.with_context(|| format!("{}: is it there?", program.display()))?);
        Ok(())
    }

    /// Starts the process on the data that is there and waits until it is ready.
    pub fn start_again(&mut self) -> Result<()> {
        self.spawn()?;
        let stdout = self.process.as_mut().and_then(|child| child.stdout.take());
        let Some(stdout) = stdout else { return self.await_answer() };
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        ensure!(line.contains("ready on "), "the broker did not get ready: {line}{}", self.said("stderr"));
        Ok(())
    }

    /// Waits until the process knows itself and tells so.
    pub fn await_answer(&mut self) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        let request = MetadataRequest::default().with_topics(Some(Vec::new()));
        loop {
            let answer = Connection::try_to(&self.bootstrap).ok().and_then(|mut to| to.try_call(12, &request));
            if answer.is_some_and(|answer| !answer.brokers.is_empty()) {
                return Ok(());
            }
            let ended = self.process.as_mut().context("the broker runs")?.try_wait()?;
            let said = || format!("{}{}", self.said("stdout"), self.said("stderr"));
            ensure!(ended.is_none() && Instant::now() < deadline, "the broker did not get ready: {}", said());
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    fn said(&self, stream: &str) -> String {
        fs::read_to_string(self.home.path().join(stream)).unwrap_or_default()
    }

    /// `kill -9`.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.process.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Stops it as its manual says; how long that took.
    pub fn stop(&mut self) -> Result<Duration> {
        let begin = Instant::now();
        let mut child = self.process.take().context("the broker runs")?;
        let signal = if matches!(self.recipe, Recipe::Kafka(_)) { Signal::TERM } else { Signal::INT };
        kill_process(Pid::from_child(&child), signal)?;
        let status = child.wait()?;
        // A JVM tells that a signal ended it, however cleanly.
        ensure!(status.success() || status.code() == Some(128 + 15), "the broker did not stop cleanly: {status}");
        Ok(begin.elapsed())
    }

    /// `HOST:PORT`.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// `HOST:PORT` of its metrics, where it was asked for them.
    pub fn metrics(&self) -> Option<String> {
        let Recipe::Ottla(_, options) = &self.recipe else { return None };
        options.iter().skip_while(|option| *option != "--metrics").nth(1).cloned()
    }

    /// Where its data is.
    pub fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// Its process id.
    pub fn pid(&self) -> Result<u32> {
        Ok(self.process.as_ref().context("the broker runs")?.id())
    }

    /// Resident memory in bytes.
    pub fn resident_bytes(&self) -> Result<u64> {
        let status = fs::read_to_string(self.proc("status")?)?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("Linux tells VmRSS")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }

    /// Open descriptors.
    pub fn descriptors(&self) -> Result<u64> {
        Ok(fs::read_dir(self.proc("fd")?)?.count() as u64)
    }

    /// CPU time of all its threads that run now, in nanoseconds.
    pub fn cpu_ns(&self) -> Result<u64> {
        let mut sum = 0;
        for task in fs::read_dir(self.proc("task")?)? {
            let text = fs::read_to_string(task?.path().join("schedstat")).unwrap_or_default();
            sum += text.split(' ').next().and_then(|first| first.parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(sum)
    }

    fn proc(&self, file: &str) -> Result<PathBuf> {
        Ok(Path::new("/proc").join(self.pid()?.to_string()).join(file))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Nobody else on this machine is expected to take the port in the moment that it is free.
pub fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}
