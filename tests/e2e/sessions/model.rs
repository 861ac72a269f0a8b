//! A consumer that folds the answers of a session sees what one sees that asks for everything each time.

use std::collections::BTreeMap;

use kafka_protocol::messages::FetchResponse;

use super::{Session, VERSIONS, one};
use crate::batch;
use crate::harness::{Broker, unique};
use crate::raw::{Connection, error_name};

const PARTITIONS: i32 = 4;
const STEPS: usize = 150;

/// What the consumer knows of a partition.
#[derive(Default)]
struct Known {
    position: i64,
    high_watermark: i64,
    start: i64,
    batches: Vec<u8>,
    /// The position has moved since the session heard of it.
    has_moved: bool,
}

/// Numbers that look random, the same ones each time (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % bound
    }
}

struct Consumer {
    session: Session,
    topic: String,
    known: BTreeMap<i32, Known>,
    forgotten: Vec<i32>,
}

impl Consumer {
    /// One fetch, folded into what is known. How many batches came.
    fn fetch(&mut self) -> usize {
        let moved = self.known.iter_mut().filter_map(|(&partition, known)| {
            std::mem::take(&mut known.has_moved).then_some((&*self.topic, partition, known.position))
        });
        let changes: Vec<_> = moved.collect();
        let forgotten: Vec<_> = self.forgotten.iter().map(|&partition| (&*self.topic, partition)).collect();
        let is_first = self.session.epoch == 0;
        let response = self.session.call(&changes, &forgotten);
        assert_eq!(error_name(response.error_code), "None");
        self.forgotten.clear();
        (self.session.id, self.session.epoch) = (response.session_id, self.session.epoch + 1);
        self.fold(&response, is_first)
    }

    fn fold(&mut self, response: &FetchResponse, is_first: bool) -> usize {
        let mut came = 0;
        for data in response.responses.iter().flat_map(|topic| &topic.partitions) {
            assert_eq!(error_name(data.error_code), "None");
            let known = self.known.get_mut(&data.partition_index).expect("only what was asked for");
            let told = (data.high_watermark, data.log_start_offset);
            let batches = batch::split(data.records.as_deref().unwrap_or_default());
            let is_news = told != (known.high_watermark, known.start) || !batches.is_empty();
            assert!(is_first || is_news, "told without need: {data:?}");
            (known.high_watermark, known.start) = told;
            for one in batches {
                came += 1;
                assert_eq!(batch::base_offset(one), known.position);
                known.position = batch::next_offset(one);
                known.has_moved = true;
                known.batches.extend_from_slice(one);
            }
        }
        came
    }

    /// Begins anew with one partition.
    fn rewind(&mut self, partition: i32) {
        if let Some(known) = self.known.get_mut(&partition) {
            (known.position, known.has_moved) = (0, true);
            known.batches.clear();
        }
    }

    /// Leaves a partition out, or takes it in.
    fn toggle(&mut self, partition: i32) {
        if self.known.len() > 1 && self.known.remove(&partition).is_some() {
            self.forgotten.push(partition);
        } else if !self.known.contains_key(&partition) && !self.forgotten.contains(&partition) {
            let known = Known { high_watermark: -1, start: -1, has_moved: true, ..Known::default() };
            self.known.insert(partition, known);
        }
    }
}

#[test]
fn a_consumer_with_a_session_sees_what_one_without_sees() {
    let broker = Broker::start();
    for version in VERSIONS {
        for seed in 1..=4 {
            run(&broker, version, seed);
        }
    }
}

fn run(broker: &Broker, version: i16, seed: u64) {
    let topic = unique("model");
    let mut writer = Connection::open(broker);
    writer.create_topic(&topic, PARTITIONS);
    let session = Session::new(broker, version, &[&topic]);
    let fresh = |partition| (partition, Known { has_moved: true, ..Known::default() });
    let mut consumer =
        Consumer { session, topic: topic.clone(), known: (0..PARTITIONS).map(fresh).collect(), forgotten: Vec::new() };
    let mut random = Random(seed * 0x9e37_79b9);
    for step in 0..STEPS {
        let partition = random.below(PARTITIONS as u64) as i32;
        consumer.session.max_bytes = if random.below(3) == 0 { 1 } else { 1 << 20 };
        match random.below(10) {
            0..4 => _ = writer.produce(&topic, partition, one(&format!("{step}"))).unwrap(),
            4 => consumer.rewind(partition),
            5 => consumer.toggle(partition),
            _ => _ = consumer.fetch(),
        }
    }
    consumer.session.max_bytes = 1 << 20;
    // The last fetch tells of no records, so all positions are known and all is read.
    while consumer.fetch() > 0 {}
    for (&partition, known) in &consumer.known {
        let case = format!("version {version}, seed {seed}, partition {partition}");
        assert_eq!(known.batches, writer.fetch_all(&topic, partition), "{case}");
        assert_eq!(Ok(known.high_watermark), writer.latest_offset(&topic, partition), "{case}");
    }
}
