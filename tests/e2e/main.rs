//! End-to-end tests of the real binary: they start `ottla serve` on a free port with its own data directory and speak to
//! it over sockets, as a client would.
//!
//! Messages are encoded by a foreign crate or by hand, and batches are built and read by [`batch`]: the broker's own code
//! is never the judge of itself.
//!
//! - `OTTLA_TEST_BOOTSTRAP=HOST:PORT` points the tests at a broker that already runs, such as an Apache Kafka to compare with.
//!   Tests that look at our files or restart the broker are then skipped.
//! - `CI=true` turns a missing tool from a skipped test into a failed one.
//! - `OTTLA_PYTHON` names a Python that has confluent-kafka; the default is `target/foreign/python/bin/python`, which
//!   `tests/foreign/setup.sh` makes. Apache Kafka's own tools are looked for in `target/foreign/kafka/libs`, and need Java.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    reason = "the tests are the outside world: they open files, sockets and clocks themselves"
)]

mod admin;
// The examples of the client library call it so.
extern crate client as ottla_client;

mod bad_input;
mod batch;
mod calls;
mod cli;
mod cli_groups;
mod codecs;
mod config;
mod configs;
mod crash;
mod delete_records;
mod dirs;
mod durable;
mod epochs;
mod foreign;
mod fuzz;
mod golden;
mod groups;
mod harness;
mod kafka_dump;
mod library;
mod limits;
mod operators;
mod random;
mod raw;
mod recompress;
mod restarts;
mod retention;
mod sessions;
mod storm;
mod syscalls;
mod tools;
mod topics;
mod walk;
