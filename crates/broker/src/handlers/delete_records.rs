//! DeleteRecords (key 21), versions 0-2: moves the start of partitions up (KIP-107). v2 flexible.

use std::collections::BTreeMap;
use std::sync::Arc;

use net::Outbox;
use record::{Offset, PartitionIndex, Timestamp};
use wire::ErrorCode;
use wire::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsPartitionResult, DeleteRecordsRequest, DeleteRecordsResponse,
    DeleteRecordsTopic, DeleteRecordsTopicResult,
};

use super::is_internal;
use crate::api::{Call, Flow, Respond};
use crate::errors::{append_failure, delete_records_failure};
use crate::node::Node;
use crate::partition::Partition;

/// The high watermark, whatever it is by then.
const HIGH_WATERMARK: i64 = -1;

/// Answers when the new starts are on disk, which is done off the loop.
pub fn handle(call: &Call<'_>, request: DeleteRecordsRequest<'_>, _outbox: &mut Outbox) -> Flow {
    let topics = request.topics.iter().map(|topic| Topic {
        name: topic.name.to_owned(),
        partitions: last_asked(&topic).iter().map(|asked| Wanted::find(call, topic.name, asked)).collect(),
    });
    let (mut topics, node, respond): (Vec<Topic>, _, _) = (topics.collect(), Arc::clone(call.node), call.respond());
    let work = move || {
        delete(&mut topics, &node);
        topics
    };
    Flow::Wait(call.node.errands.answer(work, move |topics, outbox| tell(respond, &topics, outbox)))
}

/// The partitions of a topic; what is said last of one counts.
fn last_asked(topic: &DeleteRecordsTopic<'_>) -> Vec<DeleteRecordsPartition> {
    let last: BTreeMap<i32, DeleteRecordsPartition> =
        topic.partitions.iter().map(|asked| (asked.partition_index, asked)).collect();
    last.into_values().collect()
}

/// All starts are made durable with one checkpoint in each directory, and then moved.
fn delete(topics: &mut [Topic], node: &Node) {
    let mut wanted: Vec<&mut Wanted> = topics.iter_mut().flat_map(|topic| &mut topic.partitions).collect();
    wanted.iter_mut().for_each(|wanted| wanted.note());
    for dir in node.log_dirs.all() {
        let is_noted = |wanted: &Wanted| {
            wanted.result.is_ok()
                && wanted.partition.as_ref().is_some_and(|partition| Arc::ptr_eq(partition.dir(), dir))
        };
        let mut noted = wanted.iter_mut().filter(|wanted| is_noted(wanted)).peekable();
        let written = noted.peek().map_or(Ok(()), |_| dir.write_checkpoints());
        if let Err(error) = written {
            tracing::warn!(%error, "no records were deleted: the new log start offsets could not be written");
            noted.for_each(|wanted| wanted.result = Err(ErrorCode::KAFKA_STORAGE_ERROR));
        }
    }
    wanted.iter_mut().for_each(|wanted| wanted.delete(node));
}

struct Topic {
    name: String,
    partitions: Vec<Wanted>,
}

struct Wanted {
    index: i32,
    before: i64,
    partition: Option<Arc<Partition>>,
    /// Where the partition begins then.
    result: Result<Offset, ErrorCode>,
}

impl Wanted {
    fn find(call: &Call<'_>, topic: &str, asked: &DeleteRecordsPartition) -> Wanted {
        let (index, before) = (asked.partition_index, asked.offset);
        let unknown = ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        let found = call.view.topic(topic).ok_or(unknown).and_then(|hosted| {
            let partition = hosted.partition(PartitionIndex(index)).map_err(|error| error.code)?;
            (!is_internal(topic)).then(|| Arc::clone(partition)).ok_or(ErrorCode::INVALID_TOPIC_EXCEPTION)
        });
        let result = found.as_ref().map(|partition| partition.log_start_offset()).map_err(|error| *error);
        Wanted { index, before, partition: found.ok(), result }
    }

    /// Notes the new start, for the checkpoints.
    fn note(&mut self) {
        let Some(partition) = &self.partition else { return };
        let before = match self.before {
            HIGH_WATERMARK => partition.high_watermark().offset,
            offset => Offset(offset),
        };
        let noted = partition.note_deletion(before).map(|()| before);
        self.result = noted.map_err(|error| delete_records_failure(&error));
    }

    /// Moves the start; what the log has no use for any more is removed later.
    fn delete(&mut self, node: &Node) {
        let (Some(partition), Ok(before)) = (&self.partition, self.result) else { return };
        self.result = match partition.expire_to(before, Timestamp(node.clock.now_ms())) {
            Ok(files) => {
                let due = node.clock.monotonic().saturating_add(partition.file_delete_delay());
                files.into_iter().for_each(|file| node.trash.add(file, due));
                Ok(partition.log_start_offset())
            }
            Err(error) => {
                tracing::debug!(partition = self.index, %error, "no records were deleted");
                Err(append_failure(&error).code)
            }
        };
    }

    fn result(&self) -> DeleteRecordsPartitionResult {
        let (low_watermark, error_code) = match self.result {
            Ok(start) => (start.0, ErrorCode::NONE),
            Err(error) => (-1, error),
        };
        DeleteRecordsPartitionResult { partition_index: self.index, low_watermark, error_code }
    }
}

fn tell(respond: Respond, topics: &[Topic], outbox: &mut Outbox) {
    let topics = topics.iter().map(|topic| DeleteRecordsTopicResult {
        name: &topic.name,
        partitions: topic.partitions.iter().map(Wanted::result).collect(),
    });
    respond.answer(outbox, &DeleteRecordsResponse { topics: topics.collect(), ..Default::default() });
}
