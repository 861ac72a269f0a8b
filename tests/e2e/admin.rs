//! What administrators ask for: raw requests, and Apache Kafka's own tools.

mod cluster;
mod features;
mod leaders;
mod log_dirs;
mod partitions;
mod producers;
mod security;
mod telemetry;
mod topics;

use crate::harness::Broker;
use crate::tools::{kafka_tool, run};

/// What a tool of Kafka prints, on either stream, when it is pointed at `broker`; `None` where there is no Java.
pub fn tool(broker: &Broker, class: &str, arguments: &[&str]) -> Option<String> {
    let mut command = kafka_tool(class)?;
    command.args(arguments).args(["--bootstrap-server", broker.bootstrap()]);
    let ended = run(&mut command, b"");
    Some(format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr)))
}

/// As [`tool`], for tools that want the server before what they are to do.
fn tool_at(broker: &Broker, class: &str, arguments: &[&str]) -> Option<String> {
    let mut command = kafka_tool(class)?;
    command.args(["--bootstrap-server", broker.bootstrap()]).args(arguments);
    let ended = run(&mut command, b"");
    Some(format!("{}{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr)))
}
