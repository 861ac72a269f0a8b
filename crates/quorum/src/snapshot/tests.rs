//! The file is read as written, or not at all.

use host::SimDisk;
use metadata::records::FeatureRecord;

use super::*;

fn applied() -> Applied {
    let mut members = Members::default();
    members.bind(NodeId(1), Uuid([1; 16]));
    members.bind(NodeId(2), Uuid([2; 16]));
    let records = [FeatureRecord { name: "f".into(), level: 3 }.into()];
    let image = Arc::new(Image::restore(Index(5), &records).unwrap());
    let conf_state = (vec![1], vec![2]).into();
    Applied { position: Position { index: 6, term: 2 }, conf_state, members, image }
}

#[test]
fn a_snapshot_is_read_as_written() {
    let disk = Disk::sim(SimDisk::new());
    let path = Path::new("/snapshot");
    let identity = Identity { node: NodeId(1), directory: Uuid([1; 16]) };
    write(&disk, path, identity, &applied()).unwrap();
    let (read_identity, read_applied) = read(&disk, path).unwrap();
    let expected = applied();
    assert_eq!(read_identity, identity);
    assert_eq!(read_applied.position, expected.position);
    assert_eq!(read_applied.conf_state, expected.conf_state);
    assert_eq!(read_applied.members, expected.members);
    assert_eq!(read_applied.image, expected.image);
}

#[test]
fn every_flipped_bit_is_refused() {
    let disk = Disk::sim(SimDisk::new());
    let path = Path::new("/snapshot");
    write(&disk, path, Identity { node: NodeId(1), directory: Uuid([1; 16]) }, &applied()).unwrap();
    let bytes = disk.read(path).unwrap();
    for bit in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        disk.write_atomic(path, &flipped).unwrap();
        assert!(matches!(read(&disk, path), Err(OpenError::Damaged { .. })), "bit {bit}");
    }
}
