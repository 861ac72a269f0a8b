//! The circumstances of one call, and its effects.

use std::time::Duration;

use metadata::Image;
use record::{Timestamp, Uuid};

use crate::{Answer, Record, Ticket};

/// The time of a step, twice.
#[derive(Clone, Copy, Debug)]
pub struct Now {
    /// Of the calendar: for what is written down. It may jump.
    pub wall: Timestamp,
    /// Since some start: for timeouts. It never goes back.
    pub monotonic: Duration,
}

/// One call: what it may look at, and what came of it.
pub struct Step<'s> {
    /// When.
    pub now: Now,
    /// The cluster's topics and configs.
    pub image: &'s Image,
    /// A random id that nobody has yet; one member at most is named in a step.
    pub fresh_id: Uuid,
    records: Vec<Record>,
    answers: Vec<(Ticket, Answer)>,
}

impl<'s> Step<'s> {
    /// A step without effects so far.
    pub fn new(now: Now, image: &'s Image, fresh_id: Uuid) -> Step<'s> {
        Step { now, image, fresh_id, records: Vec::new(), answers: Vec::new() }
    }

    /// Has a record appended. The state must have been changed by it already.
    pub fn write(&mut self, record: Record) {
        self.records.push(record);
    }

    /// Answers a request that waits.
    pub fn answer(&mut self, ticket: Ticket, answer: Answer) {
        self.answers.push((ticket, answer));
    }

    /// The effects: the records in order, and the answers.
    pub fn into_effects(self) -> (Vec<Record>, Vec<(Ticket, Answer)>) {
        (self.records, self.answers)
    }

    /// The records so far.
    pub fn records(&self) -> &[Record] {
        &self.records
    }
}
