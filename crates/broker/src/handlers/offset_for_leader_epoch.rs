//! OffsetForLeaderEpoch (key 23), versions 2-4: where leader epochs end (KIP-101, KIP-279). v2 current leader epoch
//! (KIP-320), v3 replica id, v4 flexible.

use net::Outbox;
use record::{LeaderEpoch, Offset, PartitionIndex};
use wire::ErrorCode;
use wire::messages::offset_for_leader_epoch::{
    EpochEndOffset, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, OffsetForLeaderPartition,
    OffsetForLeaderTopicResult,
};

use crate::api::{Call, Flow};
use crate::errors::append_failure;

/// Answers every partition by itself; a replica and a consumer are told the same.
pub fn handle(call: &Call<'_>, request: OffsetForLeaderEpochRequest<'_>, outbox: &mut Outbox) -> Flow {
    let topics = request.topics.iter().map(|topic| {
        let answers = topic.partitions.iter().map(|asked| answer(call, topic.topic, &asked));
        OffsetForLeaderTopicResult { topic: topic.topic, partitions: answers.collect() }
    });
    let response = OffsetForLeaderEpochResponse { topics: topics.collect(), ..Default::default() };
    call.answer(outbox, &response);
    Flow::Done
}

fn answer(call: &Call<'_>, topic: &str, asked: &OffsetForLeaderPartition) -> EpochEndOffset {
    let unknown = EpochEndOffset { partition: asked.partition, leader_epoch: -1, end_offset: -1, ..Default::default() };
    match end(call, topic, asked) {
        Ok(Some((epoch, end))) => EpochEndOffset { leader_epoch: epoch.0, end_offset: end.0, ..unknown },
        Ok(None) => unknown,
        Err(error_code) => EpochEndOffset { error_code, ..unknown },
    }
}

fn end(
    call: &Call<'_>,
    topic: &str,
    asked: &OffsetForLeaderPartition,
) -> Result<Option<(LeaderEpoch, Offset)>, ErrorCode> {
    let topic = call.view.topic(topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?;
    let partition = topic.partition(PartitionIndex(asked.partition)).map_err(|error| error.code)?;
    partition.check_leader_epoch(LeaderEpoch(asked.current_leader_epoch))?;
    partition.end_of_epoch(LeaderEpoch(asked.leader_epoch)).map_err(|error| append_failure(&error).code)
}
