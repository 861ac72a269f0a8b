//! A connection that may break at any time, which is an answer too.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use kafka_protocol::messages::delete_records_request::{DeleteRecordsPartition, DeleteRecordsTopic};
use kafka_protocol::messages::list_offsets_request::{ListOffsetsPartition, ListOffsetsTopic};
use kafka_protocol::messages::{BrokerId, DeleteRecordsRequest, ListOffsetsRequest, ResponseHeader};
use kafka_protocol::protocol::{Decodable, HeaderVersion, Request};

use crate::calls::topic_name;
use crate::raw::framed;

/// No answer takes longer, unless the broker is stopped or lost.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// One connection.
pub struct Wire {
    stream: TcpStream,
    next: i32,
}

impl Wire {
    /// Connects to `HOST:PORT`.
    pub fn to(address: &str) -> io::Result<Wire> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(ANSWER_WITHIN))?;
        stream.set_write_timeout(Some(ANSWER_WITHIN))?;
        Ok(Wire { stream, next: 0 })
    }

    /// Sends a request.
    pub fn send<R: Request>(&mut self, version: i16, request: &R) -> io::Result<()> {
        self.next += 1;
        self.stream.write_all(&framed(version, self.next, request))
    }

    /// The next answer. An error means that the outcome is not known.
    pub fn receive<R: Request>(&mut self, version: i16) -> io::Result<R::Response> {
        let mut size = [0; 4];
        self.stream.read_exact(&mut size)?;
        let mut frame = vec![0; usize::try_from(i32::from_be_bytes(size)).map_err(io::Error::other)?];
        self.stream.read_exact(&mut frame)?;
        let mut frame = bytes::Bytes::from(frame);
        ResponseHeader::decode(&mut frame, R::Response::header_version(version)).map_err(io::Error::other)?;
        R::Response::decode(&mut frame, version).map_err(io::Error::other)
    }

    /// Sends a request and waits for its answer.
    pub fn call<R: Request>(&mut self, version: i16, request: &R) -> io::Result<R::Response> {
        self.send(version, request)?;
        self.receive::<R>(version)
    }

    /// ListOffsets of one partition: error code, offset, timestamp.
    pub fn list_offsets(&mut self, topic: &str, partition: i32, asked: i64) -> io::Result<(i16, i64, i64)> {
        let partition = ListOffsetsPartition::default().with_partition_index(partition).with_timestamp(asked);
        let topic = ListOffsetsTopic::default().with_name(topic_name(topic)).with_partitions(vec![partition]);
        let request = ListOffsetsRequest::default().with_replica_id(BrokerId(-1)).with_topics(vec![topic]);
        let response = self.call(7, &request)?;
        let answer = response.topics.first().and_then(|topic| topic.partitions.first());
        let answer = answer.ok_or_else(|| io::Error::other("no answer for the partition"))?;
        Ok((answer.error_code, answer.offset, answer.timestamp))
    }

    /// DeleteRecords of one partition before `offset`: error code, new start.
    pub fn delete_records(&mut self, topic: &str, partition: i32, offset: i64) -> io::Result<(i16, i64)> {
        let partition = DeleteRecordsPartition::default().with_partition_index(partition).with_offset(offset);
        let topic = DeleteRecordsTopic::default().with_name(topic_name(topic)).with_partitions(vec![partition]);
        let request = DeleteRecordsRequest::default().with_topics(vec![topic]).with_timeout_ms(20_000);
        let response = self.call(2, &request)?;
        let answer = response.topics.first().and_then(|topic| topic.partitions.first());
        let answer = answer.ok_or_else(|| io::Error::other("no answer for the partition"))?;
        Ok((answer.error_code, answer.low_watermark))
    }
}
