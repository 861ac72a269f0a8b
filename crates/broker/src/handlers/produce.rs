//! Produce (key 0), versions 3-13: appends record batches. v9 flexible; v12 as v11 on the wire (KIP-890); v13 names
//! topics by id (KIP-516).
//!
//! All Produce requests of one turn take these steps together:
//! 1. [`gather`]: a request is decoded and its batches are checked, before any lock is taken;
//! 2. [`recompress`]: where the topic wants another codec than the producer's;
//! 3. [`append`]: each partition gets one write, however many requests brought batches for it;
//! 4. [`answer`]: each request learns what became of its batches, and is answered;
//! 5. [`wait`]: only where an acknowledgement means more than the page cache: answers that have to wait for the disk.

mod answer;
mod append;
mod gather;
mod recompress;
mod wait;

use std::sync::Arc;

use net::{CloseReason, Outbox, Wait};
use record::Timestamp;
use smallvec::SmallVec;
use wire::{DecodeError, Reader, RequestHeader};

use crate::node::Node;
use crate::view::View;
use answer::Request;
use append::{Appended, Appends};
pub use recompress::Recompressions;

/// The requests of a turn, in order. What is usual, a few requests with one partition each, has room without an allocation, here
/// as in all that these requests are made of.
type Requests<'f> = SmallVec<[Request<'f>; 4]>;

/// The Produce requests of one turn.
#[derive(Default)]
pub struct Produces<'f> {
    requests: Requests<'f>,
    appends: Appends<'f>,
}

impl<'f> Produces<'f> {
    /// Takes one request in: resolves its topics in `view`, checks its batches.
    pub fn add(
        &mut self,
        view: &View,
        header: &RequestHeader<'f>,
        body: Reader<'f>,
        now: Timestamp,
    ) -> Result<(), DecodeError> {
        self.requests.push(gather::request(view, header, body, now, &mut self.appends)?);
        Ok(())
    }

    /// Appends everything and answers the requests in order; those that have to wait for the disk, and those behind them,
    /// are left to the future that is returned; all of them, when a large batch has to be recompressed first.
    ///
    /// Without acks an error has no other way to the client than the end of its connection. Nothing is left behind in any
    /// case: what was appended must not be appended again.
    pub fn flush(&mut self, node: &Arc<Node>, outbox: &mut Outbox) -> Result<Option<Wait>, CloseReason> {
        if self.requests.is_empty() {
            return Ok(None);
        }
        if self.appends.has_later() {
            let Produces { requests, appends } = std::mem::take(self);
            return recompress::on_the_pool(node, requests, appends).map(Some);
        }
        let appended = self.appends.run();
        let wait = self.answer(appended, outbox);
        self.requests.clear();
        wait
    }

    /// Nothing large is moved on the way of a request that is answered at once.
    fn answer(&mut self, appended: SmallVec<[Appended; 1]>, outbox: &mut Outbox) -> Result<Option<Wait>, CloseReason> {
        let requests = &mut self.requests;
        let all_decided = settle(requests, &appended)?;
        let waits = |request: &Request<'_>| request.waits_for(&appended);
        let first_that_waits = if all_decided { None } else { requests.iter().position(waits) };
        let at_once = first_that_waits.unwrap_or(requests.len());
        requests[..at_once].iter().for_each(|request| request.answer(&appended, outbox));
        Ok((at_once < requests.len()).then(|| {
            let later = requests.drain(at_once..).map(Request::into_owned).collect();
            wait::until_durable(later, appended)
        }))
    }
}

/// Takes in what the appends came to. Returns whether nothing has to be waited for.
fn settle(requests: &mut [Request<'_>], appended: &[Appended]) -> Result<bool, CloseReason> {
    for request in requests.iter_mut() {
        request.settle(appended);
    }
    let all_decided = answer::refuse_what_is_not_durable(requests, appended, false);
    match requests.iter().find_map(Request::unanswerable_error) {
        Some(error) => Err(format!("a produce request with acks=0 failed: {error}").into()),
        None => Ok(all_decided),
    }
}
