//! Under which conditions figures come about: what is measured, on what, when, and whether anything else ran.

use std::fs::{self, File};
use std::process::Command;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};

/// Below this share of idle CPU a machine is noisy.
const IDLE_LEAST: f64 = 0.9;
const WATCHED: Duration = Duration::from_secs(5);

/// As they were before the first measurement.
pub struct Conditions {
    commit: String,
    date: String,
    cpu: String,
    cores: usize,
    memory: String,
    kernel: String,
    /// Of connections whose ends do not say which they want: all servers but Ottla's within one machine.
    congestion: String,
    idle: f64,
    is_alone: bool,
    /// Held while this program runs.
    _lock: Option<File>,
}

impl Conditions {
    /// Looks at the machine for five seconds.
    pub fn observe() -> Conditions {
        let lock = File::create(std::env::temp_dir().join("ottla-bench.lock")).ok();
        let is_alone = lock.as_ref().is_some_and(|file| flock(file, FlockOperation::NonBlockingLockExclusive).is_ok());
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let (cpu, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
        let conditions = Conditions {
            commit: commit(),
            date: said("date", &["-u", "+%Y-%m-%dT%H:%M:%SZ"]).unwrap_or_else(|| "unknown".to_owned()),
            // Of the machine, not those that this process is pinned to.
            cores: cpu.lines().filter(|line| line.starts_with("processor")).count(),
            cpu: value(&cpu, "model name"),
            memory: value(&memory, "MemTotal"),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            congestion: read("/proc/sys/net/ipv4/tcp_congestion_control").trim().to_owned(),
            idle: idle_share(),
            is_alone,
            _lock: lock,
        };
        if conditions.is_noisy() {
            eprintln!("{}", conditions.noise());
        }
        conditions
    }

    /// Whether the figures may be those of a machine that did something else as well.
    pub fn is_noisy(&self) -> bool {
        self.idle < IDLE_LEAST || !self.is_alone
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let system = format!("Linux {}, {}", self.kernel, self.congestion);
        let machine = format!("{} cores of {}, {}, {system}", self.cores, self.cpu, self.memory);
        let noise = if self.is_noisy() { format!("\n{}", self.noise()) } else { String::new() };
        format!("at {} on {machine}, {}{noise}", self.commit, self.date)
    }

    fn noise(&self) -> String {
        let other = if self.is_alone { "" } else { ", and another measurement ran" };
        format!("NOISY: the machine was {:.0} % idle before the start{other}", self.idle * 100.0)
    }

    /// For scripts.
    pub fn json(&self) -> [(&'static str, Value); 4] {
        let machine = json!({
            "cpu": self.cpu,
            "cores": self.cores,
            "memory": self.memory,
            "kernel": self.kernel,
            "congestion_control": self.congestion,
        });
        let quiet = json!({
            "noisy": self.is_noisy(),
            "idle_percent": (self.idle * 1000.0).round() / 10.0,
            "alone": self.is_alone,
        });
        [("commit", json!(self.commit)), ("date", json!(self.date)), ("machine", machine), ("quiet", quiet)]
    }
}

/// The share of all cores that nobody used.
fn idle_share() -> f64 {
    let (before, total_before) = ticks();
    std::thread::sleep(WATCHED);
    let (after, total_after) = ticks();
    (after - before) as f64 / (total_after - total_before).max(1) as f64
}

/// Idle ones and all. What the host of a virtual machine took away is not idle; what waits for a disk is not either.
fn ticks() -> (u64, u64) {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    // The times of guests are in those of users already.
    let numbers: Vec<u64> = line.split_whitespace().skip(1).take(8).filter_map(|n| n.parse().ok()).collect();
    (numbers.get(3).copied().unwrap_or(0), numbers.iter().sum())
}

fn value(text: &str, key: &str) -> String {
    let line = text.lines().find(|line| line.starts_with(key)).and_then(|line| line.split_once(':'));
    line.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
}

fn commit() -> String {
    let dirty = said("git", &["status", "--porcelain", "--untracked-files=no"]).is_some_and(|said| !said.is_empty());
    let commit = said("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    if dirty { format!("{commit} with changes") } else { commit }
}

fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
