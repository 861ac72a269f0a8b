use super::*;

/// Every field has another value, so that no two can be confused.
const HEADER: BatchHeader = BatchHeader {
    base_offset: Offset(0x0102_0304_0506_0708),
    batch_length: 0x1112_1314,
    partition_leader_epoch: LeaderEpoch(0x2122_2324),
    magic: 2,
    crc: 0xF1F2_F3F4,
    attributes: Attributes(0x3132),
    last_offset_delta: 0x4142_4344,
    base_timestamp: Timestamp(0x5152_5354_5556_5758),
    max_timestamp: Timestamp(0x6162_6364_6566_6768),
    producer_id: ProducerId(0x7172_7374_7576_7778),
    producer_epoch: ProducerEpoch(-2),
    base_sequence: 0x0A0B_0C0D,
    record_count: -1,
};

#[rustfmt::skip]
const BYTES: [u8; HEADER_LEN] = [
    0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, // base offset
    0x11, 0x12, 0x13, 0x14,                         // batch length
    0x21, 0x22, 0x23, 0x24,                         // partition leader epoch
    0x02,                                           // magic
    0xF1, 0xF2, 0xF3, 0xF4,                         // CRC
    0x31, 0x32,                                     // attributes
    0x41, 0x42, 0x43, 0x44,                         // last offset delta
    0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, // base timestamp
    0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, // max timestamp
    0x71, 0x72, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, // producer id
    0xFF, 0xFE,                                     // producer epoch
    0x0A, 0x0B, 0x0C, 0x0D,                         // base sequence
    0xFF, 0xFF, 0xFF, 0xFF,                         // record count
];

#[test]
fn layout_is_kafkas() {
    assert_eq!(BatchHeader::decode(&BYTES), HEADER);
    assert_eq!(HEADER.encode(), BYTES);
}

#[test]
fn stamp_replaces_offset_and_epoch_only() {
    let stamped = [&stamp(&HEADER, Offset(5), LeaderEpoch(9)), &BYTES[STAMP_LEN..]].concat();
    let expected = BatchHeader { base_offset: Offset(5), partition_leader_epoch: LeaderEpoch(9), ..HEADER };
    assert_eq!(stamped, expected.encode());
}

#[test]
fn sequences_wrap_after_the_largest() {
    for (base_sequence, last_offset_delta, last) in [
        (0, 0, 0),
        (5, 4, 9),
        (i32::MAX, 0, i32::MAX),
        (i32::MAX, 1, 0),
        (i32::MAX - 1, 3, 1),
        (i32::MAX, i32::MAX, i32::MAX - 1),
        (-1, 10, -1),
    ] {
        let header = BatchHeader { base_sequence, last_offset_delta, ..HEADER };
        assert_eq!(header.last_sequence(), last, "{base_sequence} + {last_offset_delta}");
    }
}

#[test]
fn hostile_values_do_not_overflow() {
    let header = BatchHeader { base_offset: Offset(i64::MAX), last_offset_delta: 1, batch_length: -5, ..HEADER };
    assert_eq!(header.last_offset(), Offset(i64::MAX));
    assert_eq!(header.next_offset(), Offset(i64::MAX));
    assert_eq!(header.total_len(), LOG_OVERHEAD);
}

#[test]
fn attributes_are_kafkas_bits() {
    let flags = |bits: i16| {
        let it = Attributes(bits);
        (it.is_log_append_time(), it.is_transactional(), it.is_control(), it.has_delete_horizon())
    };
    assert_eq!(flags(0b0000_0111), (false, false, false, false));
    assert_eq!(flags(0b0000_1000), (true, false, false, false));
    assert_eq!(flags(0b0001_0000), (false, true, false, false));
    assert_eq!(flags(0b0010_0000), (false, false, true, false));
    assert_eq!(flags(0b0100_0000), (false, false, false, true));

    let codecs: Vec<_> = (0..8).map(|bits| Attributes(0x78 | bits).compression()).collect();
    let [none, gzip, snappy, lz4, zstd] = Compression::ALL.map(Ok);
    assert_eq!(codecs, [none, gzip, snappy, lz4, zstd, Err(5), Err(6), Err(7)]);
    assert_eq!(Attributes::new(Compression::Zstd, true, true), Attributes(0x34));
}
