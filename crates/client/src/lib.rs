//! The Rust client library: producer, consumer, admin.
