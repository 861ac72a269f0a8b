//! DescribeLogDirs (key 35), versions 1-5: what the log directory holds, and the room on its volume (KIP-113). v2 flexible,
//! v3 an error for all of it, v4 the sizes of the volume (KIP-827), v5 cordoned directories (KIP-1066): none is here. Who asks for it
//! by a tag of our own is told too what of each log is in the page cache.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use net::Outbox;
use record::PartitionIndex;
use storage::LogDir;
use tokio::sync::oneshot;
use wire::messages::describe_log_dirs::{
    DescribeLogDirsPartition, DescribeLogDirsRequest, DescribeLogDirsResponse, DescribeLogDirsResult,
    DescribeLogDirsTopic, LogCache,
};
use wire::{Array, ErrorCode};

use crate::api::{Call, Flow, Respond};
use crate::node::Node;
use crate::partition::Partition;
use crate::view::HostedTopic;

/// What is told of a topic, and of which logs.
type Asked = (Arc<str>, Vec<Arc<Partition>>);

/// The same with what is told.
type Described = (Arc<str>, Vec<DescribeLogDirsPartition>);

/// Answers from the open logs. What was not asked for, and what is offline, is left out. What is in the page cache takes a
/// system call for each segment, and more: then the answer is put together off the loop.
pub fn handle(call: &Call<'_>, request: DescribeLogDirsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let asked = if call.node.log_dir.failed() { Vec::new() } else { asked(call, &request) };
    if !request.tells_cache {
        tell(call.node, call.respond(), &described(&asked, log), outbox);
        return Flow::Done;
    }
    let (node, respond) = (Arc::clone(call.node), call.respond());
    Flow::wait(async move {
        let (done, answer) = oneshot::channel();
        node.pool.run(Box::new(move || {
            // The connection that asked may be gone.
            if !done.is_closed() {
                let _ = done.send(described(&asked, log_with_cache));
            }
        }));
        let described = answer.await.unwrap_or_default();
        move |outbox: &mut Outbox| tell(&node, respond, &described, outbox)
    })
}

fn tell(node: &Node, respond: Respond, described: &[Described], outbox: &mut Outbox) {
    let dir = &node.log_dir;
    let path = absolute(dir.path());
    let result = if dir.failed() {
        DescribeLogDirsResult { error_code: ErrorCode::KAFKA_STORAGE_ERROR, log_dir: &path, ..Default::default() }
    } else {
        let (total_bytes, usable_bytes) = volume(dir);
        let topics = described.iter().map(topic).collect();
        DescribeLogDirsResult { log_dir: &path, topics, total_bytes, usable_bytes, ..Default::default() }
    };
    respond.answer(outbox, &DescribeLogDirsResponse { results: Array::Vec(vec![result]), ..Default::default() });
}

fn topic((name, logs): &Described) -> DescribeLogDirsTopic<'_> {
    DescribeLogDirsTopic { name, partitions: logs.clone().into() }
}

/// A path as operators and tools name it.
pub fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}

/// The size of the volume and the room on it, or -1 for what the system does not tell.
fn volume(dir: &LogDir) -> (i64, i64) {
    let known = |bytes: std::io::Result<u64>| bytes.map_or(-1, told);
    (known(dir.disk().total_bytes(dir.path())), known(dir.disk().available_bytes(dir.path())))
}

/// The logs that the request asks for.
fn asked(call: &Call<'_>, request: &DescribeLogDirsRequest<'_>) -> Vec<Asked> {
    let Some(asked) = &request.topics else {
        return call.view.topics().filter_map(|topic| open_logs(topic, None)).collect();
    };
    let mut wanted: HashMap<&str, BTreeSet<i32>> = HashMap::new();
    for topic in asked {
        wanted.entry(topic.topic).or_default().extend(&topic.partitions);
    }
    let hosted = wanted.iter().filter_map(|(name, indexes)| Some((call.view.topic(name)?, indexes)));
    hosted.filter_map(|(topic, indexes)| open_logs(topic, Some(indexes))).collect()
}

/// The open logs of a topic, of these partitions or of all; `None` when there are none.
fn open_logs(topic: &HostedTopic, only: Option<&BTreeSet<i32>>) -> Option<Asked> {
    let open: Vec<Arc<Partition>> = match only {
        None => topic.partitions.iter().flatten().cloned().collect(),
        Some(indexes) => indexes.iter().filter_map(|index| topic.open_partition(PartitionIndex(*index))).collect(),
    };
    (!open.is_empty()).then(|| (Arc::clone(&topic.name), open))
}

fn described(asked: &[Asked], log: fn(&Partition) -> DescribeLogDirsPartition) -> Vec<Described> {
    asked.iter().map(|(name, open)| (Arc::clone(name), open.iter().map(|one| log(one)).collect())).collect()
}

fn log(partition: &Partition) -> DescribeLogDirsPartition {
    let reader = partition.reader();
    DescribeLogDirsPartition {
        partition_index: partition.index().0,
        partition_size: told(reader.size_bytes()),
        offset_lag: (partition.high_watermark().offset.0 - reader.end().offset.0).max(0),
        ..Default::default()
    }
}

fn log_with_cache(partition: &Partition) -> DescribeLogDirsPartition {
    let reader = partition.reader();
    // An error is one of descriptors or of the disk, and told by those who read.
    let residency = reader.residency().ok().flatten();
    let cache = LogCache {
        cached_bytes: residency.map_or(-1, |residency| told(residency.cached_bytes)),
        hot_from: residency.map_or(-1, |residency| residency.hot_from.0),
        fetched_bytes: told(partition.traffic().bytes_out()),
        cold_bytes: told(reader.missed_bytes()),
    };
    // What was measured belongs together.
    let sized = residency.map(|residency| told(residency.bytes));
    let plain = log(partition);
    DescribeLogDirsPartition { partition_size: sized.unwrap_or(plain.partition_size), cache, ..plain }
}

fn told(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
