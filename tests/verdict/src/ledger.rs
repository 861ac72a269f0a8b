//! Ledgers: append-only files of events, and reading them.

use std::fs::File;
use std::io::{self, BufReader, Cursor, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::event::{ENTRY_LEN, EVENT_LEN, Entry, Event};

/// More entries than any answer holds: a count above it is the garbage of a torn tail.
const ENTRIES_MAX: usize = 1 << 24;

/// The pen of a ledger. What was written is in the file after [`Writer::sync`], or when the writer is dropped.
pub struct Writer {
    file: File,
    buffer: Vec<u8>,
}

impl Writer {
    /// Begins a new ledger; an old one of that name is gone.
    pub fn create(path: &Path) -> io::Result<Writer> {
        Ok(Writer { file: File::create(path)?, buffer: Vec::new() })
    }

    /// Adds an event and its entries. `event.count` must say how many they are.
    pub fn write(&mut self, event: &Event, entries: &[Entry]) -> io::Result<()> {
        encode(&mut self.buffer, event, entries);
        if self.buffer.len() >= 1 << 16 { self.flush() } else { Ok(()) }
    }

    /// Makes everything written so far survive the death of this process and of its machine.
    pub fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.file.sync_data()
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // A ledger that is too short can only miss accusations of the broker's writes, and its owner may be panicking.
        let _ = self.flush();
    }
}

fn encode(bytes: &mut Vec<u8>, event: &Event, entries: &[Entry]) {
    assert_eq!(event.entries(), entries.len(), "the count is that of the entries: {event:?}");
    bytes.extend_from_slice(&event.encode());
    entries.iter().for_each(|entry| bytes.extend_from_slice(&entry.encode()));
}

/// What one client wrote down.
#[derive(Clone)]
pub enum Ledger {
    /// In a file.
    File(PathBuf),
    /// In memory, for histories made by hand.
    Bytes(Vec<u8>),
}

impl Ledger {
    /// A ledger in memory of these events.
    pub fn of(events: &[(Event, Vec<Entry>)]) -> Ledger {
        let mut bytes = Vec::new();
        events.iter().for_each(|(event, entries)| encode(&mut bytes, event, entries));
        Ledger::Bytes(bytes)
    }

    /// Begins to read it.
    pub fn open(&self) -> io::Result<Reader<'_>> {
        let input: Box<dyn Read> = match self {
            Ledger::File(path) => Box::new(BufReader::with_capacity(1 << 18, File::open(path)?)),
            Ledger::Bytes(bytes) => Box::new(Cursor::new(bytes.as_slice())),
        };
        Ok(Reader { input, entries: Vec::new() })
    }
}

/// Reads a ledger from its start. A torn tail is its end.
pub struct Reader<'a> {
    input: Box<dyn Read + 'a>,
    entries: Vec<Entry>,
}

impl Reader<'_> {
    /// The next event with its entries; None at the end.
    pub fn next_event(&mut self) -> io::Result<Option<(Event, &[Entry])>> {
        let mut bytes = [0; EVENT_LEN];
        if !fill(&mut self.input, &mut bytes)? {
            return Ok(None);
        }
        let Some(event) = Event::decode(&bytes).filter(|event| event.entries() <= ENTRIES_MAX) else { return Ok(None) };
        self.entries.clear();
        for _ in 0..event.entries() {
            let mut bytes = [0; ENTRY_LEN];
            if !fill(&mut self.input, &mut bytes)? {
                return Ok(None);
            }
            self.entries.push(Entry::decode(&bytes));
        }
        Ok(Some((event, &self.entries)))
    }
}

/// False when the input ends before `bytes` are full.
fn fill(input: &mut impl Read, bytes: &mut [u8]) -> io::Result<bool> {
    match input.read_exact(bytes) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
