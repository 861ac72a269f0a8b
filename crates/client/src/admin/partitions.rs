//! Making topics larger.

use wire::messages::create_partitions::{CreatePartitionsRequest, CreatePartitionsResponse, CreatePartitionsTopic};

use super::Admin;
use crate::{Refusal, RequestError};

impl Admin {
    /// Gives a topic more partitions, so that it has `count`; the cluster places them. What keys hash to changes.
    ///
    /// # Errors
    /// The broker refused, as it does when the topic has as many already, or did not answer; then the topic may have grown.
    pub async fn create_partitions(&self, topic: &str, count: i32) -> Result<(), RequestError> {
        let wanted = CreatePartitionsTopic { name: topic, count, assignments: None };
        let request = CreatePartitionsRequest {
            topics: vec![wanted].into(),
            timeout_ms: self.timeout_ms(),
            ..CreatePartitionsRequest::default()
        };
        let answer = self.client.any().await?.call(&request).await?;
        let response = answer.read::<CreatePartitionsResponse<'_>>()?;
        for result in response.results.iter() {
            Refusal::check_with(result.error_code, result.error_message, || format!("topic `{}`", result.name))?;
        }
        self.client.forget_topic(topic);
        Ok(())
    }
}
