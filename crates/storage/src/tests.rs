//! The log as a whole, against models that keep everything in memory.

mod crash;
mod failures;
mod indexes;
mod model;
mod mutations;
mod reopen;
mod startup;
pub(crate) mod support;
mod times;
