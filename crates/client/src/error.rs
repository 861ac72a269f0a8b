//! What can go wrong with one request.

use std::io;
use std::time::Duration;

use wire::{ApiKey, DecodeError, ErrorCode, Versions};

use crate::Address;

/// A connection to a broker cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The port is closed.
    #[error("nobody listens at {address}: start a broker there with `ottla serve`")]
    NobodyListens {
        /// Where.
        address: Address,
    },
    /// The host name does not resolve.
    #[error("no host is known by the name of {address}: {source}")]
    UnknownHost {
        /// Where.
        address: Address,
        /// What the system says.
        source: io::Error,
    },
    /// The network does not answer.
    #[error("no answer from {address} within {after:?}: is the host up, and is the port open in its firewall?")]
    TimedOut {
        /// Where.
        address: Address,
        /// After how long.
        after: Duration,
    },
    /// Somebody listens who does not speak Kafka's protocol in the clear.
    #[error("whoever listens at {address} is not a Kafka broker, or wants TLS or SASL there: {reason}")]
    NotABroker {
        /// Where.
        address: Address,
        /// What happened.
        reason: String,
    },
    /// Something else.
    #[error("cannot connect to {address}: {source}")]
    Io {
        /// Where.
        address: Address,
        /// What the system says.
        source: io::Error,
    },
    /// The cluster's metadata does not name this broker.
    #[error("broker {id} is not among the brokers of the cluster")]
    UnknownBroker {
        /// The node id.
        id: i32,
    },
}

impl ConnectError {
    /// The same for somebody else.
    pub(crate) fn again(&self) -> ConnectError {
        let same = |source: &io::Error| io::Error::new(source.kind(), source.to_string());
        match self {
            ConnectError::NobodyListens { address } => ConnectError::NobodyListens { address: address.clone() },
            ConnectError::UnknownHost { address, source } => {
                ConnectError::UnknownHost { address: address.clone(), source: same(source) }
            }
            ConnectError::TimedOut { address, after } => {
                ConnectError::TimedOut { address: address.clone(), after: *after }
            }
            ConnectError::NotABroker { address, reason } => {
                ConnectError::NotABroker { address: address.clone(), reason: reason.clone() }
            }
            ConnectError::Io { address, source } => ConnectError::Io { address: address.clone(), source: same(source) },
            ConnectError::UnknownBroker { id } => ConnectError::UnknownBroker { id: *id },
        }
    }
}

/// A request got no answer that can be read.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no connection to send it on.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection ended before the answer came.
    #[error("{address} closed the connection before it answered {api}")]
    Closed {
        /// Who.
        address: Address,
        /// The request.
        api: ApiKey,
    },
    /// The answer did not come in time.
    #[error("{address} did not answer {api} within {after:?}")]
    TimedOut {
        /// Who.
        address: Address,
        /// The request.
        api: ApiKey,
        /// After how long.
        after: Duration,
    },
    /// The answer is longer than the client accepts.
    #[error("{address} announced an answer of {size} bytes, the most accepted is {max} (`max_response_bytes`)")]
    TooLarge {
        /// Who.
        address: Address,
        /// What the frame says of itself.
        size: i64,
        /// [`ClientConfig::max_response_bytes`](crate::ClientConfig::max_response_bytes).
        max: usize,
    },
    /// The answer is to another request.
    #[error("{address} answered request {got} where {expected} was next")]
    OutOfStep {
        /// Who.
        address: Address,
        /// The correlation id that was next.
        expected: i32,
        /// The correlation id that came.
        got: i32,
    },
    /// The answer does not follow the protocol.
    #[error("the answer of {address} to {api} is malformed: {source}")]
    Malformed {
        /// Who.
        address: Address,
        /// The request.
        api: ApiKey,
        /// Where and how.
        source: DecodeError,
    },
    /// Client and broker have no version in common.
    #[error("{address} does not speak {api} in the versions {ours}")]
    Unsupported {
        /// Who.
        address: Address,
        /// The request.
        api: ApiKey,
        /// The versions that would do.
        ours: Versions,
    },
}

impl CallError {
    /// Whether the same request may succeed later, on a new connection.
    pub fn is_retriable(&self) -> bool {
        matches!(self, CallError::Connect(_) | CallError::Closed { .. } | CallError::TimedOut { .. })
    }
}

/// The broker answered with an error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{subject}: {} ({code})", message.as_deref().unwrap_or_else(|| code.message()))]
pub struct Refusal {
    /// What was refused, such as "topic `x`".
    pub subject: String,
    /// Kafka's error code.
    pub code: ErrorCode,
    /// The broker's own words, if it sent any.
    pub message: Option<String>,
}

impl Refusal {
    /// A refusal without words, or `Ok` for [`ErrorCode::NONE`].
    pub(crate) fn check(code: ErrorCode, subject: impl FnOnce() -> String) -> Result<(), Refusal> {
        Refusal::check_with(code, None, subject)
    }

    /// A refusal, or `Ok` for [`ErrorCode::NONE`].
    pub(crate) fn check_with(
        code: ErrorCode,
        message: Option<&str>,
        subject: impl FnOnce() -> String,
    ) -> Result<(), Refusal> {
        match code.is_none() {
            true => Ok(()),
            false => Err(Refusal { subject: subject(), code, message: message.map(str::to_owned) }),
        }
    }
}

/// A request failed: nobody answered, or the answer was an error.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// There is no answer.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The answer is an error.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl From<ConnectError> for RequestError {
    fn from(error: ConnectError) -> RequestError {
        RequestError::Call(error.into())
    }
}

impl RequestError {
    /// The broker's error code, if it answered.
    pub fn code(&self) -> Option<ErrorCode> {
        match self {
            RequestError::Call(_) => None,
            RequestError::Refused(refusal) => Some(refusal.code),
        }
    }

    /// Whether a later try may succeed.
    pub fn is_retriable(&self) -> bool {
        match self {
            RequestError::Call(error) => error.is_retriable(),
            RequestError::Refused(refusal) => refusal.code.is_retriable(),
        }
    }
}
