//! A partition that is read: how far, and what has arrived of it. Pure.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use record::{Batch, LeaderEpoch, Offset, PartitionIndex, batches};
use tokio::time::Instant;

use super::aborted::Aborted;
use super::decode::{Span, decode_batch};
use super::{ConsumerRecord, Damage};
use crate::TopicPartition;

/// The position of a reading of which it is not known where it begins.
pub(super) const NOWHERE: Offset = Offset(-1);

/// A partition that is read.
pub(super) struct Reading {
    /// Another one after each seek, so that answers to what was asked before are known.
    pub(super) token: u64,
    pub(super) topic: Arc<str>,
    pub(super) partition: PartitionIndex,
    pub(super) paused: bool,
    /// Where to stop.
    pub(super) end: Option<Offset>,
    /// The end of the log as last heard.
    pub(super) high_watermark: Offset,
    /// The leader epoch in which the position was last known to be right.
    pub(super) leader_epoch: LeaderEpoch,
    /// The next offset to decode.
    position: Offset,
    /// The next offset to ask for.
    fetch_offset: Offset,
    /// The leader epoch of the last batch that arrived; [`LeaderEpoch::NONE`] before the first.
    last_epoch: LeaderEpoch,
    arrived: VecDeque<Arrived>,
    /// Something about it is being asked for, without which it cannot go on.
    pub(super) busy: bool,
    /// Since when nothing but errors came.
    failing: Option<Failing>,
}

/// Errors that pass.
struct Failing {
    since: Instant,
    tries: u32,
    not_before: Instant,
}

/// What one answer had of the partition: whole batches, not decoded yet.
struct Arrived {
    bytes: Bytes,
    aborted: Aborted,
}

impl Reading {
    pub(super) fn new(token: u64, topic: Arc<str>, partition: PartitionIndex, position: Offset) -> Reading {
        Reading {
            token,
            topic,
            partition,
            paused: false,
            end: None,
            high_watermark: Offset::default(),
            leader_epoch: LeaderEpoch::NONE,
            position,
            fetch_offset: position,
            last_epoch: LeaderEpoch::NONE,
            arrived: VecDeque::new(),
            busy: false,
            failing: None,
        }
    }

    /// Goes to another offset; what has arrived is dropped.
    pub(super) fn seek(&mut self, token: u64, position: Offset) {
        self.rewind(token, position);
        self.last_epoch = LeaderEpoch::NONE;
    }

    /// Goes back to an offset that was read, or was to be.
    pub(super) fn rewind(&mut self, token: u64, position: Offset) {
        (self.token, self.position, self.fetch_offset) = (token, position, position);
        self.arrived.clear();
        self.busy = false;
    }

    /// Whether there is nothing more to read.
    pub(super) fn is_done(&self) -> bool {
        self.end.is_some_and(|end| self.position >= end)
    }

    /// Whether more is to be asked for.
    pub(super) fn is_wanted(&self) -> bool {
        !self.paused && self.end.is_none_or(|end| self.fetch_offset < end)
    }

    /// Whether it may be asked for now.
    pub(super) fn may_be_asked(&self, now: Instant) -> bool {
        self.is_wanted() && !self.busy && self.not_before().is_none_or(|not_before| not_before <= now)
    }

    /// When it may be asked for again after an error.
    pub(super) fn not_before(&self) -> Option<Instant> {
        self.failing.as_ref().map(|failing| failing.not_before)
    }

    /// Notes an error, after so many others a `pause` begins. Whether there were only errors for `patience`; who is told so
    /// is told again after as long.
    pub(super) fn fail(&mut self, now: Instant, patience: Duration, pause: impl FnOnce(u32) -> Duration) -> bool {
        let failing = self.failing.get_or_insert(Failing { since: now, tries: 0, not_before: now });
        failing.not_before = now + pause(failing.tries);
        failing.tries += 1;
        let is_over = now.duration_since(failing.since) >= patience;
        if is_over {
            failing.since = now;
        }
        is_over
    }

    /// An answer came that is not an error.
    pub(super) fn succeed(&mut self) {
        self.failing = None;
    }

    /// Whether there is something to decode.
    pub(super) fn has_arrived(&self) -> bool {
        !self.arrived.is_empty()
    }

    /// The bytes that have arrived and are not decoded.
    pub(super) fn arrived_len(&self) -> usize {
        self.arrived.iter().map(|arrived| arrived.bytes.len()).sum()
    }

    pub(super) fn position(&self) -> Offset {
        self.position
    }

    pub(super) fn fetch_offset(&self) -> Offset {
        self.fetch_offset
    }

    pub(super) fn last_epoch(&self) -> LeaderEpoch {
        self.last_epoch
    }

    pub(super) fn topic_partition(&self) -> TopicPartition {
        TopicPartition { topic: self.topic.to_string(), partition: self.partition }
    }

    /// Takes what an answer has. Only headers are looked at; the last batch may be cut short.
    pub(super) fn take(&mut self, bytes: Bytes, aborted: Aborted) {
        let mut is_news = false;
        for batch in batches(&bytes) {
            // What is not a batch is told when it is its turn.
            let Ok(batch) = batch else {
                is_news = true;
                break;
            };
            let header = batch.header();
            if header.next_offset() > self.fetch_offset {
                self.fetch_offset = header.next_offset();
                self.last_epoch = header.partition_leader_epoch;
                is_news = true;
            }
        }
        if is_news {
            self.arrived.push_back(Arrived { bytes, aborted });
        }
    }

    /// Decodes the next batch that has records; false when there is none.
    pub(super) fn decode(
        &mut self,
        check_crc: bool,
        scratch: &mut Vec<u8>,
        out: &mut VecDeque<ConsumerRecord>,
    ) -> Result<bool, Damage> {
        while let Some(arrived) = self.arrived.front_mut() {
            let Some(next) = batches(&arrived.bytes).next() else {
                self.arrived.pop_front();
                continue;
            };
            let batch: Batch<'_> = next?;
            let (len, next_offset) = (batch.bytes().len(), batch.header().next_offset());
            if next_offset > self.position && self.end.is_none_or(|end| self.position < end) {
                let span = Span { from: self.position, end: self.end, check_crc };
                if !arrived.aborted.leaves_out(&batch, scratch) {
                    decode_batch(&batch, span, (&self.topic, self.partition), scratch, out)?;
                }
                self.position = next_offset;
            }
            // The view ends here, so that what follows may move on.
            let rest = arrived.bytes.slice(len..);
            arrived.bytes = rest;
            if !out.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests;
