//! What a server used while something was done.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::Value;

use super::workload::Unit;
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
    /// Memory of the server at the end, in bytes.
    pub resident_bytes: u64,
    /// The most that it had so far, in bytes.
    pub peak_bytes: u64,
    /// Where the case has a unit of its own.
    pub figure: f64,
    /// What else there is to tell.
    pub notes: Vec<(&'static str, Value)>,
}

impl Run {
    /// Of a case with a unit of its own.
    pub fn of(server: &Target, figure: f64) -> Result<Run> {
        let (resident_bytes, peak_bytes) = (server.resident_bytes()?, server.peak_bytes()?);
        Ok(Run { figure, resident_bytes, peak_bytes, ..Run::default() })
    }

    /// With something more to tell.
    pub fn noted(mut self, name: &'static str, value: Value) -> Run {
        self.notes.push((name, value));
        self
    }

    /// What it cost; what disturbs only adds.
    pub fn cost(&self, unit: Unit) -> f64 {
        let seconds = self.cpu_ns as f64 / 1e9;
        match unit {
            Unit::PerMillion => seconds / (self.records as f64 / 1e6),
            Unit::PerGigabyte => seconds / (self.bytes as f64 / 1e9),
            Unit::Own(_) => self.figure,
        }
    }
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
        Ok(Run { records, bytes, wall, cpu_ns, latencies_ns, ..Run::of(self.server, 0.0)? })
    }
}
