//! The settings of a member of a group.

use std::time::Duration;

use crate::{ConsumerConfig, Reset};

/// How a group decides who reads what (`group.protocol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupProtocol {
    /// One member is chosen to assign for all (JoinGroup and SyncGroup).
    Classic,
    /// The broker assigns (KIP-848).
    Consumer,
}

/// How the member that was chosen assigns (`partition.assignment.strategy`). All members must have one in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Assignor {
    /// Neighbouring partitions of each topic (`range`). Topics that are keyed alike are read side by side.
    Range,
    /// One after the other, over all topics (`roundrobin`).
    RoundRobin,
    /// As even as can be, and as near to what it was as can be (`sticky`).
    Sticky,
    /// The same, while members keep on reading what stays theirs (`cooperative-sticky`, KIP-429).
    CooperativeSticky,
}

impl Assignor {
    /// Kafka's name.
    pub fn name(self) -> &'static str {
        match self {
            Assignor::Range => "range",
            Assignor::RoundRobin => "roundrobin",
            Assignor::Sticky => "sticky",
            Assignor::CooperativeSticky => "cooperative-sticky",
        }
    }

    /// The assignor of this name.
    pub fn named(name: &str) -> Option<Assignor> {
        let all = [Assignor::Range, Assignor::RoundRobin, Assignor::Sticky, Assignor::CooperativeSticky];
        all.into_iter().find(|assignor| assignor.name() == name)
    }
}

/// Settings of a [`GroupConsumer`](crate::GroupConsumer). In brackets: Kafka's name where it is another one.
#[derive(Clone, Debug)]
pub struct GroupConfig {
    /// The group (`group.id`).
    pub group_id: String,
    /// Who assigns.
    pub protocol: GroupProtocol,
    /// A name that outlives the process (`group.instance.id`, KIP-345): a member that comes back under it within the session
    /// timeout has its partitions again, and the others do not notice.
    pub instance_id: Option<String>,
    /// Assignors, the one liked best first (`partition.assignment.strategy`); classic protocol only. Members give nothing up
    /// that stays theirs when all of these are cooperative.
    pub assignors: Vec<Assignor>,
    /// The broker's assignor (`group.remote.assignor`); `None` for the one it likes best. Consumer protocol only.
    pub remote_assignor: Option<String>,
    /// Where the member is (`client.rack`).
    pub rack: Option<String>,
    /// After how long without a heartbeat the broker takes the member for dead (`session.timeout.ms`); classic protocol only,
    /// the broker has it for the other.
    pub session_timeout: Duration,
    /// How often the member says that it is alive (`heartbeat.interval.ms`); classic protocol only.
    pub heartbeat_interval: Duration,
    /// The member leaves when its records are not asked for during this (`max.poll.interval.ms`). A rebalance waits for it as
    /// long.
    pub max_poll_interval: Duration,
    /// How often to commit what was returned (`auto.commit.interval.ms`); `None` to leave it to the caller
    /// (`enable.auto.commit`).
    pub auto_commit: Option<Duration>,
    /// How records are read. `reset` says where to begin in partitions that the group has not committed.
    pub consumer: ConsumerConfig,
}

impl GroupConfig {
    /// A member of this group with Kafka's defaults: classic, range and cooperative-sticky, 45 s, 3 s, 5 minutes, commits
    /// every 5 s, begins at the end.
    pub fn new(group_id: impl Into<String>) -> GroupConfig {
        GroupConfig {
            group_id: group_id.into(),
            protocol: GroupProtocol::Classic,
            instance_id: None,
            assignors: vec![Assignor::Range, Assignor::CooperativeSticky],
            remote_assignor: None,
            rack: None,
            session_timeout: Duration::from_secs(45),
            heartbeat_interval: Duration::from_secs(3),
            max_poll_interval: Duration::from_secs(300),
            auto_commit: Some(Duration::from_secs(5)),
            consumer: ConsumerConfig { reset: Reset::Latest, ..ConsumerConfig::default() },
        }
    }

    /// Whether members keep what stays theirs while they rebalance.
    pub(crate) fn is_cooperative(&self) -> bool {
        self.assignors.iter().all(|assignor| *assignor == Assignor::CooperativeSticky)
    }
}

/// Which topics a group reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subscription {
    /// Not said yet.
    Nothing,
    /// By name, sorted, each once.
    Topics(Vec<String>),
    /// All whose whole name fits a regular expression of the broker's (RE2).
    Pattern(String),
}
