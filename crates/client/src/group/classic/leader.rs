//! What the member that assigns has to know: how many partitions the topics have, and when that changes.

use std::collections::{BTreeMap, BTreeSet};

use tokio::time::sleep;

use super::Classic;
use crate::group::assignor::Member;
use crate::group::member::Stop;
use crate::{Client, RequestError};

impl Classic {
    /// The numbers of partitions of all topics that the members read, however often it takes.
    pub(super) async fn count(&mut self, members: &[Member]) -> Result<BTreeMap<String, i32>, Stop> {
        let topics: BTreeSet<&str> =
            members.iter().flat_map(|member| member.subscription.topics.iter().map(String::as_str)).collect();
        let topics: Vec<&str> = topics.into_iter().collect();
        let client = self.shared.coordinator.client().clone();
        loop {
            match counts(&client, &topics).await {
                Ok(counts) => return Ok(counts),
                Err(error) if error.is_retriable() => self.link.pause().await?,
                Err(error) => return Err(Stop::fatal(error)),
            }
        }
    }

    /// Ends when a topic has another number of partitions than when this member assigned; never for one that does not assign.
    pub(super) fn counts_changed(&self) -> impl Future<Output = ()> + use<> {
        let (client, counted) = (self.shared.coordinator.client().clone(), self.counted.clone());
        async move {
            let Some(counted) = counted else { return std::future::pending().await };
            let topics: Vec<&str> = counted.keys().map(String::as_str).collect();
            loop {
                sleep(client.config().metadata_max_age).await;
                if counts(&client, &topics).await.is_ok_and(|counts| counts != counted) {
                    return;
                }
            }
        }
    }
}

/// Topics that cannot be told of have no partitions.
async fn counts(client: &Client, topics: &[&str]) -> Result<BTreeMap<String, i32>, RequestError> {
    let mut counts: BTreeMap<String, i32> = topics.iter().map(|&topic| (topic.to_owned(), 0)).collect();
    for (name, topic) in client.settled_metadata(Some(topics), false).await?.topics {
        let count = topic.map_or(0, |topic| i32::try_from(topic.partitions.len()).unwrap_or(i32::MAX));
        counts.insert(name, count);
    }
    Ok(counts)
}
