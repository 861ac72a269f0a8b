//! Lines of a file or stdin, read by a thread of their own: reading may block for as long as nobody types.

use std::io::{self, Read};
use std::path::Path;

use tokio::sync::mpsc;

use crate::failure::Failure;
use crate::file;

const CHUNK_BYTES: usize = 256 << 10;
/// Chunks that are read ahead.
const CHUNKS_AHEAD: usize = 8;

/// The input in chunks of whole lines; only the last line of all may lack its end.
pub struct Input {
    chunks: mpsc::Receiver<io::Result<Vec<u8>>>,
    len: Option<u64>,
}

impl Input {
    /// Begins to read a file, or stdin.
    pub fn open(path: Option<&Path>) -> Result<Input, Failure> {
        let (sender, chunks) = mpsc::channel(CHUNKS_AHEAD);
        let len = match path {
            None => {
                std::thread::spawn(move || read_chunks(io::stdin().lock(), &sender));
                None
            }
            Some(path) => {
                let (file, len) = file::open(path)?;
                std::thread::spawn(move || read_chunks(file, &sender));
                Some(len)
            }
        };
        Ok(Input { chunks, len })
    }

    /// The bytes of the file, if it is one.
    pub fn len(&self) -> Option<u64> {
        self.len
    }

    /// The next lines; `None` at the end.
    pub async fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.chunks.recv().await.transpose()
    }
}

/// The lines of a chunk, without their ends.
pub fn of(chunk: &[u8]) -> impl Iterator<Item = &[u8]> {
    let whole = chunk.strip_suffix(b"\n").unwrap_or(chunk);
    whole.split(|&byte| byte == b'\n')
}

fn read_chunks(mut input: impl Read, sender: &mpsc::Sender<io::Result<Vec<u8>>>) {
    let mut rest = Vec::new();
    while let Some(chunk) = read_chunk(&mut input, &mut rest).transpose() {
        let failed = chunk.is_err();
        // The end of the receiver is the end of interest.
        if sender.blocking_send(chunk).is_err() || failed {
            return;
        }
    }
}

/// Reads what there is, until it holds a whole line; what follows the last whole line stays in `rest`.
fn read_chunk(input: &mut impl Read, rest: &mut Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    let mut chunk = std::mem::take(rest);
    loop {
        let seen = chunk.len();
        chunk.resize(seen + CHUNK_BYTES, 0);
        let read = input.read(&mut chunk[seen..]);
        chunk.truncate(seen + read.as_ref().copied().unwrap_or(0));
        match read {
            Ok(0) => return Ok((!chunk.is_empty()).then_some(chunk)),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if let Some(last) = chunk[seen..].iter().rposition(|&byte| byte == b'\n') {
            *rest = chunk.split_off(seen + last + 1);
            return Ok(Some(chunk));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives at most so many bytes at a time.
    struct Slowly<'a>(&'a [u8], usize);

    impl Read for Slowly<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(self.0.len()).min(buffer.len());
            buffer[..len].copy_from_slice(&self.0[..len]);
            self.0 = &self.0[len..];
            Ok(len)
        }
    }

    fn lines(text: &[u8], at_a_time: usize) -> Vec<Vec<u8>> {
        let (mut input, mut rest, mut lines) = (Slowly(text, at_a_time), Vec::new(), Vec::new());
        while let Some(chunk) = read_chunk(&mut input, &mut rest).unwrap() {
            lines.extend(of(&chunk).map(<[u8]>::to_vec));
        }
        lines
    }

    #[test]
    fn lines_are_whole_however_they_arrive() {
        let text = b"one\n\nthree\n\xff\nno end";
        let expected: [&[u8]; 5] = [b"one", b"", b"three", b"\xff", b"no end"];
        for at_a_time in [1, 2, 3, 5, 100] {
            assert_eq!(lines(text, at_a_time), expected, "{at_a_time} bytes at a time");
            assert_eq!(lines(b"\n\n", at_a_time), [b"", b""]);
            assert!(lines(b"", at_a_time).is_empty());
        }
    }
}
