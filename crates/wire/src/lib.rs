//! The Kafka protocol: frames, headers, error codes, and every message as one Rust struct.
