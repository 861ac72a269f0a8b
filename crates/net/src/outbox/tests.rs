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

/// Takes the file out of the page cache. `false` where it has no other place.
fn cool(file: &host::File) -> bool {
    rustix::fs::fadvise(file.fd().unwrap(), 0, None, rustix::fs::Advice::DontNeed).unwrap();
    !file.is_cached(0, 1)
}

#[test]
fn bodies_that_are_not_in_the_page_cache_stay_in_the_file_and_in_their_places() {
    let bytes: Vec<u8> = (0..200_000_u32).map(|i| (i * 7 / 3) as u8).collect();
    let (warm, _dir) = file(&bytes);
    let (cold, _other) = file(&bytes);
    // Each hole: whether it is in the file that is cold, and its length.
    let kinds = [(false, 10), (true, 10), (true, COPY_MAX), (false, COPY_MAX + 1), (true, COPY_MAX + 1)];
    for choice in 0..5_usize.pow(3) {
        let holes: Vec<(bool, usize)> = (0..3).map(|digit| kinds[choice / 5_usize.pow(digit) % 5]).collect();
        if !cool(&cold) {
            return;
        }
        let mut outbox = Outbox::default();
        let slice = |&(is_cold, len): &(bool, usize)| {
            let file = Arc::clone(if is_cold { &cold } else { &warm });
            FileSlice { file, position: len as u64, len: len as u32 }
        };
        let encode = |out: &mut Vec<u8>, cuts: &mut Vec<Cut>| {
            for &(_, len) in &holes {
                out.push(b'<');
                cuts.push(Cut { at: out.len(), len });
                out.push(b'>');
            }
        };
        outbox.push(encode, holes.iter().map(slice));
        // The first try has the kernel begin to read, so that a second hole may find its bytes there.
        let is_small = |len: usize| len <= COPY_MAX;
        let large = holes.iter().filter(|&&(_, len)| !is_small(len)).count();
        let small = usize::from(holes.iter().any(|&(is_cold, len)| is_cold && is_small(len)));
        assert!(outbox.holes.len() >= large + small, "{holes:?}");
        let want: Vec<u8> = holes.iter().flat_map(|&(_, len)| [b"<", &bytes[len..2 * len], b">"].concat()).collect();
        assert!(drain(&mut outbox) == want, "{holes:?}");
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
