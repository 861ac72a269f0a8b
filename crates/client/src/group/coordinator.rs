//! The broker that coordinates a group: found, asked, and found again when it is another one.

use std::sync::Mutex;

use record::BrokerId;
use tokio::time::Instant;
use wire::messages::find_coordinator::{FindCoordinatorRequest, FindCoordinatorResponse};
use wire::{ErrorCode, Message, Request};

use super::react::{Asked, Reaction, react};
use crate::client::lock;
use crate::connection::Answer;
use crate::{Address, Broker, Client, Refusal, RequestError};

/// The key type of groups.
const GROUP: i8 = 0;

/// Where the coordinator of a group is, as far as is known.
pub(crate) struct Coordinator {
    client: Client,
    group: String,
    known: Mutex<Option<Broker>>,
}

impl Coordinator {
    pub(crate) fn new(client: Client, group: impl Into<String>) -> Coordinator {
        Coordinator { client, group: group.into(), known: Mutex::new(None) }
    }

    pub(crate) fn group(&self) -> &str {
        &self.group
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// What an error of the group is about.
    pub(crate) fn subject(&self) -> String {
        format!("group `{}`", self.group)
    }

    /// The coordinator as last heard, or asked for once.
    pub(crate) async fn find(&self) -> Result<Broker, RequestError> {
        if let Some(known) = lock(&self.known).clone() {
            return Ok(known);
        }
        let request = FindCoordinatorRequest {
            key: &self.group,
            key_type: GROUP,
            coordinator_keys: vec![self.group.as_str()].into(),
        };
        let answer = self.client.call_any(&request).await?;
        let response = answer.read::<FindCoordinatorResponse<'_>>()?;
        let found = read_found(&response, &self.group, || self.subject())?;
        *lock(&self.known) = Some(found.clone());
        Ok(found)
    }

    /// The coordinator, waited for until the request timeout has passed.
    pub(crate) async fn settled(&self) -> Result<Broker, RequestError> {
        let deadline = Instant::now() + self.client.config().request_timeout;
        for tries in 0.. {
            match self.find().await {
                Err(error) if passes(&error) && Instant::now() < deadline => self.client.pause(tries).await,
                found => return found,
            }
        }
        unreachable!("there is always another try")
    }

    /// It is not there any more.
    pub(crate) fn forget(&self) {
        *lock(&self.known) = None;
    }

    /// Notes what a failure says about the coordinator's place.
    pub(crate) fn heed(&self, error: &RequestError) {
        let elsewhere = |code| react(Asked::Heartbeat, code) == Reaction::Elsewhere;
        if error.code().is_none_or(elsewhere) {
            self.forget();
        }
    }

    /// Asks the coordinator on the connection that all share, again and again while errors pass and the request timeout has
    /// not. The request must be one that may be repeated.
    pub(crate) async fn ask<'q, Q: Request + Message<'q>, T>(
        &self,
        ceiling: i16,
        request: &Q,
        read: impl Fn(&Answer) -> Result<T, RequestError>,
    ) -> Result<T, RequestError> {
        self.ask_or_know(ceiling, request, read, |_| None).await
    }

    /// The same for what cannot be done twice: `done` says by an error whether an earlier try, which was not answered, did it.
    pub(crate) async fn ask_or_know<'q, Q: Request + Message<'q>, T>(
        &self,
        ceiling: i16,
        request: &Q,
        read: impl Fn(&Answer) -> Result<T, RequestError>,
        done: impl Fn(&RequestError) -> Option<T>,
    ) -> Result<T, RequestError> {
        let mut was_silent = false;
        let deadline = Instant::now() + self.client.config().request_timeout;
        for tries in 0.. {
            let error = match self.ask_once(ceiling, request, &read).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            if let Some(done) = done(&error).filter(|_| was_silent) {
                return Ok(done);
            }
            was_silent |= error.code().is_none();
            self.heed(&error);
            if !passes(&error) || Instant::now() >= deadline {
                return Err(error);
            }
            tracing::debug!(group = self.group, %error, "asking the coordinator again");
            self.client.pause(tries).await;
        }
        unreachable!("there is always another try")
    }

    pub(crate) async fn ask_once<'q, Q: Request + Message<'q>, T>(
        &self,
        ceiling: i16,
        request: &Q,
        read: impl Fn(&Answer) -> Result<T, RequestError>,
    ) -> Result<T, RequestError> {
        let broker = self.find().await?;
        let connection = self.client.at(&broker.address).await?;
        let answer = connection.call_up_to(ceiling, request, std::time::Duration::ZERO).await?;
        read(&answer)
    }
}

/// Whether the coordinator may say something else in a moment.
fn passes(error: &RequestError) -> bool {
    match error {
        RequestError::Call(error) => error.is_retriable(),
        RequestError::Refused(refusal) => matches!(
            refusal.code,
            ErrorCode::COORDINATOR_LOAD_IN_PROGRESS
                | ErrorCode::COORDINATOR_NOT_AVAILABLE
                | ErrorCode::NOT_COORDINATOR
                | ErrorCode::UNSTABLE_OFFSET_COMMIT
                | ErrorCode::REQUEST_TIMED_OUT
        ),
    }
}

/// Since version 4 there is a list; before, one answer in the response itself.
fn read_found(
    response: &FindCoordinatorResponse<'_>,
    group: &str,
    subject: impl Fn() -> String,
) -> Result<Broker, Refusal> {
    let (code, message, id, host, port) = match response.coordinators.iter().find(|found| found.key == group) {
        Some(found) => (found.error_code, found.error_message, found.node_id, found.host, found.port),
        None => (response.error_code, response.error_message, response.node_id, response.host, response.port),
    };
    Refusal::check_with(code, message.filter(|message| !message.is_empty()), &subject)?;
    let usable = u16::try_from(port).ok().filter(|_| !host.is_empty());
    let nowhere = || Refusal { subject: subject(), code: ErrorCode::COORDINATOR_NOT_AVAILABLE, message: None };
    let address = Address { host: host.to_owned(), port: usable.ok_or_else(nowhere)? };
    Ok(Broker { id: BrokerId(id), address, rack: None })
}
