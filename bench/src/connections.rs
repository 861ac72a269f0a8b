//! What an idle connection costs in memory.

use anyhow::Result;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::json;

use crate::harness::{Broker, Setup};
use crate::raw::Connection;
use crate::report::Report;

const COLUMNS: &[&str] = &["connections", "state", "RSS KiB", "KiB each"];

/// Measures an empty broker, and then one with so many connections: just opened, and after a request on each.
pub fn run(setup: &Setup, counts: &[usize]) -> Result<Report> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum })?;
    let mut report = Report::new("connections", COLUMNS).plotted(&["connections"], "state", "KiB each");
    for &count in counts {
        let most = format!("max.connections={}", count + 10);
        let per_ip = format!("max.connections.per.ip={}", count + 10);
        let broker = Broker::start(setup, &["--set", &most, "--set", &per_ip])?;
        // The first of all brings up what every later one uses.
        Connection::open(&broker).api_versions();
        let empty = broker.resident_bytes()?;
        let mut note = |state: &str| -> Result<()> {
            let now = broker.resident_bytes()?;
            let each = now.saturating_sub(empty) as f64 / 1024.0 / count as f64;
            report.row(vec![json!(count), json!(state), json!(now / 1024), json!((each * 100.0).round() / 100.0)]);
            Ok(())
        };
        let mut connections: Vec<_> = (0..count).map(|_| Connection::open(&broker)).collect();
        // One answer shows that all before it were accepted.
        connections.last_mut().map(Connection::api_versions);
        note("opened")?;
        connections.iter_mut().for_each(|connection| drop(connection.api_versions()));
        note("after a request each")?;
    }
    Ok(report)
}
