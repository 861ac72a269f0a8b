use proptest::prelude::*;

use super::*;

fn varint(bytes: &[u8]) -> Result<i32, Malformed> {
    let mut cursor = Cursor::new(bytes);
    let value = cursor.varint()?;
    assert!(cursor.is_empty());
    Ok(value)
}

fn varlong(bytes: &[u8]) -> Result<i64, Malformed> {
    let mut cursor = Cursor::new(bytes);
    let value = cursor.varlong()?;
    assert!(cursor.is_empty());
    Ok(value)
}

#[test]
fn known_forms() {
    for (value, bytes) in [
        (0, &[0x00][..]),
        (-1, &[0x01]),
        (1, &[0x02]),
        (63, &[0x7E]),
        (-64, &[0x7F]),
        (64, &[0x80, 0x01]),
        (-65, &[0x81, 0x01]),
        (8191, &[0xFE, 0x7F]),
        (8192, &[0x80, 0x80, 0x01]),
        (i32::MAX, &[0xFE, 0xFF, 0xFF, 0xFF, 0x0F]),
        (i32::MIN, &[0xFF, 0xFF, 0xFF, 0xFF, 0x0F]),
    ] {
        let mut written = Vec::new();
        put_varint(&mut written, i64::from(value));
        assert_eq!(written, bytes, "{value}");
        assert_eq!(varint(bytes), Ok(value));
        assert_eq!(varlong(bytes), Ok(i64::from(value)));
    }
    let nine = [0xFF; 9];
    assert_eq!(varlong(&[&nine[..], &[0x01]].concat()), Ok(i64::MIN));
    assert_eq!(varlong(&[&[0xFE][..], &nine[1..], &[0x01]].concat()), Ok(i64::MAX));
}

#[test]
fn too_wide_is_refused() {
    for fifth in [0x10, 0x1F, 0x7F, 0x80, 0xFF] {
        assert_eq!(varint(&[0x80, 0x80, 0x80, 0x80, fifth]), Err(Malformed::Varint), "{fifth:#x}");
    }
    assert_eq!(varint(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x01]), Err(Malformed::Varint));
    for tenth in [0x02, 0x7F, 0x80, 0x81] {
        assert_eq!(varlong(&[&[0x80; 9][..], &[tenth]].concat()), Err(Malformed::Varint), "{tenth:#x}");
    }
}

#[test]
fn cut_off_is_refused() {
    for len in 0..5 {
        assert_eq!(varint(&[0xFF; 4][..len.min(4)]), Err(Malformed::Truncated));
    }
    for len in 0..10 {
        assert_eq!(varlong(&[0xFF; 9][..len.min(9)]), Err(Malformed::Truncated));
    }
}

#[test]
fn longer_forms_than_needed_are_read() {
    assert_eq!(varint(&[0x82, 0x00]), Ok(1));
    assert_eq!(varint(&[0x82, 0x80, 0x80, 0x80, 0x00]), Ok(1));
}

proptest! {
    #[test]
    fn round_trip(value: i64, shift in 0..64u32) {
        let value = value >> shift;
        let mut written = Vec::new();
        put_varint(&mut written, value);
        prop_assert_eq!(written.len(), varint_len(value));
        prop_assert_eq!(varlong(&written), Ok(value));
        if let Ok(narrow) = i32::try_from(value) {
            prop_assert_eq!(varint(&written), Ok(narrow));
        }
    }
}
