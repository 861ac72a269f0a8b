use std::path::Path;

use host::{Disk, Open, SimDisk};
use proptest::prelude::*;

use super::*;
use crate::open_files::OpenFiles;

const PATH: &str = "/00000000000000000000.index";

fn index_on(disk: &Disk) -> Index<OffsetEntry> {
    let log = LogFiles::new(&Arc::new(OpenFiles::new(disk.clone(), 8)), Path::new("/"));
    Index::open(&log, Offset(0)).unwrap()
}

/// Lists whose offsets grow by steps of one size in one part and of another in the next.
fn ascending() -> impl Strategy<Value = Vec<OffsetEntry>> {
    proptest::collection::vec((0..300usize, 1..200u32), 0..4).prop_map(|parts| {
        let steps = parts.into_iter().flat_map(|(count, step)| std::iter::repeat_n(step, count));
        let offsets = steps.scan(0, |offset, step| {
            *offset += step;
            Some(*offset)
        });
        offsets.zip(0..).map(|(relative_offset, n)| OffsetEntry { relative_offset, position: n * 100 }).collect()
    })
}

fn beside(list: &[OffsetEntry], target: u32) -> Beside {
    let at = list.partition_point(|entry| entry.relative_offset < target);
    Beside { below: at.checked_sub(1).map(|at| list[at]), above: list.get(at).copied() }
}

#[test]
fn entries_are_kafkas_bytes() {
    let mut bytes = Encoded::new();
    OffsetEntry { relative_offset: 1, position: 0x203 }.encode(&mut bytes);
    TimeEntry { timestamp: Timestamp(-1), relative_offset: 4 }.encode(&mut bytes);
    let wanted = [&[0, 0, 0, 1, 0, 0, 2, 3][..], &[0xFF; 8], &[0, 0, 0, 4]].concat();
    assert_eq!(bytes.as_slice(), wanted);
    assert_eq!(TimeEntry::decode(&bytes[8..]), TimeEntry { timestamp: Timestamp(-1), relative_offset: 4 });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_entries_beside_an_offset_are_those_of_a_list(list in ascending(), target in 0..40_000u32, steps in 1..9usize) {
        let disk = Disk::sim(SimDisk::new());
        let index = index_on(&disk);
        list.chunks(list.len().div_ceil(steps).max(1)).for_each(|some| index.append(some).unwrap());
        let wanted = beside(&list, target);
        prop_assert_eq!(index.beside(i64::from(target), Patience::Waits).unwrap(), wanted);
        prop_assert_eq!(index.last().unwrap(), list.last().copied());
        let again = index_on(&disk);
        prop_assert_eq!(again.beside(i64::from(target), Patience::Waits).unwrap(), wanted);
    }

    #[test]
    fn in_garbage_only_entries_are_found_that_are_before(bytes in proptest::collection::vec(any::<u8>(), 0..3000), target: u32) {
        let disk = Disk::sim(SimDisk::new());
        disk.open(Path::new(PATH), Open::CreateNew).unwrap().write_all_at(&bytes, 0).unwrap();
        let index = index_on(&disk);
        let found = index.beside(i64::from(target), Patience::Waits).unwrap();
        prop_assert!(found.below.is_none_or(|entry| entry.relative_offset < target));
    }
}
