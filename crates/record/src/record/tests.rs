use proptest::prelude::*;

use super::*;
use crate::samples::{OwnedRecord, any_codec, any_records, build, three_records, with_body, with_header};
use crate::{Batch, BatchBuilder, Compression};

/// The body of one record, or of what a table makes of it, read as the only one of its batch.
fn read_one(body: &[u8]) -> Result<(), Malformed> {
    let mut builder = BatchBuilder::new(Compression::None);
    let bytes = with_body(&builder.append(Timestamp(0), None, None, &[]).clone().build(), body);
    let mut scratch = Vec::new();
    let batch = Batch::parse(&bytes).unwrap();
    let mut records = batch.records(&Limits::default(), &mut scratch).unwrap();
    let first = records.next().unwrap();
    assert_eq!(records.next(), None);
    match first {
        Ok(_) => Ok(()),
        Err(RecordError::Malformed { index: 0, reason }) => Err(reason),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn malformed_records() {
    use Malformed::*;
    // length | attributes | timestamp delta | offset delta | key length | value length | header count ...
    for (body, expected) in [
        (&[12, 0, 0, 0, 1, 1, 0][..], Ok(())),
        (&[14, 0, 0, 0, 2, b'k', 1, 0], Ok(())),
        (&[18, 0, 0, 0, 1, 1, 2, 2, b'h', 1], Ok(())),
        (&[], Err(Truncated)),
        (&[14, 0, 0, 0, 1, 1, 0], Err(Truncated)),
        (&[12, 0, 0, 0, 1, 1, 0, 0], Err(TrailingBytes)),
        (&[14, 0, 0, 0, 1, 1, 0, 0], Err(TrailingBytes)),
        (&[10, 0, 0, 0, 1, 1, 0], Err(Truncated)),
        (&[0], Err(Truncated)),
        (&[1], Err(NegativeLength)),
        (&[0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0], Err(Truncated)),
        (&[0x80, 0x80, 0x80, 0x80, 0x80, 0], Err(Varint)),
        (&[12, 0, 0, 0, 3, 1, 0], Err(NegativeLength)),
        (&[12, 0, 0, 0, 20, 1, 0], Err(Truncated)),
        (&[12, 0, 0, 0, 1, 2, 0], Err(Truncated)),
        (&[12, 0, 0, 0, 1, 1, 1], Err(HeaderCount)),
        (&[12, 0, 0, 0, 1, 1, 2], Err(HeaderCount)),
        (&[20, 0, 0, 0, 1, 1, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F], Err(HeaderCount)),
        (&[16, 0, 0, 0, 1, 1, 2, 1, 1], Err(NegativeLength)),
        (&[16, 0, 0, 0, 1, 1, 2, 0, 3], Err(NegativeLength)),
        (&[16, 0, 0, 0, 1, 1, 2, 4, 1], Err(Truncated)),
        (&[18, 0, 0, 0, 1, 1, 2, 0, 1, 1], Err(TrailingBytes)),
    ] {
        assert_eq!(read_one(body), expected, "{body:?}");
    }
}

fn offsets_and_times(bytes: &[u8]) -> Vec<(i64, i64)> {
    let mut scratch = Vec::new();
    let records = Batch::parse(bytes).unwrap().records(&Limits::default(), &mut scratch).unwrap();
    records.map(|record| record.map(|it| (it.offset.0, it.timestamp.0)).unwrap()).collect()
}

#[test]
fn offsets_follow_the_batch() {
    let bytes = with_header(&three_records(Compression::Zstd), |header| header.base_offset = Offset(100));
    assert_eq!(offsets_and_times(&bytes), [(100, 1000), (101, 1002), (102, 1001)]);
}

#[test]
fn append_time_is_that_of_all_records() {
    let bytes = with_header(&three_records(Compression::None), |header| {
        header.attributes.0 |= 0x08;
        header.max_timestamp = Timestamp(5000);
    });
    assert_eq!(offsets_and_times(&bytes), [(0, 5000), (1, 5000), (2, 5000)]);
}

#[test]
fn control_batches_are_iterated() {
    let mut builder = BatchBuilder::new(Compression::None);
    builder.control(true).append(Timestamp(9), Some(&[0, 0, 0, 1]), Some(&[0, 0, 0, 0, 0, 5]), &[]);
    let bytes = builder.build();
    assert!(Batch::parse(&bytes).unwrap().header().attributes.is_control());
    assert_eq!(offsets_and_times(&bytes), [(0, 9)]);
}

#[test]
fn iteration_is_bounded_by_count_and_by_bytes() {
    let bytes = three_records(Compression::None);
    let count = |record_count| {
        let bytes = with_header(&bytes, |header| header.record_count = record_count);
        let mut scratch = Vec::new();
        let batch = Batch::parse(&bytes).unwrap();
        batch.records(&Limits::default(), &mut scratch).unwrap().map(|record| record.is_ok()).collect::<Vec<_>>()
    };
    assert_eq!(count(i32::MIN), []);
    assert_eq!(count(0), []);
    assert_eq!(count(2), [true, false]);
    assert_eq!(count(3), [true, true, true]);
    assert_eq!(count(i32::MAX), [true, true, true, false]);
}

#[test]
fn unknown_codec_is_an_error() {
    let bytes = with_header(&three_records(Compression::None), |header| header.attributes.0 |= 6);
    let mut scratch = Vec::new();
    let result = Batch::parse(&bytes).unwrap().records(&Limits::default(), &mut scratch).map(|_| ());
    assert_eq!(result, Err(RecordError::UnknownCodec { id: 6 }));
}

fn read_all(bytes: &[u8]) -> Vec<OwnedRecord> {
    let mut scratch = Vec::new();
    let records = Batch::parse(bytes).unwrap().records(&Limits::default(), &mut scratch).unwrap();
    records
        .map(|record| {
            let record = record.unwrap();
            OwnedRecord {
                timestamp: record.timestamp.0,
                key: record.key.map(<[u8]>::to_vec),
                value: record.value.map(<[u8]>::to_vec),
                headers: record.headers.map(|h| (h.key.to_vec(), h.value.map(<[u8]>::to_vec))).collect(),
            }
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn what_is_built_is_read(codec in any_codec(), records in any_records()) {
        let bytes = build(codec, &records);
        prop_assert!(Batch::parse(&bytes).unwrap().crc_ok());
        prop_assert_eq!(read_all(&bytes), records);
    }

    /// Whatever the damage: no panic, and no more records than the header counts.
    #[test]
    fn damaged_batches_do_no_harm(
        codec in any_codec(),
        records in any_records(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        let mut bytes = build(codec, &records);
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(batch) = Batch::parse(&bytes) {
            let mut scratch = Vec::new();
            let limits = Limits { max_decompressed_bytes: 4 << 20, ..Limits::default() };
            if let Ok(records) = batch.records(&limits, &mut scratch) {
                let read = records.inspect(|it| { it.iter().for_each(|it| it.headers.for_each(drop)) }).count();
                prop_assert!(read <= batch.header().record_count.max(0) as usize);
            }
        }
    }
}
