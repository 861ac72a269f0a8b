//! What the member that assigns has to know: how many partitions the topics have, and when that changes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio::time::sleep;

use super::Classic;
use crate::group::assignor::Member;
use crate::group::member::Stop;
use crate::{Client, ErrorCode, Refusal, RequestError};

/// Numbers of partitions by topic.
type Counts = BTreeMap<String, i32>;

/// How soon topics that were not ready are counted again.
const UNSETTLED_MAX_AGE: Duration = Duration::from_secs(1);

impl Classic {
    /// The numbers of partitions of all topics that the members read, however often it takes; heartbeats go on.
    pub(super) async fn count(&mut self, members: &[Member]) -> Result<BTreeMap<String, i32>, Stop> {
        let topics: BTreeSet<&str> =
            members.iter().flat_map(|member| member.subscription.topics.iter().map(String::as_str)).collect();
        let topics: Vec<&str> = topics.into_iter().collect();
        let client = self.shared.coordinator.client().clone();
        let last = std::mem::take(&mut self.last_counted);
        loop {
            match self.alive(counts(&client, &topics, &last), false).await? {
                Ok((counts, is_settled)) => {
                    self.is_settled = is_settled;
                    self.last_counted.clone_from(&counts);
                    return Ok(counts);
                }
                Err(error) if error.is_retriable() => self.link.pause().await?,
                Err(error) => return Err(Stop::fatal(error)),
            }
        }
    }

    /// Ends when a topic has another number of partitions than when this member assigned; never for one that does not assign.
    pub(super) fn counts_changed(&self) -> impl Future<Output = ()> + use<> {
        let (client, counted) = (self.shared.coordinator.client().clone(), self.counted.clone());
        let mut is_settled = self.is_settled;
        async move {
            let Some(counted) = counted else { return std::future::pending().await };
            let topics: Vec<&str> = counted.keys().map(String::as_str).collect();
            loop {
                let max_age = client.config().metadata_max_age;
                sleep(if is_settled { max_age } else { max_age.min(UNSETTLED_MAX_AGE) }).await;
                match counts(&client, &topics, &counted).await {
                    Ok((counts, _)) if counts != counted => return,
                    Ok((_, settled)) => is_settled = settled,
                    Err(error) => tracing::debug!(%error, "cannot count the partitions"),
                }
            }
        }
    }
}

/// Asks once; also whether all topics are ready.
async fn counts(client: &Client, topics: &[&str], last: &Counts) -> Result<(Counts, bool), RequestError> {
    let answered = client.metadata(Some(topics), false).await?;
    let is_settled = !answered.is_unsettled();
    let told = answered.topics.into_iter().map(|(name, topic)| (name, topic.map(|topic| topic.partitions.len())));
    Ok((count(topics, told, last), is_settled))
}

/// Topics that are not there have no partitions. Those that are not ready have as many as when they were counted last: the
/// whole group waits for this.
fn count(topics: &[&str], told: impl Iterator<Item = (String, Result<usize, Refusal>)>, last: &Counts) -> Counts {
    let mut counts: Counts = topics.iter().map(|&topic| (topic.to_owned(), 0)).collect();
    for (name, topic) in told {
        let is_gone = |refusal: &Refusal| refusal.code == ErrorCode::UNKNOWN_TOPIC_OR_PARTITION;
        let count = match topic {
            Ok(partitions) => i32::try_from(partitions).unwrap_or(i32::MAX),
            Err(refusal) if is_gone(&refusal) => 0,
            Err(_) => last.get(&name).copied().unwrap_or(0),
        };
        counts.insert(name, count);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_that_is_not_ready_has_as_many_partitions_as_before() {
        let refused = |code| Err(Refusal { subject: "t".to_owned(), code, message: None });
        let rows = [
            (Some(Ok(3)), Some(2), 3),
            (Some(refused(ErrorCode::LEADER_NOT_AVAILABLE)), Some(2), 2),
            (Some(refused(ErrorCode::LEADER_NOT_AVAILABLE)), None, 0),
            (Some(refused(ErrorCode::UNKNOWN_TOPIC_OR_PARTITION)), Some(2), 0),
            (None, Some(2), 0),
        ];
        for (told, last, expected) in rows {
            let last: Counts = last.into_iter().map(|count| ("t".to_owned(), count)).collect();
            let told = told.into_iter().map(|told| ("t".to_owned(), told));
            assert_eq!(count(&["t"], told, &last)["t"], expected);
        }
    }
}
