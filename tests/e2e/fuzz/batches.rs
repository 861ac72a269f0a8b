//! Damaged record batches of every codec. What the broker takes has to be readable afterwards, in one unbroken row of
//! offsets, and the same after a kill.

use super::mutate::{Run, mutate};
use super::random::Random;
use super::{CASES_PER_BROKER, Scene};
use crate::batch::{self, HEADER_LEN, Identity, Record};
use crate::codecs;
use crate::harness::Broker;
use crate::library::{block_on, connect, try_read_all};
use crate::raw::Connection;

/// Where a batch has the number of its codec.
const CODEC: usize = 22;
/// Nothing goes away by age: damaged batches have any time.
const KEPT: [(&str, &str); 2] = [("retention.ms", "-1"), ("message.timestamp.before.max.ms", "9223372036854775807")];

/// A name, its configs beside [`KEPT`], and the codec that its batches get; of others, the broker opens
/// and checks what is in them.
type Topic = (&'static str, &'static [(&'static str, &'static str)], Option<u8>);

const TOPICS: [Topic; 7] = [
    ("as-sent", &[], None),
    ("append-time", &[("message.timestamp.type", "LogAppendTime")], None),
    ("uncompressed", &[("compression.type", "uncompressed")], Some(codecs::NONE)),
    ("gzip", &[("compression.type", "gzip")], Some(codecs::GZIP)),
    ("snappy", &[("compression.type", "snappy")], Some(codecs::SNAPPY)),
    ("lz4", &[("compression.type", "lz4")], Some(codecs::LZ4)),
    ("zstd", &[("compression.type", "zstd")], Some(codecs::ZSTD)),
];

#[test]
fn mutated_batches_that_are_taken_can_be_read() {
    let run = Run::new("batches", 8_000);
    let (mut taken, mut cases) = (0, run.each());
    while cases.len() > 0 {
        let Some(scene) = Scene::start() else { return };
        let mut connection = Connection::open(&scene.broker);
        for (topic, configs, _) in TOPICS {
            connection.create_topic_with(topic, 1, &[&KEPT, configs].concat());
        }
        for mut case in cases.by_ref().take(CASES_PER_BROKER) {
            let mut random = Random::new(case.seed);
            let (mut topic, _, own) = random.pick(&TOPICS);
            let records = draw(&mut random);
            // Batches that have the codec of their topic already are not opened; uncompressed ones are, always.
            if own.is_some_and(|own| own > 0 && records.get(CODEC).is_none_or(|codec| codec & 7 == own)) {
                topic = "as-sent";
            }
            case.note(topic, &records);
            let outcome = connection.produce(topic, 0, records);
            let internal =
                outcome.as_ref().is_err_and(|error| ["UnknownServerError", "KafkaStorageError"].contains(&&**error));
            assert!(!internal, "{outcome:?}");
            taken += usize::from(outcome.is_ok());
        }
        let before = TOPICS.map(|(topic, _, own)| read(&scene.broker, topic, own.is_some()));
        let mut broker = scene.end();
        broker.kill();
        broker.start_again();
        for ((topic, ..), before) in TOPICS.iter().zip(before) {
            assert!(Connection::open(&broker).fetch_all(topic, 0) == before, "{topic} is not what it was");
        }
    }
    eprintln!("{taken} batches were taken");
    assert!(run.cases() < 100 || (run.cases() / 20..run.cases()).contains(&taken), "{taken} were taken");
}

/// The records of a Produce request: a batch, with one of its layers damaged and those around it made right.
fn draw(random: &mut Random) -> Vec<u8> {
    let codec = random.pick(&codecs::ALL);
    let plain = batch::encode(identity(random), &records(random));
    let whole = codecs::encoded(codec, &plain);
    let damaged_body = codecs::with_body(codec, &whole, &mutate(random, &whole[HEADER_LEN..]));
    match random.below(8) {
        0 => whole,
        1 => mutate(random, &whole),
        2 => header(random, &whole),
        3 => damaged_body,
        4 => header(random, &damaged_body),
        5 => [whole.clone(), mutate(random, &whole)].concat(),
        // The records, below their codec.
        _ => {
            let mut damaged = codecs::with_body(codecs::NONE, &plain, &mutate(random, &plain[HEADER_LEN..]));
            if damaged.len() == HEADER_LEN {
                damaged.push(0);
            }
            codecs::encoded(codec, &damaged)
        }
    }
}

fn identity(random: &mut Random) -> Identity {
    let sequence = random.pick(&[0, 0, 1, 5, i32::MAX]);
    let known = Identity { producer_id: random.pick(&[0, 1, 1_000]), epoch: random.pick(&[0, 0, 1]), sequence };
    random.pick(&[Identity::NONE, Identity::NONE, known])
}

fn records(random: &mut Random) -> Vec<Record> {
    let bytes = |random: &mut Random| random.pick(&[None, Some(0), Some(1), Some(300)]).map(|len| vec![b'r'; len]);
    let record = |random: &mut Random| Record {
        key: bytes(random),
        value: bytes(random),
        headers: (0..random.below(3)).map(|n| (format!("h{n}"), bytes(random))).collect(),
    };
    (0..=random.below(6)).map(|_| record(random)).collect()
}

/// Damage before the records, most often with the checksum that it then has. The length stays.
fn header(random: &mut Random, batch: &[u8]) -> Vec<u8> {
    let mut mutated = mutate(random, &batch[..HEADER_LEN]);
    mutated.resize(HEADER_LEN, 0);
    if random.below(8) > 0 {
        // Base offset, length, epoch and format are the first that brokers look at.
        mutated[..17].copy_from_slice(&batch[..17]);
    }
    batch::with_checksum([&mutated, &batch[HEADER_LEN..]].concat())
}

/// All batches of a topic, as they are; where the broker had to look into them, also as our client reads them.
fn read(broker: &Broker, topic: &str, opened: bool) -> Vec<u8> {
    let mut connection = Connection::open(broker);
    let all = connection.fetch_all(topic, 0);
    let mut end = 0;
    for whole in batch::split(&all) {
        assert_eq!(batch::base_offset(whole), end, "{topic}: a gap");
        end = batch::next_offset(whole);
        if batch::codec(whole) == codecs::NONE {
            let offsets: Vec<_> = batch::decode(whole).into_iter().map(|(offset, _)| offset).collect();
            let expected: Vec<_> = (batch::base_offset(whole)..end).collect();
            assert_eq!(offsets, expected, "{topic}: offsets in a batch");
        }
    }
    assert_eq!(connection.latest_offset(topic, 0), Ok(end), "{topic}: the end");
    let consumed = block_on(async { try_read_all(&connect(broker.bootstrap()).await, topic).await });
    match consumed {
        Ok(records) => {
            let offsets: Vec<_> = records.iter().map(|record| record.offset.0).collect();
            assert_eq!(offsets, (0..end).collect::<Vec<_>>(), "{topic}: what a consumer gets");
        }
        Err(error) => assert!(!opened, "{topic}: {error}"),
    }
    all
}
