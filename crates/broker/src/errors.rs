//! The one place where failures of the log, of records and of the metadata become Kafka's error codes.

use std::borrow::Cow;
use std::fmt;

use metadata::Refusal;
use record::{Invalid, InvalidKind};
use storage::{AppendError, ReadError, SequenceError};
use wire::ErrorCode;

use crate::partition::{DeleteRecordsError, PartitionAppendError};

/// An error code with what the client's user should read, where the response has room for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaError {
    /// The code.
    pub code: ErrorCode,
    /// More than the code says by itself.
    pub message: Option<Cow<'static, str>>,
}

impl KafkaError {
    /// A code with a message, of which no more is kept than [`MESSAGE_BYTES_MAX`].
    pub fn new(code: ErrorCode, message: impl Into<Cow<'static, str>>) -> KafkaError {
        let message = match message.into() {
            Cow::Owned(text) => cut(text).into(),
            text => text,
        };
        KafkaError { code, message: Some(message) }
    }
}

/// What a message names may come from a request, at the length of any string there; a longer message has no place in an
/// answer, and one for each of many partitions no place in memory.
pub const MESSAGE_BYTES_MAX: usize = 1024;

/// The beginning of a message that is too long for people, in whole characters.
fn cut(mut text: String) -> String {
    if text.len() > MESSAGE_BYTES_MAX {
        text.truncate(text.floor_char_boundary(MESSAGE_BYTES_MAX));
        text.shrink_to_fit();
    }
    text
}

impl From<ErrorCode> for KafkaError {
    fn from(code: ErrorCode) -> KafkaError {
        KafkaError { code, message: None }
    }
}

impl fmt::Display for KafkaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.message {
            Some(message) => write!(f, "{}: {message}", self.code),
            None => write!(f, "{}", self.code),
        }
    }
}

/// Whether the words of [`invalid_batch`] are for the client. Apache Kafka tells no more than the code of most of them, and
/// clients then know words of their own.
pub fn is_told(invalid: &Invalid) -> bool {
    let of_ours =
        matches!(invalid, Invalid::UnknownCodec { .. } | Invalid::DeleteHorizon | Invalid::OffsetDelta { .. });
    let of_kafka = matches!(invalid, Invalid::UnknownMagic { .. } | Invalid::BatchLength { .. });
    of_ours || of_kafka || matches!(invalid.kind(), InvalidKind::InvalidTimestamp)
}

/// A batch that was not even offered to the log.
pub fn invalid_batch(invalid: &Invalid) -> KafkaError {
    let code = match invalid.kind() {
        InvalidKind::CorruptMessage => ErrorCode::CORRUPT_MESSAGE,
        InvalidKind::InvalidRecord => ErrorCode::INVALID_RECORD,
        InvalidKind::InvalidTimestamp => ErrorCode::INVALID_TIMESTAMP,
        InvalidKind::MessageTooLarge => ErrorCode::MESSAGE_TOO_LARGE,
        InvalidKind::RecordListTooLarge => ErrorCode::RECORD_LIST_TOO_LARGE,
    };
    match code {
        // Kafka's words; the records that it speaks of are told beside it.
        ErrorCode::INVALID_TIMESTAMP => {
            KafkaError::new(code, "One or more records have been rejected due to invalid timestamp")
        }
        _ => KafkaError::new(code, invalid.to_string()),
    }
}

/// A batch that does not follow its producer's last one.
pub fn sequence_failure(error: &SequenceError) -> KafkaError {
    let code = match error {
        SequenceError::OutOfOrder { .. } => ErrorCode::OUT_OF_ORDER_SEQUENCE_NUMBER,
        SequenceError::StaleEpoch { .. } => ErrorCode::INVALID_PRODUCER_EPOCH,
    };
    KafkaError::new(code, error.to_string())
}

/// A log that could not take any batch.
pub fn append_failure(error: &PartitionAppendError) -> KafkaError {
    match error {
        PartitionAppendError::Deleted => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION.into(),
        PartitionAppendError::Moved => ErrorCode::NOT_LEADER_OR_FOLLOWER.into(),
        PartitionAppendError::TimedOut => KafkaError::new(ErrorCode::REQUEST_TIMED_OUT, error.to_string()),
        PartitionAppendError::Log(AppendError::StorageFull) => disk_full(),
        PartitionAppendError::Broken | PartitionAppendError::NotDurable | PartitionAppendError::Log(_) => {
            KafkaError::new(ErrorCode::KAFKA_STORAGE_ERROR, error.to_string())
        }
    }
}

/// Nothing can be written now; clients try again.
pub fn disk_full() -> KafkaError {
    KafkaError::new(ErrorCode::KAFKA_STORAGE_ERROR, DISK_FULL)
}

/// What the operator can do is to delete topics or records, or to make room.
pub const DISK_FULL: &str = "the disk is full: nothing can be written until there is room; reading and deleting go on";

/// A deletion of records that deleted none.
pub fn delete_records_failure(error: &DeleteRecordsError) -> ErrorCode {
    match error {
        DeleteRecordsError::OffsetOutOfRange => ErrorCode::OFFSET_OUT_OF_RANGE,
        DeleteRecordsError::Partition(error) => append_failure(error).code,
    }
}

/// A read that found no records to give.
pub fn read_failure(error: &ReadError) -> ErrorCode {
    match error {
        ReadError::OffsetOutOfRange { .. } => ErrorCode::OFFSET_OUT_OF_RANGE,
        ReadError::Corrupt { .. } => ErrorCode::CORRUPT_MESSAGE,
        ReadError::Deleted => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        // Whoever does not wait for the disk looks again elsewhere.
        ReadError::NotCached | ReadError::Io(_) => ErrorCode::KAFKA_STORAGE_ERROR,
    }
}

/// What the controller refused, with its reason, where the code does not say all of it.
pub fn refusal_error(refusal: &Refusal) -> KafkaError {
    match refusal {
        Refusal::UnknownTopic(_) => refusal_code(refusal).into(),
        _ => KafkaError::new(refusal_code(refusal), refusal.to_string()),
    }
}

/// The code of a refusal.
pub fn refusal_code(refusal: &Refusal) -> ErrorCode {
    match refusal {
        Refusal::InvalidTopic(_) => ErrorCode::INVALID_TOPIC_EXCEPTION,
        Refusal::TopicAlreadyExists(_) => ErrorCode::TOPIC_ALREADY_EXISTS,
        Refusal::InvalidRequest(_) => ErrorCode::INVALID_REQUEST,
        Refusal::InvalidPartitions(_) => ErrorCode::INVALID_PARTITIONS,
        Refusal::InvalidReplicationFactor(_) => ErrorCode::INVALID_REPLICATION_FACTOR,
        Refusal::InvalidReplicaAssignment(_) => ErrorCode::INVALID_REPLICA_ASSIGNMENT,
        Refusal::InvalidConfig(_) => ErrorCode::INVALID_CONFIG,
        Refusal::PolicyViolation(_) => ErrorCode::POLICY_VIOLATION,
        Refusal::UnknownTopic(_) | Refusal::UnknownTopicOrPartition(_) => ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        Refusal::UnknownTopicId(_) => ErrorCode::UNKNOWN_TOPIC_ID,
        Refusal::ElectionNotNeeded => ErrorCode::ELECTION_NOT_NEEDED,
        Refusal::PreferredLeaderNotAvailable => ErrorCode::PREFERRED_LEADER_NOT_AVAILABLE,
        Refusal::EligibleLeadersNotAvailable => ErrorCode::ELIGIBLE_LEADERS_NOT_AVAILABLE,
        Refusal::InvalidUpdateVersion(_) => ErrorCode::INVALID_UPDATE_VERSION,
        Refusal::BrokerIdNotRegistered(_) => ErrorCode::BROKER_ID_NOT_REGISTERED,
        Refusal::StaleBrokerEpoch { .. } => ErrorCode::STALE_BROKER_EPOCH,
        Refusal::DuplicateBrokerRegistration(_) => ErrorCode::DUPLICATE_BROKER_REGISTRATION,
        Refusal::ProducerIdsExhausted => ErrorCode::UNKNOWN_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_cut_between_characters_so_that_any_answer_has_room_for_it() {
        let message = |text: String| KafkaError::new(ErrorCode::INVALID_REQUEST, text).message.expect("it has one");
        assert_eq!(message("x".repeat(32_768)), "x".repeat(MESSAGE_BYTES_MAX));
        assert_eq!(message("€".repeat(20_000)), "€".repeat(MESSAGE_BYTES_MAX / 3));
        assert_eq!(message("€".repeat(341)), "€".repeat(341), "what fits stays whole");
    }
}
