use super::*;

fn size(partitions: usize) -> Size {
    Size { partitions, bytes: partitions }
}

/// A table in which each session is its own id.
fn table(slots: usize, bytes_max: usize, sessions: &[(i32, i64, usize)]) -> Table<i32> {
    let mut table = Table::new(slots, bytes_max, bytes_max);
    sessions.iter().for_each(|&(id, now_ms, partitions)| table.insert(id, id, now_ms, size(partitions)));
    table
}

#[test]
fn a_new_session_takes_the_place_of_a_stale_one_or_of_an_old_and_smaller_one() {
    let old = EVICTION_MS + 1;
    // Used at, of two sessions made at 0 with 10 and 20 partitions; the new one's partitions and time; who goes.
    for (used, partitions, now_ms, gone) in [
        ([0, 0], 100, 0, None),
        // Not used for too long: the size does not matter, the one used longest ago goes.
        ([0, 1], 1, old, Some(1)),
        ([1, 0], 1, old, Some(2)),
        ([1, 1], 1, old, None),
        // Used, and old: the smaller goes, to a larger one only.
        ([old, old], 11, old, Some(1)),
        ([old, old], 10, old, None),
        // Used, but not yet old when it was used last.
        ([EVICTION_MS, EVICTION_MS], 100, EVICTION_MS, None),
        ([1, old], 100, old, Some(2)),
    ] {
        let mut table = table(2, 1_000, &[(1, 0, 10), (2, 0, 20)]);
        for (id, used_ms, partitions) in [(1, used[0], 10), (2, used[1], 20)] {
            assert!(table.touch(id, used_ms, size(partitions)).is_empty());
        }
        let evicted = table.make_room(now_ms, size(partitions), 1, None);
        assert_eq!(evicted, gone.map(|id| vec![id]), "{used:?} {partitions} {now_ms}");
    }
}

#[test]
fn sessions_are_bounded_in_bytes_too() {
    let mut table = table(10, 100, &[(1, 0, 40), (2, 5, 40)]);
    assert_eq!(table.make_room(5, size(20), 1, None), Some(vec![]));
    assert_eq!(table.make_room(5, size(21), 1, None), None);
    assert_eq!(table.make_room(EVICTION_MS + 1, size(21), 1, None), Some(vec![1]));
    assert_eq!(table.bytes, 40);
    assert_eq!(table.touch(2, EVICTION_MS + 1, size(101)), [2], "one that has outgrown the table goes itself");
    assert_eq!((table.bytes, table.entries.len(), table.by_use.len(), table.by_size.len()), (0, 0, 0, 0));
}

#[test]
fn a_session_that_grows_pushes_others_out() {
    let mut table = table(10, 100, &[(1, 0, 40), (2, 5, 40)]);
    assert_eq!(table.touch(2, EVICTION_MS + 1, size(90)), [1]);
    assert_eq!(table.bytes, 90);
}

#[test]
fn no_slots_means_no_sessions() {
    assert_eq!(table(0, 100, &[]).make_room(0, size(1), 1, None), None);
}

#[test]
fn ids_are_positive_and_not_taken() {
    let table = table(10, 100, &[(1, 0, 1)]);
    let rng = Rng::seeded(7);
    assert!((0..1_000).map(|_| table.new_id(&rng)).all(|id| id > 1));
}

#[test]
fn one_session_pushes_not_all_others_out() {
    let mut table = Table::new(10, 100, 50);
    [(1, 40), (2, 40)].iter().for_each(|&(id, partitions)| table.insert(id, id, 0, size(partitions)));
    assert_eq!(table.make_room(EVICTION_MS + 1, size(51), 1, None), None, "too large for one");
    assert_eq!(table.touch(2, EVICTION_MS + 1, size(51)), [2]);
    assert_eq!((table.bytes, table.entries.len()), (40, 1));
}

#[test]
fn nobody_goes_for_a_session_that_gets_no_room_all_the_same() {
    let mut table = table(10, 100, &[(1, 0, 10), (2, 5, 80)]);
    assert_eq!(table.make_room(EVICTION_MS + 1, size(50), 1, None), None, "the stale one is too small");
    assert_eq!((table.bytes, table.entries.len()), (90, 2));
}
