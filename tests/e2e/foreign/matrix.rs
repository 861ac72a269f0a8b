//! Every client writes to the same topics, one after the other, so that a log holds batches of all of them; then each reads
//! them. A topic for each codec and for one partition and twelve, all on one broker, side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::clients::Client;
use super::records::{self, Kind, Placed, Seen, from_json, to_json};
use super::session::Session;
use super::table::{Table, compare_with_docs};
use crate::batch;
use crate::harness::{Broker, PATIENCE, unique};
use crate::raw::Connection;

const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
/// How a producer waits, after the main part, which is acks=all and idempotent where the client can.
const PLAIN: [&str; 3] = ["all", "1", "0"];

type Sessions = BTreeMap<Client, Mutex<Session>>;

struct Target {
    topic: String,
    partitions: i32,
    /// What its batches have in the log.
    codec: &'static str,
    /// The topic's own doing: its `compression.type` is the codec, and writers come with any.
    recompresses: bool,
    append_time: bool,
}

#[test]
fn what_one_client_writes_all_others_read_in_every_codec() {
    let broker = Broker::start();
    let targets = CODECS.iter().flat_map(|&codec| [1, 12].map(|partitions| target(codec, partitions, false)));
    run(&broker, &targets.collect::<Vec<_>>());
    let clients = Client::all_available();
    let (written, read) = (cells_written(&clients), cells_read(&clients));
    eprint!("{written}\n{read}");
    compare_with_docs("written", &written);
    compare_with_docs("read", &read);
}

#[test]
fn all_clients_see_the_brokers_time_where_a_topic_asks_for_it() {
    run(&Broker::start(), &["none", "zstd"].map(|codec| target(codec, 1, true)));
}

#[test]
fn all_clients_read_what_the_broker_has_recompressed() {
    let recompressing = |codec| Target { recompresses: true, ..target(codec, 2, false) };
    run(&Broker::start(), &CODECS.map(recompressing));
}

fn target(codec: &'static str, partitions: i32, append_time: bool) -> Target {
    Target { topic: unique(codec), partitions, codec, recompresses: false, append_time }
}

impl Target {
    fn configs(&self) -> Vec<(&'static str, &'static str)> {
        let compression_type = if self.codec == "none" { "uncompressed" } else { self.codec };
        let recompresses = self.recompresses.then_some(("compression.type", compression_type));
        let append_time = self.append_time.then_some(("message.timestamp.type", "LogAppendTime"));
        recompresses.into_iter().chain(append_time).collect()
    }

    fn codec_of(&self, writer: Client) -> &'static str {
        if self.recompresses { CODECS[writer as usize % CODECS.len()] } else { self.codec }
    }
}

fn run(broker: &Broker, targets: &[Target]) {
    let started = |client| (client, Mutex::new(Session::start(client, broker.bootstrap())));
    let sessions: Sessions = Client::all_available().into_iter().map(started).collect();
    thread::scope(|scope| {
        for (turn, target) in targets.iter().enumerate() {
            let sessions = &sessions;
            scope.spawn(move || write_and_read(broker, sessions, target, turn));
        }
    });
}

/// `turn` is the client to begin with, so that topics do not wait for each other.
fn write_and_read(broker: &Broker, sessions: &Sessions, target: &Target, turn: usize) {
    Connection::open(broker).create_topic_with(&target.topic, target.partitions, &target.configs());
    let order: Vec<Client> = sessions.keys().copied().cycle().skip(turn).take(sessions.len()).collect();
    let begun = now();
    let mut written = Vec::new();
    for writer in &order {
        write(broker, *writer, &sessions[writer], target, &mut written);
    }
    let times = (begun, now());
    let mut reference = None;
    for reader in order.iter().filter(|reader| reader.cannot_read().is_none()) {
        let job = json!({"op": "consume", "topic": target.topic, "partitions": target.partitions});
        let lines = locked(&sessions[reader]).call(&job).ok(reader.name());
        let seen: Vec<Seen> = lines.as_array().unwrap().iter().map(from_json).collect();
        check(*reader, target, &seen, &written, times, &mut reference);
    }
    check_log(broker, target);
}

fn write(broker: &Broker, writer: Client, session: &Mutex<Session>, target: &Target, written: &mut Vec<Placed>) {
    let idempotent = writer.cannot_be_idempotent().is_none();
    let made = now();
    let mut main = records::all_kinds(writer.name(), target.partitions, made);
    main.retain(|placed| writer.cannot_write(placed).is_none());
    produce(writer, session, target, "all", idempotent, main, written);
    for acks in PLAIN {
        let mut plain = records::all_kinds(&format!("{} acks={acks}", writer.name()), target.partitions, made + 1000);
        plain.truncate(3);
        produce(writer, session, target, acks, false, plain, written);
    }
    // What nobody acknowledged must be there before others write.
    await_records(broker, target, written.len());
}

fn produce(
    writer: Client,
    session: &Mutex<Session>,
    target: &Target,
    acks: &str,
    idempotent: bool,
    mut records: Vec<Placed>,
    written: &mut Vec<Placed>,
) {
    if writer.cannot_date().is_some() {
        records.iter_mut().for_each(|placed| placed.timestamp = None);
    }
    let job = json!({
        "op": "produce",
        "topic": target.topic,
        "codec": target.codec_of(writer),
        "acks": acks,
        "idempotent": idempotent,
        "records": records.iter().map(to_json).collect::<Vec<_>>(),
    });
    locked(session).call(&job).ok(&format!("{} writes {} with acks={acks}", writer.name(), target.topic));
    written.extend(records);
}

/// Also after a failure in another topic, so that each topic tells its own.
fn locked(session: &Mutex<Session>) -> MutexGuard<'_, Session> {
    session.lock().unwrap_or_else(PoisonError::into_inner)
}

fn await_records(broker: &Broker, target: &Target, count: usize) {
    let mut connection = Connection::open(broker);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let ends = (0..target.partitions).map(|partition| connection.latest_offset(&target.topic, partition).unwrap());
        let there = ends.sum::<i64>();
        if there == count as i64 {
            return;
        }
        assert!(Instant::now() < deadline, "{there} records instead of {count} in {}", target.topic);
    }
}

/// `reader` must see, in each partition, exactly what was written there, at offsets 0, 1, 2 and so on, and the same as the
/// reader before it.
fn check(
    reader: Client,
    target: &Target,
    seen: &[Seen],
    written: &[Placed],
    times: (i64, i64),
    reference: &mut Option<Vec<i64>>,
) {
    assert_eq!(seen.len(), written.len(), "{} in {}", reader.name(), target.codec);
    let mut timestamps = Vec::new();
    for partition in 0..target.partitions {
        let seen = seen.iter().filter(|seen| seen.partition == partition);
        let expected = written.iter().filter(|placed| placed.partition == partition);
        for (n, (seen, expected)) in seen.zip(expected).enumerate() {
            let place = format!("{} at offset {n} of {} {partition}", reader.name(), target.topic);
            assert_eq!(seen.offset, n as i64, "{place}");
            // Not assert_eq: a record may have a million bytes.
            assert!(seen.record == expected.record, "{place}: {:.200?} instead of {expected:.200?}", seen.record);
            assert_eq!(seen.append_time.unwrap_or(target.append_time), target.append_time, "{place}");
            match expected.timestamp.filter(|_| !target.append_time) {
                Some(timestamp) => assert_eq!(seen.timestamp, timestamp, "{place}"),
                None => assert!((times.0..=times.1).contains(&seen.timestamp), "{place}: {}", seen.timestamp),
            }
            timestamps.push(seen.timestamp);
        }
    }
    assert_eq!(*reference.get_or_insert_with(|| timestamps.clone()), timestamps, "{}", reader.name());
}

/// The log holds the clients' batches as they compressed them, and a fetch gives the bytes of the file.
fn check_log(broker: &Broker, target: &Target) {
    let mut connection = Connection::open(broker);
    let expected = CODECS.iter().position(|&name| name == target.codec).unwrap();
    let mut codecs = BTreeSet::new();
    for partition in 0..target.partitions {
        let fetched = connection.fetch_all(&target.topic, partition);
        codecs.extend(batch::split(&fetched).into_iter().map(batch::codec));
        if broker.is_ours() {
            assert!(broker.segment(&target.topic, partition) == fetched, "the file differs from the fetch");
        }
    }
    // A client leaves a batch alone that compression would not make smaller.
    codecs.remove(&0);
    assert_eq!(codecs.into_iter().collect::<Vec<_>>(), if expected == 0 { vec![] } else { vec![expected as u8] });
}

fn cells_written(clients: &[Client]) -> Table {
    let mut table = Table::new("what is written", clients);
    for kind in Kind::ALL {
        let sample = records::all_kinds("", 1, 0).into_iter().find(|placed| placed.kind == kind).expect("all kinds");
        table.row(kind.name(), clients.iter().map(|client| client.cannot_write(&sample)));
    }
    table.row("time of a record", clients.iter().map(|client| client.cannot_date()));
    table.row("idempotent producer", clients.iter().map(|client| client.cannot_be_idempotent()));
    for row in ["acks=all, 1, 0", "1 and 12 partitions", "codecs none, gzip, snappy, lz4, zstd"] {
        table.row(row, clients.iter().map(|_| None::<&str>));
    }
    table
}

fn cells_read(clients: &[Client]) -> Table {
    let mut table = Table::new("what is read", clients);
    table.row("all of the above, written by all", clients.iter().map(|client| client.cannot_read()));
    table
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64
}
