//! All metrics as one text. Runs on the thread that answers HTTP and takes no lock that an append or a fetch waits for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};

use host::system::{self, Space};
use net::{LoopObserver, LoopStats};
use storage::LogDir;
use wire::ApiKey;

use super::Metrics;
use super::histogram::Snapshot;
use super::requests::ApiCounts;
use super::text::{Kind, Text};
use crate::api::TABLE;
use crate::coordinators::Coordinators;
use crate::log_dirs::absolute;
use crate::partition::Partition;
use crate::view::{HostedTopic, View};
use Kind::{Counter, Gauge};

/// What a scrape looks at beside the counters; empty while the node starts.
pub struct Subjects<'s> {
    /// Whether the node takes requests.
    pub is_ready: bool,
    /// Where the logs are.
    pub data_dirs: &'s [PathBuf],
    /// The same when they are open.
    pub dirs: &'s [Arc<LogDir>],
    /// The loops.
    pub loops: &'s [LoopObserver],
    /// The groups.
    pub coordinators: Option<&'s Coordinators>,
    /// The topics.
    pub view: &'s View,
    /// With more partitions than this only topics have series of their own.
    pub partitions_max: usize,
}

/// Everything, in Prometheus' text format.
pub fn text(metrics: &Metrics, of: &Subjects<'_>) -> String {
    let mut text = Text::default();
    node(&mut text, of);
    process(&mut text);
    disk(&mut text, metrics, of);
    loops(&mut text, of.loops);
    requests(&mut text, metrics);
    logs(&mut text, metrics);
    topics(&mut text, metrics, of);
    groups(&mut text, metrics, of);
    text.finish()
}

fn node(text: &mut Text, of: &Subjects<'_>) {
    let version = env!("CARGO_PKG_VERSION");
    text.metric("ottla_build_info", Gauge, "The version that runs; always 1.").series(&[("version", &version)], 1);
    text.single("ottla_ready", Gauge, "1 while the node takes requests.", u8::from(of.is_ready));
}

fn process(text: &mut Text) {
    let process = system::process();
    text.single("process_cpu_seconds_total", Counter, "CPU time of user and system.", process.cpu_seconds);
    text.single("process_resident_memory_bytes", Gauge, "Resident memory.", process.resident_bytes);
    text.single("process_virtual_memory_bytes", Gauge, "Address space.", process.virtual_bytes);
    text.single("process_start_time_seconds", Gauge, "Start, since the Unix epoch.", process.start_seconds);
    text.single("process_threads", Gauge, "Threads.", process.threads);
    text.single("process_open_fds", Gauge, "Open descriptors.", process.open_descriptors);
    if let Some(max) = process.max_descriptors {
        text.single("process_max_fds", Gauge, "Descriptors that may be open.", max);
    }
    let help = "The fields of /proc/self/io (KIP-1291): rchar and wchar count system calls, read_bytes and write_bytes what \
                reached the disk. Bytes by sendfile that are no read_bytes came from the page cache.";
    text.metric("ottla_process_io_total", Counter, help);
    system::process_io().iter().for_each(|(field, value)| text.series(&[("field", field)], value));
}

fn disk(text: &mut Text, metrics: &Metrics, of: &Subjects<'_>) {
    let spaces: Vec<(&Path, Space)> =
        of.data_dirs.iter().filter_map(|dir| Some((dir.as_path(), system::space(dir).ok()?))).collect();
    for (name, help, value) in SPACES {
        text.metric(name, Gauge, help);
        spaces.iter().for_each(|(dir, space)| text.series(&[("dir", &absolute(dir))], value(space)));
    }
    for (name, help, value) in DIRS {
        text.metric(name, Gauge, help);
        of.dirs.iter().for_each(|dir| text.series(&[("dir", &absolute(dir.path()))], value(dir)));
    }
    let failed = u8::from(metrics.metadata_failed.load(Relaxed));
    text.single(
        "ottla_metadata_log_failed",
        Gauge,
        "1 when the metadata log failed: topics cannot be changed.",
        failed,
    );
}

/// Name, help, and what of a filesystem.
type SpaceValue = (&'static str, &'static str, fn(&Space) -> u64);

const SPACES: [SpaceValue; 3] = [
    ("ottla_disk_bytes", "Size of the data directory's filesystem.", |space| space.bytes),
    ("ottla_disk_available_bytes", "Bytes that may still be written to it.", |space| space.available_bytes),
    ("ottla_disk_available_inodes", "Files that may still be made on it.", |space| space.available_inodes),
];

/// Name, help, and what of a log directory.
type DirValue = (&'static str, &'static str, fn(&LogDir) -> u64);

const DIRS: [DirValue; 3] = [
    ("ottla_log_dir_full", "1 while records are refused for want of room.", |dir| dir.is_full().into()),
    ("ottla_log_dir_failed", "1 after an I/O error: nothing is written any more.", |dir| dir.failed().into()),
    ("ottla_log_open_files", "Open files of segments.", |dir| dir.open_files_count() as u64),
];

/// Name, help, and what of the loop's counters.
type LoopCounter = (&'static str, &'static str, fn(&LoopStats) -> u64);

const LOOP_COUNTERS: [LoopCounter; 11] = [
    ("ottla_loop_connections_opened_total", "Connections adopted.", |stats| stats.connections_opened.value()),
    ("ottla_loop_connections_closed_total", "Connections ended.", |stats| stats.connections_closed.value()),
    ("ottla_loop_frames_total", "Request frames handled.", |stats| stats.frames.value()),
    ("ottla_loop_received_bytes_total", "Bytes received.", |stats| stats.bytes_in.value()),
    ("ottla_loop_sent_bytes_total", "Bytes sent, those by sendfile included.", |stats| stats.bytes_out.value()),
    ("ottla_loop_sendfile_bytes_total", "Bytes sent from the page cache by sendfile.", |stats| {
        stats.bytes_by_sendfile.value()
    }),
    ("ottla_loop_cold_bytes_total", "Bytes that were not in the page cache when they were to be sent.", |stats| {
        stats.bytes_cold.value()
    }),
    ("ottla_loop_turns_total", "Turns of connections.", |stats| stats.turns.value()),
    ("ottla_loop_wakes_from_outside_total", "Tasks that other threads woke.", |stats| stats.wakes_from_outside.value()),
    ("ottla_loop_inbox_batches_total", "Batches in which those wakes came.", |stats| stats.inbox_batches.value()),
    ("ottla_loop_pings_total", "Health checks answered.", |stats| stats.pongs.value()),
];

fn loops(text: &mut Text, loops: &[LoopObserver]) {
    text.metric("ottla_loop_connections", Gauge, "Connections now.");
    for (index, one) in loops.iter().enumerate() {
        let stats = one.stats();
        let closed = stats.connections_closed.value();
        text.series(&[("loop", &index)], stats.connections_opened.value().saturating_sub(closed));
    }
    for (name, help, value) in LOOP_COUNTERS {
        text.metric(name, Counter, help);
        for (index, one) in loops.iter().enumerate() {
            text.series(&[("loop", &index)], value(one.stats()));
        }
    }
    text.metric("ottla_loop_busy_seconds_total", Counter, "Time spent working, not waiting for events.");
    loops.iter().enumerate().for_each(|(index, one)| text.series(&[("loop", &index)], one.busy().as_secs_f64()));
    text.metric("ottla_loop_parks_total", Counter, "Times that the loop waited for events.");
    loops.iter().enumerate().for_each(|(index, one)| text.series(&[("loop", &index)], one.parks()));
}

/// Of one API over all loops.
#[derive(Default)]
struct ApiSum {
    requests: u64,
    request_bytes: u64,
    response_bytes: u64,
    waits_begun: u64,
    waits_ended: u64,
    seconds: Snapshot,
}

impl ApiSum {
    fn add(&mut self, counts: &ApiCounts) {
        self.requests += counts.requests.value();
        self.request_bytes += counts.request_bytes.value();
        self.response_bytes += counts.response_bytes.value();
        self.waits_ended += counts.waits_ended.value();
        self.waits_begun += counts.waits_begun.value();
        counts.seconds.add_to(&mut self.seconds);
    }
}

fn requests(text: &mut Text, metrics: &Metrics) {
    let (mut apis, mut errors, mut refused) = (Vec::new(), BTreeMap::new(), 0);
    apis.resize_with(TABLE.len(), ApiSum::default);
    for counts in metrics.lock_loops().iter() {
        refused += counts.refused.value();
        for (sum, api) in apis.iter_mut().zip(TABLE) {
            counts.api(api.key.0).into_iter().for_each(|counts| sum.add(counts));
        }
        for (key, count) in counts.errors.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            *errors.entry(*key).or_insert(0) += count;
        }
    }
    let mut each = |name, kind, help, value: fn(&ApiSum) -> u64| {
        text.metric(name, kind, help);
        apis.iter().zip(TABLE).for_each(|(sum, api)| text.series(&[("api", &api.key)], value(sum)));
    };
    each("ottla_requests_total", Counter, "Requests that arrived.", |sum| sum.requests);
    each("ottla_request_bytes_total", Counter, "Bytes of requests.", |sum| sum.request_bytes);
    each("ottla_response_bytes_total", Counter, "Bytes of answers, records included.", |sum| sum.response_bytes);
    let help = "Requests that wait: fetches for records, produces for the disk.";
    each("ottla_requests_waiting", Gauge, help, |sum| sum.waits_begun.saturating_sub(sum.waits_ended));
    text.metric(
        "ottla_request_seconds",
        Kind::Histogram,
        "From the arrival of a request to its answer, waiting included.",
    );
    apis.iter().zip(TABLE).for_each(|(sum, api)| text.histogram(&[("api", &api.key)], &sum.seconds));
    text.metric("ottla_errors_total", Counter, "Errors in answers; one answer may tell several.");
    for ((key, code), count) in errors {
        text.series(&[("api", &ApiKey(key)), ("error", &wire::ErrorCode(code))], count);
    }
    let help = "Connections that were closed because of what they sent.";
    text.single("ottla_connections_refused_total", Counter, help, refused);
}

fn logs(text: &mut Text, metrics: &Metrics) {
    let mut flushes = Snapshot::default();
    metrics.flushes.lock().unwrap_or_else(PoisonError::into_inner).add_to(&mut flushes);
    text.metric("ottla_log_flush_seconds", Kind::Histogram, "Time to make what a log holds durable.")
        .histogram(&[], &flushes);
    let deleted = metrics.retention_deleted_files.load(Relaxed);
    text.single("ottla_log_retention_deleted_files_total", Counter, "Files of logs that retention took away.", deleted);
    let recovery = metrics.recovery();
    text.single("ottla_log_recovery_logs", Gauge, "Logs that were there at the start.", recovery.logs);
    text.single("ottla_log_recovery_done", Gauge, "Those of them that are open.", recovery.logs_done);
    let help = "How long their opening took; 0 while it goes on.";
    text.single("ottla_log_recovery_seconds", Gauge, help, metrics.recovery_seconds());
}

/// Takes the lock of one shard after the other, for as long as its groups are counted.
fn groups(text: &mut Text, metrics: &Metrics, of: &Subjects<'_>) {
    let census = of.coordinators.map(Coordinators::census).unwrap_or_default();
    text.metric("ottla_groups", Gauge, "Groups, by type and state.");
    for ((group_type, state), count) in census.groups {
        text.series(&[("type", &group_type), ("state", &state)], count);
    }
    text.single("ottla_group_members", Gauge, "Members of all groups.", census.members);
    text.single(
        "ottla_group_shards",
        Gauge,
        "Partitions of the offsets topic that are in service here.",
        census.shards,
    );
    let counts = &metrics.groups;
    let mut counter = |name, help, count: &AtomicU64| text.single(name, Counter, help, count.load(Relaxed));
    counter("ottla_group_offset_commits_total", "Offsets committed.", &counts.offset_commits);
    counter("ottla_group_rebalances_total", "Assignments of groups.", &counts.rebalances);
    counter("ottla_group_loads_total", "Times that a shard of groups was read from its log.", &counts.loads);
}

/// A topic's name, the index within the topic, and the partition.
type Open<'v> = (&'v str, i32, &'v Partition);

/// Names of a topic's and of a partition's metric, kind, help, and what of a partition.
type SummedValue = ((&'static str, &'static str), Kind, &'static str, fn(&Partition) -> i128);

/// Name, kind, help, and what of a partition.
type PartitionValue = (&'static str, Kind, &'static str, fn(&Partition) -> i128);

const SUMMED: [SummedValue; 6] = [
    (("ottla_topic_records_in_total", "ottla_partition_records_in_total"), Counter, "Records appended.", |one| {
        one.traffic().records_in.value().into()
    }),
    (("ottla_topic_batches_in_total", "ottla_partition_batches_in_total"), Counter, "Batches appended.", |one| {
        one.traffic().batches_in.value().into()
    }),
    (("ottla_topic_bytes_in_total", "ottla_partition_bytes_in_total"), Counter, "Bytes appended.", |one| {
        one.traffic().bytes_in.value().into()
    }),
    (
        ("ottla_topic_bytes_out_total", "ottla_partition_bytes_out_total"),
        Counter,
        "Bytes that fetches were given.",
        |one| one.traffic().bytes_out().into(),
    ),
    (
        ("ottla_topic_cold_bytes_total", "ottla_partition_cold_bytes_total"),
        Counter,
        "Bytes that fetches were given and that were not in the page cache when they were to be sent.",
        |one| one.reader().missed_bytes().into(),
    ),
    (("ottla_topic_log_size_bytes", "ottla_partition_log_size_bytes"), Gauge, "Bytes of the log.", |one| {
        one.reader().size_bytes().into()
    }),
];

const OFFSETS: [PartitionValue; 4] = [
    ("ottla_partition_log_start_offset", Gauge, "The first offset.", |one| one.log_start_offset().0.into()),
    ("ottla_partition_log_end_offset", Gauge, "The next record's offset.", |one| one.reader().end().offset.0.into()),
    ("ottla_partition_high_watermark", Gauge, "Consumers see records below it.", |one| {
        one.high_watermark().offset.0.into()
    }),
    ("ottla_partition_segments", Gauge, "Segments of the log.", |one| one.reader().segment_count() as i128),
];

fn topics(text: &mut Text, metrics: &Metrics, of: &Subjects<'_>) {
    let mut topics: Vec<&HostedTopic> = of.view.topics().map(AsRef::as_ref).collect();
    topics.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let partitions: usize = topics.iter().map(|topic| topic.partitions.len()).sum();
    let offline: usize = topics.iter().map(|topic| topic.partitions.iter().filter(|one| one.is_none()).count()).sum();
    text.single("ottla_topics", Gauge, "Topics.", topics.len());
    text.single("ottla_partitions", Gauge, "Partitions.", partitions);
    text.single("ottla_offline_partitions", Gauge, "Partitions whose log could not be opened.", offline);
    for ((name, _), kind, help, value) in SUMMED {
        text.metric(name, kind, help);
        for topic in &topics {
            let sum: i128 = topic.partitions.iter().flatten().map(|partition| value(partition)).sum();
            text.series(&[("topic", &topic.name)], sum);
        }
    }
    cached_topics(text, metrics, &topics);
    if partitions > of.partitions_max {
        return;
    }
    let open: Vec<Open<'_>> = topics
        .iter()
        .flat_map(|topic| topic.partitions.iter().flatten().map(|one| (&*topic.name, one.index().0, &**one)))
        .collect();
    for ((_, name), kind, help, value) in SUMMED {
        each_partition(text, &open, (name, kind, help, value));
    }
    OFFSETS.into_iter().for_each(|what| each_partition(text, &open, what));
    text.metric("ottla_partition_cached_bytes", Gauge, CACHED_HELP);
    for (topic, index, partition) in &open {
        if let Some(bytes) = partition.cached().known() {
            text.series(&[("topic", topic), ("partition", index)], bytes);
        }
    }
}

const CACHED_HELP: &str = "Bytes of the log that are in the page cache; absent where the system does not tell.";

/// Asks the kernel first. Of a topic nothing is told before all of its partitions are known.
fn cached_topics(text: &mut Text, metrics: &Metrics, topics: &[&HostedTopic]) {
    let open: Vec<&Partition> =
        topics.iter().flat_map(|topic| topic.partitions.iter().flatten().map(AsRef::as_ref)).collect();
    metrics.ask_page_cache(open.iter().copied());
    text.metric("ottla_topic_cached_bytes", Gauge, CACHED_HELP);
    for topic in topics {
        let sum: Option<u64> = topic.partitions.iter().flatten().map(|one| one.cached().known()).sum();
        if let Some(bytes) = sum {
            text.series(&[("topic", &topic.name)], bytes);
        }
    }
}

fn each_partition(text: &mut Text, open: &[Open<'_>], (name, kind, help, value): PartitionValue) {
    text.metric(name, kind, help);
    for (topic, index, partition) in open {
        text.series(&[("topic", topic), ("partition", index)], value(partition));
    }
}
