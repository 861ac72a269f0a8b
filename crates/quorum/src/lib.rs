//! The consensus on the metadata log: a thin adapter over the `raft` crate, the Raft engine of TiKV.
//!
//! A [`Quorum`] is synchronous and has no threads, timers or sockets. One control thread owns it: it proposes batches of records,
//! feeds ticks and messages of other nodes, and calls [`Quorum::ready`], which makes everything durable that must be,
//! applies what is committed and returns what to send. A single node is a quorum of one and takes the same path; there, one
//! `propose` and one `ready` commit a batch with one fsync.
//!
//! ```text
//! cluster-metadata/log        what was appended since the snapshot: entries, terms, votes          (journal.rs)
//! cluster-metadata/snapshot   who this node is, who votes, and the image as records                (snapshot.rs)
//! ```

mod change;
mod codec;
mod error;
mod journal;
mod logger;
mod member;
mod message;
mod node;
mod open;
mod snapshot;
mod store;

pub use change::Change;
pub use error::{ChangeError, OpenError, ProposeError, QuorumError, StepError};
pub use member::NodeId;
pub use message::Message;
pub use node::{Committed, Progress, Proposed, Quorum, Status};
pub use open::{Options, Start};

#[cfg(test)]
mod tests;
