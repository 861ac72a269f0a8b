//! The batches of one partition: in which order they go, how they are numbered, and what a failure means for those behind.
//!
//! Several batches may be in flight. One that comes back goes again before all others, and alone until it is through; so
//! the order is kept where batches are numbered (KIP-98): the broker takes none out of turn.
//!
//! A batch that fails for good leaves a gap in the numbers. Those behind it keep theirs, since the broker may have stored
//! them, until the first in line is refused as out of turn: then none of them is stored, and they are numbered again from
//! 0 in the next epoch (KIP-360).

use std::collections::VecDeque;
use std::time::Duration;

use record::{Compression, ProducerId};
use tokio::sync::watch;
use tokio::time::Instant;
use wire::ErrorCode;

use super::batch::{Batch, Identity, Number};
use super::delivery::{Delivery, Outcome};
use super::{Acks, ProducerConfig, ProducerRecord, SendError};
use record::Timestamp;

/// Brokers remember so many batches of a producer, so no more may be uncertain at a time.
const NUMBERED_IN_FLIGHT_MAX: usize = 5;

/// What of the settings concerns queues.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) compression: Compression,
    pub(super) batch_bytes: usize,
    pub(super) linger: Duration,
    pub(super) delivery_timeout: Duration,
    pub(super) idempotent: bool,
    pub(super) max_in_flight: usize,
}

impl Rules {
    pub(super) fn of(config: &ProducerConfig) -> Rules {
        let idempotent = config.idempotence && config.acks == Acks::All;
        let most = if idempotent { NUMBERED_IN_FLIGHT_MAX } else { usize::MAX };
        Rules {
            compression: config.compression,
            batch_bytes: config.batch_bytes.min(config.max_request_bytes),
            linger: config.linger,
            delivery_timeout: config.delivery_timeout,
            idempotent,
            max_in_flight: config.max_in_flight.clamp(1, most),
        }
    }
}

/// The batches of one partition.
#[derive(Default)]
pub(super) struct PartitionQueue {
    waiting: VecDeque<Waiting>,
    in_flight: Vec<(u64, watch::Sender<Outcome>)>,
    /// Batches that come back, by order, with the times before which they are not sent again.
    again: VecDeque<(Instant, Batch)>,
    identity: Option<Identity>,
    next_sequence: i32,
    next_order: u64,
    /// A number is missing before those that come.
    gap: bool,
    /// Those that come back are not stored and take new numbers.
    renumber: bool,
    /// Whether the broker has stored a batch under the identity. One that knows nothing of a producer takes any number as
    /// the first, so until then a batch must not overtake another.
    established: bool,
    /// Its leader is being looked up; nothing goes until then.
    is_lost: bool,
    /// A producer whose epochs are used up.
    exhausted: Option<ProducerId>,
    /// Whether it has a leader, as far as is known.
    pub(super) has_leader: bool,
}

struct Waiting {
    batch: Batch,
    sealed: bool,
}

impl PartitionQueue {
    /// Whether the last batch takes `len` bytes more.
    pub(super) fn has_room(&self, len: usize, rules: &Rules) -> bool {
        let fits = |waiting: &Waiting| !waiting.sealed && waiting.batch.len() + len <= rules.batch_bytes;
        self.waiting.back().is_some_and(fits)
    }

    /// Appends to the last batch, or to a new one; whether the batch is new or full, so that the task must look.
    pub(super) fn push(
        &mut self,
        record: &ProducerRecord<'_>,
        (timestamp, len, now): (Timestamp, usize, Instant),
        rules: &Rules,
    ) -> (Delivery, bool) {
        let is_new = !self.has_room(len, rules);
        if is_new {
            self.seal();
            self.waiting.push_back(Waiting { batch: Batch::new(rules.compression, now), sealed: false });
        }
        let waiting = self.waiting.back_mut().expect("there is room in it");
        let delivery = waiting.batch.append(record, timestamp, len);
        waiting.sealed = waiting.batch.len() >= rules.batch_bytes;
        (delivery, is_new || waiting.sealed)
    }

    /// Closes the last batch.
    pub(super) fn seal(&mut self) {
        self.waiting.back_mut().into_iter().for_each(|waiting| waiting.sealed = true);
    }

    /// Whether no batch takes more records.
    pub(super) fn is_sealed(&self) -> bool {
        self.waiting.back().is_none_or(|waiting| waiting.sealed)
    }

    /// The batches that wait to be sent.
    pub(super) fn len(&self) -> usize {
        self.waiting.len() + self.again.len()
    }

    /// Whether a batch should have gone for longer than `timeout` and did not.
    pub(super) fn is_stuck(&self, now: Instant, timeout: Duration, rules: &Rules) -> bool {
        let late = |since: Instant| now > since + timeout;
        self.again.front().is_some_and(|(_, batch)| late(batch.opened + rules.linger))
            || self.waiting.front().is_some_and(|waiting| late(waiting.batch.opened + rules.linger))
    }

    /// What all that is not finished waits for.
    pub(super) fn unfinished(&self) -> impl Iterator<Item = &watch::Sender<Outcome>> {
        let in_flight = self.in_flight.iter().map(|(_, outcome)| outcome);
        let again = self.again.iter().map(|(_, batch)| &batch.outcome);
        in_flight.chain(again).chain(self.waiting.iter().map(|waiting| &waiting.batch.outcome))
    }

    /// Whether it has batches that cannot be numbered with what is known.
    pub(super) fn lacks_identity(&self, fresh: Option<Identity>) -> bool {
        let has = self.identity.is_some() || fresh.is_some_and(|fresh| Some(fresh.id) != self.exhausted);
        !has && self.len() > 0
    }

    /// When its next batch may be sent; `None` when there is none, or others must come back first.
    pub(super) fn due(&self, rules: &Rules) -> Option<Instant> {
        let alone = self.in_flight.is_empty();
        let unproven = rules.idempotent && !self.established && !alone;
        if self.is_lost || unproven || self.in_flight.len() >= rules.max_in_flight {
            return None;
        }
        match self.again.front() {
            Some((not_before, batch)) => {
                let is_first = self.in_flight.iter().all(|(order, _)| *order > batch.order);
                (is_first && (alone || !self.renumber)).then_some(*not_before)
            }
            None if self.gap && !alone => None,
            None => {
                let waiting = self.waiting.front()?;
                Some(waiting.batch.opened + if waiting.sealed { Duration::ZERO } else { rules.linger })
            }
        }
    }

    /// When the first batch that is not in flight has been tried for long enough.
    pub(super) fn expires(&self, rules: &Rules) -> Option<Instant> {
        let first = self.again.front().map(|(_, batch)| batch.opened);
        let first = first.or_else(|| self.waiting.front().map(|waiting| waiting.batch.opened));
        first.map(|opened| opened + rules.delivery_timeout)
    }

    /// Takes the next batch that is due.
    pub(super) fn take_ready(&mut self, now: Instant, rules: &Rules, fresh: Option<Identity>) -> Option<Batch> {
        if self.due(rules)? > now || rules.idempotent && !self.renew_identity(fresh) {
            return None;
        }
        let batch = match self.again.pop_front() {
            Some((_, batch)) => batch,
            None => {
                let mut batch = self.waiting.pop_front()?.batch;
                batch.order = self.next_order;
                self.next_order += 1;
                self.number(&mut batch);
                batch
            }
        };
        self.in_flight.push((batch.order, batch.outcome.clone()));
        Some(batch)
    }

    /// The batch was stored, or failed for good.
    pub(super) fn finish(&mut self, batch: &Batch, stored: bool) {
        self.land(batch);
        self.established |= stored && batch.number.is_some_and(|number| Some(number.identity) == self.identity);
        let Some(number) = batch.number.filter(|number| !stored && Some(number.identity) == self.identity) else {
            return;
        };
        // The last number can be given again when it was certainly not used.
        if !batch.perhaps_stored && batch.order + 1 == self.next_order {
            self.next_sequence = number.base_sequence;
        } else {
            self.gap = true;
        }
    }

    /// The batch is to be sent again, after `not_before`.
    pub(super) fn retry(&mut self, batch: Batch, not_before: Instant) {
        self.land(&batch);
        let at = self.again.partition_point(|(_, other)| other.order < batch.order);
        self.again.insert(at, (not_before, batch));
    }

    /// The leader of a batch is not known: it waits, and all others with it, until [`PartitionQueue::take_lost`].
    pub(super) fn lose(&mut self, batch: Batch, now: Instant) {
        self.is_lost = true;
        self.retry(batch, now);
    }

    /// The look-up is over. The first batch that waited for it, unless that has failed meanwhile.
    pub(super) fn take_lost(&mut self) -> Option<Batch> {
        self.is_lost = false;
        let (_, batch) = self.again.pop_front()?;
        self.in_flight.push((batch.order, batch.outcome.clone()));
        Some(batch)
    }

    /// The broker objects to the number of a batch in flight. Whether it is worth another try.
    pub(super) fn objection(&mut self, batch: &Batch, code: ErrorCode) -> bool {
        let is_first = self.in_flight.iter().all(|(order, _)| *order >= batch.order)
            && self.again.front().is_none_or(|(_, other)| other.order > batch.order);
        match code {
            ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER | ErrorCode::UNKNOWN_PRODUCER_ID if !is_first => true,
            ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER if self.gap => {
                self.renumber = true;
                true
            }
            // The broker forgot the producer: retention has taken all its batches.
            ErrorCode::UNKNOWN_PRODUCER_ID if !batch.perhaps_stored => {
                (self.gap, self.renumber) = (true, true);
                true
            }
            _ => false,
        }
    }

    /// Takes the batches that are not in flight and were opened before.
    pub(super) fn take_opened_before(&mut self, opened: Instant) -> Vec<Batch> {
        let mut taken = Vec::new();
        while self.again.front().is_some_and(|(_, batch)| batch.opened <= opened) {
            let (_, batch) = self.again.pop_front().expect("there is one");
            self.finish(&batch, false);
            taken.push(batch);
        }
        while self.waiting.front().is_some_and(|waiting| waiting.batch.opened <= opened) {
            taken.extend(self.waiting.pop_front().map(|waiting| waiting.batch));
        }
        taken
    }

    fn land(&mut self, batch: &Batch) {
        self.in_flight.retain(|(order, _)| *order != batch.order);
    }

    /// A partition keeps its identity, and its numbers go on, until there is a gap in them. False when there is none.
    fn renew_identity(&mut self, fresh: Option<Identity>) -> bool {
        let nothing_old = self.again.is_empty() || self.renumber;
        let is_lost = self.gap && self.in_flight.is_empty() && nothing_old;
        if self.identity.is_some() && !is_lost {
            return true;
        }
        if let Some(old) = self.identity.filter(|_| is_lost)
            && old.bumped().is_none()
        {
            (self.exhausted, self.identity) = (Some(old.id), None);
        }
        let fresh = fresh.filter(|fresh| Some(fresh.id) != self.exhausted);
        let Some(identity) = self.identity.and_then(Identity::bumped).or(fresh) else { return false };
        (self.identity, self.next_sequence, self.gap, self.renumber) = (Some(identity), 0, false, false);
        self.established = false;
        let mut again = std::mem::take(&mut self.again);
        for (_, batch) in &mut again {
            self.number(batch);
            batch.perhaps_stored = false;
        }
        self.again = again;
        true
    }

    fn number(&mut self, batch: &mut Batch) {
        if let Some(identity) = self.identity {
            batch.set_number(Number { identity, base_sequence: self.next_sequence });
            self.next_sequence = self.next_sequence.wrapping_add(batch.record_count()) & i32::MAX;
        }
    }
}

/// Whether an error is about the number of a batch.
pub(super) fn is_objection(code: ErrorCode) -> bool {
    const OBJECTIONS: [ErrorCode; 3] =
        [ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER, ErrorCode::UNKNOWN_PRODUCER_ID, ErrorCode::INVALID_PRODUCER_EPOCH];
    OBJECTIONS.contains(&code)
}

/// Why a batch ends that ran out of time.
pub(super) fn expired(batch: &Batch, after: Duration) -> SendError {
    batch.last_error.clone().map_or(SendError::Expired { after }, SendError::Request)
}

#[cfg(test)]
mod tests;
