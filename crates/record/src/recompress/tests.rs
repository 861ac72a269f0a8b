use proptest::prelude::*;

use super::*;
use crate::codec::Encoding;
use crate::samples::{any_codec, any_records, build, three_records, with_body, with_header};
use crate::{BatchError, InvalidKind, Malformed, Timestamp, TimestampType, batch::Batch, validate};

const MOST: usize = 1 << 24;

fn rules(compression: Compression) -> Rules {
    Rules {
        max_message_bytes: 1 << 24,
        max_segment_bytes: 1 << 24,
        now: Timestamp(5_000),
        timestamp_before_max_ms: i64::MAX,
        timestamp_after_max_ms: i64::MAX,
        timestamp_type: TimestampType::CreateTime,
        encoding: Some(Encoding::of(compression)),
    }
}

fn recompressed(bytes: &[u8], rules: &Rules) -> Result<Vec<u8>, Invalid> {
    let batch = recompress(&validate(bytes, rules)?, rules, &mut { MOST })?;
    Ok([&bytes[..16], &batch.after_stamp().concat()].concat())
}

/// The batch in `bytes`, whose length field lies in the stamp.
fn parsed(bytes: &[u8]) -> Result<Batch<'_>, BatchError> {
    Batch::parse(bytes)
}

fn with_length(mut bytes: Vec<u8>) -> Vec<u8> {
    let length = (bytes.len() - 12) as i32;
    bytes[8..12].copy_from_slice(&length.to_be_bytes());
    bytes
}

#[test]
fn a_batch_of_the_same_codec_stays_as_it_is() {
    for codec in Compression::ALL {
        let bytes = three_records(codec);
        assert_eq!(recompressed(&bytes, &rules(codec)), Ok(bytes));
    }
}

#[test]
fn a_stream_that_is_broken_is_corrupt() {
    for codec in Compression::ALL.into_iter().filter(|codec| *codec != Compression::None) {
        let whole = three_records(codec);
        let broken = with_body(&whole, &whole[HEADER_LEN..whole.len() - 1]);
        let error = recompressed(&broken, &rules(Compression::None)).unwrap_err();
        assert_eq!(error.kind(), InvalidKind::CorruptMessage, "{codec}: {error}");
    }
}

#[test]
fn a_bomb_is_an_invalid_record() {
    for codec in Compression::ALL.into_iter().filter(|codec| *codec != Compression::None) {
        let mut body = Vec::new();
        crate::compress(codec, &vec![0; 2 * MOST], &mut body);
        let bomb = with_body(&three_records(codec), &body);
        let error = recompressed(&bomb, &rules(Compression::None)).unwrap_err();
        assert_eq!(error.kind(), InvalidKind::InvalidRecord, "{codec}: {error}");
    }
}

#[test]
fn compressed_records_are_walked() {
    let three = three_records(Compression::Lz4);
    let four = with_header(&three, |header| (header.last_offset_delta, header.record_count) = (3, 4));
    let truncated = Invalid::Record { index: 3, reason: Malformed::Truncated };
    assert_eq!(recompressed(&four, &rules(Compression::Gzip)), Err(truncated));
    let late = Rules { timestamp_before_max_ms: 3_999, ..rules(Compression::Gzip) };
    let error = recompressed(&with_header(&three, |header| header.base_timestamp.0 += 1), &late);
    assert!(error.is_ok(), "{error:?}");
    let base = with_header(&three, |header| {
        (header.base_timestamp, header.max_timestamp) = (Timestamp(1_001), Timestamp(2_000))
    });
    let stricter = Rules { timestamp_after_max_ms: -3_998, ..late };
    assert!(matches!(recompressed(&base, &stricter), Err(Invalid::Timestamp { .. } | Invalid::RecordTimestamp { .. })));
}

#[test]
fn what_is_made_is_held_against_the_limits() {
    let mut builder = crate::BatchBuilder::new(Compression::Zstd);
    builder.append(Timestamp(1), None, Some(&[7; 10_000]), &[]);
    let small = builder.build();
    let least = Rules { max_message_bytes: 9_999, ..rules(Compression::None) };
    assert!(matches!(recompressed(&small, &least), Err(Invalid::MessageTooLarge { max: 9_999, .. })));
    let least = Rules { max_segment_bytes: 9_999, ..rules(Compression::None) };
    assert!(matches!(recompressed(&small, &least), Err(Invalid::RecordListTooLarge { max: 9_999, .. })));
}

/// The batch that came does not fit into a segment, the one that is made does.
#[test]
fn only_what_is_made_has_to_fit_into_a_segment() {
    let mut builder = crate::BatchBuilder::new(Compression::None);
    builder.append(Timestamp(1), None, Some(&[7; 10_000]), &[]);
    let rules = Rules { max_segment_bytes: 9_999, ..rules(Compression::Zstd) };
    assert!(recompressed(&builder.build(), &rules).is_ok());
}

#[test]
fn levels_are_obeyed() {
    let text: Vec<u8> =
        (0..60_000u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) % 1_000).to_string().into_bytes()).collect();
    let len = |compression, level| {
        let mut out = Vec::new();
        Encoding { compression, level: Some(level) }.compress(&text, &mut out);
        out.len()
    };
    assert!(len(Compression::Gzip, 9) < len(Compression::Gzip, 1));
    assert!(len(Compression::Zstd, 19) < len(Compression::Zstd, -50));
    assert!(len(Compression::Zstd, -50) > len(Compression::Zstd, 3), "a compressor of another level is not used again");
}

#[test]
fn what_is_made_keeps_no_room_that_it_does_not_need() {
    let mut builder = crate::BatchBuilder::new(Compression::None);
    builder.append(Timestamp(1), None, Some(&[7; 1 << 20]), &[]);
    let source = builder.build();
    for codec in [Compression::Gzip, Compression::Snappy, Compression::Lz4, Compression::Zstd] {
        let rules = rules(codec);
        let made = recompress(&validate(&source, &rules).unwrap(), &rules, &mut { MOST }).unwrap();
        assert!(made.capacity() < 2 * made.bytes().len(), "{codec}: {} for {}", made.capacity(), made.bytes().len());
    }
}

#[test]
fn what_it_costs_is_counted_also_when_the_batch_is_refused() {
    let mut left = MOST;
    let mut cost = |bytes: &[u8], to| {
        let (before, rules) = (left, rules(to));
        let result = recompress(&validate(bytes, &rules).unwrap(), &rules, &mut left);
        (before - left, result.err().map(|error| error.kind()))
    };
    let plain = three_records(Compression::None);
    let len = plain.len() - HEADER_LEN;
    assert_eq!(cost(&plain, Compression::None), (0, None));
    assert_eq!(cost(&plain, Compression::Gzip), (len, None));
    let packed = three_records(Compression::Gzip);
    assert_eq!(cost(&packed, Compression::None), (len, None));
    let broken = with_body(&packed, &packed[HEADER_LEN..packed.len() - 1]);
    let (spent, error) = cost(&broken, Compression::None);
    assert_eq!((spent >= len, error), (true, Some(InvalidKind::CorruptMessage)));
    let mut body = Vec::new();
    crate::compress(Compression::Gzip, &vec![0; 2 * MOST], &mut body);
    let (_, error) = cost(&with_body(&packed, &body), Compression::None);
    assert_eq!(error, Some(InvalidKind::InvalidRecord));
    assert_eq!(cost(&packed, Compression::None), (0, Some(InvalidKind::InvalidRecord)), "nothing is left");
    assert_eq!(cost(&plain, Compression::Gzip), (0, Some(InvalidKind::InvalidRecord)), "nothing is left");
}

#[test]
fn the_time_of_the_append_can_be_a_later_one() {
    for codec in [Compression::None, Compression::Gzip] {
        let rules = Rules { timestamp_type: TimestampType::LogAppendTime, ..rules(codec) };
        let bytes = three_records(Compression::None);
        let mut batch = recompress(&validate(&bytes, &rules).unwrap(), &rules, &mut { MOST }).unwrap();
        batch.set_append_time(Timestamp(6_000));
        let made = with_length([&bytes[..16], &batch.after_stamp().concat()].concat());
        let parsed = parsed(&made).unwrap();
        assert!(parsed.crc_ok());
        assert_eq!((parsed.header().max_timestamp, batch.header().max_timestamp), (Timestamp(6_000), Timestamp(6_000)));
    }
    let bytes = three_records(Compression::None);
    let mut batch = validate(&bytes, &rules(Compression::None)).unwrap();
    batch.set_append_time(Timestamp(6_000));
    assert_eq!(batch.after_stamp().concat(), bytes[16..], "the producer's times stay");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn records_and_producer_stay(from in any_codec(), to in any_codec(), records in any_records(), append_time in any::<bool>()) {
        let mut records = records;
        records.iter_mut().for_each(|record| record.timestamp = record.timestamp.max(-1));
        let source = with_header(&build(from, &records), |header| {
            (header.producer_id.0, header.producer_epoch.0, header.base_sequence) = (7, 3, 41);
            header.attributes.0 |= 0x10;
        });
        let timestamp_type = if append_time { TimestampType::LogAppendTime } else { TimestampType::CreateTime };
        let rules = Rules { timestamp_type, ..rules(to) };
        let made = with_length(recompressed(&source, &rules).unwrap());
        let (before, after) = (parsed(&source).unwrap(), parsed(&made).unwrap());
        prop_assert!(after.crc_ok());
        let (before_header, after_header) = (before.header(), after.header());
        prop_assert_eq!(after_header.attributes.compression(), Ok(to));
        prop_assert_eq!(after_header.attributes.is_log_append_time(), append_time);
        prop_assert!(after_header.attributes.is_transactional());
        let of_producer = |header: &BatchHeader| (header.producer_id, header.producer_epoch, header.base_sequence, header.base_timestamp, header.record_count);
        prop_assert_eq!(of_producer(before_header), of_producer(after_header));
        let (mut left, mut right) = (Vec::new(), Vec::new());
        let before = before.records(&Limits::default(), &mut left).unwrap();
        let after = after.records(&Limits::default(), &mut right).unwrap();
        for (before, after) in before.zip(after) {
            let (mut before, after) = (before.unwrap(), after.unwrap());
            if append_time {
                before.timestamp = rules.now;
            }
            prop_assert_eq!(before, after);
        }
    }
}
