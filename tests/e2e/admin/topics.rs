//! CreateTopics tells what a new topic has (KIP-525).

use kafka_protocol::messages::create_topics_request::{CreatableTopic, CreatableTopicConfig, CreateTopicsRequest};
use kafka_protocol::protocol::StrBytes;

use crate::calls::topic_name;
use crate::harness::{Broker, unique};
use crate::raw::{Connection, error_name};

fn wanted(name: &str, retention: &str) -> CreatableTopic {
    let text = |text: &str| StrBytes::from_string(text.to_owned());
    let config = CreatableTopicConfig::default().with_name(text("retention.ms")).with_value(Some(text(retention)));
    let topic = CreatableTopic::default().with_name(topic_name(name)).with_configs(vec![config]);
    topic.with_num_partitions(2).with_replication_factor(1)
}

#[test]
fn a_new_topic_is_told_its_configs_and_a_refused_one_has_none() {
    let broker = Broker::start();
    let mut connection = Connection::open(&broker);
    for version in 5..=7 {
        let topics = vec![wanted(&unique("told"), "1234"), wanted(&unique("untold"), "soon")];
        let request = CreateTopicsRequest::default().with_topics(topics).with_timeout_ms(30_000);
        let mut response = connection.call(version, &request);
        response.topics.sort_by_key(|topic| topic.error_code);
        let [told, untold] = &response.topics[..] else { panic!("two topics were asked for") };
        assert_eq!((told.num_partitions, told.replication_factor), (2, 1));
        let config = |name: &str| {
            let found = told.configs.iter().flatten().find(|config| &*config.name == name).expect("a config of topics");
            (found.value.as_ref().map(|value| value.to_string()), found.config_source, found.read_only)
        };
        assert_eq!(config("retention.ms"), (Some("1234".to_owned()), 1, false));
        assert_eq!(config("cleanup.policy"), (Some("delete".to_owned()), 5, false));
        assert_eq!(error_name(untold.error_code), "InvalidConfig");
        assert_eq!((untold.num_partitions, untold.replication_factor), (-1, -1));
        assert_eq!(untold.configs.as_ref().map(Vec::len), Some(0));
    }
}
