//! What members of groups say, see `tests/foreign/README.md`, in one log for all of them.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::harness::PATIENCE;

/// A partition of a topic.
pub type Place = (String, i32);

/// Something that happened, in nanoseconds of CLOCK_MONOTONIC.
#[derive(Clone, Debug)]
pub struct Said {
    pub member: String,
    pub at: i64,
    pub what: What,
}

/// What happened to a member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    Assigned {
        places: Vec<Place>,
        generation: Option<i64>,
    },
    Revoked(Vec<Place>),
    /// It learned that they are another's.
    Lost(Vec<Place>),
    Record(Place, i64),
    /// The positions, and when the request began.
    Committed(Vec<(Place, i64)>, i64),
    Refused(String),
    Error(String),
    Closed,
    /// By us, with SIGKILL.
    Killed,
    /// By us, with SIGSTOP.
    Stopped,
    Continued,
}

/// The events of all members, in the order in which they were read.
#[derive(Default)]
pub struct Log {
    said: Mutex<(Vec<Said>, i64)>,
    news: Condvar,
}

impl Log {
    /// Takes a line of a member.
    pub fn line(&self, member: &str, line: &str) {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{member}: {line:.200}: {error}"));
        let at = event["at"].as_i64().expect("all events have a time");
        let wall = event["wall"].as_i64().expect("all events have a time") * 1_000_000;
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.0.push(Said { member: member.to_owned(), at, what: what(&event) });
        said.1 = at - wall;
        self.news.notify_all();
    }

    /// Notes what we have done to a member.
    pub fn note(&self, member: &str, what: What) {
        let wall = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos()).unwrap();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        // The clock of the members, as exactly as their milliseconds tell it.
        let at = wall + said.1;
        said.0.push(Said { member: member.to_owned(), at, what });
        self.news.notify_all();
    }

    /// Waits until something is true of all that was said.
    #[track_caller]
    pub fn wait<T>(&self, until: &str, mut is: impl FnMut(&[Said]) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = is(&said.0) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "still not: {until}; {}", tail(&said.0));
            said = self.news.wait_timeout(said, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// All that was said so far, in the order of time.
    pub fn sorted(&self) -> Vec<Said> {
        let mut all = self.said.lock().unwrap_or_else(PoisonError::into_inner).0.clone();
        all.sort_by_key(|said| said.at);
        all
    }
}

/// What a member holds now.
pub fn held(said: &[Said], member: &str) -> BTreeSet<Place> {
    let mut held = BTreeSet::new();
    for said in said.iter().filter(|said| said.member == member) {
        match &said.what {
            What::Assigned { places, .. } => held.extend(places.iter().cloned()),
            What::Revoked(places) | What::Lost(places) => held.retain(|place| !places.contains(place)),
            What::Closed | What::Killed => held.clear(),
            _ => {}
        }
    }
    held
}

/// All different records that were read, by anyone.
pub fn read(said: &[Said]) -> BTreeSet<(Place, i64)> {
    let record = |said: &Said| match &said.what {
        What::Record(place, offset) => Some((place.clone(), *offset)),
        _ => None,
    };
    said.iter().filter_map(record).collect()
}

/// The highest committed position of a partition, 0 without one.
pub fn committed(said: &[Said], place: &Place) -> i64 {
    let positions = |said: &Said| match &said.what {
        What::Committed(positions, _) => positions.iter().find(|(of, _)| of == place).map(|(_, offset)| *offset),
        _ => None,
    };
    said.iter().filter_map(positions).max().unwrap_or(0)
}

fn what(event: &Value) -> What {
    let place = |value: &Value| (value[0].as_str().unwrap().to_owned(), number(&value[1]));
    let places = || event["partitions"].as_array().unwrap().iter().map(place).collect();
    let text = || event["message"].as_str().unwrap_or_default().to_owned();
    match event["event"].as_str().unwrap() {
        "assigned" => What::Assigned { places: places(), generation: event["generation"].as_i64() },
        "revoked" => What::Revoked(places()),
        "lost" => What::Lost(places()),
        "record" => {
            let place = (event["topic"].as_str().unwrap().to_owned(), number(&event["partition"]));
            What::Record(place, event["offset"].as_i64().unwrap())
        }
        "committed" => {
            let offsets = event["offsets"].as_array().unwrap();
            let positions = offsets.iter().map(|value| (place(value), value[2].as_i64().unwrap())).collect();
            What::Committed(positions, event["began"].as_i64().unwrap())
        }
        "refused" => What::Refused(text()),
        "error" => What::Error(text()),
        "closed" => What::Closed,
        other => panic!("no event {other}"),
    }
}

fn number(value: &Value) -> i32 {
    i32::try_from(value.as_i64().unwrap()).unwrap()
}

/// The last of what was said, without records and commits.
fn tail(said: &[Said]) -> String {
    let loud = said.iter().filter(|said| !matches!(said.what, What::Record(..) | What::Committed(..)));
    let lines: Vec<_> = loud.map(|said| format!("{} {} {:?}", said.at / 1_000_000, said.member, said.what)).collect();
    format!("{} records; {}", read(said).len(), lines[lines.len().saturating_sub(40)..].join("\n"))
}
