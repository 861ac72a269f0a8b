//! Listeners, connections and what they may hold.

use super::parse::{budget, idle};
use super::reasons::{
    ALONE, NO_OVERRIDES, NO_PURGATORY, NO_RATE, NO_SASL_WAIT, NO_TLS, PARTITION_LIMIT, SYSTEM_BACKLOG, SYSTEM_BUFFERS,
    TELEMETRY,
};
use crate::config::Config;
use crate::config::key::{Key, Scope, int, list, long, text};
use crate::config::support::{number, put};

/// The table.
pub const KEYS: &[Key<Config>] = &[
    list("listeners")
        .default("PLAINTEXT://:9092")
        .here(|| "PLAINTEXT://127.0.0.1:9092".to_owned())
        .scope(Scope::PerBroker)
        .obeyed(|c: &mut Config, v| put(&mut c.raw.listeners, Ok(Some(v.to_owned()))))
        .doc("Where the node listens: NAME://HOST:PORT,... Port 0 is a free one."),
    list("advertised.listeners")
        .obeyed(|c: &mut Config, v| put(&mut c.raw.advertised, Ok(Some(v.to_owned()))))
        .doc("What clients are told to connect to, by the name of the listener."),
    text("listener.security.protocol.map")
        .default("SASL_SSL:SASL_SSL,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT")
        .scope(Scope::PerBroker)
        .obeyed(|c: &mut Config, v| put(&mut c.raw.protocol_map, Ok(Some(v.to_owned()))))
        .doc("The security protocol of each listener's name; PLAINTEXT is served."),
    list("controller.listener.names")
        .obeyed(|c: &mut Config, v| put(&mut c.raw.controller_names, Ok(Some(v.to_owned()))))
        .doc("Listeners for controllers; none of them is opened, as the metadata quorum of one node needs none."),
    text("inter.broker.listener.name").no_effect(ALONE).doc("The listener that other brokers use."),
    text("security.inter.broker.protocol")
        .default("PLAINTEXT")
        .one_of(&["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"])
        .only_default(NO_TLS)
        .doc("The security protocol between brokers."),
    int("connection.failed.authentication.delay.ms")
        .default("100")
        .at_least(0)
        .no_effect(NO_SASL_WAIT)
        .doc("How long a failed authentication waits for its answer."),
    long("connections.max.idle.ms")
        .default("600000")
        .obeyed(|c: &mut Config, v| put(&mut c.connections_max_idle, idle(v)))
        .doc("A connection on which nothing happens for this long is closed."),
    long("connections.max.reauth.ms").default("0").no_effect(NO_SASL_WAIT).doc("How long a session of SASL lasts."),
    int("max.connections")
        .default("2147483647")
        .here(|| "10000".to_owned())
        .at_least(0)
        .scope(Scope::ClusterWide)
        .obeyed(|c: &mut Config, v| put(&mut c.max_connections, number(v)))
        .doc("Connections at one time."),
    int("max.connections.per.ip")
        .default("2147483647")
        .here(|| "10000".to_owned())
        .at_least(0)
        .scope(Scope::ClusterWide)
        .obeyed(|c: &mut Config, v| put(&mut c.max_connections_per_ip, number(v)))
        .doc("Connections at one time from one address."),
    text("max.connections.per.ip.overrides")
        .default("")
        .scope(Scope::ClusterWide)
        .only_default(NO_OVERRIDES)
        .doc("Limits of single addresses."),
    int("max.connection.creation.rate")
        .default("2147483647")
        .at_least(0)
        .scope(Scope::ClusterWide)
        .only_default(NO_RATE)
        .doc("New connections in a second."),
    long("queued.max.request.bytes")
        .default("-1")
        .here(|| "268435456".to_owned())
        .obeyed(|c: &mut Config, v| put(&mut c.request_budget_bytes, budget(v)))
        .doc("Memory of all requests that have come in part; always bounded."),
    int("socket.request.max.bytes")
        .default("104857600")
        .at_least(1)
        .obeyed(|c: &mut Config, v| put(&mut c.max_request_bytes, number(v)))
        .doc("The largest request."),
    int("socket.receive.buffer.bytes")
        .default("102400")
        .no_effect(SYSTEM_BUFFERS)
        .doc("The system's buffer of what comes."),
    int("socket.send.buffer.bytes")
        .default("102400")
        .no_effect(SYSTEM_BUFFERS)
        .doc("The system's buffer of what goes."),
    int("socket.listen.backlog.size")
        .default("50")
        .at_least(1)
        .no_effect(SYSTEM_BACKLOG)
        .doc("Connections that wait to be accepted."),
    long("socket.connection.setup.timeout.ms")
        .default("10000")
        .no_effect(ALONE)
        .doc("How long a connection to another node may take at first."),
    long("socket.connection.setup.timeout.max.ms")
        .default("30000")
        .no_effect(ALONE)
        .doc("How long a connection to another node may take at last."),
    int("fetch.max.bytes")
        .default("57671680")
        .at_least(1024)
        .obeyed(|c: &mut Config, v| put(&mut c.fetch_max_bytes, number(v)))
        .doc("The most that one Fetch answers."),
    int("fetch.purgatory.purge.interval.requests")
        .default("1000")
        .no_effect(NO_PURGATORY)
        .doc("How often waiting fetches are tidied."),
    int("producer.purgatory.purge.interval.requests")
        .default("1000")
        .no_effect(NO_PURGATORY)
        .doc("How often waiting produce requests are tidied."),
    int("delete.records.purgatory.purge.interval.requests")
        .default("1")
        .no_effect(NO_PURGATORY)
        .doc("How often waiting DeleteRecords are tidied."),
    int("max.incremental.fetch.session.cache.slots")
        .default("1000")
        .at_least(0)
        .obeyed(|c: &mut Config, v| put(&mut c.fetch_sessions_max, number(v)))
        .doc("Fetch sessions that are kept."),
    int("max.request.partition.size.limit")
        .default("2000")
        .at_least(1)
        .no_effect(PARTITION_LIMIT)
        .doc("Partitions that one DescribeTopicPartitions tells."),
    int("telemetry.max.bytes")
        .default("1048576")
        .at_least(1)
        .no_effect(TELEMETRY)
        .doc("The most that a client may push of its metrics at once."),
];
