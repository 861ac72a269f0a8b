use super::*;

fn varint(bytes: &[u8]) -> Result<u32, Reason> {
    Reader::new(bytes).unsigned_varint().map_err(|error| error.reason)
}

fn string(flexible: bool, bytes: &[u8]) -> Result<Option<&str>, Reason> {
    let mut r = Reader::new(bytes);
    r.set_flexible(flexible);
    r.nullable_string().map_err(|error| error.reason)
}

#[test]
fn varints_have_at_most_five_bytes_and_32_bits() {
    for (bytes, expected) in [
        (&[0][..], Ok(0)),
        (&[0x7f], Ok(127)),
        (&[0x80, 1], Ok(128)),
        (&[0x80, 0], Ok(0)), // longer than needed, as Kafka allows
        (&[0xff, 0xff, 0xff, 0xff, 0x0f], Ok(u32::MAX)),
        (&[0xff, 0xff, 0xff, 0xff, 0x10], Err(Reason::LongVarint)),
        (&[0x80, 0x80, 0x80, 0x80, 0x80, 0], Err(Reason::LongVarint)),
        (&[0x80], Err(Reason::Truncated)),
        (&[], Err(Reason::Truncated)),
    ] {
        assert_eq!(varint(bytes), expected, "{bytes:?}");
    }
}

#[test]
fn strings_are_checked() {
    assert_eq!(string(false, &[0, 1, b'a']), Ok(Some("a")));
    assert_eq!(string(false, &[0xff, 0xff]), Ok(None));
    assert_eq!(string(false, &[0xff, 0xfe]), Ok(None));
    assert_eq!(string(false, &[0, 2, b'a']), Err(Reason::Truncated));
    assert_eq!(string(false, &[0, 1, 0xff]), Err(Reason::InvalidUtf8));
    assert_eq!(string(true, &[2, b'a']), Ok(Some("a")));
    assert_eq!(string(true, &[0]), Ok(None));
    assert_eq!(string(true, &[3, b'a']), Err(Reason::Truncated));
}

#[test]
fn a_compact_string_is_no_longer_than_an_old_one_could_be() {
    let of = |len: usize| {
        let prefix = len as u32 + 1;
        let prefix = [prefix as u8 | 0x80, (prefix >> 7) as u8 | 0x80, (prefix >> 14) as u8];
        [&prefix[..], &vec![b'x'; len]].concat()
    };
    assert_eq!(string(true, &of(32_767)).unwrap().unwrap().len(), 32_767);
    assert_eq!(string(true, &of(32_768)), Err(Reason::LongString));
}

#[test]
fn a_tagged_field_ends_where_it_says_but_keeps_its_place() {
    let mut r = Reader::new(&[1, 7, 2, 0xaa, 0xbb, 9]);
    r.set_flexible(true);
    assert_eq!(r.tag_count(), Ok(1));
    let (tag, mut field) = r.tagged().unwrap();
    assert_eq!((tag, field.remaining()), (7, 2));
    assert_eq!(field.take_array::<3>(), Err(DecodeError { reason: Reason::Truncated, at: 3, field: "" }));
    assert_eq!(field.take_array(), Ok([0xaa, 0xbb]));
    assert_eq!((field.finish(), r.take(1)), (Ok(()), Ok(&[9][..])));
}
