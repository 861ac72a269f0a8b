//! What of a log is in the page cache, and what had to be read from the disk to be sent: as metrics, and on the command line.

use std::fs::{self, File};

use bytes::Bytes;
use kafka_protocol::messages::DescribeLogDirsRequest;
use rustix::fs::{Advice, fadvise};
use serde_json::Value;

use super::exposition::Exposition;
use super::http::{get, observed};
use crate::batch::{self, Identity, Record};
use crate::cli::ottla;
use crate::harness::{Broker, unique};
use crate::raw::Connection;
use crate::tools::output_of;

/// Several segments of the smallest size there is.
const SEGMENT_BYTES: (&str, &str) = ("segment.bytes", "1048576");
const BATCHES: usize = 16;
const VALUE_BYTES: usize = 300_000;

/// Takes all files of a partition out of the page cache.
pub fn evict(broker: &Broker, topic: &str, partition: i32) {
    let dir = broker.data_dir().join(format!("{topic}-{partition}"));
    for entry in fs::read_dir(dir).unwrap() {
        let file = File::open(entry.unwrap().path()).unwrap();
        // What is not on the disk yet cannot leave.
        file.sync_all().unwrap();
        fadvise(&file, 0, None, Advice::DontNeed).unwrap();
    }
}

/// The metrics of one partition.
struct Partition<'t> {
    scraped: Exposition,
    topic: &'t str,
}

impl Partition<'_> {
    fn value(&self, name: &str) -> Option<f64> {
        let labels = [("topic", self.topic), ("partition", "0")];
        self.scraped.value(&format!("ottla_partition_{name}"), &labels)
    }

    fn known(&self, name: &str) -> f64 {
        self.value(name).unwrap_or_else(|| panic!("{name} is not told"))
    }
}

fn filled(connection: &mut Connection) -> String {
    let topic = unique("cached");
    connection.create_topic_with(&topic, 1, &[SEGMENT_BYTES]);
    let batch = batch::encode(Identity::NONE, &[Record::of(vec![b'x'; VALUE_BYTES])]);
    (0..BATCHES).for_each(|offset| assert_eq!(connection.produce(&topic, 0, batch.clone()), Ok(offset as i64)));
    topic
}

#[test]
fn what_is_evicted_leaves_the_figures_and_comes_back_when_it_is_read() {
    let Some((broker, address)) = observed(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = filled(&mut connection);
    let scrape = || Partition { scraped: Exposition::parse(&get(&address, "/metrics").1), topic: &topic };
    let described = || -> Value {
        let said = output_of(&mut ottla(&broker, &["topic", "describe", &topic, "--cache", "--json"]), b"");
        serde_json::from_slice::<Value>(&said).unwrap()["partitions"][0]["log"].clone()
    };

    let hot = connection.fetch_all(&topic, 0);
    let before = scrape();
    let size = before.known("log_size_bytes");
    assert!(before.known("segments") > 2.0);
    if before.value("cached_bytes").is_none() {
        eprintln!("skipped: the system does not tell what is in the page cache");
        return;
    }
    assert_eq!(before.known("cached_bytes"), size, "what was just written is there");
    assert_eq!(before.known("cold_bytes_total"), 0.0);
    assert_eq!(before.scraped.value("ottla_topic_cached_bytes", &[("topic", &topic)]), Some(size));
    let told = described();
    assert_eq!((&told["cached_percent"], &told["hit_percent"]), (&100.0.into(), &100.0.into()), "{told}");
    assert_eq!((&told["hot_from"], &told["from_disk"]), (&0.into(), &0.into()), "{told}");

    evict(&broker, &topic, 0);
    let evicted = scrape();
    assert_eq!(evicted.known("cached_bytes"), 0.0, "asking brings nothing back");
    assert_eq!(described()["hot_from"], BATCHES);

    assert!(connection.fetch_all(&topic, 0) == hot, "it is the same from the disk");
    let read = scrape();
    assert_eq!(read.known("cached_bytes"), size, "what was read is there again");
    let cold = read.known("cold_bytes_total");
    // How much of it the system has read ahead, which counts as cached, is a matter of the disk.
    assert!(cold > 0.0 && cold <= size, "{cold} of {size} bytes were read from the disk");
    assert_eq!(read.scraped.sum("ottla_loop_cold_bytes_total"), cold, "the loops counted the same");
    let told = described();
    let percent = told["hit_percent"].as_f64().unwrap();
    let out = read.known("bytes_out_total");
    assert!((percent - 100.0 * (out - cold) / out).abs() < 1e-6, "{told}");
    assert_eq!((&told["from_disk"], &told["hot_from"]), (&(cold as u64).into(), &0.into()));

    connection.fetch_all(&topic, 0);
    assert_eq!(scrape().known("cold_bytes_total"), cold, "the second time nothing had to be read");
}

#[test]
fn one_request_is_told_of_so_many_segments_and_the_command_line_asks_for_the_rest() {
    const SEGMENTS_MAX: usize = 1024;
    const PARTITIONS: usize = SEGMENTS_MAX + 6;
    let Some(broker) = Broker::own(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = unique("many");
    connection.create_topic(&topic, PARTITIONS as i32);
    // An own tag of the request, true; and of the answer's partitions, of which the first number is -1 where it is unknown.
    let request = DescribeLogDirsRequest::default().with_topics(None);
    let request = request.with_unknown_tagged_fields([(20_000, Bytes::from_static(&[1]))].into());
    let response = connection.call(4, &request);
    let partitions = response.results.iter().flat_map(|dir| &dir.topics).flat_map(|topic| &topic.partitions);
    let cached = partitions.map(|partition| partition.unknown_tagged_fields[&20_000].first_chunk().copied());
    let cached: Vec<i64> = cached.map(|cached| i64::from_be_bytes(cached.expect("four numbers"))).collect();
    let known = cached.iter().filter(|bytes| **bytes >= 0).count();
    assert!(cached.len() >= PARTITIONS && known == SEGMENTS_MAX, "{known} of {}", cached.len());

    let said = output_of(&mut ottla(&broker, &["topic", "describe", &topic, "--cache", "--json"]), b"");
    let described: Value = serde_json::from_slice(&said).unwrap();
    let logs: Vec<&Value> = described["partitions"].as_array().unwrap().iter().map(|one| &one["log"]).collect();
    assert_eq!(logs.iter().filter(|log| log["hot_from"] == 0).count(), PARTITIONS);
}

#[test]
fn the_command_line_shows_a_partition_a_line() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    let topic = unique("shown");
    connection.create_topic(&topic, 2);
    connection.produce(&topic, 1, super::small_batch()).unwrap();
    let said = output_of(&mut ottla(&broker, &["topic", "describe", &topic, "--cache"]), b"");
    let said = String::from_utf8(said).unwrap();
    let table: Vec<Vec<&str>> =
        said.lines().skip_while(|line| !line.contains("HOT FROM")).map(|line| line.split("  ").collect()).collect();
    let cells = |line: usize| -> Vec<&str> {
        table[line].iter().map(|cell| cell.trim()).filter(|cell| !cell.is_empty()).collect()
    };
    assert_eq!(cells(0), ["PARTITION", "SIZE", "CACHED", "CACHED %", "FETCHED", "FROM DISK", "HIT %", "HOT FROM"]);
    let (empty, one) = (cells(1), cells(2));
    assert_eq!((empty[..2].to_vec(), one[0], one.len()), (vec!["0", "0 B"], "1", 8), "{said}");
    if broker.is_ours() {
        assert_eq!(empty[4..7], ["0 B", "0 B", "-"], "{said}");
    } else {
        assert!(one[2..].iter().all(|cell| *cell == "-") && said.contains("does not tell"), "{said}");
    }
}
