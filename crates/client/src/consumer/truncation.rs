//! Whether a new leader has the records that were read (KIP-320): asked whenever the leader epoch has changed.

use record::{BrokerId, LeaderEpoch, Offset};
use wire::messages::offset_for_leader_epoch::{
    EpochEndOffset, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, OffsetForLeaderPartition,
    OffsetForLeaderTopic,
};

use super::{Consumer, PollError, Reset};
use crate::{Refusal, RequestError, TopicPartition};

/// A partition whose leader epoch is another one than when it was last read.
pub(super) struct Changed {
    pub(super) token: u64,
    pub(super) leader: BrokerId,
    pub(super) epoch: LeaderEpoch,
}

impl Consumer {
    /// Asks the leader where the epoch of the last record ends, and takes back what it does not have.
    pub(super) async fn validate(&mut self, changed: &Changed) -> Result<(), PollError> {
        let Some(reading) = self.partitions.iter().find(|reading| reading.token == changed.token) else {
            return Ok(());
        };
        let (partition, last_epoch) = (reading.topic_partition(), reading.last_epoch());
        let diverged = match last_epoch {
            LeaderEpoch::NONE => None,
            _ => self.end_of_epoch(&partition, changed, last_epoch).await?,
        };
        let Some(index) = self.partitions.iter().position(|reading| reading.token == changed.token) else {
            return Ok(());
        };
        match diverged.filter(|&end| end < self.partitions[index].fetch_offset()) {
            Some(end) => self.take_back(index, partition, end)?,
            None => self.partitions[index].leader_epoch = changed.epoch,
        }
        Ok(())
    }

    fn take_back(&mut self, index: usize, partition: TopicPartition, end: Offset) -> Result<(), PollError> {
        let position = self.position_of(index);
        if end < position && self.config.reset == Reset::Fail {
            return Err(PollError::Truncated { partition, offset: position, end });
        }
        if end < position {
            tracing::warn!(%partition, offset = %position, %end, "the partition was cut off, reset");
        }
        self.drop_decoded(index);
        let token = self.token();
        // Only what was fetched ahead may be lost, unless the policy is to go on behind what was read.
        self.partitions[index].seek(token, position.min(end));
        Ok(())
    }

    /// The offset after the last record of the epoch; `None` when the leader does not know.
    async fn end_of_epoch(
        &self,
        partition: &TopicPartition,
        changed: &Changed,
        leader_epoch: LeaderEpoch,
    ) -> Result<Option<Offset>, RequestError> {
        let wanted = OffsetForLeaderPartition {
            partition: partition.partition.0,
            current_leader_epoch: changed.epoch.0,
            leader_epoch: leader_epoch.0,
        };
        let topic = OffsetForLeaderTopic { topic: &partition.topic, partitions: vec![wanted].into() };
        let request = OffsetForLeaderEpochRequest { replica_id: -1, topics: vec![topic].into() };
        let answer = self.client.broker(changed.leader).await?.call(&request).await?;
        let response = answer.read::<OffsetForLeaderEpochResponse<'_>>()?;
        let found: Option<EpochEndOffset> = response.topics.iter().flat_map(|topic| topic.partitions.to_vec()).next();
        let Some(found) = found else { return Ok(None) };
        Refusal::check(found.error_code, || partition.to_string())?;
        Ok((found.end_offset >= 0).then_some(Offset(found.end_offset)))
    }
}
