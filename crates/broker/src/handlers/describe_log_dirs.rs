//! DescribeLogDirs (key 35), versions 1-5: what each log directory holds, and the room on its volume (KIP-113). v2 flexible,
//! v3 an error for all of it, v4 the sizes of the volume (KIP-827), v5 cordoned directories (KIP-1066).

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use net::Outbox;
use storage::LogDir;
use wire::messages::describe_log_dirs::{
    DescribeLogDirsPartition, DescribeLogDirsRequest, DescribeLogDirsResponse, DescribeLogDirsResult,
    DescribeLogDirsTopic,
};
use wire::{Array, ErrorCode};

use crate::api::{Call, Flow};
use crate::control::Move;
use crate::log_dirs::absolute;
use crate::partition::Partition;
use crate::view::HostedTopic;

/// Answers from the open logs. What was not asked for, and what is offline, is left out.
pub fn handle(call: &Call<'_>, request: DescribeLogDirsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let wanted = request.topics.map(|asked| {
        let mut wanted: HashMap<&str, BTreeSet<i32>> = HashMap::new();
        for topic in &asked {
            wanted.entry(topic.topic).or_default().extend(&topic.partitions);
        }
        wanted
    });
    let dirs = call.node.log_dirs.all();
    let paths: Vec<String> = dirs.iter().map(|dir| absolute(dir.path())).collect();
    let results = dirs.iter().zip(&paths).map(|(dir, path)| told(call, dir, path, wanted.as_ref())).collect();
    call.answer(outbox, &DescribeLogDirsResponse { results: Array::Vec(results), ..Default::default() });
    Flow::Done
}

/// One directory, with the partitions that are `wanted`, or all.
fn told<'c>(
    call: &'c Call<'_>,
    dir: &Arc<LogDir>,
    path: &'c str,
    wanted: Option<&HashMap<&str, BTreeSet<i32>>>,
) -> DescribeLogDirsResult<'c> {
    let is_cordoned = call.node.log_dirs.is_cordoned(dir);
    if dir.failed() {
        let error_code = ErrorCode::KAFKA_STORAGE_ERROR;
        return DescribeLogDirsResult { error_code, log_dir: path, is_cordoned, ..Default::default() };
    }
    let futures = call.node.moves.to(dir);
    let topics = match wanted {
        None => call.view.topics().filter_map(|topic| described(dir, topic, None, &futures)).collect(),
        Some(wanted) => {
            let hosted = wanted.iter().filter_map(|(name, indexes)| Some((call.view.topic(name)?, indexes)));
            hosted.filter_map(|(topic, indexes)| described(dir, topic, Some(indexes), &futures)).collect()
        }
    };
    let (total_bytes, usable_bytes) = volume(dir);
    DescribeLogDirsResult { log_dir: path, topics, total_bytes, usable_bytes, is_cordoned, ..Default::default() }
}

/// The size of the volume and the room on it, or -1 for what the system does not tell.
fn volume(dir: &LogDir) -> (i64, i64) {
    let told = |bytes: std::io::Result<u64>| bytes.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX));
    (told(dir.disk().total_bytes(dir.path())), told(dir.disk().available_bytes(dir.path())))
}

/// The open logs of a topic in a directory, and the copies on their way there, of these partitions or of all; `None` when
/// there are none.
fn described<'t>(
    dir: &Arc<LogDir>,
    topic: &'t HostedTopic,
    only: Option<&BTreeSet<i32>>,
    futures: &[Arc<Move>],
) -> Option<DescribeLogDirsTopic<'t>> {
    let is_asked = |partition: &Partition| only.is_none_or(|indexes| indexes.contains(&partition.index().0));
    let is_here = |partition: &&Arc<Partition>| Arc::ptr_eq(partition.dir(), dir) && is_asked(partition);
    let here = topic.partitions.iter().flatten().filter(is_here);
    let coming = futures.iter().filter(|future| future.topic_id == topic.id && is_asked(&future.partition));
    let partitions: Vec<DescribeLogDirsPartition> =
        here.map(|partition| log(partition)).chain(coming.map(|future| copy(future))).collect();
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

/// The copy that will replace a log.
fn copy(future: &Move) -> DescribeLogDirsPartition {
    let (size_bytes, end) = future.progress();
    DescribeLogDirsPartition {
        partition_index: future.partition.index().0,
        partition_size: i64::try_from(size_bytes).unwrap_or(i64::MAX),
        offset_lag: (future.partition.reader().end().offset.0 - end.0).max(0),
        is_future_key: true,
    }
}
