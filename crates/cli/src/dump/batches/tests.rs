use client::Timestamp;
use record::BatchBuilder;

use super::*;

/// Three batches of two records each, at offsets 0, 2 and 4.
fn segment() -> Vec<Vec<u8>> {
    let batch = |index: i64| {
        let mut builder = BatchBuilder::new(Compression::Lz4);
        builder.append(Timestamp(index), Some(b"key"), Some(b"first"), &[]);
        builder.append(Timestamp(index), None, Some(&[0xff]), &[]);
        let mut bytes = builder.build();
        bytes[..8].copy_from_slice(&(index * 2).to_be_bytes());
        bytes
    };
    (0..3).map(batch).collect()
}

fn dumped(bytes: &[u8], records: bool, json: bool) -> (Vec<String>, Option<Damage>) {
    let mut out = Vec::new();
    let damage = dump(bytes, bytes.len() as u64, records, json, &mut out).unwrap();
    (String::from_utf8(out).unwrap().lines().map(str::to_owned).collect(), damage)
}

#[test]
fn a_sound_segment_is_shown_whole() {
    let bytes = segment().concat();
    let (lines, damage) = dumped(&bytes, true, false);
    assert_eq!(damage, None);
    assert_eq!(lines.len(), 1 + 3 * 3, "{lines:#?}");
    assert!(lines[2].contains(r#"key "key" value "first""#) && lines[3].contains(r#"key null value "\xff""#));
    let (lines, _) = dumped(&bytes, true, true);
    let last: Value = serde_json::from_str(&lines[2]).unwrap();
    assert_eq!(
        (&last["base_offset"], &last["last_offset"], &last["crc_ok"]),
        (&json!(4), &json!(5), &json!(true)),
        "{last}"
    );
    assert_eq!(last["records"][1]["value_base64"], "/w==");
}

#[test]
fn damage_is_told_with_its_place() {
    let batches = segment();
    let second = batches[0].len() as u64;
    let flipped = |at: usize| {
        let mut bytes = batches.concat();
        bytes[at] ^= 1;
        dumped(&bytes, false, true)
    };
    let (lines, damage) = flipped(batches[0].len() + 70);
    assert_eq!(damage, Some(Damage { position: second, reason: "the checksum does not fit".to_owned() }));
    assert_eq!(lines.len(), 3, "what follows is shown");
    // The magic byte: nothing can be said of what follows.
    let (lines, damage) = flipped(batches[0].len() + 16);
    assert_eq!((lines.len(), damage.map(|damage| damage.position)), (1, Some(second)));
}

#[test]
fn a_torn_end_and_a_step_back_are_damage() {
    let batches = segment();
    let whole = batches.concat();
    for cut in [1, 30, batches[2].len() - 1] {
        let (lines, damage) = dumped(&whole[..whole.len() - cut], false, true);
        assert_eq!(lines.len(), 2);
        assert_eq!(damage.unwrap().position, (batches[0].len() + batches[1].len()) as u64);
    }
    let (_, damage) = dumped(&[&batches[1][..], &batches[0]].concat(), false, true);
    assert_eq!(damage.unwrap().position, batches[1].len() as u64);
    assert_eq!(dumped(b"", false, true), (vec![], None));
}
