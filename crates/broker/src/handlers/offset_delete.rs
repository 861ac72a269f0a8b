//! OffsetDelete (key 47), version 0: forgets how far a group has read in some partitions (KIP-496).

use net::Outbox;
use record::{PartitionIndex, Uuid};
use wire::messages::offset_delete::{
    OffsetDeleteRequest, OffsetDeleteRequestTopic, OffsetDeleteResponse, OffsetDeleteResponsePartition,
    OffsetDeleteResponseTopic,
};
use wire::{Array, ErrorCode};

use super::groups;
use crate::api::{Call, Flow};

/// Answers when it is in the log. An error of the group comes without topics.
pub fn handle(call: &Call<'_>, request: OffsetDeleteRequest<'_>, outbox: &mut Outbox) -> Flow {
    let asked = |topic: &OffsetDeleteRequestTopic<'_>| {
        let known = call.view.image().topic(topic.name);
        let is_known = |index| known.is_some_and(|topic| topic.partition(PartitionIndex(index)).is_some());
        let partitions = topic.partitions.iter().map(|partition| partition.partition_index);
        Asked { name: topic.name.into(), partitions: partitions.map(|index| (index, is_known(index))).collect() }
    };
    let topics: Vec<Asked> = request.topics.iter().map(|topic| asked(&topic)).collect();
    let known: Array<'_, _> = request.topics.iter().zip(&topics).map(|(topic, asked)| asked.known(topic)).collect();
    let place = groups::named_writable_place(call, request.group_id);
    let request = OffsetDeleteRequest { topics: known, ..request };
    let ran = place.and_then(|place| place.run(Uuid::ZERO, |shard, step| shard.offset_delete(step, &request)));
    groups::answer(call, outbox, ran, move |respond, result, outbox| match result.and_then(|result| result) {
        Ok(errors) => {
            let topics = told(&topics, errors);
            respond.answer(outbox, &OffsetDeleteResponse { topics, ..Default::default() });
        }
        Err(error_code) => respond.answer(outbox, &OffsetDeleteResponse { error_code, ..Default::default() }),
    })
}

struct Asked {
    name: Box<str>,
    /// By number, and whether there is such a partition.
    partitions: Vec<(i32, bool)>,
}

impl Asked {
    /// The topic of the request without the partitions that do not exist.
    fn known<'r>(&self, topic: OffsetDeleteRequestTopic<'r>) -> OffsetDeleteRequestTopic<'r> {
        let asked = topic.partitions.iter().zip(&self.partitions);
        let partitions = asked.filter(|(_, (_, is_known))| *is_known).map(|(partition, _)| partition).collect();
        OffsetDeleteRequestTopic { partitions, ..topic }
    }
}

fn told(topics: &[Asked], errors: Vec<ErrorCode>) -> Array<'_, OffsetDeleteResponseTopic<'_>> {
    let mut errors = errors.into_iter();
    let mut of_topic = |topic: &Asked| {
        let mut of_partition = |&(partition_index, is_known): &(i32, bool)| OffsetDeleteResponsePartition {
            partition_index,
            error_code: match is_known {
                true => errors.next().unwrap_or(ErrorCode::UNKNOWN_SERVER_ERROR),
                false => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
            },
        };
        topic.partitions.iter().map(&mut of_partition).collect::<Vec<_>>()
    };
    let partitions: Vec<Vec<_>> = topics.iter().map(&mut of_topic).collect();
    let told = topics
        .iter()
        .zip(partitions)
        .map(|(topic, partitions)| OffsetDeleteResponseTopic { name: &topic.name, partitions: partitions.into() });
    told.collect()
}
