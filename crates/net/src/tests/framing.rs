//! However the bytes arrive, the frames are the same.

use super::*;

#[test]
fn frames_split_at_every_byte() {
    let fixture = Fixture::new(Config::default());
    let stream_bytes = [frame(b'e', b""), frame(b'e', b"a longer one"), frame(b'e', b"z")].concat();
    let mut client = fixture.connect();
    let mut seen = 0;
    for split in 1..stream_bytes.len() {
        let (first, second) = stream_bytes.split_at(split);
        client.write_all(first).unwrap();
        seen += first.len() as u64;
        until(|| fixture.stats().bytes_in.value() == seen);
        client.write_all(second).unwrap();
        seen += second.len() as u64;
        assert_eq!(read_exactly(&mut client, stream_bytes.len()), stream_bytes, "split at {split}");
    }
}

#[test]
fn a_frame_that_arrives_byte_by_byte() {
    let fixture = Fixture::new(Config::default());
    let mut client = fixture.connect();
    let bytes = frame(b'e', &noise(700));
    for (i, byte) in bytes.iter().enumerate() {
        client.write_all(&[*byte]).unwrap();
        until(|| fixture.stats().bytes_in.value() == i as u64 + 1);
    }
    assert_eq!(read_exactly(&mut client, bytes.len()), bytes);
}

#[test]
fn frames_of_all_sizes_in_pieces_of_all_sizes() {
    let fixture = Fixture::new(Config::default());
    let mut client = fixture.connect();
    let mut writer = client.try_clone().unwrap();
    let sizes = [0, 1, 500, 4096, 20_000, 65_536, 262_130, 262_144, 300_000, 3, 1 << 20, 7, 3 << 20, 0];
    let all: Vec<u8> = sizes.iter().flat_map(|&size| frame(b'e', &noise(size))).collect();
    let sent = all.clone();
    let sender = std::thread::spawn(move || {
        let pieces = [1, 3, 4, 5, 100, 4096, 50_000, 1 << 17, 1 << 19];
        let mut rest = &sent[..];
        for piece in pieces.iter().cycle() {
            let (now, later) = rest.split_at(rest.len().min(*piece));
            writer.write_all(now).unwrap();
            rest = later;
            if rest.is_empty() {
                return;
            }
        }
    });
    assert!(read_exactly(&mut client, all.len()) == all, "the echo differs");
    sender.join().unwrap();
    assert_eq!(fixture.stats().frames.value(), sizes.len() as u64);
}

#[test]
fn a_bad_size_closes_after_the_answers_before_it() {
    let fixture = Fixture::new(Config::default());
    for bad in [-1, 0, 7, (100 << 20) + 1, 0x4745_5420, 0x1603_0102] {
        let mut client = fixture.connect();
        let good = frame(b'e', b"good");
        client.write_all(&[&good[..], &i32::to_be_bytes(bad)].concat()).unwrap();
        assert_eq!(read_to_close(&mut client), good, "size {bad}");
    }
    assert_eq!(exchange(&mut fixture.connect(), &frame(b'e', b"")), frame(b'e', b""), "others are served");
}

#[test]
fn a_bad_size_in_pieces_closes() {
    let fixture = Fixture::new(Config::default());
    let mut client = fixture.connect();
    client.write_all(&[0xff, 0xff]).unwrap();
    until(|| fixture.stats().bytes_in.value() == 2);
    client.write_all(&[0xff, 0xff, 1, 2, 3]).unwrap();
    assert_eq!(read_to_close(&mut client), b"");
}
