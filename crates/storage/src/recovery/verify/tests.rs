use host::{Disk, Open, SimDisk};
use proptest::prelude::*;
use record::Compression;

use super::*;
use crate::tests::support::{batch, expected};

fn extent(bytes: &[u8], offsets: Range<Offset>) -> Extent {
    let disk = Disk::sim(SimDisk::new());
    let file = disk.open("/f".as_ref(), Open::CreateNew).unwrap();
    file.write_all_at(bytes, 0).unwrap();
    walk(&file, 0, bytes.len() as u32, offsets, |_, _| {}).unwrap()
}

fn three() -> Vec<Vec<u8>> {
    let batches: Vec<_> = (1..4).map(|n| batch(Compression::None, &[n, n], 10 * n as usize)).collect();
    expected(&batches, 100).into_iter().map(|batch| batch.bytes).collect()
}

fn any_offsets() -> Range<Offset> {
    Offset(100)..Offset(1000)
}

#[test]
fn offsets_ascend_and_stay_in_their_segment() {
    let [a, b, c] = <[Vec<u8>; 3]>::try_from(three()).unwrap();
    let len = |parts: &[&Vec<u8>]| parts.iter().map(|part| part.len() as u32).sum::<u32>();
    let all = [a.clone(), b.clone(), c.clone()].concat();
    let whole = |end, next| Extent { end, next_offset: Offset(next), damage: vec![], damaged_from: vec![] };
    assert_eq!(extent(&all, any_offsets()), whole(len(&[&a, &b, &c]), 106));
    assert_eq!(extent(&all, Offset(100)..Offset(104)), whole(len(&[&a, &b]), 104), "the next segment begins there");
    assert_eq!(extent(&all, Offset(107)..Offset(200)), whole(0, 107), "they would lie below the segment");
    let compacted =
        [a.clone(), c.clone(), expected(&[batch(Compression::None, &[1], 1)], 108).remove(0).bytes].concat();
    assert_eq!(
        extent(&compacted[..len(&[&a, &c]) as usize], any_offsets()),
        whole(len(&[&a]), 102),
        "a jump at the end"
    );
    assert_eq!(extent(&compacted, any_offsets()), whole(len(&[&a, &c]), 106), "a gap that compaction left");
    let swapped = extent(&[b.clone(), a.clone()].concat(), any_offsets());
    let damage = std::iter::once(0..len(&[&b])).collect();
    let last_counts = Extent { end: len(&[&a, &b]), next_offset: Offset(102), damage, damaged_from: vec![Offset(100)] };
    assert_eq!(swapped, last_counts, "the first one's offset is not gone on from");
}

#[test]
fn a_batch_within_a_damaged_batch_is_not_taken_for_the_next_one() {
    let [first, inner, last] = <[Vec<u8>; 3]>::try_from(three()).unwrap();
    let mut builder = record::BatchBuilder::new(Compression::None);
    builder.append(record::Timestamp(1), None, Some(&inner), &[]);
    let mut outer = expected(&[builder.build()], 102).remove(0).bytes;
    *outer.last_mut().unwrap() ^= 1;
    let bytes = [first.clone(), outer.clone(), last.clone()].concat();
    let start = first.len() as u32;
    let damage: Vec<_> = std::iter::once(start..start + outer.len() as u32).collect();
    assert_eq!(extent(&bytes, any_offsets()).damage, damage);
}

/// A torn write may hold, in a value, a batch that would fit.
#[test]
fn a_batch_within_a_torn_batch_is_no_batch_of_the_log() {
    let [first, inner, _] = <[Vec<u8>; 3]>::try_from(three()).unwrap();
    let mut builder = record::BatchBuilder::new(Compression::None);
    builder.append(record::Timestamp(1), None, Some(&inner), &[]);
    builder.append(record::Timestamp(1), None, Some(&[0; 100]), &[]);
    let outer = expected(&[builder.build()], 102).remove(0).bytes;
    let bytes = [&first[..], &outer[..outer.len() - 20]].concat();
    let found = extent(&bytes, any_offsets());
    assert_eq!(
        found,
        Extent { end: first.len() as u32, next_offset: Offset(102), damage: vec![], damaged_from: vec![] }
    );
}

#[test]
fn a_wrong_length_hides_no_batch_behind() {
    let [mut first, second, third] = <[Vec<u8>; 3]>::try_from(three()).unwrap();
    first[8..12].copy_from_slice(&1_000_000_i32.to_be_bytes());
    let bytes = [&first[..], &second[..], &third[..]].concat();
    let found = extent(&bytes, any_offsets());
    assert_eq!((found.next_offset, found.damage), (Offset(106), std::iter::once(0..first.len() as u32).collect()));
}

/// Each byte of it begins what looks like a batch as long as the rest of the file.
#[test]
fn garbage_made_to_be_slow_is_given_up_and_kept() {
    let len = 40_000_u32;
    let header = record::BatchHeader {
        base_offset: Offset(101),
        ..record::BatchHeader::decode(three()[0].first_chunk().unwrap())
    };
    let mut bytes = Vec::new();
    while bytes.len() < len as usize {
        let batch_len = (len as usize - bytes.len() - 12) as i32;
        let mut candidate = header.encode();
        candidate[8..12].copy_from_slice(&batch_len.to_be_bytes());
        bytes.extend_from_slice(&candidate);
    }
    bytes.truncate(len as usize);
    let found = extent(&bytes, any_offsets());
    assert_eq!((found.end, found.damage), (len, std::iter::once(0..len).collect()), "nothing is cut");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn garbage_is_never_more_than_damage(mut bytes in proptest::collection::vec(prop_oneof![Just(0u8), Just(2), any::<u8>()], 0..600), at in 0..600usize) {
        let at = at.min(bytes.len());
        bytes.splice(at..at, three().concat());
        let extent = extent(&bytes, any_offsets());
        prop_assert_eq!(extent.next_offset, Offset(106));
        prop_assert_eq!(extent.end as usize, at + three().concat().len());
    }
}
