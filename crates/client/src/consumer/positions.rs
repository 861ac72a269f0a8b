//! Where to begin: offsets looked up by time and at both ends.

use record::Offset;
use tokio::time::Instant;

use super::config::{Reset, Start};
use super::reading::{NOWHERE, Reading};
use super::tasks::Done;
use super::{Consumer, Isolation, PollError};
use crate::{Client, ErrorCode, OffsetSpec, Refusal, RequestError, TopicPartition};

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
        look_up(&self.client, partitions, spec, self.config.isolation).await
    }

    /// Has it looked up where to begin in partitions of which that is not known.
    pub(super) fn begin(&mut self, now: Instant) -> Result<(), PollError> {
        let unknown = |reading: &&Reading| reading.position() == NOWHERE && reading.may_be_asked(now);
        let unknown: Vec<u64> = self.partitions.iter().filter(unknown).map(|reading| reading.token).collect();
        unknown.into_iter().try_for_each(|token| self.reset(token))
    }

    /// Goes on where the policy says, once that is known.
    pub(super) fn reset(&mut self, token: u64) -> Result<(), PollError> {
        let is_it = |reading: &&mut Reading| reading.token == token;
        let Some(reading) = self.partitions.iter_mut().find(is_it) else { return Ok(()) };
        let (partition, offset) = (reading.topic_partition(), reading.fetch_offset());
        let spec = match self.config.reset {
            Reset::Earliest => OffsetSpec::Earliest,
            Reset::Latest => OffsetSpec::Latest,
            Reset::Fail if offset == NOWHERE => return Err(PollError::NoOffset { partition }),
            Reset::Fail => return Err(PollError::OffsetOutOfRange { partition, offset }),
        };
        reading.busy = true;
        let (client, isolation) = (self.client.clone(), self.config.isolation);
        self.tasks.spawn(async move {
            let found = look_up(&client, &[partition], spec, isolation).await;
            Done::Reset(token, found.map(|found| found.first().copied().flatten().unwrap_or_default()))
        });
        Ok(())
    }

    pub(super) fn take_reset(&mut self, token: u64, found: Result<Offset, RequestError>) -> Result<(), PollError> {
        let Some(index) = self.partitions.iter().position(|reading| reading.token == token) else { return Ok(()) };
        self.partitions[index].busy = false;
        match found {
            Ok(position) => {
                let (partition, offset) = (self.partitions[index].topic_partition(), self.position_of(index));
                if offset != NOWHERE {
                    tracing::warn!(%partition, %offset, %position, "the offset is not there, reset");
                }
                self.drop_decoded(index);
                let token = self.token();
                self.partitions[index].seek(token, position);
                Ok(())
            }
            Err(error) => self.tolerate(&[token], error),
        }
    }
}

async fn look_up(
    client: &Client,
    partitions: &[TopicPartition],
    spec: OffsetSpec,
    isolation: Isolation,
) -> Result<Vec<Option<Offset>>, RequestError> {
    let wanted: Vec<_> = partitions.iter().map(|partition| (partition.clone(), spec)).collect();
    let found = client.admin().list_offsets_as(&wanted, isolation).await?;
    found.into_iter().map(|(_, found)| Ok(found?.offset)).collect()
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
