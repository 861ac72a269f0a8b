//! Where to begin: offsets looked up by time and at both ends.

use record::Offset;

use super::config::{Reset, Start};
use super::{Consumer, PollError};
use crate::{ErrorCode, OffsetSpec, Refusal, RequestError, TopicPartition};

impl Consumer {
    /// Positions and ends of partitions, in their order.
    pub(super) async fn positions(
        &self,
        partitions: &[TopicPartition],
        start: Start,
    ) -> Result<Vec<(Offset, Offset)>, RequestError> {
        let ends = self.look_up(partitions, OffsetSpec::Latest).await?;
        let starts = match start {
            Start::Beginning => self.look_up(partitions, OffsetSpec::Earliest).await?,
            Start::End => ends.clone(),
            Start::Offset(offset) => vec![Some(offset); partitions.len()],
            Start::Timestamp(timestamp) => self.look_up(partitions, OffsetSpec::At(timestamp)).await?,
        };
        if let (Start::Offset(offset), true, Reset::Fail) = (start, self.config.until_end, self.config.reset) {
            let reach = |(partition, end): (&TopicPartition, &Option<Offset>)| in_reach(partition, offset, *end);
            partitions.iter().zip(&ends).try_for_each(reach)?;
        }
        let ends = ends.into_iter().map(Option::unwrap_or_default);
        Ok(starts.into_iter().zip(ends).map(|(start, end)| (start.unwrap_or(end), end)).collect())
    }

    async fn look_up(
        &self,
        partitions: &[TopicPartition],
        spec: OffsetSpec,
    ) -> Result<Vec<Option<Offset>>, RequestError> {
        let wanted: Vec<_> = partitions.iter().map(|partition| (partition.clone(), spec)).collect();
        let found = self.client.admin().list_offsets_as(&wanted, self.config.isolation).await?;
        found.into_iter().map(|(_, found)| Ok(found?.offset)).collect()
    }

    /// Goes on where the policy says.
    pub(super) async fn reset(&mut self, token: u64, log_start_offset: Offset) -> Result<(), PollError> {
        let Some(reading) = self.partitions.iter().find(|reading| reading.token == token) else { return Ok(()) };
        let (partition, offset) = (reading.topic_partition(), reading.fetch_offset());
        let spec = match self.config.reset {
            Reset::Earliest => OffsetSpec::Earliest,
            Reset::Latest => OffsetSpec::Latest,
            Reset::Fail => return Err(PollError::OffsetOutOfRange { partition, offset, log_start_offset }),
        };
        let found = self.look_up(std::slice::from_ref(&partition), spec).await?;
        let position = found.first().copied().flatten().unwrap_or_default();
        tracing::warn!(%partition, %offset, %position, "offset out of range, reset");
        let next = self.token();
        if let Some(reading) = self.partitions.iter_mut().find(|reading| reading.token == token) {
            reading.seek(next, position);
        }
        Ok(())
    }
}

/// A consumer that stops at the end would never learn that the broker does not have an offset behind it.
fn in_reach(partition: &TopicPartition, offset: Offset, end: Option<Offset>) -> Result<(), Refusal> {
    match end {
        Some(end) if offset > end => Err(Refusal {
            subject: partition.to_string(),
            code: ErrorCode::OFFSET_OUT_OF_RANGE,
            message: Some(format!("there is no offset {offset}, its records end at {end}")),
        }),
        _ => Ok(()),
    }
}
