//! One TCP connection to a broker. Requests go out in the order in which they were made, and Kafka answers in that order.
//!
//! ```text
//! call() --requests--> writer task --> socket --> reader task --> the call's oneshot
//!                           \-----awaiting (in order)-----/
//! ```
//!
//! Both tasks end as soon as either does, or when the connection is dropped; calls without an answer then fail.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout, timeout_at};
use wire::messages::api_versions::{ApiVersion, ApiVersionsRequest, ApiVersionsResponse};
use wire::{Api, ApiKey, ErrorCode, Message, Request, Response, Versions, decode_body, decode_response_header};

use crate::{Address, CallError, ClientConfig, ConnectError};

/// Requests that wait to be written, and as many that wait for their answer; further calls wait.
const QUEUE_LEN: usize = 64;
/// What is allocated for an answer before more than its size has arrived.
const FIRST_READ_BYTES: usize = 64 << 10;

/// An open connection whose broker has told the versions it speaks.
pub(crate) struct Connection {
    address: Address,
    client_id: String,
    request_timeout: Duration,
    versions: Vec<ApiVersion>,
    next_correlation_id: AtomicI32,
    requests: mpsc::Sender<Outgoing>,
    tasks: [AbortHandle; 2],
}

/// A request on its way.
struct Outgoing {
    frame: Vec<u8>,
    correlation_id: i32,
    reply: Reply,
}

/// What the call awaits. Produce with `acks=0` is not answered.
enum Reply {
    Answered(oneshot::Sender<Result<Vec<u8>, CallError>>),
    Written(oneshot::Sender<()>),
}

struct Awaiting {
    correlation_id: i32,
    answer: oneshot::Sender<Result<Vec<u8>, CallError>>,
}

/// The frame of a response, and what is needed to read it.
pub(crate) struct Answer {
    frame: Bytes,
    api: ApiKey,
    version: i16,
    address: Address,
}

/// A request that was handed over, and whose answer is to come.
pub(crate) struct Pending {
    connection: Arc<Connection>,
    answered: oneshot::Receiver<Result<Vec<u8>, CallError>>,
    api: ApiKey,
    version: i16,
    begun: Instant,
    after: Duration,
}

impl Pending {
    /// Waits for the answer. Safe to cancel.
    pub(crate) async fn answer(&mut self) -> Result<Answer, CallError> {
        let Pending { connection, answered, api, version, begun, after } = self;
        let (address, api, version, after) = (connection.address.clone(), *api, *version, *after);
        match timeout_at(*begun + after, answered).await {
            Ok(Ok(frame)) => Ok(Answer { frame: frame?.into(), api, version, address }),
            Ok(Err(_)) => Err(CallError::Closed { address, api }),
            Err(_) => {
                // Answers come in order: behind one that does not come, none does.
                connection.close();
                Err(CallError::TimedOut { address, api, after })
            }
        }
    }

    /// Who is to answer.
    pub(crate) fn address(&self) -> &Address {
        &self.connection.address
    }

    /// Nobody waits any longer. A connection that has not answered for this long is taken for dead, so that others do not
    /// wait on it in their turn.
    pub(crate) fn give_up(self, patience: Duration) {
        if self.begun.elapsed() >= patience {
            self.connection.close();
        }
    }
}

impl Answer {
    /// Bytes of the response as an owner of their own; the whole frame stays in memory as long as they do.
    pub(crate) fn share(&self, bytes: &[u8]) -> Bytes {
        if bytes.is_empty() { Bytes::new() } else { self.frame.slice_ref(bytes) }
    }

    /// The response in the frame.
    pub(crate) fn read<'a, R: Response + Message<'a>>(&'a self) -> Result<R, CallError> {
        decode_response_header(&self.frame, self.api, self.version)
            .and_then(|(_, body)| decode_body(body, self.version))
            .map_err(|source| CallError::Malformed { address: self.address.clone(), api: self.api, source })
    }
}

impl Connection {
    /// Connects and asks for the broker's versions.
    pub(crate) async fn open(address: &Address, config: &ClientConfig) -> Result<Connection, ConnectError> {
        let connecting = timeout(config.connect_timeout, connect(address)).await;
        let (read, write) = connecting
            .map_err(|_| ConnectError::TimedOut { address: address.clone(), after: config.connect_timeout })??;
        let mut connection = Connection::start(address, config, read, write);
        let versions = connection.ask_versions().await;
        connection.versions = versions.map_err(|error| match error {
            CallError::TimedOut { address, after, .. } => ConnectError::TimedOut { address, after },
            error => ConnectError::NotABroker { address: address.clone(), reason: error.to_string() },
        })?;
        Ok(connection)
    }

    fn start(address: &Address, config: &ClientConfig, read: OwnedReadHalf, write: OwnedWriteHalf) -> Connection {
        let (requests, outgoing) = mpsc::channel(QUEUE_LEN);
        let (awaiting, awaited) = mpsc::channel(QUEUE_LEN);
        let reader = Reader { address: address.clone(), max_bytes: config.max_response_bytes, read, last_len: 0 };
        let tasks = [
            tokio::spawn(write_requests(write, outgoing, awaiting)).abort_handle(),
            tokio::spawn(reader.read_answers(awaited)).abort_handle(),
        ];
        Connection {
            address: address.clone(),
            client_id: config.client_id.clone(),
            request_timeout: config.request_timeout,
            versions: Vec::new(),
            next_correlation_id: AtomicI32::new(0),
            requests,
            tasks,
        }
    }

    /// Whether requests can still be sent.
    pub(crate) fn is_open(&self) -> bool {
        !self.requests.is_closed()
    }

    /// The highest version of `R` that the broker and this client both speak, at most `ceiling`.
    pub(crate) fn version_of<R: Api>(&self, ceiling: i16) -> Result<i16, CallError> {
        let ours = Versions { min: R::VERSIONS.min, max: R::VERSIONS.max.min(ceiling) };
        let theirs = self.versions.iter().find(|theirs| theirs.api_key == R::API_KEY.0);
        let common = theirs
            .map(|theirs| ours.max.min(theirs.max_version))
            .filter(|&version| theirs.is_some_and(|theirs| version >= theirs.min_version) && version >= ours.min);
        common.ok_or_else(|| CallError::Unsupported { address: self.address.clone(), api: R::API_KEY, ours })
    }

    /// Sends a request in the highest common version and awaits the answer.
    pub(crate) async fn call<'q, Q: Request + Message<'q>>(&self, request: &Q) -> Result<Answer, CallError> {
        self.call_up_to(i16::MAX, request, Duration::ZERO).await
    }

    /// [`Connection::call`] with a version of at most `ceiling`. `hold` is how long the broker may take by the request's
    /// own terms; it is added to the timeout.
    pub(crate) async fn call_up_to<'q, Q: Request + Message<'q>>(
        &self,
        ceiling: i16,
        request: &Q,
        hold: Duration,
    ) -> Result<Answer, CallError> {
        self.call_in(self.version_of::<Q>(ceiling)?, request, hold).await
    }

    /// Sends a request that brokers do not tell of, in its first version.
    pub(crate) async fn call_unlisted<'q, Q: Request + Message<'q>>(&self, request: &Q) -> Result<Answer, CallError> {
        self.call_in(Q::VERSIONS.min, request, Duration::ZERO).await
    }

    /// Hands a request over in the highest common version, at most `ceiling`; requests go out in the order of these calls.
    /// `hold` is how long the broker may take by the request's own terms; it is added to the timeout.
    pub(crate) async fn submit<'q, Q: Request + Message<'q>>(
        self: &Arc<Self>,
        ceiling: i16,
        request: &Q,
        hold: Duration,
    ) -> Result<Pending, CallError> {
        let version = self.version_of::<Q>(ceiling)?;
        let (correlation_id, frame) = self.encode(version, request);
        let (answer, answered) = oneshot::channel();
        let sent = Outgoing { frame, correlation_id, reply: Reply::Answered(answer) };
        let (api, begun, after) = (Q::API_KEY, Instant::now(), self.request_timeout + hold);
        match timeout(after, self.requests.send(sent)).await {
            Ok(Ok(())) => Ok(Pending { connection: Arc::clone(self), answered, api, version, begun, after }),
            _ => {
                self.close();
                Err(CallError::Closed { address: self.address.clone(), api })
            }
        }
    }

    /// Sends a request that is not answered; returns when it was handed to the system.
    pub(crate) async fn tell<'q, Q: Request + Message<'q>>(&self, ceiling: i16, request: &Q) -> Result<(), CallError> {
        let version = self.version_of::<Q>(ceiling)?;
        let (correlation_id, frame) = self.encode(version, request);
        let (written, done) = oneshot::channel();
        let sent = Outgoing { frame, correlation_id, reply: Reply::Written(written) };
        self.exchange(Q::API_KEY, sent, done, Duration::ZERO).await
    }

    fn encode<'q, Q: Request + Message<'q>>(&self, version: i16, request: &Q) -> (i32, Vec<u8>) {
        let correlation_id = self.next_correlation_id.fetch_add(1, Ordering::Relaxed);
        let mut frame = Vec::new();
        wire::encode_request(&mut frame, correlation_id, Some(&self.client_id), version, request);
        (correlation_id, frame)
    }

    async fn exchange<T>(
        &self,
        api: ApiKey,
        sent: Outgoing,
        reply: oneshot::Receiver<T>,
        hold: Duration,
    ) -> Result<T, CallError> {
        let closed = || CallError::Closed { address: self.address.clone(), api };
        let after = self.request_timeout + hold;
        let exchange = async {
            self.requests.send(sent).await.map_err(|_| closed())?;
            reply.await.map_err(|_| closed())
        };
        timeout(after, exchange).await.unwrap_or_else(|_| {
            // Answers come in order: behind one that does not come, none does.
            self.close();
            Err(CallError::TimedOut { address: self.address.clone(), api, after })
        })
    }

    fn close(&self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }

    /// A broker that is older than the request answers in version 0 and says which version it has (KIP-511).
    async fn ask_versions(&self) -> Result<Vec<ApiVersion>, CallError> {
        let request = ApiVersionsRequest {
            client_software_name: "ottla-rust",
            client_software_version: env!("CARGO_PKG_VERSION"),
        };
        let mut version = ApiVersionsRequest::VERSIONS.max;
        loop {
            let mut answer = self.call_in(version, &request, Duration::ZERO).await?;
            // After the correlation id, all versions begin with the error code.
            let refused = answer.frame.get(4..6) == Some(&ErrorCode::UNSUPPORTED_VERSION.0.to_be_bytes());
            answer.version = if refused { 0 } else { version };
            let versions = answer.read::<ApiVersionsResponse<'_>>()?.api_keys.to_vec();
            if !refused || version == 0 {
                return Ok(versions);
            }
            let own = versions.iter().find(|api| api.api_key == ApiKey::API_VERSIONS.0);
            version = own.map_or(0, |own| own.max_version.clamp(0, version - 1));
        }
    }

    async fn call_in<'q, Q: Request + Message<'q>>(
        &self,
        version: i16,
        request: &Q,
        hold: Duration,
    ) -> Result<Answer, CallError> {
        let (correlation_id, frame) = self.encode(version, request);
        let (answer, answered) = oneshot::channel();
        let sent = Outgoing { frame, correlation_id, reply: Reply::Answered(answer) };
        let frame = self.exchange(Q::API_KEY, sent, answered, hold).await??;
        Ok(Answer { frame: frame.into(), api: Q::API_KEY, version, address: self.address.clone() })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}

#[expect(clippy::disallowed_types, reason = "this file is the client's own door to the network")]
async fn connect(address: &Address) -> Result<(OwnedReadHalf, OwnedWriteHalf), ConnectError> {
    let (host, port) = (address.host.as_str(), address.port);
    let unknown = |source| ConnectError::UnknownHost { address: address.clone(), source };
    let resolved: Vec<_> = tokio::net::lookup_host((host, port)).await.map_err(unknown)?.collect();
    let stream = tokio::net::TcpStream::connect(&*resolved).await.map_err(|source| match source.kind() {
        io::ErrorKind::ConnectionRefused => ConnectError::NobodyListens { address: address.clone() },
        _ => ConnectError::Io { address: address.clone(), source },
    })?;
    stream.set_nodelay(true).map_err(|source| ConnectError::Io { address: address.clone(), source })?;
    Ok(stream.into_split())
}

async fn write_requests(
    mut write: OwnedWriteHalf,
    mut outgoing: mpsc::Receiver<Outgoing>,
    awaiting: mpsc::Sender<Awaiting>,
) {
    loop {
        let next = tokio::select! {
            next = outgoing.recv() => next,
            () = awaiting.closed() => None,
        };
        let Some(Outgoing { frame, correlation_id, reply }) = next else { return };
        let written = match reply {
            Reply::Answered(answer) => {
                if awaiting.send(Awaiting { correlation_id, answer }).await.is_err() {
                    return;
                }
                None
            }
            Reply::Written(written) => Some(written),
        };
        if write.write_all(&frame).await.is_err() {
            return;
        }
        // The caller may have given up; nothing depends on it.
        written.map(|written| written.send(()));
    }
}

struct Reader {
    address: Address,
    max_bytes: usize,
    read: OwnedReadHalf,
    last_len: usize,
}

impl Reader {
    async fn read_answers(mut self, mut awaited: mpsc::Receiver<Awaiting>) {
        while let Some(frame) = self.next_frame().await.transpose() {
            // The writer notes a request before it sends it, so the first answer to nothing is a broken peer.
            let Ok(next) = awaited.try_recv() else { return };
            let frame = frame.and_then(|frame| self.in_step(frame, next.correlation_id));
            let ended = frame.is_err();
            // The caller may have given up; the answer still was the next one.
            let _ = next.answer.send(frame);
            if ended {
                return;
            }
        }
    }

    fn in_step(&self, frame: Vec<u8>, expected: i32) -> Result<Vec<u8>, CallError> {
        match frame.first_chunk().map(|&id| i32::from_be_bytes(id)) {
            Some(got) if got == expected => Ok(frame),
            got => Err(CallError::OutOfStep { address: self.address.clone(), expected, got: got.unwrap_or(-1) }),
        }
    }

    /// The next frame without its size; `None` when the connection ends.
    async fn next_frame(&mut self) -> Result<Option<Vec<u8>>, CallError> {
        let Ok(size) = self.read.read_i32().await else { return Ok(None) };
        let accepted = usize::try_from(size).ok().filter(|&size| size <= self.max_bytes);
        let Some(len) = accepted else {
            return Err(CallError::TooLarge { address: self.address.clone(), size: size.into(), max: self.max_bytes });
        };
        // Room is made as bytes arrive. What came last time in full may be trusted to come again.
        let mut frame = Vec::with_capacity(len.min(self.last_len.max(FIRST_READ_BYTES)));
        let read = (&mut self.read).take(len as u64).read_to_end(&mut frame).await;
        self.last_len = frame.len();
        Ok(read.is_ok_and(|read| read == len).then_some(frame))
    }
}

#[cfg(test)]
mod tests;
