use super::*;
use crate::samples::{three_records, with_header};
use crate::{Compression, Offset};

#[test]
fn view_ends_where_the_batch_does() {
    let bytes = three_records(Compression::None);
    let followed = [&bytes[..], b"something else"].concat();
    let batch = Batch::parse(&followed).unwrap();
    assert_eq!(batch.bytes(), bytes);
    assert_eq!(batch.body(), &bytes[HEADER_LEN..]);
    assert!(batch.crc_ok());
}

#[test]
fn every_cut_is_partial() {
    let bytes = three_records(Compression::None);
    for present in 0..bytes.len() {
        let needed = if present < HEADER_LEN { HEADER_LEN } else { bytes.len() };
        assert_eq!(Batch::parse(&bytes[..present]).unwrap_err(), BatchError::Partial { needed, present });
        assert_eq!(batches(&bytes[..present]).count(), 0);
    }
}

#[test]
fn header_fields_are_checked_before_they_are_used() {
    let bytes = three_records(Compression::None);
    let parse = |change: &dyn Fn(&mut BatchHeader)| Batch::parse(&with_header(&bytes, |h| change(h))).map(|_| ());
    for magic in [-1, 0, 1, 3] {
        assert_eq!(parse(&|h| h.magic = magic), Err(BatchError::Magic { magic }));
    }
    for batch_length in [i32::MIN, -1, 0, 48] {
        assert_eq!(parse(&|h| h.batch_length = batch_length), Err(BatchError::Length { batch_length }));
    }
    assert_eq!(parse(&|h| h.batch_length = 49), Ok(()));
    let partial = BatchError::Partial { needed: i32::MAX as usize + 12, present: bytes.len() };
    assert_eq!(parse(&|h| h.batch_length = i32::MAX), Err(partial));
}

#[test]
fn checksum_covers_the_bytes_from_21_on() {
    let bytes = three_records(Compression::None);
    for at in (0..bytes.len()).filter(|at| !(8..12).contains(at) && *at != 16) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        assert_eq!(Batch::parse(&damaged).unwrap().crc_ok(), at < 17, "byte {at}");
    }
}

#[test]
fn iteration_stops_before_a_partial_batch() {
    let one = three_records(Compression::None);
    let two = with_header(&three_records(Compression::Lz4), |header| header.base_offset = Offset(3));
    let bytes = [&one[..], &two, &one[..70]].concat();
    let mut iterator = batches(&bytes);
    let found: Vec<_> = iterator.by_ref().map(|batch| batch.unwrap().bytes().to_vec()).collect();
    assert_eq!(found, [one.clone(), two]);
    assert_eq!(iterator.rest(), &one[..70]);
}

#[test]
fn iteration_yields_damage_once() {
    let one = three_records(Compression::None);
    let bytes = [&one[..], &with_header(&one, |header| header.magic = 9), &one].concat();
    let found: Vec<_> = batches(&bytes).map(|batch| batch.map(|_| ())).collect();
    assert_eq!(found, [Ok(()), Err(BatchError::Magic { magic: 9 })]);
}
