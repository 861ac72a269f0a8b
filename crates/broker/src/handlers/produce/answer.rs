//! The third step: what became of each request, and its answer.

use std::borrow::Cow;
use std::time::Duration;

use net::Outbox;
use record::{FaultBudget, Invalid, InvalidKind, Offset, RecordFault, Rules, Timestamp, Uuid};
use smallvec::SmallVec;
use storage::SequenceError;
use wire::Array;
use wire::messages::produce::{
    BatchIndexAndErrorMessage, PartitionProduceResponse, ProduceResponse, TopicProduceResponse,
};

use super::append::{Appended, Place};
use crate::api::Respond;
use crate::errors::{self, KafkaError, append_failure, invalid_batch, sequence_failure};
use crate::partition::{Partition, PartitionAppendError};

/// One request. It borrows from its frame until it has to wait.
pub struct Request<'n> {
    /// Whom to answer.
    pub respond: Respond,
    /// 0: no answer; 1 and -1: once the append counts.
    pub acks: i16,
    /// How long the acknowledgement may take.
    pub timeout: Duration,
    /// In the order of the request.
    pub topics: SmallVec<[Topic<'n>; 1]>,
}

/// One topic of a request.
pub struct Topic<'n> {
    /// Its name; empty where the request names topics by id.
    pub name: Cow<'n, str>,
    /// Its id; zero where the request names topics by name.
    pub id: Uuid,
    /// In the order of the request.
    pub partitions: SmallVec<[Part; 1]>,
}

/// One partition of a request.
pub struct Part {
    /// As the client numbers it.
    pub index: i32,
    /// What became of its records.
    pub fate: Fate,
}

/// What became of one partition's records.
pub enum Fate {
    /// They are among the turn's appends.
    Placed(Place),
    /// They are in the log.
    Stored {
        /// The offset of the first record.
        base_offset: Offset,
        /// The time of the append, where the records have that; else -1.
        append_time: Timestamp,
        /// The append that they were part of.
        group: usize,
    },
    /// They are not, or not for certain.
    Refused(Refused),
}

/// Why records are refused.
#[derive(Clone, Debug)]
pub struct Refused {
    error: KafkaError,
    /// Whether the client reads the words of the error.
    is_told: bool,
    /// Those at fault, when it is not the batch as a whole.
    faults: Vec<RecordFault>,
    /// Whether the answer tells where the log starts.
    reaches_log: bool,
    /// -1 unless it is told.
    log_start_offset: Offset,
}

impl From<KafkaError> for Refused {
    fn from(error: KafkaError) -> Refused {
        Refused { error, is_told: true, faults: Vec::new(), reaches_log: false, log_start_offset: Offset(-1) }
    }
}

impl Refused {
    /// The batch in `records` broke `rules`. Its records at fault are told as far as `budget` lasts.
    pub fn batch(invalid: &Invalid, records: &[u8], rules: &Rules, budget: &mut FaultBudget) -> Refused {
        let faults = record::record_faults(records, rules, invalid, budget);
        // Apache Kafka looks at these before it has the log, and knows the others of its kinds for what they are.
        let comes_before = matches!(invalid, Invalid::NoBatch | Invalid::MoreThanOneBatch | Invalid::OldMagic { .. });
        let is_of_records = matches!(invalid.kind(), InvalidKind::InvalidRecord | InvalidKind::InvalidTimestamp);
        let (is_told, reaches_log) = (errors::is_told(invalid), is_of_records && !comes_before);
        Refused { is_told, faults, reaches_log, ..invalid_batch(invalid).into() }
    }

    /// The batch does not follow its producer's last one.
    pub fn sequence(error: &SequenceError) -> Refused {
        Refused { is_told: false, reaches_log: true, ..sequence_failure(error).into() }
    }

    /// The same of a batch that was meant for `partition`.
    pub fn at(self, partition: &Partition) -> Refused {
        let log_start_offset = if self.reaches_log { partition.log_start_offset() } else { Offset(-1) };
        Refused { log_start_offset, ..self }
    }

    fn response(&self) -> PartitionProduceResponse<'_> {
        let faults = self.faults.iter().map(|fault| BatchIndexAndErrorMessage {
            batch_index: fault.index,
            batch_index_error_message: Some(&fault.message),
        });
        PartitionProduceResponse {
            error_code: self.error.code,
            error_message: self.error.message.as_deref().filter(|_| self.is_told),
            record_errors: faults.collect(),
            base_offset: -1,
            log_start_offset: self.log_start_offset.0,
            ..Default::default()
        }
    }
}

/// What is in the log but will not become durable is not acknowledged; nor, when the wait `is_over`, what may still become
/// so. Returns whether all of it is decided.
pub fn refuse_what_is_not_durable(requests: &mut [Request<'_>], appended: &[Appended], is_over: bool) -> bool {
    let mut all_decided = true;
    for (group, appended) in appended.iter().enumerate() {
        let timed_out = || is_over.then_some(Err(PartitionAppendError::TimedOut));
        match appended.durability().or_else(timed_out) {
            Some(Ok(())) => {}
            Some(Err(failure)) => {
                let error = append_failure(&failure);
                requests.iter_mut().for_each(|request| request.refuse_stored(group, &error));
            }
            None => all_decided = false,
        }
    }
    all_decided
}

impl Request<'_> {
    /// Takes in what the appends came to.
    pub fn settle(&mut self, appended: &[Appended]) {
        for fate in self.fates_mut() {
            if let Fate::Placed(place @ Place { group, .. }) = *fate {
                *fate = match appended[group].outcome(place) {
                    Ok((base_offset, append_time)) => Fate::Stored { base_offset, append_time, group },
                    Err(refused) => Fate::Refused(refused),
                };
            }
        }
    }

    /// What of it is in the log, but in append `group` and therefore not acknowledged.
    fn refuse_stored(&mut self, group: usize, error: &KafkaError) {
        for fate in self.fates_mut() {
            if matches!(fate, Fate::Stored { group: stored_in, .. } if *stored_in == group) {
                *fate = Fate::Refused(error.clone().into());
            }
        }
    }

    /// The first error of a request that gets no answer.
    pub fn unanswerable_error(&self) -> Option<&KafkaError> {
        let mut errors = self.fates().filter_map(|fate| match fate {
            Fate::Refused(refused) => Some(&refused.error),
            _ => None,
        });
        errors.next().filter(|_| self.acks == 0)
    }

    /// Whether its acknowledgement has to wait for the disk.
    pub fn waits_for(&self, appended: &[Appended]) -> bool {
        let waits = |fate: &Fate| matches!(fate, Fate::Stored { group, .. } if !appended[*group].is_decided());
        self.acks != 0 && self.fates().any(waits)
    }

    /// Answers, unless the client wants no answer.
    pub fn answer(&self, appended: &[Appended], outbox: &mut Outbox) {
        if self.acks == 0 {
            return;
        }
        // Apache Kafka groups its answer by partition, and so has none for a topic without any.
        let topics = || self.topics.iter().filter(|topic| !topic.partitions.is_empty());
        let partitions: SmallVec<[_; 1]> = topics().map(|topic| topic.responses(appended)).collect();
        let responses = topics().zip(&partitions).map(|(topic, partitions)| TopicProduceResponse {
            name: &topic.name,
            topic_id: topic.id,
            partition_responses: Array::Slice(partitions),
        });
        let responses: SmallVec<[TopicProduceResponse<'_>; 1]> = responses.collect();
        let response = ProduceResponse { responses: Array::Slice(&responses), ..Default::default() };
        self.respond.answer(outbox, &response);
    }

    /// The same without its frame.
    pub fn into_owned(self) -> Request<'static> {
        let owned = |topic: Topic<'_>| Topic { name: Cow::Owned(topic.name.into_owned()), ..topic };
        let topics = self.topics.into_iter().map(owned).collect();
        Request { respond: self.respond, acks: self.acks, timeout: self.timeout, topics }
    }

    fn fates(&self) -> impl Iterator<Item = &Fate> {
        self.topics.iter().flat_map(|topic| &topic.partitions).map(|part| &part.fate)
    }

    fn fates_mut(&mut self) -> impl Iterator<Item = &mut Fate> {
        self.topics.iter_mut().flat_map(|topic| &mut topic.partitions).map(|part| &mut part.fate)
    }
}

impl Topic<'_> {
    fn responses(&self, appended: &[Appended]) -> SmallVec<[PartitionProduceResponse<'_>; 1]> {
        self.partitions.iter().map(|part| part.response(appended)).collect()
    }
}

impl Part {
    fn response(&self, appended: &[Appended]) -> PartitionProduceResponse<'_> {
        match &self.fate {
            Fate::Stored { base_offset, append_time, group } => PartitionProduceResponse {
                index: self.index,
                base_offset: base_offset.0,
                log_append_time_ms: append_time.0,
                log_start_offset: appended[*group].partition.log_start_offset().0,
                ..Default::default()
            },
            Fate::Refused(refused) => PartitionProduceResponse { index: self.index, ..refused.response() },
            Fate::Placed(_) => unreachable!("requests are settled before they are answered"),
        }
    }
}
