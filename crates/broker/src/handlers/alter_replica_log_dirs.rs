//! AlterReplicaLogDirs (key 34), versions 1-2: moves replicas between log directories (KIP-113). v2 flexible.
//!
//! For a partition that is not there yet the wish is remembered, as Kafka does. One that is there moves: the answer says that
//! it was begun, and DescribeLogDirs how far it is.

use std::collections::BTreeMap;

use metadata::check_topic_name;
use net::Outbox;
use record::PartitionIndex;
use wire::ErrorCode;
use wire::messages::alter_replica_log_dirs::{
    AlterReplicaLogDirPartitionResult, AlterReplicaLogDirTopicResult, AlterReplicaLogDirsRequest,
    AlterReplicaLogDirsResponse,
};

use crate::api::{Call, Flow};

/// Answers from the view.
pub fn handle(call: &Call<'_>, request: AlterReplicaLogDirsRequest<'_>, outbox: &mut Outbox) -> Flow {
    // A partition that is asked for more than once is to be where it was named last.
    let mut wanted: BTreeMap<&str, BTreeMap<i32, ErrorCode>> = BTreeMap::new();
    for asked in &request.dirs {
        for topic in &asked.topics {
            let outcomes = topic.partitions.iter().map(|index| (index, alter(call, asked.path, topic.name, index)));
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

/// What comes of asking that a partition be in a directory.
fn alter(call: &Call<'_>, path: &str, topic: &str, index: i32) -> ErrorCode {
    let dirs = &call.node.log_dirs;
    let Some((wanted, dir)) = dirs.named(path) else { return ErrorCode::LOG_DIR_NOT_FOUND };
    if dir.failed() {
        return ErrorCode::KAFKA_STORAGE_ERROR;
    }
    let hosted = call.view.topic(topic).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION);
    let found = hosted.and_then(|hosted| {
        let partition = hosted.partition(PartitionIndex(index)).map_err(|error| error.code)?;
        Ok((hosted.id, partition))
    });
    match found {
        Ok((id, partition)) => {
            let is_there = dirs.index_of(partition.dir()) == wanted;
            // From a directory that failed nothing can be copied. See `may_be_older` for one that is away.
            if !is_there && (partition.dir().failed() || dirs.may_be_older()) {
                return ErrorCode::KAFKA_STORAGE_ERROR;
            }
            call.node.moves.ask(topic, id, partition, wanted)
        }
        // Kafka's as well: a log of that name could never be made.
        Err(_) if check_topic_name(topic).is_err() => ErrorCode::INVALID_TOPIC_EXCEPTION,
        Err(code) => {
            if code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION && index >= 0 {
                dirs.wish(format!("{topic}-{index}"), wanted);
            }
            code
        }
    }
}
