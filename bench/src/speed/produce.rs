//! A producer that costs almost nothing: one request, encoded once, sent again and again on one connection.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use anyhow::{Result, ensure};
use record::{BatchBuilder, Compression, Timestamp};
use wire::Records;
use wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};

use super::meter::{Meter, Run};
use super::servers::connect;
use super::workload::Workload;
use crate::target::Target;

/// The oldest that Kafka 4 takes, which the floor speaks.
const VERSION: i16 = 3;
/// Sends the workload's records and waits for all acknowledgements.
pub fn run(server: &Target, topic: &str, workload: &Workload) -> Result<Run> {
    let batch = batch_of(workload);
    let (frame, last_frame) = (request(topic, &batch, workload.acks), request(topic, &batch, -1));
    let (requests, in_flight) = (workload.requests, if workload.acks == 0 { usize::MAX } else { workload.in_flight });
    let mut socket = connect(server)?;
    let mut answers = Answers::new(socket.try_clone()?, topic);
    let (mut begun, mut latencies) = (VecDeque::new(), Vec::with_capacity(requests as usize));
    let meter = Meter::begin(server)?;
    for sent in 0..requests {
        let is_last = sent + 1 == requests;
        // Nobody answers a request without acknowledgement, but the last of them shows that all before it were appended.
        socket.write_all(if is_last { &last_frame } else { &frame })?;
        if workload.acks != 0 || is_last {
            begun.push_back(Instant::now());
        }
        let least = usize::from(begun.len() >= in_flight);
        answers.take(if is_last { begun.len() } else { least }, |_| {
            let begin = begun.pop_front();
            latencies.extend(begin.map(|begin: Instant| begin.elapsed().as_nanos() as u64));
        })?;
    }
    let (records, sent) = (answers.last_offset + workload.batch_records as i64, workload.records());
    ensure!(records as u64 == sent, "{records} records are in the log of {sent}");
    meter.end(sent, workload.bytes(), latencies)
}

/// Values that no compression makes smaller, the same in every run.
pub fn random(len: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 24) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

/// The batch that the workload sends again and again.
pub fn batch_of(workload: &Workload) -> Vec<u8> {
    let (len, compression) = (workload.value_bytes * workload.batch_records, workload.compression);
    let values = if compression == Compression::None { random(len) } else { json_like(workload) };
    compressed(&values, workload.value_bytes, compression)
}

/// Uncompressed.
pub fn batch(values: &[u8], value_bytes: usize) -> Vec<u8> {
    compressed(values, value_bytes, Compression::None)
}

/// Values that are alike as events of one program are: the same names, and numbers and words by chance.
fn json_like(workload: &Workload) -> Vec<u8> {
    let chance = random(workload.batch_records * 64);
    let mut values = Vec::with_capacity(workload.batch_records * workload.value_bytes);
    for (n, bytes) in chance.chunks(64).enumerate() {
        let hex =
            |range: std::ops::Range<usize>| bytes[range].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let mut value = format!(
            "{{\"id\":\"{}\",\"sequence\":{n},\"customer\":{{\"id\":{},\"country\":\"{}\"}},\"session\":\"{}\",\"items\":[",
            hex(0..16),
            u32::from(bytes[16]) * 977,
            ["de", "fr", "jp", "us"][usize::from(bytes[17] % 4)],
            hex(18..34),
        );
        for item in bytes[34..].iter().cycle() {
            let rest = workload.value_bytes.saturating_sub(value.len());
            let next = format!(
                "{{\"product\":{},\"price\":{}.99,\"in_stock\":{}}},",
                u32::from(*item) * 31,
                item,
                item % 3 == 0
            );
            if next.len() + 2 > rest {
                break;
            }
            value.push_str(&next);
        }
        // The last comma gives way, and spaces are what is left.
        value.truncate(value.len() - 1);
        value.push_str("]}");
        value.push_str(&" ".repeat(workload.value_bytes.saturating_sub(value.len())));
        values.extend_from_slice(value.as_bytes());
    }
    values
}

/// One batch with a record for each value.
fn compressed(values: &[u8], value_bytes: usize, compression: Compression) -> Vec<u8> {
    let mut batch = BatchBuilder::new(compression);
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis() as i64);
    for value in values.chunks(value_bytes) {
        batch.append(Timestamp(now), None, Some(value), &[]);
    }
    batch.build()
}

/// A whole request with one batch.
pub fn request(topic: &str, batch: &[u8], acks: i16) -> Vec<u8> {
    let data = PartitionProduceData { index: 0, records: Some(Records::Bytes(batch)) };
    let topic = TopicProduceData { name: topic, topic_id: Default::default(), partition_data: vec![data].into() };
    let request = ProduceRequest { transactional_id: None, acks, timeout_ms: 30_000, topic_data: vec![topic].into() };
    let mut frame = Vec::new();
    wire::encode_request(&mut frame, 1, Some("bench"), VERSION, &request);
    frame
}

/// Acknowledgements, which are all of the same length.
pub struct Answers {
    socket: TcpStream,
    buffer: Vec<u8>,
    filled: usize,
    /// Bytes of an answer, and where its error and its offset are.
    len: usize,
    error: usize,
    last_offset: i64,
}

impl Answers {
    /// Of produce requests for one partition of this topic.
    pub fn new(socket: TcpStream, topic: &str) -> Answers {
        // Size, correlation id, one topic with its name, one partition with its index.
        let error = 4 + 4 + 4 + 2 + topic.len() + 4 + 4;
        let len = error + 2 + 8 + 8 + 4;
        Answers { socket, buffer: vec![0; 1 << 16], filled: 0, len, error, last_offset: -1 }
    }

    /// Waits for at least so many answers and takes all that came, each checked.
    pub fn take(&mut self, least: usize, mut each: impl FnMut(i64)) -> Result<()> {
        let mut taken = 0;
        while taken < least {
            let read = self.socket.read(&mut self.buffer[self.filled..])?;
            ensure!(read > 0, "the server closed the connection");
            self.filled += read;
            let whole = self.filled / self.len;
            for answer in self.buffer[..whole * self.len].chunks(self.len) {
                let error = i16::from_be_bytes([answer[self.error], answer[self.error + 1]]);
                ensure!(error == 0, "the server refused a batch with error {error}");
                let offset = &answer[self.error + 2..self.error + 10];
                self.last_offset = i64::from_be_bytes(offset.try_into()?);
                each(self.last_offset);
            }
            self.buffer.copy_within(whole * self.len..self.filled, 0);
            self.filled -= whole * self.len;
            taken += whole;
        }
        Ok(())
    }
}
