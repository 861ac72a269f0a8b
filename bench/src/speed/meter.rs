//! What a server used while something was done.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::target::Target;

/// One run of a case.
#[derive(Clone, Default)]
pub struct Run {
    /// Records that arrived.
    pub records: u64,
    /// Bytes of their values.
    pub bytes: u64,
    /// From the first request to the last answer.
    pub wall: Duration,
    /// Of the server, in nanoseconds.
    pub cpu_ns: u64,
    /// Sorted, where they were taken, in nanoseconds.
    pub latencies_ns: Vec<u64>,
    /// Of the server at its most so far, in bytes.
    pub peak_bytes: u64,
}

/// Begins when it is made.
pub struct Meter<'a> {
    server: &'a Target,
    begin: Instant,
    cpu_ns: u64,
}

impl<'a> Meter<'a> {
    /// From now on.
    pub fn begin(server: &'a Target) -> Result<Meter<'a>> {
        Ok(Meter { server, begin: Instant::now(), cpu_ns: server.cpu_ns()? })
    }

    /// Until now.
    pub fn end(self, records: u64, bytes: u64, mut latencies_ns: Vec<u64>) -> Result<Run> {
        let wall = self.begin.elapsed();
        let cpu_ns = self.server.cpu_ns()? - self.cpu_ns;
        latencies_ns.sort_unstable();
        Ok(Run { records, bytes, wall, cpu_ns, latencies_ns, peak_bytes: self.server.peak_bytes()? })
    }
}
