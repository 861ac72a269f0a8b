use proptest::prelude::*;
use record::{BatchBuilder, Compression, Header};

use super::*;

fn batch(compression: Compression) -> Vec<u8> {
    let mut builder = BatchBuilder::new(compression);
    let headers = [Header { key: b"h", value: Some(b"1") }, Header { key: b"h", value: None }];
    builder.append(Timestamp(5), Some(b"key"), Some(b"value"), &headers);
    builder.append(Timestamp(6), None, None, &[]);
    builder.build()
}

fn decode(bytes: &[u8], from: i64) -> Result<Vec<ConsumerRecord>, Damage> {
    let mut out = Vec::new();
    let batch = Batch::parse(bytes)?;
    let span = Span { from: Offset(from), end: None, check_crc: true };
    decode_batch(&batch, span, (&"t".into(), PartitionIndex(1)), &mut Vec::new(), &mut out)?;
    Ok(out)
}

#[test]
fn records_come_back_from_every_codec() {
    for codec in Compression::ALL {
        let records = decode(&batch(codec), 0).unwrap();
        assert_eq!(records.len(), 2);
        assert_eq!((records[0].key.as_deref(), records[0].value.as_deref()), (Some(&b"key"[..]), Some(&b"value"[..])));
        assert_eq!(records[0].headers, [("h".into(), Some("1".into())), ("h".into(), None)]);
        assert_eq!((records[1].key.as_ref(), records[1].value.as_ref()), (None, None));
        assert_eq!((records[1].offset, records[1].timestamp), (Offset(1), Timestamp(6)));
    }
}

#[test]
fn records_before_the_position_are_left_out() {
    let offsets: Vec<Offset> =
        decode(&batch(Compression::None), 1).unwrap().iter().map(|record| record.offset).collect();
    assert_eq!(offsets, [Offset(1)]);
}

#[test]
fn control_batches_have_nothing_for_applications() {
    let mut builder = BatchBuilder::new(Compression::None);
    builder.control(true).append(Timestamp(1), Some(b"\0\0\0\x01"), Some(b"\0\0\0\0\0\0"), &[]);
    assert_eq!(decode(&builder.build(), 0), Ok(vec![]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// The bytes before the checksum are the broker's; every other one is covered.
    #[test]
    fn a_changed_byte_is_an_error_and_never_a_record(at in 21_usize..100, bit in 0_u8..8, codec in 0_u8..5) {
        let mut bytes = batch(Compression::from_id(codec).unwrap());
        let at = at.min(bytes.len() - 1);
        bytes[at] ^= 1 << bit;
        prop_assert_eq!(decode(&bytes, 0), Err(Damage::Checksum));
    }
}
