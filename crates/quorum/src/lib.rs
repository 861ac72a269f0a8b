//! The metadata log's consensus: a thin adapter over an existing Raft engine.
