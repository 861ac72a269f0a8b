//! The node itself: who it is, its directories and its threads.

use record::BrokerId;

use super::parse::{cores_text, directories, directory, loops, roles};
use super::reasons::{ALONE, LOOPS, NO_PROVIDERS, NO_STAGES, NO_UNSTABLE, ONE_MOVE, OWN_METADATA};
use crate::config::Config;
use crate::config::cordon::entries;
use crate::config::key::{Key, Scope, flag, int, list, long, text};
use crate::config::support::{bounded, number, put};

/// The table.
pub const KEYS: &[Key<Config>] = &[
    int("node.id")
        .here(|| "1".to_owned())
        .at_least(0)
        .obeyed(|c: &mut Config, v| put(&mut c.node_id, number(v).map(BrokerId)))
        .doc("The id of this node in the cluster."),
    int("broker.id")
        .default("-1")
        .obeyed(|c: &mut Config, v| put(&mut c.raw_broker_id, bounded(v, -1, i64::from(i32::MAX)).map(BrokerId)))
        .doc("The older name of node.id; -1 leaves it to that."),
    text("broker.rack")
        .obeyed(|c: &mut Config, v| put(&mut c.rack, Ok(Some(v.to_owned()))))
        .doc("Where the broker stands; clients are told it."),
    list("process.roles")
        .one_of(&["broker", "controller"])
        .obeyed(|_: &mut Config, v| roles(v))
        .doc("What the node is; Ottla is always broker and controller in one."),
    list("log.dir")
        .default("/tmp/kafka-logs")
        .here(|| "./ottla-data".to_owned())
        .obeyed(|c: &mut Config, v| put(&mut c.raw_log_dir, directories(v).map(Some)))
        .doc("The directories of the data, where log.dirs is not set."),
    list("log.dirs")
        .obeyed(|c: &mut Config, v| put(&mut c.raw_log_dirs, directories(v).map(Some)))
        .doc("The directories of the data, one for each disk; a new partition goes to the one with the fewest."),
    list("cordoned.log.dirs")
        .default("")
        .scope(Scope::PerBroker)
        .obeyed(|c: &mut Config, v| put(&mut c.cordoned_log_dirs, Ok(entries(v))))
        .doc("Directories that get no new partitions, or * for all."),
    text("metadata.log.dir")
        .obeyed(|c: &mut Config, v| put(&mut c.raw_metadata_dir, directory(v).map(Some)))
        .doc("The directory of the metadata log; the first of log.dirs where it is not set."),
    int("background.threads")
        .default("10")
        .at_least(1)
        .scope(Scope::ClusterWide)
        .no_effect(LOOPS)
        .doc("Threads for work that waits."),
    int("num.io.threads")
        .default("8")
        .at_least(1)
        .scope(Scope::ClusterWide)
        .no_effect(LOOPS)
        .doc("Threads that carry out requests."),
    int("num.network.threads")
        .default("3")
        .here(cores_text)
        .at_least(1)
        .scope(Scope::ClusterWide)
        .obeyed(|c: &mut Config, v| put(&mut c.loops, loops(v)))
        .doc("Event loops; each is a thread that reads, carries out and answers."),
    int("num.recovery.threads.per.data.dir")
        .default("2")
        .here(cores_text)
        .at_least(1)
        .scope(Scope::ClusterWide)
        .obeyed(|c: &mut Config, v| put(&mut c.recovery_threads, number(v)))
        .doc("Threads that open logs at the start."),
    int("num.replica.alter.log.dirs.threads")
        .no_effect(ONE_MOVE)
        .doc("Threads that move replicas between directories."),
    int("queued.max.requests").default("500").at_least(1).no_effect(LOOPS).doc("Requests that may wait for a thread."),
    int("request.timeout.ms")
        .default("30000")
        .no_effect(ALONE)
        .doc("How long an answer of another node is waited for."),
    list("early.start.listeners").no_effect(NO_STAGES).doc("Listeners that are open before the others."),
    long("server.max.startup.time.ms")
        .default("9223372036854775807")
        .at_least(0)
        .internal()
        .no_effect(NO_STAGES)
        .doc("How long a start may take."),
    long("internal.metadata.delete.delay.millis")
        .default("60000")
        .internal()
        .no_effect(OWN_METADATA)
        .doc("From the deletion of a metadata file to the freeing of its space."),
    int("internal.metadata.log.segment.bytes")
        .internal()
        .no_effect(OWN_METADATA)
        .doc("A size of metadata segments for tests."),
    int("internal.metadata.max.batch.size.in.bytes")
        .default("8388608")
        .internal()
        .no_effect(OWN_METADATA)
        .doc("The largest batch of metadata records."),
    flag("unstable.api.versions.enable")
        .default("false")
        .internal()
        .only_default(NO_UNSTABLE)
        .doc("Serves versions of APIs that may still change."),
    flag("unstable.feature.versions.enable")
        .default("false")
        .internal()
        .only_default(NO_UNSTABLE)
        .doc("Allows levels of features that may still change."),
    list("config.providers")
        .default("")
        .scope(Scope::ClusterWide)
        .only_default(NO_PROVIDERS)
        .doc("Classes that fill in values from elsewhere."),
];
