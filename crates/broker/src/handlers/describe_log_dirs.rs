//! DescribeLogDirs (key 35), versions 1-5: what each log directory holds, and the room on its volume (KIP-113). v2 flexible,
//! v3 an error for all of it, v4 the sizes of the volume (KIP-827), v5 cordoned directories (KIP-1066). Who asks for it by a tag of
//! our own is told too what of each log is in the page cache.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use net::Outbox;
use storage::LogDir;
use wire::messages::describe_log_dirs::{
    DescribeLogDirsPartition, DescribeLogDirsRequest, DescribeLogDirsResponse, DescribeLogDirsResult,
    DescribeLogDirsTopic, LogCache,
};
use wire::{Array, ErrorCode};

use crate::api::{Call, Flow, Respond};
use crate::control::Move;
use crate::log_dirs::absolute;
use crate::partition::Partition;
use crate::view::HostedTopic;

/// The partitions that a request names, by topic.
type Wanted<'r> = HashMap<&'r str, BTreeSet<i32>>;

/// A log directory, and what is told of it.
struct Asked {
    dir: Arc<LogDir>,
    is_cordoned: bool,
    topics: Vec<AskedTopic>,
}

/// A topic's logs in a directory, and the copies on their way there.
struct AskedTopic {
    name: Arc<str>,
    open: Vec<Arc<Partition>>,
    copies: Vec<DescribeLogDirsPartition>,
}

/// A directory with what was found of its logs.
struct Described {
    asked: Asked,
    topics: Vec<Vec<DescribeLogDirsPartition>>,
}

/// So many segments of a request's logs are looked at in the page cache. Each costs a system call, and more where its file is not
/// open; with what the disk has to be asked for that is a second at worst.
const SEGMENTS_MAX: usize = 1024;

/// Answers from the open logs. What was not asked for, and what is offline, is left out. What is in the page cache takes a
/// system call for each segment, and more: then the answer is put together off the loop, for one request at a time.
pub fn handle(call: &Call<'_>, request: DescribeLogDirsRequest<'_>, outbox: &mut Outbox) -> Flow {
    let tells_cache = request.tells_cache;
    let asked = asked(call, &request);
    let respond = call.respond();
    if !tells_cache {
        tell(respond, &described(asked, log), outbox);
        return Flow::Done;
    }
    let work = move || {
        let mut budget = Budget(SEGMENTS_MAX);
        described(asked, |partition| log_with_cache(partition, &mut budget))
    };
    Flow::Wait(call.node.cache_asks.answer(work, move |described, outbox| tell(respond, &described, outbox)))
}

/// How many segments may still be looked at.
struct Budget(usize);

impl Budget {
    /// Whether a log of so many segments may be looked at; then it is paid for. One that is too large leaves the rest to smaller ones.
    fn covers(&mut self, segments: usize) -> bool {
        let left = self.0.checked_sub(segments);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

/// The directories, with the logs that the request asks for.
fn asked(call: &Call<'_>, request: &DescribeLogDirsRequest<'_>) -> Vec<Asked> {
    let wanted = request.topics.as_ref().map(|topics| {
        let mut wanted: Wanted<'_> = HashMap::new();
        for topic in topics {
            wanted.entry(topic.topic).or_default().extend(&topic.partitions);
        }
        wanted
    });
    let dirs = call.node.log_dirs.all().iter();
    dirs.map(|dir| Asked {
        dir: Arc::clone(dir),
        is_cordoned: call.node.log_dirs.is_cordoned(dir),
        topics: if dir.failed() { Vec::new() } else { asked_in(dir, call, wanted.as_ref()) },
    })
    .collect()
}

/// The topics that are `wanted`, or all.
fn asked_in(dir: &Arc<LogDir>, call: &Call<'_>, wanted: Option<&Wanted<'_>>) -> Vec<AskedTopic> {
    let copies = call.node.moves.to(dir);
    match wanted {
        None => call.view.topics().filter_map(|topic| asked_of(dir, topic, None, &copies)).collect(),
        Some(wanted) => {
            let hosted = wanted.iter().filter_map(|(name, indexes)| Some((call.view.topic(name)?, indexes)));
            hosted.filter_map(|(topic, indexes)| asked_of(dir, topic, Some(indexes), &copies)).collect()
        }
    }
}

/// The open logs of a topic in a directory, and the copies, of these partitions or of all; `None` when there are none.
fn asked_of(
    dir: &Arc<LogDir>,
    topic: &HostedTopic,
    only: Option<&BTreeSet<i32>>,
    copies: &[Arc<Move>],
) -> Option<AskedTopic> {
    let is_asked = |partition: &Partition| only.is_none_or(|indexes| indexes.contains(&partition.index().0));
    let is_here = |partition: &&Arc<Partition>| Arc::ptr_eq(partition.dir(), dir) && is_asked(partition);
    let open: Vec<_> = topic.partitions.iter().flatten().filter(is_here).cloned().collect();
    let coming = copies.iter().filter(|copy| copy.topic_id == topic.id && is_asked(&copy.partition));
    let copies: Vec<_> = coming.map(|coming| copy(coming)).collect();
    let is_empty = open.is_empty() && copies.is_empty();
    (!is_empty).then(|| AskedTopic { name: Arc::clone(&topic.name), open, copies })
}

fn described(asked: Vec<Asked>, mut log: impl FnMut(&Partition) -> DescribeLogDirsPartition) -> Vec<Described> {
    let mut partitions = |topic: &AskedTopic| {
        let open = topic.open.iter().map(|partition| log(partition));
        open.chain(topic.copies.iter().cloned()).collect()
    };
    let described = |asked: Asked| {
        let topics = asked.topics.iter().map(&mut partitions).collect();
        Described { asked, topics }
    };
    asked.into_iter().map(described).collect()
}

fn tell(respond: Respond, described: &[Described], outbox: &mut Outbox) {
    let paths: Vec<String> = described.iter().map(|described| absolute(described.asked.dir.path())).collect();
    let results = described.iter().zip(&paths).map(|(described, path)| result(described, path)).collect();
    respond.answer(outbox, &DescribeLogDirsResponse { results: Array::Vec(results), ..Default::default() });
}

fn result<'d>(Described { asked, topics }: &'d Described, path: &'d str) -> DescribeLogDirsResult<'d> {
    let Asked { dir, is_cordoned, topics: asked } = asked;
    let plain = DescribeLogDirsResult { log_dir: path, is_cordoned: *is_cordoned, ..Default::default() };
    if dir.failed() {
        return DescribeLogDirsResult { error_code: ErrorCode::KAFKA_STORAGE_ERROR, ..plain };
    }
    let topics = asked
        .iter()
        .zip(topics)
        .map(|(topic, partitions)| DescribeLogDirsTopic { name: &topic.name, partitions: partitions.clone().into() });
    let (total_bytes, usable_bytes) = volume(dir);
    DescribeLogDirsResult { topics: topics.collect(), total_bytes, usable_bytes, ..plain }
}

/// The size of the volume and the room on it, or -1 for what the system does not tell.
fn volume(dir: &LogDir) -> (i64, i64) {
    let known = |bytes: std::io::Result<u64>| bytes.map_or(-1, told);
    (known(dir.disk().total_bytes(dir.path())), known(dir.disk().available_bytes(dir.path())))
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

/// What `budget` does not cover is told as what the system does not tell.
fn log_with_cache(partition: &Partition, budget: &mut Budget) -> DescribeLogDirsPartition {
    let reader = partition.reader();
    // An error is one of descriptors or of the disk, and told by those who read.
    let is_covered = budget.covers(reader.segment_count());
    let residency = is_covered.then(|| reader.residency().ok().flatten()).flatten();
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

/// The copy that will replace a log.
fn copy(future: &Move) -> DescribeLogDirsPartition {
    let (size_bytes, end) = future.progress();
    DescribeLogDirsPartition {
        partition_index: future.partition.index().0,
        partition_size: told(size_bytes),
        offset_lag: (future.partition.reader().end().offset.0 - end.0).max(0),
        is_future_key: true,
        ..Default::default()
    }
}

fn told(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_is_larger_than_the_rest_of_the_budget_leaves_it_to_smaller_ones() {
        let mut budget = Budget(10);
        let covered = [4, 7, 5, 2, 1, 1, 0].map(|segments| budget.covers(segments));
        assert_eq!(covered, [true, false, true, false, true, false, true]);
        assert!(!Budget(SEGMENTS_MAX).covers(usize::MAX));
    }
}
