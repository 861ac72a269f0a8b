//! What the handlers of groups share: finding a group's shard, and answering when what the answer depends on is committed.

use std::collections::HashSet;
use std::sync::Arc;

use coordinator::{Answer, Client};
use net::Outbox;
use record::Uuid;
use tokio::time::Instant;
use wire::{ApiKey, ErrorCode};

use crate::api::{Call, Flow, Respond};
use crate::coordinators::{Commit, Place, Ran, Waiting};
use crate::metrics::requests;
use crate::node::random_id;

/// What everybody may do with a group while there is no authorizer: READ, DELETE, DESCRIBE, DESCRIBE_CONFIGS,
/// ALTER_CONFIGS, as bits.
pub const ALLOWED: i32 = 1 << 3 | 1 << 6 | 1 << 8 | 1 << 10 | 1 << 11;

/// "No operations were asked for" (KIP-430).
pub const OPERATIONS_NOT_ASKED: i32 = i32::MIN;

/// How many members or partitions one answer tells of, over all its groups; the group that goes beyond is told whole.
pub const TOLD_MAX: usize = 100_000;

/// The shard of a group. Offsets may be committed under an empty name; nothing else has one.
///
/// # Errors
/// INVALID_GROUP_ID, or NOT_COORDINATOR.
pub fn place(call: &Call<'_>, group: &str) -> Result<Arc<Place>, ErrorCode> {
    if group.is_empty() {
        return Err(ErrorCode::INVALID_GROUP_ID);
    }
    call.node.coordinators.of_group(group)
}

/// As [`place()`], for what surely writes: refused before anything has changed where nothing can be written.
///
/// # Errors
/// As [`place()`], or COORDINATOR_NOT_AVAILABLE.
pub fn writable_place(call: &Call<'_>, group: &str) -> Result<Arc<Place>, ErrorCode> {
    let place = call.node.coordinators.of_group(group)?;
    place.check_writable().map(|()| place)
}

/// As [`writable_place()`], of a group that has a name.
///
/// # Errors
/// As [`place()`] and [`writable_place()`].
pub fn named_writable_place(call: &Call<'_>, group: &str) -> Result<Arc<Place>, ErrorCode> {
    let place = place(call, group)?;
    place.check_writable().map(|()| place)
}

/// Groups that are asked for by name, and what their shards say.
pub type Asked<T> = (Vec<Box<str>>, Vec<Result<Ran<T>, ErrorCode>>);

/// Asks for each group once, however often it is named: its state would be copied as often. When what was found `costs` as
/// much as one answer may tell, the rest is refused with POLICY_VIOLATION.
pub fn ask_each<'n, T>(
    names: impl Iterator<Item = &'n str>,
    mut ask: impl FnMut(&str) -> Result<Ran<T>, ErrorCode>,
    costs: impl Fn(&T) -> usize,
) -> Asked<T> {
    let (mut seen, mut room) = (HashSet::new(), TOLD_MAX);
    let asked = names.filter(|name| seen.insert(*name)).map(|name| {
        let found = if room == 0 { Err(ErrorCode::POLICY_VIOLATION) } else { ask(name) };
        room = room.saturating_sub(found.as_ref().map_or(0, |ran| costs(&ran.value)));
        (name.into(), found)
    });
    asked.unzip()
}

/// Who asks.
pub fn client<'c>(call: &'c Call<'_>) -> Client<'c> {
    Client { id: call.header.client_id.unwrap_or_default(), host: &call.session.host }
}

/// A fresh id where a member may need one. It costs a system call.
pub fn fresh_id(call: &Call<'_>, member_id: &str) -> Uuid {
    if member_id.is_empty() { random_id(&call.node.rng) } else { Uuid::ZERO }
}

/// Answers with what a step gave, or why there was none: now, or when it is committed.
pub fn answer<T: 'static>(
    call: &Call<'_>,
    outbox: &mut Outbox,
    ran: Result<Ran<T>, ErrorCode>,
    write: impl FnOnce(&Respond, Result<T, ErrorCode>, &mut Outbox) + 'static,
) -> Flow {
    let respond = call.respond();
    let (value, commit) = match ran {
        Ok(Ran { value, commit: None }) => {
            write(&respond, Ok(value), outbox);
            return Flow::Done;
        }
        Err(error) => {
            write(&respond, Err(error), outbox);
            return Flow::Done;
        }
        Ok(Ran { value, commit: Some(commit) }) => (value, commit),
    };
    let waiting = requests::Waiting::begin(ApiKey(call.header.api_key));
    Flow::wait(async move {
        let committed = commit.wait().await;
        drop(waiting);
        move |outbox: &mut Outbox| write(&respond, committed.map(|()| value), outbox)
    })
}

/// As [`answer()`], with parts that several shards gave.
pub fn answer_all<T: 'static>(
    call: &Call<'_>,
    outbox: &mut Outbox,
    parts: Vec<Result<Ran<T>, ErrorCode>>,
    write: impl FnOnce(&Respond, Vec<Result<T, ErrorCode>>, &mut Outbox) + 'static,
) -> Flow {
    let respond = call.respond();
    let is_committed = |part: &Result<Ran<T>, ErrorCode>| part.as_ref().map_or(true, |ran| ran.commit.is_none());
    if parts.iter().all(is_committed) {
        let values = parts.into_iter().map(|part| part.map(|ran| ran.value)).collect();
        write(&respond, values, outbox);
        return Flow::Done;
    }
    let waiting = requests::Waiting::begin(ApiKey(call.header.api_key));
    Flow::wait(async move {
        // One for all: they do not wait one after the other.
        let commits = parts.iter().flatten().filter_map(|ran| ran.commit.as_ref());
        let deadline = commits.map(Commit::deadline).max();
        let mut values = Vec::with_capacity(parts.len());
        for part in parts {
            values.push(committed(part, deadline).await);
        }
        drop(waiting);
        move |outbox: &mut Outbox| write(&respond, values, outbox)
    })
}

async fn committed<T>(part: Result<Ran<T>, ErrorCode>, deadline: Option<Instant>) -> Result<T, ErrorCode> {
    let Ran { value, commit } = part?;
    if let Some((commit, deadline)) = commit.zip(deadline) {
        commit.wait_until(deadline).await?;
    }
    Ok(value)
}

/// Answers a request that some step answers.
pub fn answer_waiting(
    call: &Call<'_>,
    outbox: &mut Outbox,
    waiting: Result<Waiting, ErrorCode>,
    write: impl FnOnce(&Respond, Result<Answer, ErrorCode>, &mut Outbox) + 'static,
) -> Flow {
    let request = match waiting {
        Ok(request) => request,
        Err(error) => return answer(call, outbox, Err(error), write),
    };
    if let Some(ran) = request.at_once() {
        return answer(call, outbox, ran, write);
    }
    let (respond, waiting) = (call.respond(), requests::Waiting::begin(ApiKey(call.header.api_key)));
    Flow::wait(async move {
        let answer = request.answer().await;
        drop(waiting);
        move |outbox: &mut Outbox| write(&respond, answer, outbox)
    })
}
