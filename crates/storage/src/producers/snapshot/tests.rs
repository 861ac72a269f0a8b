use host::SimDisk;
use record::{Attributes, BatchHeader, LeaderEpoch};

use super::*;

fn header(id: i64, sequence: i32, attributes: i16) -> BatchHeader {
    BatchHeader {
        base_offset: Offset(0),
        batch_length: 100,
        partition_leader_epoch: LeaderEpoch(0),
        magic: 2,
        crc: 0,
        attributes: Attributes(attributes),
        last_offset_delta: 1,
        base_timestamp: Timestamp(0),
        max_timestamp: Timestamp(5),
        producer_id: ProducerId(id),
        producer_epoch: ProducerEpoch(2),
        base_sequence: sequence,
        record_count: 2,
    }
}

fn producers() -> Producers {
    let mut producers = Producers::default();
    (0..7).for_each(|index| producers.update(&header(1, index * 2, 0), Offset(i64::from(index) * 10)));
    producers.update(&header(9, 0, 0x10), Offset(200));
    producers
}

fn stored(durable: Durable) -> Disk {
    let disk = Disk::sim(SimDisk::new());
    store(&producers(), &disk, Path::new("/"), Offset(300), durable).unwrap();
    disk
}

#[test]
fn what_is_stored_is_loaded() {
    for durable in [Durable::Yes, Durable::No] {
        assert_eq!(load(&stored(durable), Path::new("/"), Offset(300)).unwrap(), Some((producers(), true)));
    }
    assert_eq!(load(&stored(Durable::No), Path::new("/"), Offset(301)).unwrap(), None);
}

#[test]
fn the_snapshot_is_kafkas_bytes() {
    let bytes = stored(Durable::Yes).read(Path::new("/00000000000000000300.snapshot")).unwrap();
    let mut body = 2i32.to_be_bytes().to_vec();
    for (id, sequence, offset, transaction) in [(1i64, 13i32, 61i64, -1i64), (9, 1, 201, 200)] {
        body.extend(id.to_be_bytes());
        body.extend(2i16.to_be_bytes());
        body.extend(sequence.to_be_bytes());
        body.extend(offset.to_be_bytes());
        body.extend(1i32.to_be_bytes());
        body.extend(5i64.to_be_bytes());
        body.extend((-1i32).to_be_bytes());
        body.extend(transaction.to_be_bytes());
    }
    assert_eq!(bytes[..2], [0, 1]);
    assert_eq!(bytes[2..6], crc32c(&body).to_be_bytes());
    assert_eq!(bytes[6..], body);
}

#[test]
fn a_torn_or_flipped_file_is_none_and_without_the_windows_the_last_batch_is_left() {
    for (extension, is_whole_without) in [(files::SNAPSHOT, false), (files::WINDOWS, true)] {
        let path = files::path(Path::new("/"), Offset(300), extension);
        let bytes = stored(Durable::Yes).read(&path).unwrap();
        for (at, byte) in bytes.iter().enumerate() {
            for flip in [false, true] {
                let disk = stored(Durable::Yes);
                let file = disk.open(&path, Open::ReadWrite).unwrap();
                match flip {
                    true => file.write_all_at(&[byte ^ 4], at as u64).unwrap(),
                    false => file.set_len(at as u64).unwrap(),
                }
                let loaded = load(&disk, Path::new("/"), Offset(300)).unwrap();
                assert_eq!(loaded.is_some(), is_whole_without, "{extension} byte {at}");
                if let Some(loaded) = loaded {
                    assert_eq!(loaded.0.0[&ProducerId(1)].window.0.len(), 1);
                    assert!(loaded.0.0[&ProducerId(1)].window.has_same_end(&producers().0[&ProducerId(1)].window));
                }
            }
        }
    }
}
