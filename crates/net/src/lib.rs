//! The outside world's second door: loops, listeners, connections, answers in order, memory budget.
//!
//! # The shape
//!
//! [`Server::start`] runs one thread per loop (`loops`), each with a single-threaded runtime whose tasks never leave it. Loop 0
//! accepts (`listener`), `placement` chooses the loop that adopts the socket, and from then on one task per connection
//! (`connection`) takes *turns*: one read, [`Service::turn`] over the complete frames, one send. What would keep the loop waiting
//! is done by other threads ([`Errands`]).
//!
//! # Memory
//!
//! A connection without a partial frame owns no buffer: bytes are read into its loop's scratch area, answers are built in an
//! [`Outbox`] that is borrowed from the loop for the turn. The bytes of a partial frame live in a `carry`, whose size follows
//! the bytes that arrived, never the size that the peer declared, and is paid for from the `budget` that all loops share.
//!
//! # Invariants
//!
//! * In steady state a request costs `epoll_wait`, `recv` and `send` (with `sendfile` for large bodies): no futex, no eventfd, no
//!   timer. Deadlines are judged by one coarse sweep per loop (`watch`).
//! * Answers leave in the order of their requests; a frame is not handed out before the answers before it are in the outbox.
//! * A task on another loop is woken through that loop's inbox (`wake`), at most one eventfd write per batch of wakes.

mod budget;
mod carry;
mod cold;
mod config;
mod congestion;
mod connection;
mod errands;
mod frames;
pub mod http;
mod listener;
mod loops;
mod notify;
mod observer;
mod outbox;
mod placement;
mod scratch;
mod send;
mod server;
mod service;
mod socket;
mod stats;
pub mod wake;
mod watch;

pub use config::Config;
pub use errands::{ERRANDS_MAX, Errands, Lost};
pub use frames::Frames;
pub use listener::{bind, is_listening};
pub use notify::notify;
pub use observer::LoopObserver;
pub use outbox::Outbox;
pub use server::Server;
pub use service::{Answer, CloseReason, Service, Turn, Wait};
pub use stats::{Counter, LoopStats};

#[cfg(test)]
mod tests;
