//! ListOffsets (key 2), versions 1-11: offsets by time. v2 isolation level, v4 leader epochs (KIP-320), v6 flexible, v7
//! the maximum timestamp (KIP-734), v8 earliest local (KIP-405), v9 latest tiered (KIP-1005), v11 earliest pending
//! upload (KIP-1023).
//!
//! Where nothing is looked for by time the answer leaves at once. Looking for a time reads files and opens batches, which
//! is done off the loop.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use net::Outbox;
use record::{LeaderEpoch, Offset, PartitionIndex, Timestamp};
use storage::ReadError;
use wire::ErrorCode;
use wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTopic,
    ListOffsetsTopicResponse,
};

use crate::api::{Call, Flow, Respond};
use crate::errors::read_failure;
use crate::partition::Partition;

const READ_UNCOMMITTED: i8 = 0;
const READ_COMMITTED: i8 = 1;

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
const EARLIEST_PENDING_UPLOAD: i64 = -6;

/// One topic of the request.
struct Topic {
    name: String,
    partitions: Vec<Part>,
}

/// One partition of the request.
struct Part {
    index: i32,
    look_up: Result<LookUp, ErrorCode>,
}

/// What is known of one partition, or how it is found out.
enum LookUp {
    Found(Found),
    /// The earliest record that is not older.
    Time(Arc<Partition>, Timestamp),
    /// The earliest of the latest records.
    MaxTimestamp(Arc<Partition>),
}

/// An offset with the timestamp of its record, where one was looked for, and the leader's epoch; or there is none.
type Found = Option<(Offset, Timestamp, LeaderEpoch)>;

/// Answers every partition by itself.
pub fn handle(call: &Call<'_>, request: ListOffsetsRequest<'_>, outbox: &mut Outbox) -> Flow {
    // Nothing is open, so what is committed is all there is.
    let is_known = matches!(request.isolation_level, READ_UNCOMMITTED | READ_COMMITTED);
    let topics = request.topics.iter().map(|topic| {
        let part = |(index, asked): (i32, Option<ListOffsetsPartition>)| {
            // What is asked for twice is told once, that it is wrong.
            let once = asked.filter(|_| is_known).ok_or(ErrorCode::INVALID_REQUEST);
            Part { index, look_up: once.and_then(|asked| look_up(call, topic.name, &asked)) }
        };
        Topic { name: topic.name.to_owned(), partitions: asked_once(&topic).into_iter().map(part).collect() }
    });
    let (mut topics, respond): (Vec<Topic>, _) = (topics.collect(), call.respond());
    if topics.iter().all(|topic| topic.partitions.iter().all(Part::is_found)) {
        tell(respond, &topics, outbox);
        return Flow::Done;
    }
    let work = move || {
        topics.iter_mut().flat_map(|topic| &mut topic.partitions).for_each(Part::find);
        topics
    };
    Flow::Wait(call.node.errands.answer(work, move |topics, outbox| tell(respond, &topics, outbox)))
}

/// The partitions of a topic in their order, each once; without what is asked where that is said more than once.
fn asked_once(topic: &ListOffsetsTopic<'_>) -> Vec<(i32, Option<ListOffsetsPartition>)> {
    let mut places: HashMap<i32, usize> = HashMap::new();
    let mut asked = Vec::new();
    for partition in topic.partitions.iter() {
        let index = partition.partition_index;
        match places.entry(index) {
            Entry::Occupied(place) => asked[*place.get()] = (index, None),
            Entry::Vacant(place) => {
                place.insert(asked.len());
                asked.push((index, Some(partition)));
            }
        }
    }
    asked
}

fn look_up(call: &Call<'_>, topic: &str, asked: &ListOffsetsPartition) -> Result<LookUp, ErrorCode> {
    let topic = call.view.topic(topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let partition = topic.partition(PartitionIndex(asked.partition_index)).map_err(|error| error.code)?;
    partition.check_leader_epoch(LeaderEpoch(asked.current_leader_epoch))?;
    let version = call.version();
    let without_time = |offset| Ok(LookUp::Found(Some((offset, Timestamp(-1), partition.leader_epoch()))));
    match asked.timestamp {
        LATEST => without_time(partition.high_watermark().offset),
        EARLIEST => without_time(partition.log_start_offset()),
        MAX_TIMESTAMP if version >= 7 => Ok(LookUp::MaxTimestamp(Arc::clone(partition))),
        EARLIEST_LOCAL if version >= 8 => without_time(partition.log_start_offset()),
        // Nothing is tiered.
        LATEST_TIERED if version >= 9 => Ok(LookUp::Found(None)),
        EARLIEST_PENDING_UPLOAD if version >= 11 => Ok(LookUp::Found(None)),
        0.. => Ok(LookUp::Time(Arc::clone(partition), Timestamp(asked.timestamp))),
        _ => Err(ErrorCode::UNSUPPORTED_VERSION),
    }
}

impl Part {
    fn is_found(&self) -> bool {
        matches!(self.look_up, Ok(LookUp::Found(_)) | Err(_))
    }

    /// Looks for the time, if one was asked for.
    fn find(&mut self) {
        let found = match &self.look_up {
            Ok(LookUp::Time(partition, timestamp)) => {
                let upper = partition.high_watermark().offset;
                with_epoch(partition, partition.reader().offset_for_timestamp(*timestamp, upper))
            }
            Ok(LookUp::MaxTimestamp(partition)) => {
                let upper = partition.high_watermark().offset;
                with_epoch(partition, partition.reader().max_timestamp(upper))
            }
            Ok(LookUp::Found(_)) | Err(_) => return,
        };
        self.look_up = found.map(LookUp::Found);
    }

    fn response(&self) -> ListOffsetsPartitionResponse {
        let partition_index = self.index;
        let none = ListOffsetsPartitionResponse { partition_index, timestamp: -1, offset: -1, ..Default::default() };
        match &self.look_up {
            Ok(LookUp::Found(Some((offset, timestamp, epoch)))) => {
                ListOffsetsPartitionResponse { offset: offset.0, timestamp: timestamp.0, leader_epoch: epoch.0, ..none }
            }
            Ok(LookUp::Found(None)) => none,
            Ok(LookUp::Time(..) | LookUp::MaxTimestamp(_)) => unreachable!("all are found before they are told"),
            Err(error_code) => ListOffsetsPartitionResponse { error_code: *error_code, ..none },
        }
    }
}

fn with_epoch(
    partition: &Partition,
    found: Result<Option<(Offset, Timestamp)>, ReadError>,
) -> Result<Found, ErrorCode> {
    let found = found.map_err(|error| read_failure(&error))?;
    Ok(found.map(|(offset, timestamp)| (offset, timestamp, partition.leader_epoch())))
}

fn tell(respond: Respond, topics: &[Topic], outbox: &mut Outbox) {
    let topics = topics.iter().map(|topic| ListOffsetsTopicResponse {
        name: &topic.name,
        partitions: topic.partitions.iter().map(Part::response).collect(),
    });
    respond.answer(outbox, &ListOffsetsResponse { topics: topics.collect(), ..Default::default() });
}
