//! Deleting records from the start of partitions.

use record::{BrokerId, Offset};
use tokio::time::Instant;
use wire::ErrorCode;
use wire::messages::delete_records::{
    DeleteRecordsPartition, DeleteRecordsRequest, DeleteRecordsResponse, DeleteRecordsTopic,
};

use super::{Admin, TopicPartition, no_leader, no_such_partition};
use crate::{CallError, Refusal, RequestError};

/// Up to where the records of a partition are deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeleteBefore {
    /// All records with lower offsets; it is at most the offset that the next record will get.
    Offset(Offset),
    /// All records that consumers can read at that moment.
    End,
}

impl Admin {
    /// Deletes the records of a partition up to an offset for ever, and returns the first offset that is left. Leaders that
    /// move or are elected at the moment are waited for.
    ///
    /// # Errors
    /// The broker refused, or did not answer; then the records may have been deleted.
    pub async fn delete_records(
        &self,
        partition: &TopicPartition,
        before: DeleteBefore,
    ) -> Result<Offset, RequestError> {
        let deadline = Instant::now() + self.client.config().request_timeout;
        loop {
            let refusal = match self.leader_of(partition).await? {
                Some(leader) => match self.delete_at(leader, partition, before).await? {
                    Ok(start) => return Ok(start),
                    Err(refusal) => refusal,
                },
                None => no_leader(partition),
            };
            if !refusal.code.is_retriable() || Instant::now() >= deadline {
                return Err(refusal.into());
            }
            self.client.forget_topic(&partition.topic);
            self.client.back_off().await;
        }
    }

    async fn leader_of(&self, partition: &TopicPartition) -> Result<Option<BrokerId>, RequestError> {
        let topic = self.client.topic(&partition.topic, false).await?;
        let found = topic.partition(partition.partition).ok_or_else(|| no_such_partition(partition))?;
        Ok(Some(found.leader).filter(|leader| *leader != BrokerId::NONE))
    }

    async fn delete_at(
        &self,
        leader: BrokerId,
        partition: &TopicPartition,
        before: DeleteBefore,
    ) -> Result<Result<Offset, Refusal>, CallError> {
        let offset = match before {
            DeleteBefore::Offset(offset) => offset.0,
            DeleteBefore::End => -1,
        };
        let wanted = DeleteRecordsPartition { partition_index: partition.partition.0, offset };
        let topic = DeleteRecordsTopic { name: &partition.topic, partitions: vec![wanted].into() };
        let request = DeleteRecordsRequest { topics: vec![topic].into(), timeout_ms: self.timeout_ms() };
        let answer = self.client.broker(leader).await?.call(&request).await?;
        let response = answer.read::<DeleteRecordsResponse<'_>>()?;
        let result = response.topics.iter().flat_map(|topic| topic.partitions.to_vec()).next();
        let code = result.as_ref().map_or(ErrorCode::UNKNOWN_SERVER_ERROR, |result| result.error_code);
        let checked = Refusal::check(code, || partition.to_string());
        Ok(checked.map(|()| Offset(result.map_or(0, |result| result.low_watermark))))
    }
}
