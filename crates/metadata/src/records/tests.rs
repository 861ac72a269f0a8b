//! Frames: what is known is read, what is newer is refused.

use proptest::prelude::*;

use super::*;
use crate::testing::{assert_round_trip, encoded, uuid};
use crate::{Batch, Index};

#[test]
fn a_record_keeps_its_bytes() {
    let record = Record::Topic(TopicRecord { name: "ab".into(), id: uuid(9) });
    let mut bytes = vec![5, 0, 19, 2, b'a', b'b'];
    bytes.extend([9; 16]);
    assert_eq!(encoded(&record), bytes);
}

#[test]
fn the_small_ones_round_trip() {
    assert_round_trip(NoOpRecord);
    assert_round_trip(ClusterRecord { id: uuid(3) });
}

#[test]
fn what_is_newer_asks_for_an_upgrade() {
    for (kind, version) in [(200, 0), (0, 0), (5, 1), (12, 255)] {
        let error = Record::decode(&mut Reader::new(&[kind, version, 1, 0])).unwrap_err();
        assert_eq!(error, DecodeError::UnknownRecord { kind, version });
        assert!(error.to_string().contains("upgrade this node first"));
    }
}

#[test]
fn a_frame_has_no_room_for_more() {
    assert_eq!(Record::decode(&mut Reader::new(&[12, 0, 1, 0])), Err(DecodeError::TrailingBytes(1)));
}

#[test]
fn batches_round_trip() {
    let records = vec![NoOpRecord.into(), ClusterRecord { id: uuid(3) }.into()];
    let batch = Batch { base: Index(300), records };
    let mut bytes = batch.encode();
    assert_eq!(Batch::decode(&bytes).as_ref(), Ok(&batch));
    bytes.push(0);
    assert_eq!(Batch::decode(&bytes), Err(DecodeError::TrailingBytes(1)));
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64), kind in 0u8..14) {
        let _ = Batch::decode(&bytes);
        let mut framed = vec![kind, 0, bytes.len() as u8];
        framed.extend(bytes);
        let _ = Record::decode(&mut Reader::new(&framed));
    }
}
