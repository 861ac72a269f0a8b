//! strace, counting the calls that make data durable.

use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};

/// strace on a process.
pub struct Tracer(Option<Child>);

impl Tracer {
    /// From now on, where there is a strace.
    pub fn attach(pid: u32) -> Tracer {
        let mut strace = Command::new("strace");
        strace.args(["-f", "-c", "-e", "trace=fdatasync,fsync,syncfs,msync", "-p", &pid.to_string()]);
        let child = strace.stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        // What is counted before it has attached to every thread is lost; two seconds make little of it.
        Tracer(child.ok())
    }

    /// How many there were; `None` without strace.
    pub fn count(self) -> Result<Option<u64>> {
        let Some(child) = self.0 else { return Ok(None) };
        kill_process(Pid::from_child(&child), Signal::INT)?;
        let output = child.wait_with_output().context("strace ends")?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let calls = |line: &str| -> Option<u64> {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.last().filter(|name| name.contains("sync"))?;
            words.get(3)?.parse().ok()
        };
        let sum: u64 = said.lines().filter_map(calls).sum();
        Ok((sum > 0).then_some(sum))
    }
}
