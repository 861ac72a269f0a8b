//! The log as a whole, against models that keep everything in memory.

mod crash;
mod descriptors;
mod failures;
mod indexes;
mod model;
mod reopen;
pub(crate) mod support;
mod times;
