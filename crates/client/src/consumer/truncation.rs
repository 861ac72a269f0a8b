//! Whether a new leader has the records that were read (KIP-320): asked whenever the leader epoch has changed.

use record::{BrokerId, LeaderEpoch, Offset};
use wire::messages::offset_for_leader_epoch::{
    EpochEndOffset, OffsetForLeaderEpochRequest, OffsetForLeaderEpochResponse, OffsetForLeaderPartition,
    OffsetForLeaderTopic,
};

use super::reading::Reading;
use super::tasks::Done;
use super::{Consumer, PollError, Reset};
use crate::{Client, Refusal, RequestError, TopicPartition};

/// What a leader says of an epoch that it does not know.
const NOT_KNOWN: Offset = Offset(-1);

/// A partition whose leader epoch is another one than when it was last read.
pub(super) struct Changed {
    pub(super) token: u64,
    pub(super) leader: BrokerId,
    pub(super) epoch: LeaderEpoch,
}

impl Consumer {
    /// Asks the leader where the epoch of the last record ends.
    pub(super) fn validate(&mut self, changed: Changed) {
        let is_it = |reading: &&mut Reading| reading.token == changed.token;
        let Some(reading) = self.partitions.iter_mut().find(is_it) else { return };
        reading.busy = true;
        let (client, partition, last_epoch) = (self.client.clone(), reading.topic_partition(), reading.last_epoch());
        self.tasks.spawn(async move {
            let end = end_of_epoch(&client, &partition, &changed, last_epoch).await;
            Done::Validated(changed, end)
        });
    }

    /// Takes back what the leader does not have.
    pub(super) fn take_validated(
        &mut self,
        changed: &Changed,
        end: Result<Option<Offset>, RequestError>,
    ) -> Result<(), PollError> {
        let is_it = |reading: &Reading| reading.token == changed.token;
        let Some(index) = self.partitions.iter().position(is_it) else { return Ok(()) };
        self.partitions[index].busy = false;
        match end {
            Ok(Some(NOT_KNOWN)) => self.lose_all(index),
            Ok(Some(end)) if end < self.partitions[index].fetch_offset() => self.take_back(index, end),
            Ok(_) => {
                self.partitions[index].leader_epoch = changed.epoch;
                Ok(())
            }
            Err(error) => self.tolerate(&[changed.token], error),
        }
    }

    fn take_back(&mut self, index: usize, end: Offset) -> Result<(), PollError> {
        let (partition, position) = (self.partitions[index].topic_partition(), self.position_of(index));
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

    /// The leader has never heard of the epoch, so that nothing that was read in it is known to be there.
    fn lose_all(&mut self, index: usize) -> Result<(), PollError> {
        let reading = &self.partitions[index];
        if self.config.reset == Reset::Fail {
            let (partition, offset) = (reading.topic_partition(), self.position_of(index));
            return Err(PollError::Truncated { partition, offset, end: NOT_KNOWN });
        }
        self.reset(reading.token)
    }
}

/// The offset after the last record of the epoch, [`NOT_KNOWN`] when the leader does not know the epoch; `None` when it says
/// nothing of the partition.
async fn end_of_epoch(
    client: &Client,
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
    let answer = client.broker(changed.leader).await?.call(&request).await?;
    let response = answer.read::<OffsetForLeaderEpochResponse<'_>>()?;
    let found: Option<EpochEndOffset> = response.topics.iter().flat_map(|topic| topic.partitions.to_vec()).next();
    let Some(found) = found else { return Ok(None) };
    Refusal::check(found.error_code, || partition.to_string())?;
    Ok(Some(Offset(found.end_offset.max(NOT_KNOWN.0))))
}
