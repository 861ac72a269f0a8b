//! A few requests sent at once, and what may come back: answers in order, each well-formed, or a close.

use kafka_protocol::messages::ApiVersionsRequest;
use wire::ApiKey;

use super::mutate::mutate;
use super::random::Random;
use super::subject::{SUBJECTS, Subject};
use crate::raw::{Connection, framed, sized};

/// The request behind all others, whose answer says that no more will come.
const LAST: i32 = 77_777;
const LONGEST_WAIT_MS: u32 = 3;

/// A request and one of its versions.
#[derive(Clone, Copy)]
pub struct Target {
    pub subject: &'static Subject,
    pub version: i16,
}

/// One request as it goes over the wire.
pub struct Shot {
    pub payload: Vec<u8>,
    /// The size before it, when it is not the payload's.
    pub lie: Option<i32>,
    /// Nobody could refuse to read it, so it has to be answered.
    sound: bool,
}

/// How a burst ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    /// The connection goes on. How many answers there were.
    Answered(usize),
    /// The broker has closed, or the client is to go away without a word.
    Closed,
}

impl Shot {
    /// One in two is whole; of the others, one in eight has a damaged header and one in 64 a wrong size.
    pub fn draw(random: &mut Random, target: Target, correlation_id: i32) -> Shot {
        let Target { subject, version } = target;
        // Versions that are told, but refused, have no body of their own.
        let mut body = (subject.random)(random, version.max(subject.versions.min)).bytes;
        let damaged = random.below(2) == 0;
        if damaged {
            body = mutate(random, &body);
        }
        if subject.key == ApiKey::FETCH {
            shorten_wait(version, &mut body);
        }
        let header = header(target, correlation_id);
        let sound = subject.versions.contains(version) && (subject.accepts)(&body, version);
        let whole = Shot { payload: [&header[..], &body].concat(), lie: None, sound };
        match damaged {
            true if random.below(64) == 0 => whole.with_false_size(random),
            true if random.below(8) == 0 => whole.with_damaged_header(random, header.len()),
            _ => whole,
        }
    }

    fn with_false_size(mut self, random: &mut Random) -> Shot {
        let len = self.payload.len() as i32;
        self.lie = Some(random.pick(&[-1, 0, 1, 7, len - 1, len + 1, len + 100, 100 << 20, i32::MAX, i32::MIN]));
        self.sound = false;
        self
    }

    /// Not where it would become a Fetch, which may wait for as long as it says.
    fn with_damaged_header(self, random: &mut Random, len: usize) -> Shot {
        let payload = [&mutate(random, &self.payload[..len])[..], &self.payload[len..]].concat();
        match payload.first_chunk().copied().map(i16::from_be_bytes) {
            Some(key) if key == ApiKey::FETCH.0 => self,
            _ => Shot { payload, lie: None, sound: false },
        }
    }

    fn framed(&self) -> Vec<u8> {
        let mut bytes = sized(&self.payload);
        if let Some(lie) = self.lie {
            bytes[..4].copy_from_slice(&lie.to_be_bytes());
        }
        bytes
    }

    /// Key, version and correlation id, when there are as many bytes.
    fn head(&self) -> Option<(ApiKey, i16, i32)> {
        let head: &[u8; 8] = self.payload.first_chunk()?;
        let (key, version) = (i16::from_be_bytes([head[0], head[1]]), i16::from_be_bytes([head[2], head[3]]));
        Some((ApiKey(key), version, i32::from_be_bytes([head[4], head[5], head[6], head[7]])))
    }

    /// A Produce request without acks has no answer, and ends its connection when it fails.
    fn may_be_silent(&self) -> bool {
        self.head().is_some_and(|(key, ..)| key == ApiKey::PRODUCE)
    }
}

/// The wait is the second field up to version 14 and the first from 15 on, and all before it have a fixed size.
fn shorten_wait(version: i16, body: &mut [u8]) {
    let at = if version < 15 { 4 } else { 0 };
    if let Some(Ok(wait)) = body.get_mut(at..at + 4).map(<&mut [u8; 4]>::try_from) {
        *wait = (u32::from_be_bytes(*wait) & LONGEST_WAIT_MS).to_be_bytes();
    }
}

fn header(target: Target, correlation_id: i32) -> Vec<u8> {
    let Target { subject, version } = target;
    let mut header = [subject.key.0.to_be_bytes(), version.to_be_bytes()].concat();
    header.extend(correlation_id.to_be_bytes());
    header.extend([0, 4]);
    header.extend(b"fuzz");
    if version >= subject.flexible {
        header.push(0);
    }
    header
}

/// Sends all shots, one time in eight in pieces, and looks at what comes back; one time in 32 it does not.
pub fn fire(random: &mut Random, connection: &mut Connection, shots: &[Shot]) -> End {
    let mut bytes: Vec<u8> = shots.iter().flat_map(Shot::framed).collect();
    bytes.extend(framed(0, LAST, &ApiVersionsRequest::default()));
    let pieces = if random.below(8) == 0 { 2 + random.below(4) } else { 1 };
    for piece in bytes.chunks(bytes.len().div_ceil(pieces)) {
        // The broker may close before it has read all.
        let _ = connection.send(piece);
    }
    if random.below(32) == 0 {
        return End::Closed;
    }
    if shots.iter().any(|shot| shot.lie.is_some()) {
        return drain(connection);
    }
    let (mut next, mut answers) = (0, 0);
    while let Some(frame) = connection.frame() {
        let answered = i32::from_be_bytes(*frame.first_chunk().expect("an answer has a correlation id"));
        let place = shots[next..].iter().position(|shot| shot.head().is_some_and(|(.., id)| id == answered));
        let skipped = place.unwrap_or(shots.len() - next);
        let silent = shots[next..next + skipped].iter().all(Shot::may_be_silent);
        assert!(silent, "an answer is missing before that to {answered}");
        if place.is_none() {
            assert_eq!(answered, LAST, "an answer to nothing");
            return End::Answered(answers);
        }
        check_answer(&shots[next + skipped], &frame[4..]);
        next += skipped + 1;
        answers += 1;
    }
    let innocent = shots[next..].iter().all(|shot| shot.sound && !shot.may_be_silent());
    assert!(!innocent, "the broker closed on requests that can be read");
    End::Closed
}

/// With a wrong size, what follows may be read as anything, and may be too short for it.
fn drain(connection: &mut Connection) -> End {
    connection.finish_sending();
    while connection.frame().is_some() {}
    End::Closed
}

fn check_answer(shot: &Shot, frame: &[u8]) {
    let (key, version, _) = shot.head().expect("an answered request has a header");
    let response = SUBJECTS.iter().find(|subject| subject.key == key && subject.name.ends_with("Response"));
    let response = response.unwrap_or_else(|| panic!("an answer to API {key:?}, which is not served"));
    // ApiVersions answers what it does not know in version 0 (KIP-511), and has the same header always.
    let unknown = key == ApiKey::API_VERSIONS && !response.versions.contains(version);
    let version = if unknown { 0 } else { version };
    let tagged = version >= response.flexible && key != ApiKey::API_VERSIONS;
    let body = if tagged { frame.strip_prefix(&[0]).expect("no tags in the header") } else { frame };
    let what = || format!("{} v{version}: {body:?}", response.name);
    let ours = (response.decode)(body, version).unwrap_or_else(|error| panic!("{error}: {}", what()));
    for internal in ["UNKNOWN_SERVER_ERROR", "KAFKA_STORAGE_ERROR"] {
        assert!(!ours.text.contains(internal), "{}", ours.text);
    }
    if version <= response.oracle_max {
        let theirs = (response.oracle)(body, version).unwrap_or_else(|error| panic!("{error}: {}", what()));
        assert_eq!(ours.text, theirs.text, "{}", what());
    }
}
