//! AlterReplicaLogDirs (key 34), versions 1-2: moves replicas between log directories (KIP-113). v2 flexible.
//!
//! There is one directory: a replica is there already, and any other is unknown.

use std::collections::BTreeMap;

use net::Outbox;
use record::PartitionIndex;
use wire::ErrorCode;
use wire::messages::alter_replica_log_dirs::{
    AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult, AlterReplicaLogDirsRequest,
    AlterReplicaLogDirsResponse,
};

use super::describe_log_dirs::absolute;
use crate::api::{Call, Flow};

/// Answers from the view.
pub fn handle(call: &Call<'_>, request: AlterReplicaLogDirsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let dir = absolute(call.node.log_dir.path());
    // A partition that is asked for more than once is to be where it was named last.
    let mut wanted: BTreeMap<&str, BTreeMap<i32, ErrorCode>> = BTreeMap::new();
    for asked in &request.dirs {
        for topic in &asked.topics {
            let outcomes = topic.partitions.iter().map(|index| {
                let known = if asked.path == dir { ErrorCode::NONE } else { ErrorCode::LOG_DIR_NOT_FOUND };
                (index, if known.is_none() { stay(call, topic.name, index) } else { known })
            });
            wanted.entry(topic.name).or_default().extend(outcomes);
        }
    }
    let results = wanted.iter().map(|(name, partitions)| AlterReplicaLogDirTopicResult {
        topic_name: name,
        partitions: partitions
            .iter()
            .map(|(&partition_index, &error_code)| AlterReplicaLogDirPartitionResult { partition_index, error_code })
            .collect(),
    });
    call.answer(outbox, &AlterReplicaLogDirsResponse { results: results.collect(), ..Default::default() });
    Flow::Done
}

/// What comes of asking that a partition be where all partitions are.
fn stay(call: &Call<'_>, topic: &str, index: i32) -> ErrorCode {
    if call.node.log_dir.failed() {
        return ErrorCode::KAFKA_STORAGE_ERROR;
    }
    let hosted = call.view.topic(topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    let found = hosted.and_then(|hosted| hosted.partition(PartitionIndex(index)).map_err(|error| error.code));
    found.map_or_else(|code| code, |_| ErrorCode::NONE)
}
