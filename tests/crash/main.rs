//! Crash campaigns: the real binary under load is killed, loses power, runs out of disk, gets errors from the system or
//! finds its files damaged. Clients write down what they asked and were told, on a filesystem that is not the broker's,
//! and `verdict`, which shares no code with the broker, judges.
//!
//! - `OTTLA_CRASH_CYCLES=N` makes each campaign N cycles long instead of the length that CI has time for.
//! - `OTTLA_SEED=N` repeats the choices of a run; each prints its seed. The moments of the system are not repeated.
//! - What needs root, loop devices or strace prints `skipped:` with the reason where those are missing.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::print_stderr,
    reason = "the tests are the outside world: they open files, sockets and clocks themselves"
)]

#[allow(dead_code, reason = "shared with the end-to-end tests, each of the two uses its part")]
#[path = "../e2e/batch.rs"]
mod batch;
#[allow(dead_code, reason = "shared with the end-to-end tests, each of the two uses its part")]
#[path = "../e2e/calls.rs"]
mod calls;
#[allow(dead_code, reason = "shared with the end-to-end tests, each of the two uses its part")]
#[path = "../e2e/harness.rs"]
mod harness;
#[allow(dead_code, reason = "shared with the end-to-end tests, each of the two uses its part")]
#[path = "../e2e/raw.rs"]
mod raw;

mod campaign;
mod flips;
mod full;
mod image;
mod inject;
mod kill;
mod load;
mod node;
mod pen;
mod planted;
mod power;
#[path = "../e2e/random.rs"]
mod random;
mod wire;
