//! The node: what makes a broker of the crates below it.
//!
//! Follow one request: [`turn`] takes the frames of one read; [`api`] is the table that says who handles what;
//! `handlers/` has one file per API; [`partition`] appends and reads; [`control`] is the thread that changes metadata and
//! opens logs; [`coordinators`] carries out what is decided about groups; [`tasks`] is the one that looks after them by the clock; [`view`] is what handlers see of both. [`node`] puts it together and [`config`] is what it is told.
//!
//! What an operator sees of it: [`observe`] answers over HTTP, [`metrics`] counts, [`log_levels`] changes what is logged,
//! [`doctor`] looks for what is wrong.
//!
//! Deliberately absent: sockets (`net`), files (`host`, `storage`), and any decision about the cluster (`metadata`).

mod api;
pub mod config;
mod control;
mod coordinators;
pub mod doctor;
mod errors;
mod features;
mod handlers;
mod log_dirs;
pub mod log_levels;
mod metrics;
mod node;
pub mod observe;
mod partition;
mod producer_ids;
mod start;
mod tasks;
mod telemetry;
mod turn;
mod view;

pub use config::Sources;
pub use config::docs::markdown as config_docs;
pub use log_levels::LogLevels;
pub use net::notify;
pub use node::RunningNode;
pub use start::{Options, PARTITION_SERIES_MAX, StartError, start};
