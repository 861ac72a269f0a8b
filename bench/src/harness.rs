//! The broker that is measured: a process of its own, and what the system says about it.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How long anything may take before it is called lost.
pub const PATIENCE: Duration = Duration::from_secs(600);

/// What is measured, and where.
pub struct Setup {
    /// The binary.
    pub ottla: PathBuf,
    /// Where data directories are made.
    pub dir: PathBuf,
}

/// A broker on a port that stays the same when it starts again. Dropping it kills it and removes its data.
pub struct Broker {
    ottla: PathBuf,
    options: Vec<String>,
    bootstrap: String,
    process: Option<Child>,
    home: TempDir,
}

impl Broker {
    /// Starts one on an empty directory and waits until it is ready.
    pub fn start(setup: &Setup, options: &[&str]) -> Result<Broker> {
        let home = tempfile::Builder::new().prefix("ottla-bench-").tempdir_in(&setup.dir)?;
        // Nobody else on this machine is expected to take the port in the moment that it is free.
        let bootstrap = TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string();
        let options = options.iter().map(|&option| option.to_owned()).collect();
        let mut broker = Broker { ottla: setup.ottla.clone(), options, bootstrap, process: None, home };
        broker.start_again()?;
        Ok(broker)
    }

    /// Starts the process on the data that is there and waits for its ready line.
    pub fn start_again(&mut self) -> Result<()> {
        let stderr = fs::File::create(self.home.path().join("stderr"))?;
        let mut child = Command::new(&self.ottla)
            .args(["serve", "--listen", &self.bootstrap, "--data"])
            .arg(self.home.path().join("data"))
            .args(&self.options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .with_context(|| format!("{}: build it first", self.ottla.display()))?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("it is piped")?;
        self.process = Some(child);
        BufReader::new(stdout).read_line(&mut line)?;
        let said = fs::read_to_string(self.home.path().join("stderr")).unwrap_or_default();
        ensure!(line.contains("ready on "), "the broker did not get ready: {line}{said}");
        Ok(())
    }

    /// `kill -9`.
    pub fn kill(&mut self) -> Result<()> {
        if let Some(mut child) = self.process.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Stops it as Ctrl-C does; how long that took.
    pub fn stop(&mut self) -> Result<Duration> {
        let begin = Instant::now();
        let mut child = self.process.take().context("the broker runs")?;
        kill_process(Pid::from_child(&child), Signal::INT)?;
        ensure!(child.wait()?.success(), "the broker did not stop cleanly");
        Ok(begin.elapsed())
    }

    /// `HOST:PORT`.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
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
