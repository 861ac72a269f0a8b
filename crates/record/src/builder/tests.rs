use super::*;
use crate::Batch;

/// One record, made by hand from the format's description.
#[test]
fn bytes_of_a_batch() {
    let mut builder = BatchBuilder::new(Compression::None);
    builder.producer(ProducerId(0x0909), ProducerEpoch(3), 17).transactional(true);
    builder.append(Timestamp(0x0102_0304), Some(b"k"), Some(b"value"), &[Header { key: b"h", value: None }]);
    #[rustfmt::skip]
    let mut expected = vec![
        0, 0, 0, 0, 0, 0, 0, 0,         // base offset
        0, 0, 0, 65,                    // batch length
        0xFF, 0xFF, 0xFF, 0xFF,         // partition leader epoch
        2,                              // magic
        0, 0, 0, 0,                     // CRC, below
        0, 0x10,                        // attributes: transactional
        0, 0, 0, 0,                     // last offset delta
        0, 0, 0, 0, 1, 2, 3, 4,         // base timestamp
        0, 0, 0, 0, 1, 2, 3, 4,         // max timestamp
        0, 0, 0, 0, 0, 0, 9, 9,         // producer id
        0, 3,                           // producer epoch
        0, 0, 0, 17,                    // base sequence
        0, 0, 0, 1,                     // record count
        30,                             // record length 15
        0,                              // attributes
        0,                              // timestamp delta
        0,                              // offset delta
        2, b'k',                        // key
        10, b'v', b'a', b'l', b'u', b'e',
        2,                              // one header
        2, b'h', 1,                     // of a null value
    ];
    let crc = crc32c(&expected[21..]);
    expected[17..21].copy_from_slice(&crc.to_be_bytes());
    assert_eq!(builder.len(), expected.len());
    assert_eq!(builder.build(), expected);
}

#[test]
fn max_timestamp_is_the_largest() {
    let mut builder = BatchBuilder::new(Compression::None);
    for timestamp in [50, 90, -7, 60] {
        builder.append(Timestamp(timestamp), None, None, &[]);
    }
    assert_eq!(builder.record_count(), 4);
    let bytes = builder.build();
    let header = *Batch::parse(&bytes).unwrap().header();
    assert_eq!((header.base_timestamp, header.max_timestamp), (Timestamp(50), Timestamp(90)));
    assert_eq!((header.last_offset_delta, header.record_count), (3, 4));
}

#[test]
fn length_is_that_of_the_uncompressed_batch() {
    let mut builder = BatchBuilder::new(Compression::None);
    for (len, timestamp) in [(0, 0), (63, 1 << 40), (64, -(1 << 40)), (8_191, 3), (8_192, 4)] {
        builder.append(Timestamp(timestamp), Some(&vec![1; len]), None, &[]);
    }
    let len = builder.len();
    assert_eq!(builder.build().len(), len);
}

#[test]
#[should_panic(expected = "at least one record")]
fn empty_batches_are_not_built() {
    BatchBuilder::new(Compression::None).build();
}
