//! How far producing is, for somebody who watches; and what it came to.

use std::io::{self, IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use crate::text::{plural, size};

/// Nothing is drawn before; most runs are over by then.
const SHOWN_AFTER: Duration = Duration::from_secs(1);

/// Counts, and a bar when a terminal watches.
pub struct Progress {
    started: Instant,
    ended: Option<Duration>,
    records: u64,
    bytes: u64,
    len: Option<u64>,
    watched: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// Begins to count; `len` is the bytes to come, if known.
    pub fn start(len: Option<u64>, json: bool) -> Progress {
        let watched = !json && io::stderr().is_terminal();
        Progress { started: Instant::now(), ended: None, records: 0, bytes: 0, len, watched, bar: None }
    }

    /// A line of so many bytes, without its end.
    pub fn add(&mut self, len: usize) {
        self.records += 1;
        self.bytes += len as u64;
    }

    /// Draws, if somebody watches and it takes long.
    pub fn show(&mut self) {
        if !self.watched || self.started.elapsed() < SHOWN_AFTER {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| bar(self.len));
        // The ends of the lines count towards the length of the file.
        bar.set_position(self.bytes + self.records);
        bar.set_message(plural(self.records, "record"));
    }

    /// Stops the time and removes the bar.
    pub fn end(&mut self) {
        self.ended = Some(self.started.elapsed());
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }

    /// Records, bytes and seconds.
    pub fn totals(&self) -> (u64, u64, f64) {
        (self.records, self.bytes, self.ended.unwrap_or_else(|| self.started.elapsed()).as_secs_f64())
    }

    /// One line on stderr.
    pub fn say_totals(&self) {
        let (records, bytes, seconds) = self.totals();
        // Without a stderr nobody wants to know.
        let _ = writeln!(io::stderr(), "{}, {} in {seconds:.2} s", plural(records, "record"), size(bytes));
    }
}

fn bar(len: Option<u64>) -> ProgressBar {
    let template = match len {
        Some(_) => "{bar:30} {percent:>3} %  {msg}  {binary_bytes_per_sec}  {eta} left",
        None => "{spinner} {msg}  {binary_bytes}  {binary_bytes_per_sec}",
    };
    let style = ProgressStyle::with_template(template).expect("the templates above are valid");
    let bar = ProgressBar::with_draw_target(len, ProgressDrawTarget::stderr());
    bar.with_style(style)
}
