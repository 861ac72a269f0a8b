//! Tiered storage.

use super::reasons::NO_REMOTE;
use crate::config::Config;
use crate::config::key::{Key, Scope, double, flag, int, long, text};
use crate::config::valid::Valid;

/// The table.
pub const KEYS: &[Key<Config>] = &[
    flag("follower.fetch.last.tiered.offset.enable")
        .default("false")
        .scope(Scope::ClusterWide)
        .no_effect(NO_REMOTE)
        .doc("A new replica begins behind what is in the remote storage."),
    int("remote.fetch.max.wait.ms")
        .default("500")
        .at_least(1)
        .scope(Scope::ClusterWide)
        .no_effect(NO_REMOTE)
        .doc("How long a fetch from the remote storage may take."),
    long("remote.list.offsets.request.timeout.ms")
        .default("30000")
        .at_least(1)
        .scope(Scope::ClusterWide)
        .no_effect(NO_REMOTE)
        .doc("How long a look-up in the remote storage may take."),
    long("remote.log.index.file.cache.total.size.bytes")
        .default("1073741824")
        .at_least(1)
        .scope(Scope::ClusterWide)
        .no_effect(NO_REMOTE)
        .doc("Space for indexes of remote segments."),
    long("remote.log.index.file.cache.ttl.ms")
        .default("900000")
        .at_least(-1)
        .internal()
        .no_effect(NO_REMOTE)
        .doc("How long indexes of remote segments are kept."),
    int("remote.log.manager.copier.thread.pool.size")
        .default("10")
        .at_least(1)
        .scope(Scope::ClusterWide)
        .no_effect(NO_REMOTE)
        .doc("Threads that copy segments away."),
    long("remote.log.manager.copy.max.bytes.per.second")
        .default("9223372036854775807")
        .at_least(1)
        .scope(Scope::ClusterWide)
        .no_effect(NO_REMOTE)
        .doc("How fast segments are copied away."),
    int("remote.log.manager.copy.quota.window.num")
        .default("11")
        .at_least(1)
        .no_effect(NO_REMOTE)
        .doc("Windows in which copying is measured."),
    int("remote.log.manager.copy.quota.window.size.seconds")
        .default("1")
        .at_least(1)
        .no_effect(NO_REMOTE)
        .doc("The length of such a window."),
    int("remote.log.manager.expiration.thread.pool.size")
        .default("10")
        .at_least(1)
        .scope(Scope::ClusterWide)
        .no_effect(NO_REMOTE)
        .doc("Threads that delete remote segments."),
    long("remote.log.manager.fetch.max.bytes.per.second")
        .default("9223372036854775807")
        .at_least(1)
        .scope(Scope::ClusterWide)
        .no_effect(NO_REMOTE)
        .doc("How fast remote segments are read."),
    int("remote.log.manager.fetch.quota.window.num")
        .default("11")
        .at_least(1)
        .no_effect(NO_REMOTE)
        .doc("Windows in which reading is measured."),
    int("remote.log.manager.fetch.quota.window.size.seconds")
        .default("1")
        .at_least(1)
        .no_effect(NO_REMOTE)
        .doc("The length of such a window."),
    int("remote.log.manager.follower.thread.pool.size")
        .default("2")
        .at_least(1)
        .scope(Scope::ClusterWide)
        .no_effect(NO_REMOTE)
        .doc("Threads of replicas that follow."),
    long("remote.log.manager.task.interval.ms")
        .default("30000")
        .at_least(1)
        .no_effect(NO_REMOTE)
        .doc("How often segments are looked at."),
    long("remote.log.manager.task.retry.backoff.ms")
        .default("500")
        .at_least(1)
        .internal()
        .no_effect(NO_REMOTE)
        .doc("How long a failed copy waits at first."),
    long("remote.log.manager.task.retry.backoff.max.ms")
        .default("30000")
        .at_least(1)
        .internal()
        .no_effect(NO_REMOTE)
        .doc("How long a failed copy waits at the most."),
    double("remote.log.manager.task.retry.jitter")
        .default("0.2")
        .valid(Valid::UpTo(0.5))
        .internal()
        .no_effect(NO_REMOTE)
        .doc("How far such waits are spread."),
    int("remote.log.manager.thread.pool.size")
        .default("2")
        .at_least(1)
        .no_effect(NO_REMOTE)
        .doc("Threads of tiered storage."),
    int("remote.log.metadata.custom.metadata.max.bytes")
        .default("128")
        .at_least(0)
        .no_effect(NO_REMOTE)
        .doc("The largest note on a remote segment."),
    text("remote.log.metadata.manager.class.name")
        .default("org.apache.kafka.server.log.remote.metadata.storage.TopicBasedRemoteLogMetadataManager")
        .valid(Valid::NotEmpty)
        .no_effect(NO_REMOTE)
        .doc("The class that keeps the list of remote segments."),
    text("remote.log.metadata.manager.class.path").no_effect(NO_REMOTE).doc("Where that class is."),
    text("remote.log.metadata.manager.impl.prefix")
        .default("rlmm.config.")
        .valid(Valid::NotEmpty)
        .no_effect(NO_REMOTE)
        .doc("The beginning of that class's own keys."),
    text("remote.log.metadata.manager.listener.name")
        .valid(Valid::NotEmpty)
        .no_effect(NO_REMOTE)
        .doc("The listener that that class uses."),
    int("remote.log.reader.max.pending.tasks")
        .default("100")
        .at_least(1)
        .no_effect(NO_REMOTE)
        .doc("Remote reads that may wait."),
    int("remote.log.reader.threads")
        .default("10")
        .at_least(1)
        .scope(Scope::ClusterWide)
        .no_effect(NO_REMOTE)
        .doc("Threads that read remote segments."),
    text("remote.log.storage.manager.class.name")
        .valid(Valid::NotEmpty)
        .no_effect(NO_REMOTE)
        .doc("The class that stores segments."),
    text("remote.log.storage.manager.class.path").no_effect(NO_REMOTE).doc("Where that class is."),
    text("remote.log.storage.manager.impl.prefix")
        .default("rsm.config.")
        .valid(Valid::NotEmpty)
        .no_effect(NO_REMOTE)
        .doc("The beginning of that class's own keys."),
    flag("remote.log.storage.system.enable")
        .default("false")
        .only_default(NO_REMOTE)
        .doc("Segments are copied to a remote storage."),
];
