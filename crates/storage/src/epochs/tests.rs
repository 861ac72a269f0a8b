use host::{Open, SimDisk};

use super::*;

fn epochs(starts: &[(i32, i64)]) -> Epochs {
    let start = |&(epoch, offset): &(i32, i64)| EpochStart { epoch: LeaderEpoch(epoch), start_offset: Offset(offset) };
    Epochs(starts.iter().map(start).collect())
}

#[test]
fn only_newer_epochs_begin_and_an_unused_one_gives_way() {
    let mut cache = Epochs::default();
    assert!(cache.assign(LeaderEpoch(2), Offset(0)));
    assert!(!cache.assign(LeaderEpoch(2), Offset(5)));
    assert!(!cache.assign(LeaderEpoch(1), Offset(5)));
    assert!(cache.assign(LeaderEpoch(4), Offset(9)));
    assert!(cache.assign(LeaderEpoch(6), Offset(9)), "no batch of epoch 4 came");
    assert_eq!(cache, epochs(&[(2, 0), (6, 9)]));
    assert!(cache.truncate_from(Offset(9)));
    assert!(!cache.truncate_from(Offset(9)));
    assert_eq!(cache, epochs(&[(2, 0)]));
}

#[test]
fn the_checkpoint_is_kafkas_and_garbage_is_as_good_as_none() {
    let disk = Disk::sim(SimDisk::new());
    let dir = Path::new("/");
    assert_eq!(Epochs::load(&disk, dir).unwrap(), None);
    epochs(&[(2, 0), (6, 9)]).store(&disk, dir, Durable::Yes).unwrap();
    let path = dir.join(files::EPOCHS);
    assert_eq!(disk.read(&path).unwrap(), b"0\n2\n2 0\n6 9\n");
    assert_eq!(Epochs::load(&disk, dir).unwrap(), Some(epochs(&[(2, 0), (6, 9)])));
    for garbage in ["", "0\n2\n2 0\n", "0\n2\n6 9\n2 0\n", "0\n1\n2 0 0\n", "\0\0\0"] {
        let file = disk.open(&path, Open::ReadWrite).unwrap();
        file.set_len(0).unwrap();
        file.write_all_at(garbage.as_bytes(), 0).unwrap();
        assert_eq!(Epochs::load(&disk, dir).unwrap(), None, "{garbage:?}");
    }
}
