//! What an idle connection costs in memory.

use anyhow::Result;

use super::{Start, Table};
use crate::raw::Connection;

/// Measures an empty broker, and then one with so many connections: just opened, and after a request on each.
pub fn run(start: &Start<'_>, table: &mut Table) -> Result<()> {
    for &count in &start.options.connections {
        start.each(&[], |broker| {
            // The first of all brings up what every later one uses.
            Connection::open(&broker).api_versions();
            let empty = broker.resident_bytes()?;
            let mut note = |what: &str| -> Result<()> {
                let more = broker.resident_bytes()?.saturating_sub(empty);
                table.note(what, count as u64, &broker, more as f64 / 1024.0 / count as f64, "KiB each");
                Ok(())
            };
            let mut connections: Vec<_> = (0..count).map(|_| Connection::open(&broker)).collect();
            // One answer shows that all before it were accepted.
            connections.last_mut().map(Connection::api_versions);
            note("connections, opened")?;
            connections.iter_mut().for_each(|connection| drop(connection.api_versions()));
            note("connections, a request on each")
        })?;
    }
    Ok(())
}
