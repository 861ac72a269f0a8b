//! One client: its frames, its answers, and what is sent of the file.

use std::io::Read as _;
use std::net::TcpStream;
use std::ops::Range;

use anyhow::Result;
use rustix::io::Errno;
use rustix::net::SendFlags;

use super::log::Log;
use super::requests::{Fetch, Wanted, answer, parse, put_partition, put_string};

const INPUT_BYTES: usize = 4 << 20;
const CORRUPT_MESSAGE: i16 = 2;

/// How a turn of a connection ends.
pub enum Progress {
    /// Everything is done.
    Idle,
    /// A fetch waits for records.
    Waiting,
    /// The socket takes no more for now.
    Blocked,
    /// The client is gone, or says what nobody understands.
    Closed,
}

/// A client's connection.
pub struct Connection {
    stream: TcpStream,
    input: Vec<u8>,
    read: usize,
    filled: usize,
    output: Vec<u8>,
    sent: usize,
    /// Batches in `input` that are to be written.
    appends: Vec<Range<usize>>,
    fetch: Option<Fetch>,
    /// Position and length of what follows `output`.
    file: (u64, u64),
    /// Whether it is to be told when the socket takes bytes again.
    pub is_blocked: bool,
}

impl Connection {
    /// New.
    pub fn new(stream: TcpStream) -> Connection {
        Connection {
            stream,
            input: vec![0; INPUT_BYTES],
            read: 0,
            filled: 0,
            output: Vec::with_capacity(1 << 16),
            sent: 0,
            appends: Vec::new(),
            fetch: None,
            file: (0, 0),
            is_blocked: false,
        }
    }

    /// The socket.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Takes one read from the socket and does what is in it.
    pub fn serve(&mut self, log: &mut Log) -> Result<Progress> {
        if self.read > 0 {
            self.input.copy_within(self.read..self.filled, 0);
            (self.read, self.filled) = (0, self.filled - self.read);
        }
        match self.stream.read(&mut self.input[self.filled..]) {
            Ok(0) => return Ok(Progress::Closed),
            Ok(len) => self.filled += len,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return Ok(Progress::Closed),
        }
        while let Some(end) = self.frame_end() {
            let start = std::mem::replace(&mut self.read, end) + 4;
            if self.take_frame(log, start..end)?.is_none() {
                return Ok(Progress::Closed);
            }
        }
        // What a client is told to be there is in the page cache before it is told.
        log.write(&self.input, &self.appends)?;
        self.appends.clear();
        self.wake(log)
    }

    /// Answers the fetch if there is something for it, and sends what there is to send.
    pub fn wake(&mut self, log: &Log) -> Result<Progress> {
        self.answer_fetch(log);
        self.flush(log)
    }

    fn frame_end(&self) -> Option<usize> {
        let size = self.input[self.read..self.filled].first_chunk::<4>()?;
        let end = self.read + 4 + u32::from_be_bytes(*size) as usize;
        (end <= self.filled).then_some(end)
    }

    fn take_frame(&mut self, log: &mut Log, frame: Range<usize>) -> Result<Option<()>> {
        let Some((correlation_id, wanted)) = parse(&self.input[frame.clone()]) else { return Ok(None) };
        let out = &mut self.output;
        match wanted {
            Wanted::Produce { acks, topic, partition, records } => {
                let within = |range: Range<usize>| frame.start + range.start..frame.start + range.end;
                let records = within(records);
                let placed = log.place(&mut self.input[records.clone()]);
                self.appends.push(records);
                let topic = &self.input[within(topic)];
                if acks != 0 {
                    answer(out, correlation_id, 0, |out| {
                        put_partition(out, topic, partition);
                        out.extend(placed.map_or(CORRUPT_MESSAGE, |_| 0).to_be_bytes());
                        out.extend(placed.unwrap_or(-1).to_be_bytes());
                        out.extend((-1_i64).to_be_bytes());
                        out.extend(0_i32.to_be_bytes());
                    });
                }
            }
            Wanted::Fetch(fetch) => self.fetch = Some(fetch),
            Wanted::Offsets { topic, partition } => answer(out, correlation_id, 0, |out| {
                put_partition(out, topic, partition);
                out.extend(0_i16.to_be_bytes());
                out.extend((-1_i64).to_be_bytes());
                out.extend(log.end_offset().to_be_bytes());
            }),
            Wanted::Versions => answer(out, correlation_id, 0, |out| {
                out.extend(0_i16.to_be_bytes());
                out.extend(1_i32.to_be_bytes());
                [0_i16, 3, 3].iter().for_each(|number| out.extend(number.to_be_bytes()));
            }),
            Wanted::Create { topic } => {
                answer(out, correlation_id, 0, |out| {
                    out.extend(0_i32.to_be_bytes());
                    out.extend(1_i32.to_be_bytes());
                    put_string(out, topic);
                    out.extend(0_i16.to_be_bytes());
                    out.extend((-1_i16).to_be_bytes());
                });
                log.clear()?;
            }
            Wanted::Delete { topic } => {
                answer(out, correlation_id, 0, |out| {
                    out.extend(0_i32.to_be_bytes());
                    out.extend(1_i32.to_be_bytes());
                    put_string(out, topic);
                    out.extend(0_i16.to_be_bytes());
                });
                log.clear()?;
            }
        }
        Ok(Some(()))
    }

    fn answer_fetch(&mut self, log: &Log) {
        let Some((fetch, range)) = self.fetch.as_ref().and_then(|f| Some((f, log.range(f.offset, f.bytes_max)?)))
        else {
            return;
        };
        let (_, len) = range;
        answer(&mut self.output, fetch.correlation_id, len, |out| {
            out.extend(0_i32.to_be_bytes());
            put_partition(out, &fetch.topic, fetch.partition);
            out.extend(0_i16.to_be_bytes());
            out.extend(log.end_offset().to_be_bytes());
            out.extend(log.end_offset().to_be_bytes());
            out.extend((-1_i32).to_be_bytes());
            out.extend((len as i32).to_be_bytes());
        });
        self.file = range;
        self.fetch = None;
    }

    /// Sends answers and then the file's part, as much as the socket takes.
    pub fn flush(&mut self, log: &Log) -> Result<Progress> {
        while self.sent < self.output.len() {
            let more = if self.file.1 > 0 { SendFlags::MORE } else { SendFlags::empty() };
            match rustix::net::send(&self.stream, &self.output[self.sent..], SendFlags::NOSIGNAL | more) {
                Ok(len) => self.sent += len,
                Err(Errno::AGAIN) => return Ok(Progress::Blocked),
                Err(_) => return Ok(Progress::Closed),
            }
        }
        self.output.clear();
        self.sent = 0;
        while self.file.1 > 0 {
            let mut position = self.file.0;
            match rustix::fs::sendfile(&self.stream, log.file(), Some(&mut position), self.file.1 as usize) {
                Ok(0) => return Ok(Progress::Closed),
                Ok(len) => self.file = (self.file.0 + len as u64, self.file.1 - len as u64),
                Err(Errno::AGAIN) => return Ok(Progress::Blocked),
                Err(_) => return Ok(Progress::Closed),
            }
        }
        Ok(if self.fetch.is_some() { Progress::Waiting } else { Progress::Idle })
    }
}
