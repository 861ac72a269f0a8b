//! Clients that others wrote, and our own command line: what one writes, each reads, with every codec.
//!
//! All clients write to the same topic, one after the other, so that a log holds batches of all of them; then each reads
//! the whole topic.

mod confluent;
mod kcat;
mod ottla;
mod records;

use std::collections::BTreeSet;

use crate::batch::{self, Record};
use crate::harness::{Broker, unique};
use crate::raw::Connection;
use records::Placed;

/// A program that produces and consumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Client {
    /// librdkafka's command line.
    Kcat,
    /// confluent-kafka for Python.
    Confluent,
    /// Our own command line.
    Ottla,
}

/// Where a client is to work.
#[derive(Clone, Copy)]
struct Target<'a> {
    bootstrap: &'a str,
    topic: &'a str,
    partitions: i32,
    codec: &'a str,
}

impl Client {
    fn all_available() -> Vec<Client> {
        let works = |client: &Client| match client {
            Client::Kcat => kcat::works(),
            Client::Confluent => confluent::works(),
            Client::Ottla => true,
        };
        [Client::Kcat, Client::Confluent, Client::Ottla].into_iter().filter(works).collect()
    }

    /// Why this client cannot write a record. Every None is a cell of the matrix that is tested.
    fn cannot_write(self, record: &Record) -> Option<&'static str> {
        match self {
            Client::Kcat => kcat::cannot_write(record),
            Client::Confluent => None,
            Client::Ottla => ottla::cannot_write(record),
        }
    }

    fn write(self, target: &Target<'_>, records: &[Placed]) {
        match self {
            Client::Kcat => kcat::write(target, records),
            Client::Confluent => confluent::write(target, records),
            Client::Ottla => ottla::write(target, records),
        }
    }

    /// All records of the topic with their offsets, in the order of each partition.
    fn read(self, target: &Target<'_>) -> Vec<(i64, Placed)> {
        match self {
            Client::Kcat => kcat::read(target),
            Client::Confluent => confluent::read(target),
            Client::Ottla => ottla::read(target),
        }
    }
}

#[test]
fn clients_understand_each_other_without_compression() {
    matrix("none");
}

#[test]
fn clients_understand_each_other_in_gzip() {
    matrix("gzip");
}

#[test]
fn clients_understand_each_other_in_snappy() {
    matrix("snappy");
}

#[test]
fn clients_understand_each_other_in_lz4() {
    matrix("lz4");
}

#[test]
fn clients_understand_each_other_in_zstd() {
    matrix("zstd");
}

fn matrix(codec: &str) {
    let broker = Broker::start();
    for partitions in [1, 12] {
        let topic = unique(codec);
        Connection::open(&broker).create_topic(&topic, partitions);
        let target = Target { bootstrap: broker.bootstrap(), topic: &topic, partitions, codec };
        let clients = Client::all_available();
        let written: Vec<Placed> = clients.iter().flat_map(|&writer| written_by(writer, &target)).collect();
        clients.iter().for_each(|&reader| check(reader, &target, &written));
        check_log(&broker, &target);
    }
}

/// Into topics whose `compression.type` is not the producer's, from every codec.
#[test]
fn clients_understand_what_the_broker_has_recompressed() {
    const CODECS: [&str; 5] = ["none", "gzip", "snappy", "lz4", "zstd"];
    let broker = Broker::start();
    let clients = Client::all_available();
    for codec in CODECS {
        let topic = unique("recompressed");
        let compression_type = if codec == "none" { "uncompressed" } else { codec };
        let configs = [("compression.type", compression_type)];
        Connection::open(&broker).create_topic_with(&topic, 2, &configs);
        let target = Target { bootstrap: broker.bootstrap(), topic: &topic, partitions: 2, codec };
        let writers = CODECS.into_iter().zip(clients.iter().cycle());
        let written: Vec<Placed> =
            writers.flat_map(|(codec, &writer)| written_by(writer, &Target { codec, ..target })).collect();
        clients.iter().for_each(|&reader| check(reader, &target, &written));
        check_log(&broker, &target);
    }
}

fn written_by(writer: Client, target: &Target<'_>) -> Vec<Placed> {
    let mut records = records::all_kinds(&format!("{writer:?}"), target.partitions);
    records.retain(|placed| match writer.cannot_write(&placed.record) {
        Some(why) => {
            eprintln!("unsupported: {writer:?} cannot write {:.60?}: {why}", placed.record);
            false
        }
        None => true,
    });
    writer.write(target, &records);
    records
}

/// `reader` must see, in each partition, exactly what was written there, at offsets 0, 1, 2 and so on.
fn check(reader: Client, target: &Target<'_>, written: &[Placed]) {
    let read = reader.read(target);
    assert_eq!(read.len(), written.len(), "{reader:?} in {}", target.codec);
    for partition in 0..target.partitions {
        let seen = read.iter().filter(|(_, placed)| placed.partition == partition);
        let expected = written.iter().filter(|placed| placed.partition == partition);
        for (n, ((offset, seen), expected)) in seen.zip(expected).enumerate() {
            let place = format!("{reader:?} at offset {n} of partition {partition} in {}", target.codec);
            assert_eq!(*offset, n as i64, "{place}");
            let expected = &expected.record;
            // Not assert_eq: a record may have a million bytes.
            assert!(seen.record == *expected, "{place}: {:.200?} instead of {expected:.200?}", seen.record);
        }
    }
}

/// The log holds the clients' batches as they compressed them, and a fetch gives the bytes of the file.
fn check_log(broker: &Broker, target: &Target<'_>) {
    let mut connection = Connection::open(broker);
    let expected = ["none", "gzip", "snappy", "lz4", "zstd"].iter().position(|&name| name == target.codec).unwrap();
    let mut codecs = BTreeSet::new();
    for partition in 0..target.partitions {
        let fetched = connection.fetch_all(target.topic, partition);
        codecs.extend(batch::split(&fetched).into_iter().map(batch::codec));
        if broker.is_ours() {
            assert!(broker.segment(target.topic, partition) == fetched, "the file differs from the fetch");
        }
    }
    // A client leaves a batch alone that compression would not make smaller.
    codecs.remove(&0);
    assert_eq!(codecs.into_iter().collect::<Vec<_>>(), if expected == 0 { vec![] } else { vec![expected as u8] });
}
