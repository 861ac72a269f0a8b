//! Bodies land in their holes.

use std::sync::Arc;

use host::{Disk, Open};

use super::*;

fn file(bytes: &[u8]) -> (Arc<host::File>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file");
    Disk::real().write_atomic(&path, bytes).unwrap();
    (Arc::new(Disk::real().open(&path, Open::Read).unwrap()), dir)
}

/// Everything that would be sent, file ranges read.
fn drain(outbox: &mut Outbox) -> Vec<u8> {
    let mut all = Vec::new();
    loop {
        match outbox.segment() {
            None => return all,
            Some(Segment::Bytes { bytes, .. }) => {
                let n = bytes.len();
                all.extend(bytes);
                outbox.sent_bytes(n);
            }
            Some(Segment::File(slice)) => {
                let len = slice.len.min(10_000);
                let mut bytes = vec![0; len as usize];
                slice.file.read_exact_at(&mut bytes, slice.position).unwrap();
                all.extend(bytes);
                outbox.sent_file(len);
            }
        }
    }
}

#[test]
fn every_mix_of_small_large_and_empty_bodies() {
    let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i * 7 / 3) as u8).collect();
    let (file, _dir) = file(&bytes);
    let sizes = [0, 1, COPY_MAX, COPY_MAX + 1];
    for choice in 0..4_usize.pow(4) {
        let lens: Vec<usize> = (0..4).map(|digit| sizes[choice / 4_usize.pow(digit) % 4]).collect();
        let mut outbox = Outbox::default();
        let mut want = Vec::new();
        for round in 0..2 {
            let slice =
                |&len: &usize| FileSlice { file: Arc::clone(&file), position: len as u64 + round, len: len as u32 };
            outbox.push(
                |out, cuts| {
                    out.push(b'[');
                    for &len in &lens {
                        cuts.push(Cut { at: out.len(), len });
                        out.push(b',');
                    }
                    out.push(b']');
                },
                lens.iter().map(slice),
            );
            want.push(b'[');
            for &len in &lens {
                want.extend(&bytes[len + round as usize..][..len]);
                want.push(b',');
            }
            want.push(b']');
        }
        assert!(drain(&mut outbox) == want, "{lens:?}");
        assert!(outbox.is_empty());
    }
}

#[test]
fn it_is_full_above_its_bound_and_not_after_clear() {
    let mut outbox = Outbox::default();
    let full = outbox.full();
    outbox.push(|out, _| out.resize(BYTES_BOUND, 0), []);
    assert!(!full.get());
    outbox.push(|out, _| out.push(0), []);
    assert!(full.get());
    outbox.clear();
    assert!(!full.get());
    assert!(outbox.is_empty());
}

#[test]
fn a_body_that_cannot_be_read_is_a_failure() {
    let (file, _dir) = file(b"short");
    let mut outbox = Outbox::default();
    let slice = FileSlice { file, position: 0, len: 6 };
    outbox.push(|out, cuts| cuts.push(Cut { at: out.len(), len: 6 }), [slice]);
    assert!(outbox.take_failure().is_some());
}

#[test]
#[should_panic(expected = "every cut has its file")]
fn a_cut_without_file_is_a_mistake() {
    Outbox::default().push(|_, cuts| cuts.push(Cut { at: 0, len: 1 }), []);
}
