//! Mutated record batches of every codec: no panic, no more memory than was granted, and a batch that is taken is one that
//! everybody can read.

extern crate ottla_record as record;

#[path = "../../../wire/tests/messages/counting.rs"]
mod counting;
#[path = "../../../wire/tests/messages/mutate.rs"]
mod mutate;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../../../wire/tests/messages/random.rs"]
mod random;

use record::{
    Batch, BatchBuilder, Compression, Encoding, HEADER_LEN, Header, LeaderEpoch, Limits, Offset, ProducedBatch,
    ProducerEpoch, ProducerId, Rules, STAMP_LEN, Timestamp, TimestampType,
};

use counting::counted;
use mutate::{Run, mutate};
use random::Random;

const CODECS: [Compression; 5] =
    [Compression::None, Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd];
/// What may be made of a batch by opening it.
const GRANTED_BYTES: usize = 1 << 20;
const NOW: i64 = 1_700_000_000_000;

#[test]
fn mutated_batches_are_taken_or_refused() {
    let run = Run::new("batch", 80_000);
    let (mut taken, mut opened) = (0, 0);
    for mut case in run.each() {
        let mut random = Random::new(case.seed);
        let bytes = damaged(&mut random);
        case.note("records", &bytes);
        read(&bytes);
        let rules = rules(&mut random);
        let (valid, allocations) = counted(|| record::validate(&bytes, &rules));
        assert_eq!(allocations, 0, "a check allocates nothing");
        let Ok(batch) = valid else { continue };
        taken += 1;
        check_stored(&batch, false);
        let mut left = GRANTED_BYTES;
        let compression = batch.header().attributes.compression().unwrap();
        if let Ok(changed) = record::recompress(&batch, &rules, &mut left) {
            opened += usize::from(rules.recompresses(compression));
            check_stored(&changed, rules.recompresses(compression));
        }
        assert!(left <= GRANTED_BYTES);
    }
    let some = run.cases() / 50..run.cases();
    assert!(run.cases() < 1_000 || (some.contains(&taken) && some.contains(&opened)), "{taken} taken, {opened} opened");
}

/// As a log or a consumer reads bytes that nobody has checked.
fn read(bytes: &[u8]) {
    let limits = Limits { max_decompressed_bytes: GRANTED_BYTES, ..Limits::default() };
    for batch in record::batches(bytes).map_while(Result::ok) {
        let mut scratch = Vec::new();
        let count = batch.records(&limits, &mut scratch).map_or(0, |records| records.take_while(Result::is_ok).count());
        assert!(count <= batch.header().record_count.max(0) as usize, "more records than there are");
        assert!(scratch.capacity() <= 2 * GRANTED_BYTES, "{} bytes for one batch", scratch.capacity());
    }
}

/// What goes to the log is a batch with a good checksum; where it was opened, all its records can be read.
fn check_stored(batch: &ProducedBatch<'_>, was_opened: bool) {
    let stamp = record::stamp(batch.header(), Offset(5), LeaderEpoch(1));
    let stored = [&stamp[..], batch.after_stamp()[0], batch.after_stamp()[1]].concat();
    let stored = Batch::parse(&stored).unwrap();
    assert!(stored.crc_ok() && stored.header().base_offset == Offset(5));
    if was_opened || stored.header().attributes.compression() == Ok(Compression::None) {
        let mut scratch = Vec::new();
        let records = stored.records(&Limits::default(), &mut scratch).unwrap();
        let offsets: Vec<_> = records.map(|record| record.unwrap().offset.0).collect();
        assert_eq!(offsets, (5..stored.header().next_offset().0).collect::<Vec<_>>());
    }
}

fn rules(random: &mut Random) -> Rules {
    let timestamp_type = random.pick(&[TimestampType::CreateTime, TimestampType::LogAppendTime]);
    let codec = random.pick(&CODECS);
    Rules {
        max_message_bytes: 1 << 16,
        max_segment_bytes: 1 << 16,
        now: Timestamp(NOW),
        timestamp_before_max_ms: i64::MAX,
        timestamp_after_max_ms: 3_600_000,
        timestamp_type,
        encoding: (random.below(4) > 0).then(|| Encoding::of(codec)),
    }
}

/// A batch with one of its layers damaged and those around it made right.
fn damaged(random: &mut Random) -> Vec<u8> {
    let whole = whole(random);
    let body = mutate(random, &whole[HEADER_LEN..]);
    match random.below(8) {
        0 => whole,
        1 => mutate(random, &whole),
        2 => sealed(header(random, &whole), &whole[HEADER_LEN..]),
        3 => sealed(header(random, &whole), &body),
        4 => [&whole[..], &mutate(random, &whole)].concat(),
        5 => sealed(whole[..HEADER_LEN].to_vec(), &body),
        _ => below_its_codec(random, &whole),
    }
}

/// Damage to the records themselves.
fn below_its_codec(random: &mut Random, whole: &[u8]) -> Vec<u8> {
    let codec = Batch::parse(whole).unwrap().header().attributes.compression().unwrap();
    let mut records = Vec::new();
    record::decompress(codec, &whole[HEADER_LEN..], &Limits::default(), &mut records).unwrap();
    let mut body = Vec::new();
    record::compress(codec, &mutate(random, &records), &mut body);
    sealed(whole[..HEADER_LEN].to_vec(), &body)
}

/// The first 17 bytes are what every reader looks at first, and most often stay.
fn header(random: &mut Random, whole: &[u8]) -> Vec<u8> {
    let mut header = mutate(random, &whole[..HEADER_LEN]);
    header.resize(HEADER_LEN, 0);
    if random.below(8) > 0 {
        header[..=STAMP_LEN].copy_from_slice(&whole[..=STAMP_LEN]);
    }
    header
}

/// With the length and the checksum that the batch has.
fn sealed(header: Vec<u8>, body: &[u8]) -> Vec<u8> {
    let mut batch = [&header, body].concat();
    let length = batch.len() as i32 - 12;
    batch[8..12].copy_from_slice(&length.to_be_bytes());
    let crc = record::crc32c(&batch[21..]);
    batch[17..21].copy_from_slice(&crc.to_be_bytes());
    batch
}

fn whole(random: &mut Random) -> Vec<u8> {
    let mut builder = BatchBuilder::new(random.pick(&CODECS));
    if random.below(3) == 0 {
        builder.producer(ProducerId(7), ProducerEpoch(0), random.pick(&[0, 5, i32::MAX]));
    }
    for _ in 0..=random.below(5) {
        let (key, value) = (bytes(random), bytes(random));
        let headers = [Header { key: b"h", value: Some(b"v") }, Header { key: b"", value: None }];
        let time = Timestamp(NOW + random.pick(&[0, 1, -1, -100_000, i64::from(i32::MAX)]));
        let headers = &headers[..random.below(3)];
        builder.append(time, key.as_deref(), value.as_deref(), headers);
    }
    builder.build()
}

/// Some of it repeats, so that codecs have something to do.
fn bytes(random: &mut Random) -> Option<Vec<u8>> {
    let len = random.pick(&[None, Some(0), Some(1), Some(20), Some(400)])?;
    let any = random.next() as u8;
    Some((0..len).map(|n| if n % 7 < 4 { b'r' } else { any.wrapping_mul(n as u8) }).collect())
}
