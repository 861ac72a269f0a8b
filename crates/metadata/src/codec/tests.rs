//! What is written is read again, and lies are refused.

use proptest::prelude::*;

use super::*;

#[test]
fn integers_take_the_bytes_that_they_need() {
    let table: [(u64, &[u8]); 6] = [
        (0, &[0]),
        (127, &[0x7f]),
        (128, &[0x80, 1]),
        (16_383, &[0xff, 0x7f]),
        (1 << 63, &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1]),
        (u64::MAX, &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
    ];
    for (value, bytes) in table {
        let mut w = Writer::new();
        w.u64(value);
        assert_eq!(w.into_bytes(), bytes);
        assert_eq!(Reader::new(bytes).u64(), Ok(value));
    }
}

#[test]
fn signed_integers_are_zigzagged() {
    for (value, byte) in [(0, 0), (-1, 1), (1, 2), (-64, 127)] {
        let mut w = Writer::new();
        w.i64(value);
        assert_eq!(w.into_bytes(), [byte]);
    }
}

#[test]
fn lies_are_refused() {
    type Read = fn(&mut Reader<'_>) -> Result<(), DecodeError>;
    let u64: Read = |r| r.u64().map(drop);
    let i32: Read = |r| r.i32().map(drop);
    let bool: Read = |r| r.bool().map(drop);
    let str: Read = |r| r.str().map(drop);
    let list: Read = |r| r.list(Reader::u8).map(drop);
    let table: [(&str, Read, &[u8], DecodeError); 9] = [
        ("nothing", u64, &[], DecodeError::TooShort),
        ("unfinished integer", u64, &[0x80], DecodeError::TooShort),
        ("65 bits", u64, &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2], DecodeError::IntegerTooLarge),
        (
            "11 bytes",
            u64,
            &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x81, 0],
            DecodeError::IntegerTooLarge,
        ),
        ("33 bits", i32, &[0xff, 0xff, 0xff, 0xff, 0x1f], DecodeError::IntegerTooLarge),
        ("half a truth", bool, &[2], DecodeError::InvalidFlag(2)),
        ("string beyond the end", str, &[5, b'a'], DecodeError::TooShort),
        ("not UTF-8", str, &[1, 0xff], DecodeError::InvalidUtf8),
        ("list of 2^63 items", list, &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1], DecodeError::TooShort),
    ];
    for (what, read, bytes, error) in table {
        assert_eq!(read(&mut Reader::new(bytes)), Err(error), "{what}");
    }
}

proptest! {
    #[test]
    fn integers_round_trip(unsigned: u64, signed: i64, small: i32) {
        let mut w = Writer::new();
        w.u64(unsigned);
        w.i64(signed);
        w.i32(small);
        let bytes = w.into_bytes();
        let mut r = Reader::new(&bytes);
        prop_assert_eq!((r.u64(), r.i64(), r.i32()), (Ok(unsigned), Ok(signed), Ok(small)));
        prop_assert_eq!(r.finish(), Ok(()));
    }
}
