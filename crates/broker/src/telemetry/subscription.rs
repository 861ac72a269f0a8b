//! What a client is to push: the subscriptions that mean it, added up.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use metadata::{Configs, NamedConfigs};
use record::Uuid;
use regex::Regex;

use crate::config::client_metrics::{Subject, patterns};

/// How often clients push where no subscription says otherwise (`interval.ms`).
pub const PUSH_INTERVAL: Duration = Duration::from_secs(300);

/// What a client is to push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Beginnings of names of metrics: none for nothing, one that is empty for all.
    pub metrics: Vec<String>,
    /// How often.
    pub push_interval: Duration,
}

/// A client, as subscriptions tell it from others.
#[derive(Debug, Clone, Copy)]
pub struct Client<'a> {
    /// The id that the broker gave it.
    pub instance: Uuid,
    /// Its own name.
    pub id: &'a str,
    /// What it is made with (KIP-511); empty where it did not say.
    pub software_name: &'a str,
    /// Of which version.
    pub software_version: &'a str,
    /// Where it comes from.
    pub peer: SocketAddr,
}

impl Client<'_> {
    fn text(&self, subject: Subject) -> Cow<'_, str> {
        match subject {
            Subject::InstanceId => self.instance.to_string().into(),
            Subject::ClientId => self.id.into(),
            Subject::SoftwareName => self.software_name.into(),
            Subject::SoftwareVersion => self.software_version.into(),
            Subject::SourceAddress => self.peer.ip().to_string().into(),
            Subject::SourcePort => self.peer.port().to_string().into(),
        }
    }
}

impl Subscription {
    /// What clients are told that no subscription means.
    pub fn none() -> Subscription {
        Subscription { metrics: Vec::new(), push_interval: PUSH_INTERVAL }
    }

    /// All that these subscriptions ask of `client`, at the shortest of their intervals.
    pub fn of(subscriptions: &Subscriptions, client: &Client<'_>) -> Subscription {
        let mut all = Subscription::none();
        for one in subscriptions.all.iter().filter(|one| one.means(client)) {
            all.metrics.extend_from_slice(&one.metrics);
            all.push_interval = all.push_interval.min(one.push_interval);
        }
        if all.metrics.iter().any(|name| name == "*") {
            all.metrics = vec![String::new()];
        }
        all.metrics.sort_unstable();
        all.metrics.dedup();
        all
    }

    /// Names what this client is told: another set of metrics, interval or client has another id.
    pub fn id(&self, client: Uuid) -> i32 {
        let mut bytes = client.0.to_vec();
        bytes.extend(self.push_interval.as_millis().to_be_bytes());
        for metric in &self.metrics {
            bytes.extend(metric.as_bytes());
            bytes.push(0);
        }
        i32::from_be_bytes(record::crc32c(&bytes).to_be_bytes())
    }
}

/// All subscriptions, ready to be held against clients: patterns are compiled once, not for each client that asks.
#[derive(Debug, Default)]
pub struct Subscriptions {
    made_of: Arc<NamedConfigs>,
    all: Vec<One>,
}

#[derive(Debug)]
struct One {
    patterns: Vec<(Subject, Regex)>,
    metrics: Vec<String>,
    push_interval: Duration,
}

impl Subscriptions {
    /// Of these configs. A pattern that is not understood means nobody.
    pub fn new(configs: &Arc<NamedConfigs>) -> Subscriptions {
        let all = configs.iter().filter_map(|(_, configs)| One::new(configs)).collect();
        Subscriptions { made_of: Arc::clone(configs), all }
    }

    /// Whether they are made of these configs.
    pub fn are_of(&self, configs: &Arc<NamedConfigs>) -> bool {
        Arc::ptr_eq(&self.made_of, configs)
    }
}

impl One {
    fn new(configs: &Configs) -> Option<One> {
        let metrics = configs.value("metrics").unwrap_or_default().split(',').map(str::trim);
        let interval = configs.value("interval.ms").and_then(|ms| ms.trim().parse().ok());
        Some(One {
            patterns: patterns(configs.value("match").unwrap_or_default()).ok()?,
            metrics: metrics.filter(|name| !name.is_empty()).map(str::to_owned).collect(),
            push_interval: interval.map_or(PUSH_INTERVAL, Duration::from_millis),
        })
    }

    fn means(&self, client: &Client<'_>) -> bool {
        self.patterns.iter().all(|(subject, pattern)| pattern.is_match(&client.text(*subject)))
    }
}
