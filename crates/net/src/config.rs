//! What a [`Server`](crate::Server) may use: threads, memory, connections, time.

use std::time::Duration;

/// Limits and deadlines of a [`Server`](crate::Server). The defaults are Kafka's where Kafka has the setting.
#[derive(Clone, Debug)]
pub struct Config {
    /// Event loops, each with a thread of its own; at least 1. Usually the number of cores.
    pub loops: usize,
    /// Largest frame that is accepted, in bytes without its size prefix (`socket.request.max.bytes`).
    pub max_frame_bytes: u32,
    /// Memory for partial frames of all connections, in bytes (`queued.max.request.bytes`). One frame, the oldest, may
    /// exceed it so that progress never stops.
    pub budget_bytes: u64,
    /// Connections at one time (`max.connections`); further ones are closed at once.
    pub max_connections: usize,
    /// Connections at one time from one address (`max.connections.per.ip`).
    pub max_connections_per_ip: usize,
    /// A connection on which nothing happens for this long is closed (`connections.max.idle.ms`).
    pub idle: Duration,
    /// A peer that takes no byte of a waiting answer for this long is closed; so is one that has finished sending, when its
    /// answer is not there by then.
    pub write_deadline: Duration,
    /// A partial frame of which no byte arrives for this long is closed while other frames wait for the budget.
    pub stall_deadline: Duration,
    /// How long [`Server::shutdown`](crate::Server::shutdown) waits for answers in flight.
    pub drain: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            loops: 1,
            max_frame_bytes: 100 << 20,
            budget_bytes: 256 << 20,
            max_connections: 10_000,
            max_connections_per_ip: 10_000,
            idle: Duration::from_secs(600),
            write_deadline: Duration::from_secs(60),
            stall_deadline: Duration::from_secs(10),
            drain: Duration::from_secs(5),
        }
    }
}
