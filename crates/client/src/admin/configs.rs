//! Configs of topics: what is in force, and changes.

use wire::messages::describe_configs::{
    DescribeConfigsRequest, DescribeConfigsResource, DescribeConfigsResourceResult, DescribeConfigsResponse,
};
use wire::messages::incremental_alter_configs::{
    AlterConfigsResource, AlterableConfig, IncrementalAlterConfigsRequest, IncrementalAlterConfigsResponse,
};

use super::{Admin, Outcomes};
use crate::{Refusal, RequestError};

const TOPIC: i8 = 2;
const SET: i8 = 0;
const DELETE: i8 = 1;

/// A config of a topic, as it is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopicConfig {
    /// Kafka's key.
    pub key: String,
    /// Its value; `None` when it is a secret.
    pub value: Option<String>,
    /// Where the value comes from.
    pub source: ConfigSource,
}

/// Where the value of a config comes from (KIP-226).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfigSource {
    /// The topic's own config.
    Topic,
    /// The dynamic config of the broker that answered, or of all brokers.
    DynamicBroker,
    /// The settings that the broker was started with.
    StaticBroker,
    /// Nobody set it.
    Default,
    /// Something that this client does not know.
    Unknown,
}

impl std::fmt::Display for ConfigSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            ConfigSource::Topic => "topic",
            ConfigSource::DynamicBroker => "dynamic broker",
            ConfigSource::StaticBroker => "static broker",
            ConfigSource::Default => "default",
            ConfigSource::Unknown => "unknown",
        })
    }
}

impl ConfigSource {
    fn from_code(code: i8) -> ConfigSource {
        match code {
            1 => ConfigSource::Topic,
            2 | 3 => ConfigSource::DynamicBroker,
            4 => ConfigSource::StaticBroker,
            5 => ConfigSource::Default,
            _ => ConfigSource::Unknown,
        }
    }
}

impl Admin {
    /// All configs of these topics, by key.
    ///
    /// # Errors
    /// The broker did not answer.
    pub async fn describe_topic_configs(
        &self,
        topics: &[&str],
    ) -> Result<Outcomes<String, Vec<TopicConfig>>, RequestError> {
        let resource =
            |&name| DescribeConfigsResource { resource_type: TOPIC, resource_name: name, configuration_keys: None };
        let resources = topics.iter().map(resource).collect();
        let request = DescribeConfigsRequest { resources, ..DescribeConfigsRequest::default() };
        let answer = self.client.any().await?.call(&request).await?;
        let response = answer.read::<DescribeConfigsResponse<'_>>()?;
        let outcomes = response.results.iter().map(|result| {
            let name = result.resource_name;
            let checked = Refusal::check_with(result.error_code, result.error_message, || format!("topic `{name}`"));
            (name.to_owned(), checked.map(|()| by_key(result.configs.iter())))
        });
        Ok(outcomes.collect())
    }

    /// Sets the configs of a topic that have a value, and returns the others to their defaults: all of them, or none.
    ///
    /// # Errors
    /// The broker refused, or did not answer; then they may have been changed.
    pub async fn alter_topic_configs(
        &self,
        topic: &str,
        changes: &[(String, Option<String>)],
    ) -> Result<(), RequestError> {
        let configs = changes.iter().map(|(name, value)| AlterableConfig {
            name,
            config_operation: if value.is_some() { SET } else { DELETE },
            value: value.as_deref(),
        });
        let resource = AlterConfigsResource { resource_type: TOPIC, resource_name: topic, configs: configs.collect() };
        let request = IncrementalAlterConfigsRequest { resources: vec![resource].into(), validate_only: false };
        let answer = self.client.any().await?.call(&request).await?;
        let response = answer.read::<IncrementalAlterConfigsResponse<'_>>()?;
        for result in response.responses.iter() {
            let subject = || format!("topic `{}`", result.resource_name);
            Refusal::check_with(result.error_code, result.error_message, subject)?;
        }
        Ok(())
    }
}

fn by_key<'a>(configs: impl Iterator<Item = DescribeConfigsResourceResult<'a>>) -> Vec<TopicConfig> {
    let config = |config: DescribeConfigsResourceResult<'_>| TopicConfig {
        key: config.name.to_owned(),
        value: config.value.filter(|_| !config.is_sensitive).map(str::to_owned),
        source: ConfigSource::from_code(config.config_source),
    };
    let mut configs: Vec<TopicConfig> = configs.map(config).collect();
    configs.sort_by(|a, b| a.key.cmp(&b.key));
    configs
}
