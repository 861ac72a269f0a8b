//! The log as a whole, against models that keep everything in memory.

mod costs;
mod crash;
mod descriptors;
mod failures;
mod flush;
mod full;
mod gaps;
mod indexes;
mod many;
mod model;
mod moving;
mod mutations;
mod regressions;
mod reopen;
mod retention;
mod script;
mod startup;
pub(crate) mod support;
mod times;
mod truncation;
