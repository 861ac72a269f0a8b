use proptest::prelude::*;

use super::*;
use crate::samples::{any_codec, any_records, build, three_records, with_body, with_crc, with_header};
use crate::{BatchBuilder, LeaderEpoch};

const RULES: Rules = Rules {
    max_message_bytes: 1 << 20,
    max_segment_bytes: 1 << 20,
    now: Timestamp(1_010),
    timestamp_before_max_ms: 1_000,
    timestamp_after_max_ms: 50,
    timestamp_type: TimestampType::CreateTime,
    encoding: None,
};

fn verdict(records: &[u8]) -> Result<(), Invalid> {
    validate(records, &RULES).map(|_| ())
}

fn verdict_with(change: impl FnOnce(&mut BatchHeader)) -> Result<(), Invalid> {
    verdict(&with_header(&three_records(Compression::None), change))
}

#[test]
fn good_batches_pass_as_they_are() {
    for codec in Compression::ALL {
        let bytes = three_records(codec);
        let produced = validate(&bytes, &RULES).unwrap();
        assert_eq!(produced.bytes, bytes);
        assert_eq!(produced.header().producer_id, ProducerId(7));
        assert_eq!(produced.header().record_count, 3);
    }
}

#[test]
fn there_must_be_one_whole_batch() {
    let one = three_records(Compression::None);
    for present in 0..one.len() {
        assert_eq!(verdict(&one[..present]), Err(Invalid::NoBatch), "{present} bytes");
    }
    assert_eq!(verdict_with(|header| header.batch_length += 1), Err(Invalid::NoBatch));
    assert_eq!(verdict_with(|header| header.batch_length = i32::MAX), Err(Invalid::NoBatch));
    assert_eq!(verdict(&[&one[..], &one].concat()), Err(Invalid::MoreThanOneBatch));
    assert_eq!(verdict(&[&one[..], &one[..17]].concat()), Err(Invalid::MoreThanOneBatch));
    assert_eq!(verdict(&[&one[..], &[0; 17]].concat()), Err(Invalid::AfterBatch));
}

#[test]
fn few_trailing_bytes_are_ignored() {
    let one = three_records(Compression::None);
    for trailing in 1..17 {
        let bytes = [&one[..], &vec![0xAA; trailing]].concat();
        assert_eq!(validate(&bytes, &RULES).unwrap().bytes, one);
    }
}

#[test]
fn format_must_be_v2() {
    for magic in [0, 1] {
        assert_eq!(verdict_with(|header| header.magic = magic), Err(Invalid::OldMagic { magic }));
    }
    for magic in [i8::MIN, -1, 3, i8::MAX] {
        assert_eq!(verdict_with(|header| header.magic = magic), Err(Invalid::UnknownMagic { magic }));
    }
    for batch_length in [i32::MIN, -1, 0, 13] {
        let expected = Err(Invalid::BatchLength { batch_length });
        assert_eq!(verdict_with(|header| header.batch_length = batch_length), expected);
    }
    // Enough for the oldest format, and too little for v2.
    for batch_length in [14, 48] {
        let bytes = with_header(&three_records(Compression::None), |header| header.batch_length = batch_length);
        let alone = &bytes[..12 + batch_length as usize];
        assert_eq!(verdict(alone), Err(Invalid::NoHeader { batch_length }));
    }
}

#[test]
fn size_and_offset_are_limited() {
    let bytes = three_records(Compression::None);
    let (size, max) = (bytes.len(), bytes.len() as u32 - 1);
    let check = |rules: Rules| validate(&bytes, &rules).map(|_| ());
    assert_eq!(check(Rules { max_message_bytes: max, ..RULES }), Err(Invalid::MessageTooLarge { size, max }));
    assert_eq!(check(Rules { max_segment_bytes: max, ..RULES }), Err(Invalid::RecordListTooLarge { size, max }));
    assert_eq!(check(Rules { max_message_bytes: max + 1, max_segment_bytes: max + 1, ..RULES }), Ok(()));
    for base_offset in [Offset(1), Offset(-1), Offset(i64::MAX)] {
        assert_eq!(verdict_with(|header| header.base_offset = base_offset), Err(Invalid::BaseOffset { base_offset }));
    }
}

#[test]
fn counts_must_agree() {
    let counts = |last_offset_delta, record_count| {
        verdict_with(|header| {
            header.last_offset_delta = last_offset_delta;
            header.record_count = record_count;
        })
    };
    assert_eq!(counts(2, 3), Ok(()));
    assert_eq!(counts(-1, 0), Err(Invalid::LastOffsetDelta { last_offset_delta: -1 }));
    assert_eq!(counts(0, 0), Err(Invalid::RecordCount { record_count: 0 }));
    assert_eq!(counts(i32::MAX, i32::MIN), Err(Invalid::RecordCount { record_count: i32::MIN }));
    assert_eq!(counts(3, 3), Err(Invalid::OffsetRange { last_offset_delta: 3, record_count: 3 }));
    assert_eq!(counts(1, 3), Err(Invalid::OffsetRange { last_offset_delta: 1, record_count: 3 }));
    assert_eq!(counts(1, 2), Err(Invalid::Record { index: 1, reason: Malformed::TrailingBytes }));
    assert_eq!(counts(3, 4), Err(Invalid::Record { index: 3, reason: Malformed::Truncated }));
}

#[test]
fn only_brokers_set_some_fields() {
    for id in [5, 6, 7] {
        assert_eq!(verdict_with(|header| header.attributes.0 |= i16::from(id)), Err(Invalid::UnknownCodec { id }));
    }
    let appended = Rules { timestamp_type: TimestampType::LogAppendTime, ..RULES };
    let claimed = with_header(&three_records(Compression::None), |header| header.attributes.0 |= 0x08);
    assert_eq!(validate(&claimed, &appended).map(|_| ()), Err(Invalid::LogAppendTime));
    let timeless = with_header(&claimed, |header| header.max_timestamp = Timestamp::NONE);
    assert_eq!(verdict(&timeless), Err(Invalid::LogAppendTime));
    assert_eq!(verdict_with(|header| header.attributes.0 |= 0x10), Ok(()));
    assert_eq!(verdict_with(|header| header.attributes.0 |= 0x20), Err(Invalid::Control));
    assert_eq!(verdict_with(|header| header.attributes.0 |= 0x40), Err(Invalid::DeleteHorizon));
    let epoch = LeaderEpoch(12_345);
    assert_eq!(verdict_with(|header| header.partition_leader_epoch = epoch), Ok(()));
}

#[test]
fn idempotent_batches_have_sequences() {
    let sequence = |id, base_sequence| {
        verdict_with(|header| {
            header.producer_id = ProducerId(id);
            header.base_sequence = base_sequence;
        })
    };
    assert_eq!(sequence(-1, -1), Ok(()));
    assert_eq!(sequence(0, i32::MAX), Ok(()));
    assert_eq!(sequence(0, -1), Err(Invalid::Sequence { producer_id: ProducerId(0), base_sequence: -1 }));
}

fn at_times(codec: Compression, timestamps: &[i64]) -> Result<(), Invalid> {
    let mut builder = BatchBuilder::new(codec);
    for timestamp in timestamps {
        builder.append(Timestamp(*timestamp), None, None, &[]);
    }
    verdict(&builder.build())
}

#[test]
fn timestamps_must_be_near() {
    let (min, max) = (Timestamp(10), Timestamp(1_060));
    let header = |timestamp| Err(Invalid::Timestamp { timestamp: Timestamp(timestamp), min, max });
    for codec in [Compression::None, Compression::Lz4] {
        assert_eq!(at_times(codec, &[10, 1_060, 500]), Ok(()));
        assert_eq!(at_times(codec, &[9]), header(9));
        assert_eq!(at_times(codec, &[10, 1_061]), header(1_061));
        assert_eq!(at_times(codec, &[i64::MIN]), header(i64::MIN));
        assert_eq!(at_times(codec, &[i64::MAX]), header(i64::MAX));
        assert_eq!(at_times(codec, &[-1, -1]), Ok(()));
    }
    let record = Invalid::RecordTimestamp { index: 1, timestamp: Timestamp(9), min, max };
    assert_eq!(at_times(Compression::None, &[500, 9]), Err(record));
    assert_eq!(at_times(Compression::None, &[500, -1]), Ok(()));
}

#[test]
fn limits_of_time_do_not_overflow() {
    let forever = Rules { timestamp_before_max_ms: i64::MAX, timestamp_after_max_ms: i64::MAX, ..RULES };
    let early = Rules { now: Timestamp(-1_000), ..forever.clone() };
    for rules in [forever, early] {
        let mut builder = BatchBuilder::new(Compression::None);
        builder.append(Timestamp(i64::MAX), None, None, &[]);
        assert_eq!(validate(&builder.build(), &rules).map(|_| ()).is_ok(), rules.now > Timestamp(0));
    }
}

#[test]
fn a_wrong_max_timestamp_is_mended() {
    let right = three_records(Compression::None);
    for stated in [Timestamp(1_001), Timestamp(1_003), Timestamp(-1)] {
        let wrong = with_header(&right, |header| header.max_timestamp = stated);
        let produced = validate(&wrong, &RULES).unwrap();
        assert_eq!(produced.header().max_timestamp, Timestamp(1_002));
        assert_eq!(produced.after_stamp().concat(), right[STAMP_LEN..]);
    }
}

#[test]
fn the_time_of_the_append_is_not_the_producers_to_claim_and_its_records_keep_their_own() {
    for codec in Compression::ALL {
        let right = three_records(codec);
        let claimed = with_header(&right, |header| header.attributes.0 |= 0x08);
        let produced = validate(&claimed, &RULES).unwrap();
        assert!(!produced.header().attributes.is_log_append_time());
        assert_eq!(produced.after_stamp().concat(), right[STAMP_LEN..], "{codec}");
    }
}

#[test]
fn a_right_batch_is_written_as_it_came() {
    let batch = three_records(Compression::Zstd);
    let produced = validate(&batch, &RULES).unwrap();
    assert_eq!(produced.after_stamp(), [&batch[STAMP_LEN..], &[]]);
}

#[test]
fn records_are_walked() {
    let batch = three_records(Compression::None);
    let walked = |record_count: i32, body: &[u8]| {
        verdict(&with_header(&with_body(&batch, body), |header| {
            header.record_count = record_count;
            header.last_offset_delta = record_count - 1;
            header.max_timestamp = header.base_timestamp;
        }))
    };
    let malformed = |index, reason| Err(Invalid::Record { index, reason });
    assert_eq!(walked(1, &[12, 0, 0, 0, 1, 1, 0]), Ok(()));
    assert_eq!(walked(2, &[12, 0, 0, 0, 1, 1, 0, 12, 0, 0, 2, 1, 1, 0]), Ok(()));
    assert_eq!(
        walked(2, &[12, 0, 0, 0, 1, 1, 0, 12, 0, 0, 0, 1, 1, 0]),
        Err(Invalid::OffsetDelta { index: 1, offset_delta: 0 })
    );
    assert_eq!(walked(1, &[12, 0, 0, 3, 1, 1, 0]), Err(Invalid::OffsetDelta { index: 0, offset_delta: -2 }));
    assert_eq!(walked(1, &[]), malformed(0, Malformed::Truncated));
    assert_eq!(walked(1, &[14, 0, 0, 0, 1, 1, 0]), malformed(0, Malformed::Truncated));
    assert_eq!(walked(1, &[14, 0, 0, 0, 1, 1, 0, 0]), malformed(0, Malformed::TrailingBytes));
    assert_eq!(walked(1, &[12, 0, 0, 0, 1, 1, 0, 0]), malformed(0, Malformed::TrailingBytes));
    assert_eq!(walked(2, &[12, 0, 0, 0, 1, 1, 0]), malformed(1, Malformed::Truncated));
    assert_eq!(walked(1, &[12, 0, 0, 0, 1, 1, 1]), malformed(0, Malformed::HeaderCount));
    assert_eq!(walked(1, &[12, 0, 0, 0, 1, 1, 2]), malformed(0, Malformed::HeaderCount));
    assert_eq!(walked(1, &[16, 0, 0, 0, 1, 1, 2, 3, 1]), malformed(0, Malformed::NegativeLength));
    assert_eq!(walked(1, &[16, 0, 0, 0, 1, 1, 2, 1, 1]), malformed(0, Malformed::NegativeLength));
    assert_eq!(walked(i32::MAX, &[12, 0, 0, 0, 1, 1, 0]), malformed(1, Malformed::Truncated));
}

/// When a batch is wrong in each of these ways, the first is reported; mending it reveals the next.
#[test]
fn failures_have_an_order() {
    let wrong = with_header(&three_records(Compression::None), |header| {
        header.base_offset = Offset(1);
        header.attributes.0 = 0x6F;
        header.last_offset_delta = -1;
        header.record_count = 0;
        header.base_sequence = -1;
        header.max_timestamp = Timestamp(1_000_000);
    });
    let mut bytes = wrong.clone();
    bytes[30] ^= 1;
    let rules = Rules { max_message_bytes: 1, max_segment_bytes: 1, ..RULES };
    let mut seen = vec![name(&bytes, &rules)];
    bytes[7] = 0;
    seen.push(name(&bytes, &rules));
    let rules = Rules { max_message_bytes: RULES.max_message_bytes, ..rules };
    seen.push(name(&bytes, &rules));
    let mends: [fn(&mut BatchHeader); 8] = [
        |header| header.base_offset = Offset(0),
        |header| header.attributes.0 = 0x68,
        |header| header.last_offset_delta = 3,
        |header| header.record_count = 1,
        |header| header.record_count = 4,
        |header| header.attributes.0 = 0x48,
        |header| header.base_sequence = 0,
        |header| header.attributes.0 = 0x08,
    ];
    let mut bytes = wrong;
    for mend in mends {
        bytes = with_header(&bytes, mend);
        seen.push(name(&bytes, &rules));
    }
    bytes = with_header(&bytes, |header| header.max_timestamp = Timestamp(1_002));
    seen.push(name(&bytes, &rules));
    bytes = with_header(&bytes, |header| (header.last_offset_delta, header.record_count) = (2, 3));
    seen.push(name(&bytes, &rules));
    let expected = [
        "BaseOffset",
        "MessageTooLarge",
        "Checksum",
        "UnknownCodec",
        "LastOffsetDelta",
        "RecordCount",
        "OffsetRange",
        "Control",
        "Sequence",
        "DeleteHorizon",
        "Timestamp",
        "Record",
        "RecordListTooLarge",
    ];
    assert_eq!(seen, expected);
}

/// The name of the variant that is reported.
fn name(bytes: &[u8], rules: &Rules) -> String {
    let text = format!("{:?}", validate(bytes, rules).unwrap_err());
    text.split([' ', '{']).next().unwrap_or_default().to_owned()
}

#[test]
fn kinds_are_kafkas_errors() {
    let index = 4;
    let (min, max, timestamp) = (Timestamp(0), Timestamp(0), Timestamp(0));
    for (invalid, kind) in [
        (Invalid::NoBatch, InvalidKind::InvalidRecord),
        (Invalid::OldMagic { magic: 1 }, InvalidKind::InvalidRecord),
        (Invalid::UnknownMagic { magic: 3 }, InvalidKind::CorruptMessage),
        (Invalid::BatchLength { batch_length: 1 }, InvalidKind::CorruptMessage),
        (Invalid::NoHeader { batch_length: 48 }, InvalidKind::CorruptMessage),
        (Invalid::AfterBatch, InvalidKind::CorruptMessage),
        (Invalid::Checksum { stored: 1, computed: 2 }, InvalidKind::CorruptMessage),
        (Invalid::MessageTooLarge { size: 2, max: 1 }, InvalidKind::MessageTooLarge),
        (Invalid::RecordListTooLarge { size: 2, max: 1 }, InvalidKind::RecordListTooLarge),
        (Invalid::UnknownCodec { id: 5 }, InvalidKind::InvalidRecord),
        (Invalid::LogAppendTime, InvalidKind::InvalidTimestamp),
        (Invalid::Timestamp { timestamp, min, max }, InvalidKind::InvalidTimestamp),
        (Invalid::RecordTimestamp { index, timestamp, min, max }, InvalidKind::InvalidTimestamp),
        (Invalid::Record { index, reason: Malformed::Varint }, InvalidKind::InvalidRecord),
        (Invalid::OffsetDelta { index, offset_delta: 1 }, InvalidKind::InvalidRecord),
    ] {
        assert_eq!(invalid.kind(), kind, "{invalid}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_built_is_valid(codec in any_codec(), records in any_records()) {
        let forever = Rules { timestamp_before_max_ms: i64::MAX, timestamp_after_max_ms: i64::MAX, ..RULES };
        let mut records = records;
        records.iter_mut().for_each(|record| record.timestamp = record.timestamp.max(-1));
        let bytes = build(codec, &records);
        prop_assert_eq!(validate(&bytes, &forever).unwrap().bytes, &bytes[..]);
    }

    #[test]
    fn every_flip_under_the_checksum_is_seen(
        codec in any_codec(),
        records in any_records(),
        at in any::<prop::sample::Index>(),
        bit in 0..8u8,
    ) {
        let mut bytes = build(codec, &records);
        let at = 17 + at.index(bytes.len() - 17);
        bytes[at] ^= 1u8 << bit;
        let is_checksum = matches!(verdict(&bytes), Err(Invalid::Checksum { .. }));
        prop_assert!(is_checksum, "bit {} of byte {}", bit, at);
    }

    /// With a right checksum the walk alone stands between a broken record and the log: what it lets pass must be
    /// readable, with offsets that count from 0 and the times that the header states.
    #[test]
    fn what_passes_the_walk_is_readable(
        records in any_records(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
    ) {
        let mut bytes = build(Compression::None, &records);
        for (at, value) in damage {
            let at = HEADER_LEN + at.index(bytes.len() - HEADER_LEN);
            bytes[at] = value;
        }
        let bytes = with_crc(bytes);
        let forever = Rules { timestamp_before_max_ms: i64::MAX, timestamp_after_max_ms: i64::MAX, ..RULES };
        if let Ok(produced) = validate(&bytes, &forever) {
            let mut scratch = Vec::new();
            let read = crate::Batch::parse(&bytes).unwrap().records(&crate::Limits::default(), &mut scratch).unwrap();
            let read: Vec<_> = read.map(|record| record.unwrap()).collect();
            let offsets: Vec<_> = read.iter().map(|record| record.offset.0).collect();
            prop_assert_eq!(offsets, (0..records.len() as i64).collect::<Vec<_>>());
            prop_assert_eq!(read.iter().map(|record| record.timestamp).max(), Some(produced.header().max_timestamp));
        }
    }
}
