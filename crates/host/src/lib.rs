//! The outside world's first door: files, clocks, randomness and the blocking pool, each with a simulated twin.
//!
//! ```text
//! Disk --- one branch per call ---> real (std::fs, rustix)
//!                              \--> sim::SimDisk (memory, with a page cache that a power cut loses)
//! ```
//!
//! Everything else in the workspace does its file work through [`Disk`] and [`File`], reads time from [`Clock`] and
//! randomness from [`Rng`], and hands blocking work to [`Pool`]; so a whole node can run on simulated ones.
//!
//! Nothing here retries a failed write or sync, and nothing here is asynchronous.

mod cache;
mod clock;
mod disk;
mod limits;
mod memory;
mod pool;
mod real;
mod rng;
pub mod sim;
mod slice;
pub mod system;

pub use clock::{Clock, SimClock};
pub use disk::{DirEntry, DirLock, Disk, File, Misses, Open};
pub use limits::raise_open_files_limit;
pub use memory::give_back_unused;
pub use pool::Pool;
pub use rng::Rng;
pub use sim::SimDisk;
pub use slice::FileSlice;
