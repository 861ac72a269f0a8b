//! `kill -9` under idempotent load. A producer keeps up to five batches in flight on each partition; the process dies at a
//! random moment, comes back on the same data, and the producer sends again what was not acknowledged, with the sequences
//! it had. In the end every record must be there exactly once, in order, without a gap.

mod load;

use std::collections::HashSet;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::batch;
use crate::harness::{Broker, unique};
use crate::random::Random;
use crate::raw::Connection;
use load::Load;

const PARTITIONS: usize = 4;
const KILLS: usize = 20;
const MAX_ANSWERS_BEFORE_KILL: u64 = 400;
const MAX_MICROS_BEFORE_KILL: u64 = 2_000;

#[test]
fn every_record_is_there_once_after_twenty_kills_under_load() {
    let Some(mut broker) = Broker::own(&[]) else { return };
    let seed = seed();
    eprintln!("seed {seed}: OTTLA_SEED={seed} repeats the choices of this run");
    let mut random = Random(seed);
    let topic = unique("crash");
    let mut connection = Connection::open(&broker);
    connection.create_topic(&topic, PARTITIONS as i32);
    let mut load = Load::new(&topic, PARTITIONS, connection.init_producer_id());
    let mut producer_ids = HashSet::from([load.producer_id()]);

    for _ in 0..KILLS {
        let mut connection = Connection::open(&broker);
        assert!(producer_ids.insert(connection.init_producer_id().producer_id), "a producer id was given twice");
        load.resume(&mut connection);
        kill_under_load(&mut broker, &mut load, &mut connection, &mut random);
        broker.start_again();
    }
    let mut connection = Connection::open(&broker);
    load.resume(&mut connection);
    load.drain(&mut connection);
    (0..PARTITIONS).for_each(|partition| verify(&load, &mut connection, &topic, partition));

    // The state of the producer outlives a clean stop too: its next batch is taken, the last one again is known.
    assert!(broker.stop().success());
    broker.start_again();
    let mut connection = Connection::open(&broker);
    load.repeat_last(&mut connection);
    load.resume(&mut connection);
    (0..100).for_each(|_| assert!(load.step(&mut connection, &mut random), "the broker closed the connection"));
    load.drain(&mut connection);
    (0..PARTITIONS).for_each(|partition| verify(&load, &mut connection, &topic, partition));
}

/// Produces without a pause until the broker is gone, which is a random number of answers and a random time from now.
fn kill_under_load(broker: &mut Broker, load: &mut Load, connection: &mut Connection, random: &mut Random) {
    let answers = random.below(MAX_ANSWERS_BEFORE_KILL);
    let delay = Duration::from_micros(random.below(MAX_MICROS_BEFORE_KILL));
    let (due, is_due) = mpsc::channel();
    thread::scope(|scope| {
        // Moved in, so that it is dropped when the load fails: the other thread then ends too.
        let due = due;
        scope.spawn(move || {
            // An error means that the load has failed and tells why itself.
            if is_due.recv().is_ok() {
                spin(delay);
                broker.kill();
            }
        });
        for answer in 0.. {
            if answer == answers {
                due.send(()).expect("the other thread waits");
            }
            if !load.step(connection, random) {
                assert!(answer >= answers, "the broker closed the connection");
                break;
            }
        }
    });
    load.take_what_arrived(connection);
}

/// Record n of the load must lie at offset n, and nothing else anywhere.
fn verify(load: &Load, connection: &mut Connection, topic: &str, partition: usize) {
    let all = connection.fetch_all(topic, partition as i32);
    let stored: Vec<_> = batch::split(&all).into_iter().flat_map(batch::decode).collect();
    assert_eq!(stored.len(), load.sent(partition), "records in partition {partition}");
    for (n, (offset, record)) in stored.into_iter().enumerate() {
        assert_eq!(offset, n as i64, "offsets of partition {partition}");
        assert_eq!(record, Load::record(partition, n), "partition {partition} at offset {offset}");
    }
}

fn seed() -> u64 {
    let given = std::env::var("OTTLA_SEED").ok().map(|seed| seed.parse().expect("OTTLA_SEED is a number"));
    given.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64)
}

/// Passes the time without giving the core away, so that the kill falls between any two instructions of the broker.
fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}
