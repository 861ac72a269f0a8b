//! A consumer that reads the headers of batches alone, and checks that no offset is missing.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use anyhow::{Context as _, Result, ensure};
use record::{BatchHeader, HEADER_LEN};
use rustix::net::RecvFlags;
use wire::messages::fetch::{FetchPartition, FetchRequest, FetchTopic};

use super::meter::{Meter, Run};
use super::servers::connect;
use super::workload::Workload;
use crate::target::Target;

/// The oldest that Kafka 4 takes, which the floor speaks.
const VERSION: i16 = 4;
/// Kafka's default of `max.partition.fetch.bytes`.
const BYTES_MAX: i32 = 1 << 20;

/// Reads the topic from its begin to its end.
pub fn run(server: &Target, topic: &str, workload: &Workload) -> Result<Run> {
    let mut consumer = Consumer::open(server, topic)?;
    let meter = Meter::begin(server)?;
    while consumer.offset < workload.records() as i64 {
        consumer.fetch()?;
    }
    meter.end(workload.records(), workload.bytes(), Vec::new())
}

/// Reads one partition.
pub struct Consumer {
    socket: TcpStream,
    request: Vec<u8>,
    /// Where the offset is in the request.
    place: usize,
    /// Bytes of an answer before the batches.
    head: usize,
    answer: Vec<u8>,
    /// The next to read.
    pub offset: i64,
}

impl Consumer {
    /// From the first record.
    pub fn open(server: &Target, topic: &str) -> Result<Consumer> {
        let request = request(topic);
        // The last fields are the offset and what is wanted of the partition.
        let place = request.len() - 12;
        let head = head(topic);
        let answer = vec![0; 4 << 20];
        Ok(Consumer { socket: connect(server)?, request, place, head, answer, offset: 0 })
    }

    /// One fetch: the batches that came, which follow on those before.
    pub fn fetch(&mut self) -> Result<&[u8]> {
        self.request[self.place..self.place + 8].copy_from_slice(&self.offset.to_be_bytes());
        self.socket.write_all(&self.request)?;
        let mut size = [0; 4];
        self.socket.read_exact(&mut size)?;
        let size = u32::from_be_bytes(size) as usize;
        self.answer.resize(self.answer.len().max(size), 0);
        self.socket.read_exact(&mut self.answer[..size])?;
        let error = self.head - 4 - 4 - 8 - 8 - 2;
        let error = i16::from_be_bytes([self.answer[error], self.answer[error + 1]]);
        ensure!(error == 0, "the server refused a fetch with error {error}");
        // Apache Kafka tells no aborted transactions as an empty list, others as none at all: both are four bytes.
        let batches = &self.answer[self.head..size];
        self.offset = follow(batches, self.offset)?;
        Ok(batches)
    }
}

impl Consumer {
    /// One fetch of which only the headers of the batches are copied to here, so that a consumer costs little; how many
    /// bytes came.
    pub fn skim(&mut self) -> Result<u64> {
        self.request[self.place..self.place + 8].copy_from_slice(&self.offset.to_be_bytes());
        self.socket.write_all(&self.request)?;
        self.socket.read_exact(&mut self.answer[..4 + self.head])?;
        let size = u32::from_be_bytes(self.answer[..4].try_into()?) as usize;
        let error = 4 + self.head - 4 - 4 - 8 - 8 - 2;
        let error = i16::from_be_bytes([self.answer[error], self.answer[error + 1]]);
        ensure!(error == 0, "the server refused a fetch with error {error}");
        let mut rest = size - self.head;
        while rest >= HEADER_LEN {
            let mut header = [0; HEADER_LEN];
            self.socket.read_exact(&mut header)?;
            rest -= HEADER_LEN;
            let header = BatchHeader::decode(&header);
            let body = header.total_len() - HEADER_LEN;
            if body > rest {
                break;
            }
            let (base, at) = (header.base_offset.0, self.offset);
            ensure!(base <= at && header.next_offset().0 > at, "offset {at} is missing: a batch begins at {base}");
            self.drop_bytes(body)?;
            rest -= body;
            self.offset = header.next_offset().0;
        }
        self.drop_bytes(rest)?;
        Ok(size as u64)
    }

    /// Asks for not more than so many bytes from now on, but for a first batch that is larger.
    pub fn ask_for(&mut self, bytes: i32) {
        let end = self.request.len();
        self.request[end - 4..].copy_from_slice(&bytes.to_be_bytes());
    }

    /// The offset that a [`request`] asks for.
    pub fn place(request: &mut [u8], offset: i64) {
        let place = request.len() - 12;
        request[place..place + 8].copy_from_slice(&offset.to_be_bytes());
    }

    /// The offset of the first batch in an answer without its size; nothing where no batch is in it.
    pub fn base_offset(topic: &str, answer: &[u8]) -> Result<Option<i64>> {
        let head = head(topic);
        let error = answer.get(head - 26..head - 24).context("a short answer")?;
        ensure!(error == [0, 0], "the server refused a fetch with error {error:?}");
        Ok(answer.get(head..).and_then(|batches| batches.first_chunk()).map(|offset| i64::from_be_bytes(*offset)))
    }

    /// Takes bytes from the socket that nobody copies.
    fn drop_bytes(&mut self, mut count: usize) -> Result<()> {
        while count > 0 {
            let most = count.min(self.answer.len());
            let flags = RecvFlags::TRUNC | RecvFlags::WAITALL;
            let (_, dropped) = rustix::net::recv(&self.socket, &mut self.answer[..most], flags)?;
            ensure!(dropped > 0, "the server closed the connection");
            count -= dropped;
        }
        Ok(())
    }
}

/// The offset behind whole batches that begin at or before `offset` and follow on each other.
fn follow(mut batches: &[u8], mut offset: i64) -> Result<i64> {
    let mut is_first = true;
    while let Some(header) = batches.first_chunk::<HEADER_LEN>() {
        let header = BatchHeader::decode(header);
        let Some(rest) = batches.get(header.total_len()..) else { break };
        let base = header.base_offset.0;
        ensure!(base == offset || (is_first && base < offset), "offset {offset} is missing: a batch begins at {base}");
        offset = header.next_offset().0;
        (batches, is_first) = (rest, false);
    }
    Ok(offset)
}

/// The value of a batch's only record: the last bytes before its count of headers.
pub fn only_value(batch: &[u8], value_bytes: usize) -> Result<&[u8]> {
    let end = batch.len() - 1;
    batch.get(end - value_bytes..end).context("the value is shorter")
}

/// Correlation id, throttle time, one topic with its name, one partition with its index, error, two offsets, aborted
/// transactions, length.
fn head(topic: &str) -> usize {
    4 + 4 + 4 + 2 + topic.len() + 4 + 4 + 2 + 8 + 8 + 4 + 4
}

/// A fetch of the first record that waits half a second for it.
pub fn request(topic: &str) -> Vec<u8> {
    let partition = FetchPartition { partition: 0, partition_max_bytes: BYTES_MAX, ..FetchPartition::default() };
    let topic = FetchTopic { topic, topic_id: Default::default(), partitions: vec![partition].into() };
    let request = FetchRequest {
        max_wait_ms: 500,
        min_bytes: 1,
        max_bytes: BYTES_MAX,
        topics: vec![topic].into(),
        ..FetchRequest::default()
    };
    let mut frame = Vec::new();
    wire::encode_request(&mut frame, 1, Some("bench"), VERSION, &request);
    frame
}
