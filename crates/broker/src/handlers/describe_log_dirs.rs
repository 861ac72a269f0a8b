//! DescribeLogDirs (key 35), versions 1-5: what the log directory holds, and the room on its volume (KIP-113). v2 flexible,
//! v3 an error for all of it, v4 the sizes of the volume (KIP-827), v5 cordoned directories (KIP-1066): none is here.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use net::Outbox;
use record::PartitionIndex;
use storage::LogDir;
use wire::messages::describe_log_dirs::{
    DescribeLogDirsPartition, DescribeLogDirsRequest, DescribeLogDirsResponse, DescribeLogDirsResult,
    DescribeLogDirsTopic,
};
use wire::{Array, ErrorCode};

use crate::api::{Call, Flow};
use crate::partition::Partition;
use crate::view::HostedTopic;

/// Answers from the open logs. What was not asked for, and what is offline, is left out.
pub fn handle(call: &Call<'_>, request: DescribeLogDirsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let dir = &call.node.log_dir;
    let path = absolute(dir.path());
    let result = if dir.failed() {
        DescribeLogDirsResult { error_code: ErrorCode::KAFKA_STORAGE_ERROR, log_dir: &path, ..Default::default() }
    } else {
        let topics = match &request.topics {
            None => call.view.topics().filter_map(|topic| described(topic, None)).collect(),
            Some(asked) => {
                let mut wanted: HashMap<&str, BTreeSet<i32>> = HashMap::new();
                for topic in asked {
                    wanted.entry(topic.topic).or_default().extend(&topic.partitions);
                }
                let hosted = wanted.iter().filter_map(|(name, indexes)| Some((call.view.topic(name)?, indexes)));
                hosted.filter_map(|(topic, indexes)| described(topic, Some(indexes))).collect()
            }
        };
        let (total_bytes, usable_bytes) = volume(dir);
        DescribeLogDirsResult { log_dir: &path, topics, total_bytes, usable_bytes, ..Default::default() }
    };
    call.answer(outbox, &DescribeLogDirsResponse { results: Array::Vec(vec![result]), ..Default::default() });
    Flow::Done
}

/// A path as operators and tools name it.
pub fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// The size of the volume and the room on it, or -1 for what the system does not tell.
fn volume(dir: &LogDir) -> (i64, i64) {
    let told = |bytes: std::io::Result<u64>| bytes.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
    (told(dir.disk().total_bytes(dir.path())), told(dir.disk().available_bytes(dir.path())))
}

/// The open logs of a topic, of these partitions or of all; `None` when there are none.
fn described<'t>(topic: &'t HostedTopic, only: Option<&BTreeSet<i32>>) -> Option<DescribeLogDirsTopic<'t>> {
    let partitions: Vec<DescribeLogDirsPartition> = match only {
        None => topic.partitions.iter().flatten().map(|partition| log(partition)).collect(),
        Some(indexes) => {
            let open = indexes.iter().filter_map(|index| topic.open_partition(PartitionIndex(*index)));
            open.map(|partition| log(&partition)).collect()
        }
    };
    (!partitions.is_empty()).then(|| DescribeLogDirsTopic { name: &topic.name, partitions: partitions.into() })
}

fn log(partition: &Partition) -> DescribeLogDirsPartition {
    let reader = partition.reader();
    DescribeLogDirsPartition {
        partition_index: partition.index().0,
        partition_size: i64::try_from(reader.size_bytes()).unwrap_or(i64::MAX),
        offset_lag: (partition.high_watermark().offset.0 - reader.end().offset.0).max(0),
        is_future_key: false,
    }
}
