use super::*;
use crate::Reader;

fn written(flexible: bool, write: impl FnOnce(&mut Writer<'_>)) -> (Vec<u8>, Vec<Cut>) {
    let (mut out, mut cuts) = (vec![0xee], Vec::new());
    let mut w = Writer::new(&mut out, &mut cuts);
    w.set_flexible(flexible);
    write(&mut w);
    (out.split_off(1), cuts)
}

#[test]
fn varints_read_back() {
    for value in (0..32).flat_map(|bit| [(1u32 << bit) - 1, 1 << bit]).chain([u32::MAX]) {
        let (bytes, _) = written(true, |w| w.unsigned_varint(value));
        let mut r = Reader::new(&bytes);
        assert_eq!((r.unsigned_varint(), r.remaining()), (Ok(value), 0));
    }
}

#[test]
fn a_hole_writes_its_length_and_notes_its_place() {
    assert_eq!(written(false, |w| w.hole(300)), (vec![0, 0, 1, 44], vec![Cut { at: 5, len: 300 }]));
    assert_eq!(written(true, |w| w.hole(300)), (vec![0xad, 2], vec![Cut { at: 3, len: 300 }]));
    assert_eq!(written(true, |w| w.hole(0)), (vec![1], vec![Cut { at: 2, len: 0 }]));
}

#[test]
fn the_size_of_a_tagged_field_goes_before_it() {
    assert_eq!(written(true, |w| w.tagged(5, &0x0102i16, 0)).0, [5, 2, 1, 2]);
    let long = "x".repeat(200);
    let (bytes, _) = written(true, |w| w.tagged(5, &long.as_str(), 0));
    // 200 bytes and the two of their length take two bytes of size.
    assert_eq!(bytes[..5], [5, 0xca, 1, 0xc9, 1]);
    assert_eq!(bytes[5..], *long.as_bytes());
}

#[test]
fn null_has_both_forms() {
    assert_eq!(written(false, |w| w.nullable_string(None)).0, [0xff, 0xff]);
    assert_eq!(written(false, |w| w.nullable_bytes(None)).0, [0xff; 4]);
    assert_eq!(written(true, |w| w.nullable_string(None)).0, [0]);
    assert_eq!(written(true, |w| w.nullable_bytes(None)).0, [0]);
}

#[test]
#[should_panic(expected = "a string of 32768 bytes")]
fn a_string_that_no_reader_takes_is_not_written() {
    written(true, |w| w.nullable_string(Some(&"x".repeat(32_768))));
}
