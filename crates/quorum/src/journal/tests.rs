//! Updates add up, in memory and in the file.

use host::{Disk, SimDisk};

use super::*;

fn entry(index: u64, term: u64) -> Entry {
    Entry { index, term, ..Entry::default() }
}

fn update(term: Option<u64>, entries: &[(u64, u64)]) -> Update {
    Update {
        hard_state: term.map(|term| HardState { term, ..HardState::default() }),
        entries: entries.iter().map(|(index, term)| entry(*index, *term)).collect(),
    }
}

#[test]
fn later_updates_win() {
    type Entries = &'static [(u64, u64)];
    let table: [(Entries, Entries, Option<Entries>); 6] = [
        (&[], &[(5, 1)], Some(&[(5, 1)])),
        (&[(5, 1)], &[(6, 1), (7, 1)], Some(&[(5, 1), (6, 1), (7, 1)])),
        (&[(5, 1), (6, 1), (7, 1)], &[(6, 2)], Some(&[(5, 1), (6, 2)])),
        (&[(5, 1)], &[(5, 2)], Some(&[(5, 2)])),
        (&[(5, 1)], &[(7, 1)], None),
        (&[(5, 1)], &[(4, 1)], None),
    ];
    for (first, later, expected) in table {
        let mut sum = update(Some(1), first);
        let fits = sum.merge(update(None, later));
        assert_eq!(fits.then_some(sum), expected.map(|entries| update(Some(1), entries)), "{first:?} {later:?}");
    }
    let mut sum = update(Some(1), &[]);
    assert!(sum.merge(update(Some(3), &[])));
    assert_eq!(sum, update(Some(3), &[]));
}

#[test]
fn what_was_appended_is_read_again() {
    let disk = Disk::sim(SimDisk::new());
    let path = Path::new("/log");
    let mut journal = Journal::rewrite(&disk, path, &update(Some(1), &[])).unwrap();
    journal.append(&update(None, &[(1, 1), (2, 1)])).unwrap();
    journal.append(&update(Some(2), &[(2, 2), (3, 2)])).unwrap();
    assert_eq!(read(&disk, path).unwrap(), update(Some(2), &[(1, 1), (2, 2), (3, 2)]));
    assert_eq!(journal.len(), disk.metadata_len(path).unwrap());
    journal.restart(&update(Some(2), &[(3, 2)])).unwrap();
    journal.append(&update(None, &[(4, 2)])).unwrap();
    assert_eq!(read(&disk, path).unwrap(), update(Some(2), &[(3, 2), (4, 2)]));
}

#[test]
fn a_gap_is_damage() {
    let disk = Disk::sim(SimDisk::new());
    let path = Path::new("/log");
    let mut journal = Journal::rewrite(&disk, path, &update(Some(1), &[(1, 1)])).unwrap();
    journal.append(&update(None, &[(3, 1)])).unwrap();
    assert!(matches!(read(&disk, path), Err(OpenError::Damaged { .. })));
}
