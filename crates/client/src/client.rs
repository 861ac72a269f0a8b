//! The client: connections, and what is known of the cluster.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use host::{Clock, Rng};
use record::{BrokerId, TopicId};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{Instant, sleep};
use wire::messages::metadata::{MetadataRequest, MetadataRequestTopic, MetadataResponse};
use wire::{ErrorCode, Message, Request};

use crate::backoff;
use crate::connection::{Answer, Connection};
use crate::metadata::{self, Answered};
use crate::producer::ProducerConfig;
use crate::{
    Address, AddressError, Admin, CallError, ConnectError, Consumer, ConsumerConfig, GroupConfig, GroupConsumer,
    Producer, Refusal, RequestError, Topic,
};

/// How often a topic that is not known is asked for again: the broker may not have heard of a new one yet.
const UNKNOWN_TOPIC_TRIES: u32 = 3;
/// The same when the broker was asked to create it.
const CREATING_TOPIC_TRIES: u32 = 30;

/// Settings of a [`Client`].
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// The name that brokers put into their logs.
    pub client_id: String,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long an answer may take, and how long retriable errors are retried where nothing else is said.
    pub request_timeout: Duration,
    /// The longest answer that is accepted, in bytes.
    pub max_response_bytes: usize,
    /// The pause before the first retry (`retry.backoff.ms`). It doubles with every further one, and is up to a fifth
    /// shorter or longer (KIP-580).
    pub retry_backoff: Duration,
    /// The longest pause before a retry (`retry.backoff.max.ms`), but for that fifth.
    pub retry_backoff_max: Duration,
    /// After how long producers and consumers ask for their topics again (`metadata.max.age.ms`): partitions may have been
    /// added, or have other leaders.
    pub metadata_max_age: Duration,
}

impl Default for ClientConfig {
    /// 10 s, 30 s, 256 MiB, 100 ms, 1 s, 5 minutes.
    fn default() -> ClientConfig {
        ClientConfig {
            client_id: "ottla-rust".to_owned(),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            max_response_bytes: 256 << 20,
            retry_backoff: Duration::from_millis(100),
            retry_backoff_max: Duration::from_secs(1),
            metadata_max_age: Duration::from_secs(300),
        }
    }
}

/// A client of one cluster. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
}

/// A client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The bootstrap addresses are wrong.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// No broker answers.
    #[error(transparent)]
    Request(#[from] RequestError),
}

struct Shared {
    config: ClientConfig,
    bootstrap: Vec<Address>,
    slots: Mutex<HashMap<(Address, Purpose), Arc<Slot>>>,
    known: Mutex<Known>,
    clock: Clock,
    rng: Rng,
}

/// What a connection is for. Kafka answers in order, so that a Fetch that waits for records would hold up all behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Purpose {
    Calls,
    Fetches,
}

/// At most one connection per address and purpose; whoever opens it holds the lock, so that others wait for the same one.
type Slot = AsyncMutex<Opened>;

#[derive(Default)]
enum Opened {
    #[default]
    NotYet,
    Open(Arc<Connection>),
    /// Those who waited meanwhile, and who come soon after, need not try it once more in their turn.
    Failed(Instant, ConnectError),
}

#[derive(Default)]
struct Known {
    brokers: HashMap<BrokerId, Address>,
    topics: HashMap<String, Arc<Topic>>,
}

impl Client {
    /// Connects to a cluster by the addresses of some of its brokers, such as `a:9092,b:9092`.
    ///
    /// # Errors
    /// The addresses are wrong, or no broker answers at any of them.
    pub async fn connect(bootstrap: &str) -> Result<Client, ClientError> {
        Client::connect_with(bootstrap, ClientConfig::default()).await
    }

    /// [`Client::connect`] with other settings than the default ones.
    ///
    /// # Errors
    /// As [`Client::connect`].
    pub async fn connect_with(bootstrap: &str, config: ClientConfig) -> Result<Client, ClientError> {
        let shared = Shared {
            config,
            bootstrap: Address::parse_list(bootstrap)?,
            slots: Mutex::default(),
            known: Mutex::default(),
            clock: Clock::real(),
            rng: Rng::os(),
        };
        let client = Client { shared: Arc::new(shared) };
        client.metadata(Some(&[]), false).await?;
        Ok(client)
    }

    /// Topics and cluster.
    pub fn admin(&self) -> Admin {
        Admin::new(self.clone())
    }

    /// A producer; it begins with its first record.
    pub fn producer(&self, config: ProducerConfig) -> Producer {
        Producer::new(self.clone(), config)
    }

    /// A consumer without partitions yet.
    pub fn consumer(&self, config: ConsumerConfig) -> Consumer {
        Consumer::new(self.clone(), config)
    }

    /// A member of a group, without topics yet.
    pub fn group_consumer(&self, config: GroupConfig) -> GroupConsumer {
        GroupConsumer::new(self.clone(), config)
    }

    pub(crate) fn config(&self) -> &ClientConfig {
        &self.shared.config
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    pub(crate) fn rng(&self) -> &Rng {
        &self.shared.rng
    }

    /// A topic as it was last heard of, or asked for now. `create` lets the broker create it, if it is set up to.
    pub(crate) async fn topic(&self, name: &str, create: bool) -> Result<Arc<Topic>, RequestError> {
        if let Some(topic) = self.known_topic(name) {
            return Ok(topic);
        }
        self.refresh_topic(name, create).await
    }

    /// A topic asked for now. Errors that pass are waited for.
    pub(crate) async fn refresh_topic(&self, name: &str, create: bool) -> Result<Arc<Topic>, RequestError> {
        let mut tries = if create { CREATING_TOPIC_TRIES } else { UNKNOWN_TOPIC_TRIES };
        loop {
            tries -= 1;
            let answered = self.settled_metadata(Some(&[name]), create).await?;
            let found = answered.topics.into_iter().find(|(found, _)| found == name);
            let unknown = || Refusal {
                subject: format!("topic `{name}`"),
                code: ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
                message: None,
            };
            match found.map_or_else(|| Err(unknown()), |(_, topic)| topic) {
                Ok(topic) => return Ok(Arc::new(topic)),
                Err(refusal) if refusal.code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION && tries > 0 => {
                    self.back_off().await
                }
                Err(refusal) if refusal.code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION => {
                    return Err(Refusal { message: Some("there is no such topic".to_owned()), ..refusal }.into());
                }
                Err(refusal) => return Err(refusal.into()),
            }
        }
    }

    /// Metadata, asked for again as long as topics are not ready and the request timeout has not passed.
    pub(crate) async fn settled_metadata(
        &self,
        topics: Option<&[&str]>,
        create: bool,
    ) -> Result<Answered, RequestError> {
        let deadline = Instant::now() + self.config().request_timeout;
        loop {
            let answered = self.metadata(topics, create).await?;
            if !answered.is_unsettled() || Instant::now() >= deadline {
                return Ok(answered);
            }
            self.back_off().await;
        }
    }

    /// The cluster and these topics, `None` for all. What it says is remembered.
    pub(crate) async fn metadata(&self, topics: Option<&[&str]>, create: bool) -> Result<Answered, RequestError> {
        let by_name = |&name| MetadataRequestTopic { name: Some(name), ..MetadataRequestTopic::default() };
        let request = MetadataRequest {
            topics: topics.map(|topics| topics.iter().map(by_name).collect()),
            allow_auto_topic_creation: create,
            ..MetadataRequest::default()
        };
        let answer = self.call_any(&request).await?;
        let answered = metadata::read(&answer.read::<MetadataResponse<'_>>()?)?;
        self.remember(&answered);
        Ok(answered)
    }

    fn remember(&self, answered: &Answered) {
        let mut known = self.known();
        if !answered.cluster.brokers.is_empty() {
            known.brokers = metadata::addresses(&answered.cluster);
        }
        for (name, topic) in &answered.topics {
            match topic {
                Ok(topic) => known.topics.insert(name.clone(), Arc::new(topic.clone())),
                Err(_) => known.topics.remove(name),
            };
        }
    }

    /// Drops what is known of a topic, so that it is asked for again.
    pub(crate) fn forget_topic(&self, name: &str) {
        self.known().topics.remove(name);
    }

    /// A topic as it was last heard of.
    pub(crate) fn known_topic(&self, name: &str) -> Option<Arc<Topic>> {
        self.known().topics.get(name).cloned()
    }

    pub(crate) async fn back_off(&self) {
        self.pause(0).await;
    }

    /// Pauses after so many tries that failed, the last one not counted.
    pub(crate) async fn pause(&self, tries: u32) {
        sleep(self.pause_len(tries)).await;
    }

    /// How long to pause then.
    pub(crate) fn pause_len(&self, tries: u32) -> Duration {
        let config = self.config();
        backoff::pause(config.retry_backoff, config.retry_backoff_max, tries, self.rng().next_u64())
    }

    /// The connection to a broker.
    pub(crate) async fn broker(&self, id: BrokerId) -> Result<Arc<Connection>, ConnectError> {
        self.connection(&self.address_of(id)?, Purpose::Calls).await
    }

    /// The connection to a broker on which consumers wait for records.
    pub(crate) async fn broker_to_fetch(&self, id: BrokerId) -> Result<Arc<Connection>, ConnectError> {
        self.connection(&self.address_of(id)?, Purpose::Fetches).await
    }

    /// The connection to whoever is reached there.
    pub(crate) async fn at(&self, address: &Address) -> Result<Arc<Connection>, ConnectError> {
        self.connection(address, Purpose::Calls).await
    }

    /// A connection that is the caller's own.
    pub(crate) async fn open(&self, address: &Address) -> Result<Connection, ConnectError> {
        Connection::open(address, self.config()).await
    }

    /// The names of topics by their ids; those that the broker does not know are left out.
    pub(crate) async fn topic_names(&self, ids: &[TopicId]) -> Result<Vec<(TopicId, String)>, RequestError> {
        let by_id = |&topic_id| MetadataRequestTopic { topic_id, name: None };
        let request = MetadataRequest {
            topics: Some(ids.iter().map(by_id).collect()),
            allow_auto_topic_creation: false,
            ..MetadataRequest::default()
        };
        let answer = self.call_any(&request).await?;
        let answered = metadata::read(&answer.read::<MetadataResponse<'_>>()?)?;
        self.remember(&answered);
        Ok(answered.topics.into_iter().filter_map(|(name, topic)| Some((topic.ok()?.id, name))).collect())
    }

    fn address_of(&self, id: BrokerId) -> Result<Address, ConnectError> {
        self.known().brokers.get(&id).cloned().ok_or(ConnectError::UnknownBroker { id: id.0 })
    }

    /// A connection to whichever broker can be reached: known ones first, then those of the start.
    pub(crate) async fn any(&self) -> Result<Arc<Connection>, ConnectError> {
        let mut addresses: Vec<Address> = self.known().brokers.values().cloned().collect();
        addresses.extend(self.shared.bootstrap.iter().cloned());
        let mut first_error = None;
        for address in &addresses {
            match self.connection(address, Purpose::Calls).await {
                Ok(connection) => return Ok(connection),
                Err(error) => first_error = first_error.or(Some(error)),
            }
        }
        Err(first_error.expect("a list of addresses is never empty"))
    }

    /// Sends a request that may be repeated to whichever broker can be reached.
    pub(crate) async fn call_any<'q, Q: Request + Message<'q>>(&self, request: &Q) -> Result<Answer, CallError> {
        match self.any().await?.call(request).await {
            // The broker may have closed the connection just before, for having been idle.
            Err(CallError::Closed { .. }) => self.any().await?.call(request).await,
            answer => answer,
        }
    }

    async fn connection(&self, address: &Address, purpose: Purpose) -> Result<Arc<Connection>, ConnectError> {
        let slot = Arc::clone(lock(&self.shared.slots).entry((address.clone(), purpose)).or_default());
        let begun = Instant::now();
        let mut slot = slot.lock().await;
        match &*slot {
            Opened::Open(connection) if connection.is_open() => return Ok(Arc::clone(connection)),
            Opened::Failed(at, error) if *at >= begun || at.elapsed() < self.config().retry_backoff => {
                return Err(error.again());
            }
            _ => {}
        }
        tracing::debug!(%address, ?purpose, "connecting");
        match Connection::open(address, self.config()).await {
            Ok(connection) => {
                let connection = Arc::new(connection);
                *slot = Opened::Open(Arc::clone(&connection));
                Ok(connection)
            }
            Err(error) => {
                *slot = Opened::Failed(Instant::now(), error.again());
                Err(error)
            }
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        lock(&self.shared.known)
    }
}

/// The data is whole after each change, so a panic elsewhere is no reason to stop.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
