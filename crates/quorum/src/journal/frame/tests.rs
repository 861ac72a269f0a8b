//! Cuts lose little, damage is noticed.

use super::*;

fn three() -> (Vec<u8>, [usize; 3]) {
    let frames = [encode(0, b"zero"), encode(1, b""), encode(2, b"two")];
    let mut end = 0;
    let ends = frames.each_ref().map(|frame| {
        end += frame.len();
        end
    });
    (frames.concat(), ends)
}

#[test]
fn whole_frames_are_read() {
    assert_eq!(scan(&three().0), Ok(vec![&b"zero"[..], b"", b"two"]));
}

#[test]
fn a_cut_loses_what_was_cut_and_nothing_else() {
    let (bytes, ends) = three();
    for len in 0..bytes.len() {
        let whole = ends.iter().filter(|end| **end <= len).count();
        let expected = if whole == 0 { Err(Damage::NoFrame) } else { Ok(whole) };
        assert_eq!(scan(&bytes[..len]).map(|payloads| payloads.len()), expected, "cut at {len}");
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    let (bytes, ends) = three();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let expected = match ends.iter().position(|end| bit / 8 < *end) {
            Some(0) => Err(Damage::NoFrame),
            Some(1) => Err(Damage::Broken { position: ends[0] }),
            // Nothing follows that would tell damage from a write that was cut off.
            _ => Ok(2),
        };
        assert_eq!(scan(&flipped).map(|payloads| payloads.len()), expected, "bit {bit}");
    }
}

#[test]
fn frames_cannot_change_places() {
    let swapped = [encode(0, b"zero"), encode(2, b"two"), encode(1, b"one")].concat();
    assert!(matches!(scan(&swapped), Err(Damage::Broken { .. })));
}

#[test]
fn a_file_that_grew_without_its_data_ends_before() {
    let (mut bytes, _) = three();
    bytes.extend([0; 600]);
    assert_eq!(scan(&bytes).map(|payloads| payloads.len()), Ok(3));
}
