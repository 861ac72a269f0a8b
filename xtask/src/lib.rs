//! Checks on the house itself: what clippy and rustc cannot see. `cargo test -p xtask` runs them on this workspace.
//!
//! Each check is a function from what was read ([`House`]) to [`Offence`]s, so that its own test can plant one.

mod api_table;
mod bugs;
mod docs;
mod habits;
mod house;
mod layers;
mod sizes;
mod tokens;
mod unsafe_code;

pub use api_table::api_table;
pub use bugs::bugs;
pub use docs::docs;
pub use habits::habits;
pub use house::{House, SourceFile, house};
pub use layers::layers;
pub use sizes::sizes;
pub use unsafe_code::unsafe_code;

/// A place that breaks a rule of the house.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Offence {
    /// The file, from the root of the workspace.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl std::fmt::Display for Offence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}
