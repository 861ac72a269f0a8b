//! ListOffsets (key 2), versions 1-11: offsets by time. v2 isolation level, v4 leader epochs (KIP-320), v6 flexible, v7
//! the maximum timestamp (KIP-734), v8 earliest local (KIP-405), v9 latest tiered (KIP-1005), v11 earliest pending
//! upload (KIP-1023).

use net::Outbox;
use record::{LeaderEpoch, Offset, PartitionIndex, Timestamp};
use wire::ErrorCode;
use wire::messages::list_offsets::{
    ListOffsetsPartition, ListOffsetsPartitionResponse, ListOffsetsRequest, ListOffsetsResponse, ListOffsetsTopic,
    ListOffsetsTopicResponse,
};

use crate::api::{Call, Flow};
use crate::errors::read_failure;
use crate::partition::Partition;

const LATEST: i64 = -1;
const EARLIEST: i64 = -2;
const MAX_TIMESTAMP: i64 = -3;
const EARLIEST_LOCAL: i64 = -4;
const LATEST_TIERED: i64 = -5;
const EARLIEST_PENDING_UPLOAD: i64 = -6;

/// An offset with the timestamp of its record, where one was looked for.
type Found = (Offset, Timestamp);

/// Answers every partition by itself.
pub fn handle(call: &Call<'_>, request: ListOffsetsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let topics = request.topics.iter().map(|topic| {
        let repeated = repeated(&topic);
        let answers = topic.partitions.iter().map(|asked| answer(call, &topic, &asked, &repeated));
        ListOffsetsTopicResponse { name: topic.name, partitions: answers.collect() }
    });
    let response = ListOffsetsResponse { topics: topics.collect(), ..Default::default() };
    call.answer(outbox, &response);
    Flow::Done
}

/// The partitions that are named more than once, sorted.
fn repeated(topic: &ListOffsetsTopic<'_>) -> Vec<i32> {
    let mut indexes: Vec<i32> = topic.partitions.iter().map(|asked| asked.partition_index).collect();
    indexes.sort_unstable();
    indexes.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| pair[0]).collect()
}

fn answer(
    call: &Call<'_>,
    topic: &ListOffsetsTopic<'_>,
    asked: &ListOffsetsPartition,
    repeated: &[i32],
) -> ListOffsetsPartitionResponse {
    let partition_index = asked.partition_index;
    let none = ListOffsetsPartitionResponse { partition_index, timestamp: -1, offset: -1, ..Default::default() };
    if repeated.binary_search(&partition_index).is_ok() {
        return ListOffsetsPartitionResponse { error_code: ErrorCode::INVALID_REQUEST, ..none };
    }
    match look_up(call, topic.name, asked) {
        Ok((partition_epoch, Some((offset, timestamp)))) => ListOffsetsPartitionResponse {
            offset: offset.0,
            timestamp: timestamp.0,
            leader_epoch: partition_epoch.0,
            ..none
        },
        Ok((_, None)) => none,
        Err(error_code) => ListOffsetsPartitionResponse { error_code, ..none },
    }
}

fn look_up(
    call: &Call<'_>,
    topic: &str,
    asked: &ListOffsetsPartition,
) -> Result<(LeaderEpoch, Option<Found>), ErrorCode> {
    let topic = call.view.topic(topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let partition = topic.partition(PartitionIndex(asked.partition_index)).map_err(|error| error.code)?;
    partition.check_leader_epoch(LeaderEpoch(asked.current_leader_epoch))?;
    let found = find(partition, asked.timestamp, call.version())?;
    Ok((partition.leader_epoch(), found))
}

fn find(partition: &Partition, timestamp: i64, version: i16) -> Result<Option<Found>, ErrorCode> {
    let upper = partition.high_watermark().offset;
    let without_time = |offset: Offset| Ok(Some((offset, Timestamp(-1))));
    match timestamp {
        LATEST => without_time(upper),
        EARLIEST => without_time(partition.log_start_offset()),
        MAX_TIMESTAMP if version >= 7 => partition.reader().max_timestamp(upper).map_err(|error| read_failure(&error)),
        EARLIEST_LOCAL if version >= 8 => without_time(partition.log_start_offset()),
        // Nothing is tiered.
        LATEST_TIERED if version >= 9 => Ok(None),
        EARLIEST_PENDING_UPLOAD if version >= 11 => Ok(None),
        0.. => {
            partition.reader().offset_for_timestamp(Timestamp(timestamp), upper).map_err(|error| read_failure(&error))
        }
        _ => Err(ErrorCode::UNSUPPORTED_VERSION),
    }
}
