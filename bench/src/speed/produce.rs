//! A producer that costs almost nothing: one request, encoded once, sent again and again on one connection.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use anyhow::{Result, ensure};
use record::Compression;
use wire::Records;
use wire::messages::produce::{PartitionProduceData, ProduceRequest, TopicProduceData};

use super::meter::{Meter, Run};
use super::servers::connect;
use super::values::batch_of;
use super::workload::Workload;
use crate::target::Target;

/// The oldest that Kafka 4 takes, which the floor speaks.
pub const OLDEST: i16 = 3;
/// The oldest in which a batch may be compressed by Zstandard (KIP-110), which nothing but the codec tells the floor.
const WITH_ZSTD: i16 = 7;
/// Sends the workload's records to the only partition of the topic and waits for all acknowledgements.
pub fn run(server: &Target, topic: &str, workload: &Workload) -> Result<Run> {
    let (run, last_offset) = send(server, topic, workload, 1)?;
    let (records, sent) = (last_offset + workload.batch_records as i64, workload.records());
    ensure!(records as u64 == sent, "{records} records are in the log of {sent}");
    Ok(run)
}

/// Sends the workload's records, a batch to each of so many partitions in turn. The run, and the base offset that was told
/// last.
pub fn send(server: &Target, topic: &str, workload: &Workload, partitions: i32) -> Result<(Run, i64)> {
    let batch = batch_of(workload);
    let is_newer = workload.compression == Compression::Zstd && !server.is_floor();
    let version = if is_newer { WITH_ZSTD } else { OLDEST };
    let framed = |acks| request(topic, &batch, acks, version);
    let (mut frame, mut last_frame) = (framed(workload.acks), framed(-1));
    // Before the records with their length is the number of the partition.
    let place = frame.len() - batch.len() - 8;
    let (requests, in_flight) = (workload.requests, if workload.acks == 0 { usize::MAX } else { workload.in_flight });
    let mut socket = connect(server)?;
    let mut answers = Answers::new(socket.try_clone()?, topic, version);
    let (mut begun, mut latencies) = (VecDeque::new(), Vec::with_capacity(requests as usize));
    let meter = Meter::begin(server)?;
    for sent in 0..requests {
        let is_last = sent + 1 == requests;
        // Nobody answers a request without acknowledgement, but the last of them shows that all before it were appended.
        let frame = if is_last { &mut last_frame } else { &mut frame };
        frame[place..place + 4].copy_from_slice(&((sent % partitions as u64) as i32).to_be_bytes());
        socket.write_all(frame)?;
        if workload.acks != 0 || is_last {
            begun.push_back(Instant::now());
        }
        let least = usize::from(begun.len() >= in_flight);
        answers.take(if is_last { begun.len() } else { least }, |_| {
            let begin = begun.pop_front();
            latencies.extend(begin.map(|begin: Instant| begin.elapsed().as_nanos() as u64));
        })?;
    }
    let run = meter.end(workload.records(), workload.bytes(), latencies)?;
    Ok((run, answers.last_offset))
}

/// A whole request with one batch.
pub fn request(topic: &str, batch: &[u8], acks: i16, version: i16) -> Vec<u8> {
    let data = PartitionProduceData { index: 0, records: Some(Records::Bytes(batch)) };
    let topic = TopicProduceData { name: topic, topic_id: Default::default(), partition_data: vec![data].into() };
    let request = ProduceRequest { transactional_id: None, acks, timeout_ms: 30_000, topic_data: vec![topic].into() };
    let mut frame = Vec::new();
    wire::encode_request(&mut frame, 1, Some("bench"), version, &request);
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
    pub fn new(socket: TcpStream, topic: &str, version: i16) -> Answers {
        // Size, correlation id, one topic with its name, one partition with its index.
        let error = 4 + 4 + 4 + 2 + topic.len() + 4 + 4;
        // Error, offset and time, since version 5 where the log starts, and the throttle time behind all.
        let len = error + 2 + 8 + 8 + if version >= 5 { 8 } else { 0 } + 4;
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
