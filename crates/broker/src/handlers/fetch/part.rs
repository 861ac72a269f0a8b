//! One partition's part of a fetch: what is asked, where it goes, what was found.

use std::sync::Arc;

use host::FileSlice;
use record::{LeaderEpoch, Offset, PartitionIndex, Uuid};
use storage::{LogPosition, Patience, ReadError};
use wire::messages::fetch::{EpochEndOffset, FetchPartition, FetchTopic, PartitionData};
use wire::{Array, ErrorCode, Records};

use crate::errors::{append_failure, read_failure};
use crate::partition::Partition;
use crate::view::View;

/// How a fetch names a topic: by name up to version 12, by id from then on (KIP-516).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TopicKey {
    /// By name.
    Name(Arc<str>),
    /// By id.
    Id(Uuid),
}

/// A topic of a fetch.
#[derive(Clone)]
pub struct FetchedTopic {
    /// How it was named.
    pub key: TopicKey,
    /// Its name, once it was known: what is said of an id that is gone depends on it.
    name: Option<Arc<str>>,
}

/// What is asked of one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asked {
    /// Which.
    pub index: PartitionIndex,
    /// Where to begin.
    pub from: Offset,
    max_bytes: i32,
    leader_epoch: LeaderEpoch,
    /// Of the last record that the reader has; below 0 when it does not say.
    last_fetched_epoch: LeaderEpoch,
    is_follower: bool,
    /// Consumers before version 10 cannot (KIP-110).
    reads_zstd: bool,
}

/// What one reading found in a partition.
pub struct Part {
    /// Why it was not read, or none.
    pub error_code: ErrorCode,
    /// `None` with an error that kept it from being looked at.
    pub high_watermark: Option<LogPosition>,
    /// -1 when unknown.
    pub log_start_offset: Offset,
    /// Whole batches; none when there is nothing to give.
    pub slice: Option<FileSlice>,
    /// The reader's log is not this one from here on (KIP-595).
    pub divergence: Option<(LeaderEpoch, Offset)>,
    /// It was not read, because the disk would have been waited for.
    pub is_cold: bool,
}

impl FetchedTopic {
    /// The topic that a request of this version names.
    pub fn new(view: &View, version: i16, name: &str, id: Uuid) -> FetchedTopic {
        if version >= 13 {
            let name = view.topic_by_id(id).map(|topic| Arc::clone(&topic.name));
            return FetchedTopic { key: TopicKey::Id(id), name };
        }
        let name = view.topic(name).map_or_else(|| Arc::from(name), |topic| Arc::clone(&topic.name));
        FetchedTopic { key: TopicKey::Name(Arc::clone(&name)), name: Some(name) }
    }

    /// As [`FetchedTopic::new`], of a request's topic.
    pub fn of(view: &View, version: i16, topic: &FetchTopic<'_>) -> FetchedTopic {
        FetchedTopic::new(view, version, topic.topic, topic.topic_id)
    }

    /// Its name for an answer; answers that tell ids leave it out.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// Its id for an answer; zero when it is fetched by name.
    pub fn id(&self) -> Uuid {
        if let TopicKey::Id(id) = self.key { id } else { Uuid::ZERO }
    }

    /// Bytes of names that belong to nobody else when the topic is unknown.
    pub fn name_bytes(&self) -> usize {
        self.name().len()
    }

    /// The partition that is asked for, as `view` has it.
    pub fn partition<'v>(&mut self, view: &'v View, asked: &Asked) -> Result<&'v Arc<Partition>, ErrorCode> {
        let topic = match &self.key {
            TopicKey::Name(name) => view.topic(name).ok_or(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)?,
            TopicKey::Id(id) => view.topic_by_id(*id).ok_or_else(|| self.id_is_gone(view, asked.index))?,
        };
        if self.name.is_none() {
            self.name = Some(Arc::clone(&topic.name));
        }
        let partition = topic.partition(asked.index).map_err(|error| error.code)?;
        asked.may_read(partition).map(|()| partition)
    }

    /// What Kafka says depends on whether it ever knew the id, and on whether its name is taken again.
    fn id_is_gone(&self, view: &View, index: PartitionIndex) -> ErrorCode {
        let Some(name) = &self.name else { return ErrorCode::UNKNOWN_TOPIC_ID };
        let is_taken = view.topic(name).is_some_and(|topic| topic.partition(index).is_ok());
        if is_taken { ErrorCode::INCONSISTENT_TOPIC_ID } else { ErrorCode::UNKNOWN_TOPIC_OR_PARTITION }
    }
}

impl Asked {
    /// What the request asks of a partition; `replica` is its sender, -1 for a consumer.
    pub fn new(asked: &FetchPartition, replica: i32, version: i16) -> Asked {
        Asked {
            index: PartitionIndex(asked.partition),
            from: Offset(asked.fetch_offset),
            max_bytes: asked.partition_max_bytes,
            leader_epoch: LeaderEpoch(asked.current_leader_epoch),
            last_fetched_epoch: LeaderEpoch(asked.last_fetched_epoch),
            is_follower: replica >= 0,
            reads_zstd: version >= 10,
        }
    }

    /// Whether both are let through to the partition, or neither.
    pub fn goes_where(&self, other: &Asked) -> bool {
        let gate = |asked: &Asked| (asked.leader_epoch, asked.is_follower, asked.max_bytes < 0, asked.reads_zstd);
        gate(self) == gate(other)
    }

    /// At most so many bytes.
    pub fn max_bytes(&self) -> u32 {
        u32::try_from(self.max_bytes).unwrap_or(0)
    }

    fn may_read(&self, partition: &Partition) -> Result<(), ErrorCode> {
        // No partition of this node has followers.
        if self.is_follower {
            return Err(ErrorCode::NOT_LEADER_OR_FOLLOWER);
        }
        if self.max_bytes < 0 {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        partition.check_leader_epoch(self.leader_epoch)?;
        // The topic decides, not each batch, as in Apache Kafka before 4.0, which does not look any more.
        if !self.reads_zstd && partition.is_zstd() {
            return Err(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
        }
        Ok(())
    }

    /// Where a reader that says what it has must go back to.
    fn divergence(&self, partition: &Partition) -> Result<Option<(LeaderEpoch, Offset)>, ErrorCode> {
        let epoch = self.last_fetched_epoch;
        if epoch.0 < 0 {
            return Ok(None);
        }
        let end = partition.end_of_epoch(epoch).map_err(|error| append_failure(&error).code)?;
        let end = end.filter(|_| self.from >= partition.log_start_offset()).ok_or(ErrorCode::OFFSET_OUT_OF_RANGE)?;
        Ok(Some(end).filter(|(known, end)| *known < epoch || *end < self.from))
    }
}

impl Part {
    /// Reads at most `limit` bytes, or at least one batch; `hint` is where the records will be, as an earlier reading found.
    pub fn read(
        partition: &Partition,
        asked: &Asked,
        hint: Option<LogPosition>,
        (limit, at_least_one): (u32, bool),
        patience: Patience,
    ) -> Part {
        if partition.is_retired() {
            return Part::failed(append_failure(&partition.gone()).code);
        }
        let divergence = match asked.divergence(partition) {
            Ok(divergence) => divergence,
            Err(error_code) => return Part::failed(error_code),
        };
        let high_watermark = partition.high_watermark();
        let read = match divergence {
            None => partition.reader().read(asked.from, hint, high_watermark, limit, at_least_one, patience),
            Some(_) => Ok(None),
        };
        let log_start_offset = partition.log_start_offset();
        match read {
            Ok(slice) => Part {
                error_code: ErrorCode::NONE,
                high_watermark: Some(high_watermark),
                log_start_offset,
                slice,
                divergence,
                is_cold: false,
            },
            Err(ReadError::NotCached) => Part { is_cold: true, ..Part::failed(ErrorCode::NONE) },
            Err(error) => Part::failed(read_failure(&error)),
        }
    }

    /// Not read.
    pub fn failed(error_code: ErrorCode) -> Part {
        let (high_watermark, slice, divergence, is_cold) = (None, None, None, false);
        Part { error_code, high_watermark, log_start_offset: Offset(-1), slice, divergence, is_cold }
    }

    /// Whether it is to be told at once.
    pub fn is_urgent(&self) -> bool {
        self.error_code != ErrorCode::NONE || self.divergence.is_some()
    }

    /// Bytes of records.
    pub fn len(&self) -> u64 {
        self.slice.as_ref().map_or(0, |slice| u64::from(slice.len))
    }

    /// Where records that come next will be, if `from` is the end.
    pub fn awaited(&self, from: Offset) -> Option<LogPosition> {
        self.high_watermark.filter(|end| end.offset == from)
    }

    /// The high watermark as it is told; -1 when unknown.
    pub fn high_watermark_told(&self) -> Offset {
        self.high_watermark.map_or(Offset(-1), |position| position.offset)
    }

    /// As the answer has it. Who `reads_committed` is told the aborted transactions, of which there are none; and so is, in
    /// Apache Kafka, who asks for what is not there.
    pub fn response(&self, partition_index: i32, reads_committed: bool) -> PartitionData<'_> {
        let high_watermark = self.high_watermark_told().0;
        let tells_aborted = match self.error_code {
            ErrorCode::NONE => reads_committed,
            code => matches!(code, ErrorCode::UNKNOWN_TOPIC_OR_PARTITION | ErrorCode::UNKNOWN_TOPIC_ID),
        };
        let diverging_epoch = self
            .divergence
            .map(|(epoch, end)| EpochEndOffset { epoch: epoch.0, end_offset: end.0 })
            .unwrap_or_default();
        PartitionData {
            partition_index,
            error_code: self.error_code,
            high_watermark,
            last_stable_offset: high_watermark,
            log_start_offset: self.log_start_offset.0,
            diverging_epoch,
            aborted_transactions: tells_aborted.then_some(Array::EMPTY),
            // An empty part leaves no cut point, so that cut points and file ranges stay in step.
            records: Some(self.slice.as_ref().map_or(Records::Bytes(&[]), |slice| Records::Hole(slice.len as usize))),
            ..Default::default()
        }
    }
}
