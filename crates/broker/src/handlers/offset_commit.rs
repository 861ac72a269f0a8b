//! OffsetCommit (key 8), versions 2-10: how far a group has read. v5 no retention time (KIP-211), v6 leader epochs (KIP-320),
//! v7 static members (KIP-345), v8 flexible, v9 member epochs (KIP-848), v10 topic ids.

use net::Outbox;
use record::Uuid;
use wire::messages::offset_commit::{
    OffsetCommitRequest, OffsetCommitRequestTopic, OffsetCommitResponse, OffsetCommitResponsePartition,
    OffsetCommitResponseTopic,
};
use wire::{Array, ErrorCode};

use super::groups;
use crate::api::{Call, Flow};
use crate::coordinators::Ran;

/// Topics have ids in place of names from here on.
const IDS_FROM: i16 = 10;

/// Answers when what was committed is in the log.
pub fn handle(call: &Call<'_>, request: OffsetCommitRequest<'_>, outbox: &mut Outbox) -> Flow {
    let topics: Vec<Asked> = request.topics.iter().map(|topic| Asked::find(call, &topic)).collect();
    let known = request.topics.iter().zip(&topics).filter(|(_, asked)| asked.unknown.is_none());
    // Names and ids of one view, for the coordinator: a topic that is made anew meanwhile is another.
    let known =
        known.map(|(topic, asked)| OffsetCommitRequestTopic { name: &asked.name, topic_id: asked.found, ..topic });
    let known: Array<'_, _> = known.collect();
    if known.is_empty() {
        let nothing = Ran { value: (), commit: None };
        return groups::answer(call, outbox, Ok(nothing), move |respond, _, outbox| {
            respond.answer(outbox, &response(&topics, &Ok(Vec::new())));
        });
    }
    let (version, request) = (call.version(), OffsetCommitRequest { topics: known, ..request });
    let ran = groups::writable_place(call, request.group_id)
        .and_then(|place| place.run(Uuid::ZERO, |shard, step| shard.offset_commit(step, version, &request)));
    drop(request);
    groups::answer(call, outbox, ran, move |respond, result, outbox| {
        respond.answer(outbox, &response(&topics, &result));
    })
}

/// One topic of the request, by name and id.
struct Asked {
    name: Box<str>,
    id: Uuid,
    /// The id of the topic that was found.
    found: Uuid,
    partitions: Vec<i32>,
    /// Why the coordinator is not asked.
    unknown: Option<ErrorCode>,
}

impl Asked {
    fn find(call: &Call<'_>, topic: &OffsetCommitRequestTopic<'_>) -> Asked {
        let partitions = topic.partitions.iter().map(|partition| partition.partition_index).collect();
        let image = call.view.image();
        if call.version() >= IDS_FROM {
            let found = image.topic_by_id(topic.topic_id);
            let unknown = found.is_none().then_some(ErrorCode::UNKNOWN_TOPIC_ID);
            let name = found.map_or_else(Box::default, |topic| Box::from(&*topic.name));
            return Asked { name, id: topic.topic_id, found: topic.topic_id, partitions, unknown };
        }
        let found = image.topic(topic.name).map(|topic| topic.id);
        let unknown = found.is_none().then_some(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
        Asked { name: topic.name.into(), id: Uuid::ZERO, found: found.unwrap_or(Uuid::ZERO), partitions, unknown }
    }
}

/// The coordinator's errors are those of the partitions that it was asked for, in their order.
fn response<'r>(topics: &'r [Asked], result: &Result<Vec<ErrorCode>, ErrorCode>) -> OffsetCommitResponse<'r> {
    let mut errors = result.iter().flatten().copied();
    let topics = topics.iter().map(|topic| {
        let error = |_| topic.unknown.or(result.as_ref().err().copied()).or_else(|| errors.next());
        let codes: Vec<_> = topic.partitions.iter().map(error).collect();
        let partitions = topic.partitions.iter().zip(codes).map(|(index, error)| OffsetCommitResponsePartition {
            partition_index: *index,
            error_code: error.unwrap_or(ErrorCode::UNKNOWN_SERVER_ERROR),
        });
        OffsetCommitResponseTopic { name: &topic.name, topic_id: topic.id, partitions: partitions.collect() }
    });
    OffsetCommitResponse { topics: topics.collect(), ..Default::default() }
}
