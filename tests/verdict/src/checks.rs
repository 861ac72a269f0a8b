//! The checks that need all that is known; those on single answers are made while reading.

mod lookups;
mod loss;
mod order;
mod told;
mod unique;

use crate::history::History;
use crate::{Class, Options};

/// Makes all checks; what is wrong is added to `history.found`.
pub fn all(history: &mut History, options: &Options) {
    unique::check(history);
    loss::check(history, options);
    order::check(history, options);
    told::check(history);
    lookups::check(history, options);
    if let Some(limit_ns) = options.progress_within_ns {
        progress(history, limit_ns);
    }
}

/// After the last fault every client gets something done.
fn progress(history: &mut History, limit_ns: u64) {
    let due = history.healed_ns + limit_ns;
    let stuck = |progress: &crate::history::Progress| match progress.first_ok_ns {
        Some(first) => first > due,
        None => progress.tried && progress.last_ns > due,
    };
    let clients: Vec<u16> =
        history.progress.iter().filter(|(_, progress)| stuck(progress)).map(|(client, _)| *client).collect();
    for client in clients {
        let what = format!("client {client} got nothing done within {} ms after the faults", limit_ns / 1_000_000);
        history.accuse(Class::Stuck, 0, -1, 0, what);
    }
}
