//! A range of a file, as a fetch answers with: who has it may read it or send it, whatever becomes of the name.

use std::io;
use std::sync::Arc;

use crate::File;

/// `len` bytes of `file` from `position`.
#[derive(Clone, Debug)]
pub struct FileSlice {
    /// The file; kept open by this slice.
    pub file: Arc<File>,
    /// The first byte.
    pub position: u64,
    /// How many bytes.
    pub len: u32,
}

impl FileSlice {
    /// Appends the bytes to `out`.
    ///
    /// # Errors
    /// `UnexpectedEof` when the file is shorter than the slice; `out` is then as it was.
    pub fn read_into(&self, out: &mut Vec<u8>) -> io::Result<()> {
        let start = out.len();
        out.resize(start + self.len as usize, 0);
        self.file.read_exact_at(&mut out[start..], self.position).inspect_err(|_| out.truncate(start))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::{Disk, Open, SimDisk};

    #[test]
    fn reads_its_range_behind_what_is_there_and_nothing_when_the_file_is_shorter() {
        let disk = Disk::sim(SimDisk::new());
        let file = Arc::new(disk.open(Path::new("/f"), Open::CreateNew).unwrap());
        file.write_all_at(b"0123456789", 0).unwrap();
        let mut out = b"head ".to_vec();
        FileSlice { file: file.clone(), position: 3, len: 4 }.read_into(&mut out).unwrap();
        assert_eq!(out, b"head 3456");
        let error = FileSlice { file, position: 8, len: 3 }.read_into(&mut out).unwrap_err();
        assert_eq!((error.kind(), out.as_slice()), (io::ErrorKind::UnexpectedEof, b"head 3456".as_slice()));
    }
}
