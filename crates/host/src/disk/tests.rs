//! Every call on both filesystems: the same answers, the same content.

use std::sync::Arc;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::sim::{Failure, Fault, OpKind};

/// The system's filesystem and a simulated one, each with an empty directory.
struct Both {
    _temporary: TempDir,
    sides: [(Disk, PathBuf); 2],
}

impl Both {
    fn new() -> Both {
        let temporary = tempfile::tempdir().unwrap();
        let sim = Disk::sim(SimDisk::new());
        sim.create_dir_all(Path::new("/root")).unwrap();
        let sides = [(Disk::real(), temporary.path().to_owned()), (sim, PathBuf::from("/root"))];
        Both { _temporary: temporary, sides }
    }

    /// What `of` gives on the real side, which must be what it gives on the simulated one.
    fn same<T: PartialEq + std::fmt::Debug>(&self, of: impl Fn(&Disk, &Path) -> T) -> T {
        let [real, sim] = self.sides.each_ref().map(|(disk, root)| of(disk, root));
        assert_eq!(sim, real, "the simulated disk (left) differs");
        real
    }
}

/// An answer that can be compared.
fn answer<T>(result: io::Result<T>) -> Result<T, Option<i32>> {
    result.map_err(|error| error.raw_os_error())
}

#[test]
fn how_a_file_is_opened() {
    use Open::*;
    let both = Both::new();
    both.same(|disk, root| disk.open(&root.join("there"), CreateNew).unwrap().write_all_at(b"abc", 0).unwrap());
    for (name, how, verdict) in [
        ("there", Read, Ok(3)),
        ("there", ReadWrite, Ok(3)),
        ("there", Create, Ok(3)),
        ("there", CreateNew, Err(libc::EEXIST)),
        ("missing", Read, Err(libc::ENOENT)),
        ("missing", ReadWrite, Err(libc::ENOENT)),
        ("new", Create, Ok(0)),
        ("newer", CreateNew, Ok(0)),
        ("no/parent", Create, Err(libc::ENOENT)),
        ("there/below", Create, Err(libc::ENOTDIR)),
    ] {
        let len = both.same(|disk, root| answer(disk.open(&root.join(name), how).and_then(|file| file.len())));
        assert_eq!(len, verdict.map_err(Some), "{name} {how:?}");
    }
}

#[test]
fn a_file_opened_for_reading_cannot_be_changed() {
    let both = Both::new();
    both.same(|disk, root| disk.open(&root.join("f"), Open::Create).map(drop).unwrap());
    let read_only = |disk: &Disk, root: &Path| disk.open(&root.join("f"), Open::Read).unwrap();
    assert_eq!(both.same(|d, r| answer(read_only(d, r).write_all_at(b"x", 0))), Err(Some(libc::EBADF)));
    assert_eq!(both.same(|d, r| answer(read_only(d, r).set_len(4))), Err(Some(libc::EINVAL)));
}

#[test]
fn a_vectored_write_of_more_slices_than_one_call_takes() {
    let both = Both::new();
    let parts: Vec<Vec<u8>> = (0..3 * SLICES_PER_CALL).map(|i| vec![i as u8; i % 4]).collect();
    let bytes = both.same(|disk, root| {
        let mut slices: Vec<IoSlice<'_>> = parts.iter().map(|part| IoSlice::new(part)).collect();
        disk.open(&root.join("f"), Open::Create).unwrap().write_all_vectored_at(&mut slices, 5).unwrap();
        disk.read(&root.join("f")).unwrap()
    });
    assert_eq!(bytes, [vec![0; 5], parts.concat()].concat());
}

#[test]
fn short_and_interrupted_writes_and_reads_are_continued() {
    let sim = SimDisk::new();
    let file = Disk::sim(sim.clone()).open(Path::new("/f"), Open::Create).unwrap();
    for kind in [OpKind::Write, OpKind::Read] {
        sim.inject(Fault::next(kind, Failure::Short(3)).times(2));
        sim.inject(Fault::next(kind, Failure::Interrupted));
    }
    let mut slices = [IoSlice::new(b"ab"), IoSlice::new(b""), IoSlice::new(b"cdefgh")];
    file.write_all_vectored_at(&mut slices, 1).unwrap();
    let mut buffer = [0xff; 9];
    file.read_exact_at(&mut buffer, 0).unwrap();
    assert_eq!(&buffer, b"\0abcdefgh");
    assert_eq!(sim.op_count(), 4, "one creation and three writes");
}

#[test]
fn reading_ends_where_the_file_does() {
    let both = Both::new();
    let file = |disk: &Disk, root: &Path| disk.open(&root.join("f"), Open::Create).unwrap();
    both.same(|d, r| file(d, r).write_all_at(b"0123456789", 0).unwrap());
    for (position, read) in [(0, 4), (8, 2), (10, 0), (1 << 40, 0)] {
        assert_eq!(both.same(|d, r| answer(file(d, r).read_at(&mut [0; 4], position))), Ok(read), "at {position}");
    }
    let kind = both.same(|d, r| file(d, r).read_exact_at(&mut [0; 4], 7).unwrap_err().kind());
    assert_eq!(kind, io::ErrorKind::UnexpectedEof);
}

#[test]
fn allocating_ahead_keeps_the_length() {
    let both = Both::new();
    let len = both.same(|disk, root| {
        let file = disk.open(&root.join("f"), Open::Create).unwrap();
        file.write_all_at(b"abc", 0).unwrap();
        file.allocate_ahead(0, 1 << 20).unwrap();
        file.len().unwrap()
    });
    assert_eq!(len, 3);
}

#[test]
fn a_directory_is_locked_until_the_lock_is_dropped() {
    let both = Both::new();
    both.same(|disk, root| {
        let held = disk.lock_dir(root).unwrap();
        assert_eq!(disk.lock_dir(root).unwrap_err().kind(), io::ErrorKind::WouldBlock);
        drop(held);
        disk.lock_dir(root).map(drop).unwrap();
    });
}

#[test]
fn an_unlinked_file_is_read_by_who_has_it_open() {
    let both = Both::new();
    both.same(|disk, root| {
        let file = Arc::new(disk.open(&root.join("f"), Open::Create).unwrap());
        file.write_all_at(b"abc", 0).unwrap();
        disk.remove_file(&root.join("f")).unwrap();
        disk.open(&root.join("f"), Open::CreateNew).unwrap().write_all_at(b"new", 0).unwrap();
        let mut buffer = [0; 3];
        file.read_exact_at(&mut buffer, 0).unwrap();
        assert_eq!(&buffer, b"abc");
    });
}

#[test]
fn write_atomic_replaces_what_was_there_and_any_leftover() {
    let both = Both::new();
    let names = both.same(|disk, root| {
        let path = root.join("checkpoint");
        disk.open(&root.join("checkpoint.tmp"), Open::Create).unwrap().write_all_at(&[7; 99], 0).unwrap();
        disk.write_atomic(&path, b"first").unwrap();
        assert_eq!(disk.read(&path).unwrap(), b"first");
        disk.write_atomic(&path, b"2nd").unwrap();
        assert_eq!(disk.read(&path).unwrap(), b"2nd");
        disk.read_dir(root).unwrap()
    });
    assert_eq!(names, [DirEntry { name: "checkpoint".into(), is_dir: false }]);
}

#[test]
fn room_on_the_disk_is_told() {
    let both = Both::new();
    both.same(|disk, root| {
        let (available, total) = (disk.available_bytes(root).unwrap(), disk.total_bytes(root).unwrap());
        assert!(0 < available && available <= total, "{available} of {total}");
    });
    assert_eq!(both.same(|disk, root| answer(disk.available_bytes(&root.join("no")))), Err(Some(libc::ENOENT)));
}

#[test]
fn only_a_real_file_has_a_descriptor() {
    let both = Both::new();
    let [real, sim] = both.sides.each_ref().map(|(disk, root)| disk.open(&root.join("f"), Open::Create).unwrap());
    assert!(real.fd().is_some());
    assert!(sim.fd().is_none());
}

#[derive(Clone, Debug)]
enum Step {
    CreateDir(PathBuf),
    Write(PathBuf, u64, usize),
    SetLen(PathBuf, u64),
    Rename(PathBuf, PathBuf),
    RemoveFile(PathBuf),
    RemoveDir(PathBuf),
    Sync(PathBuf),
    SyncDir(PathBuf),
    WriteAtomic(PathBuf, usize),
}

impl Step {
    fn take(&self, disk: &Disk, root: &Path) -> io::Result<()> {
        let at = |path: &Path| root.join(path);
        match self {
            Step::CreateDir(path) => disk.create_dir_all(&at(path)),
            Step::Write(path, position, len) => {
                let bytes: Vec<u8> = (1..=*len).map(|i| i as u8).collect();
                disk.open(&at(path), Open::Create)?.write_all_at(&bytes, *position)
            }
            Step::SetLen(path, len) => disk.open(&at(path), Open::ReadWrite)?.set_len(*len),
            Step::Rename(from, to) => disk.rename(&at(from), &at(to)),
            Step::RemoveFile(path) => disk.remove_file(&at(path)),
            Step::RemoveDir(path) => disk.remove_dir_all(&at(path)),
            Step::Sync(path) => disk.open(&at(path), Open::ReadWrite)?.sync_all(),
            Step::SyncDir(path) => disk.sync_dir(&at(path)),
            Step::WriteAtomic(path, len) => disk.write_atomic(&at(path), &vec![9; *len]),
        }
    }
}

/// A few names, so that steps meet.
fn path() -> impl Strategy<Value = PathBuf> {
    let name = || prop::sample::select(vec!["a", "b", "c"]);
    prop::collection::vec(name(), 1..4).prop_map(|names| names.iter().collect())
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => path().prop_map(Step::CreateDir),
        4 => (path(), 0..2000_u64, 0..1500_usize).prop_map(|(path, position, len)| Step::Write(path, position, len)),
        1 => (path(), 0..3000_u64).prop_map(|(path, len)| Step::SetLen(path, len)),
        4 => (path(), path()).prop_map(|(from, to)| Step::Rename(from, to)),
        1 => path().prop_map(Step::RemoveFile),
        1 => path().prop_map(Step::RemoveDir),
        1 => path().prop_map(Step::Sync),
        1 => path().prop_map(Step::SyncDir),
        1 => (path(), 0..100_usize).prop_map(|(path, len)| Step::WriteAtomic(path, len)),
    ]
}

/// Everything below a directory: names, and the content of files.
fn content(disk: &Disk, dir: &Path) -> Vec<(String, Option<Vec<u8>>)> {
    let mut found = Vec::new();
    for DirEntry { name, is_dir } in disk.read_dir(dir).unwrap() {
        let path = dir.join(&name);
        if is_dir {
            let below = content(disk, &path);
            found.push((name.clone(), None));
            found.extend(below.into_iter().map(|(rest, bytes)| (format!("{name}/{rest}"), bytes)));
        } else {
            let bytes = disk.read(&path).unwrap();
            assert_eq!(disk.metadata_len(&path).unwrap(), bytes.len() as u64);
            found.push((name, Some(bytes)));
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_same_steps_have_the_same_answers_and_leave_the_same(steps in prop::collection::vec(step(), 1..40)) {
        let both = Both::new();
        for step in &steps {
            both.same(|disk, root| answer(step.take(disk, root))).ok();
            both.same(content);
        }
    }
}

#[test]
fn a_real_filesystem_is_synced_and_keeps_its_identity() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Disk::real();
    disk.sync_filesystem(dir.path()).unwrap();
    let identity = disk.cache_identity(dir.path()).unwrap();
    assert_eq!(disk.cache_identity(dir.path()).unwrap(), identity);
    // Of another mount, where there is one and the kernel numbers them.
    assert!(identity.is_none() || disk.cache_identity(Path::new("/proc")).unwrap() != identity);
}
