//! ApiVersions: what is served, and in which versions.

use kafka_protocol::messages::{ApiVersionsRequest, RequestKind, ResponseKind};

use super::{Case, body, case, text};

pub fn cases() -> Vec<Case> {
    vec![
        case("what is served", 0..=4, |v, _| asked(v, "words", "1.0")),
        case("a software name that is empty", 3..=4, |v, _| asked(v, "", "1.0")),
        case("a software name with a space", 3..=4, |v, _| asked(v, "two words", "1.0")),
        case("a software version that is empty", 3..=4, |v, _| asked(v, "words", "")),
        case("a software version that begins with a dash", 3..=4, |v, _| asked(v, "words", "-1")),
        case("a software name with an umlaut", 3..=4, |v, _| asked(v, "wörter", "1")),
        body("a version of the future", 18, 5..=6, &[0; 8]),
        body("a version before the first", 18, -1..=-1, &[]),
    ]
}

fn asked(version: i16, name: &str, software: &str) -> RequestKind {
    let mut request = ApiVersionsRequest::default();
    if version >= 3 {
        request = request.with_client_software_name(text(name)).with_client_software_version(text(software));
    }
    RequestKind::ApiVersions(request)
}

/// Lists whose order says nothing, such as that of a map whose keys have random ids, in order; the number of the metadata's state, which differs, left out.
pub fn sorted(response: ResponseKind) -> ResponseKind {
    match response {
        ResponseKind::ApiVersions(mut served) => {
            served.api_keys.sort_by_key(|api| api.api_key);
            served.supported_features.sort_by_key(|feature| feature.name.to_string());
            served.finalized_features.sort_by_key(|feature| feature.name.to_string());
            served.finalized_features_epoch = served.finalized_features_epoch.min(1);
            ResponseKind::ApiVersions(served)
        }
        ResponseKind::Metadata(mut metadata) => {
            metadata.topics.sort_by_key(|topic| topic.name.as_ref().map(|name| name.to_string()));
            metadata
                .topics
                .iter_mut()
                .for_each(|topic| topic.partitions.sort_by_key(|partition| partition.partition_index));
            ResponseKind::Metadata(metadata)
        }
        ResponseKind::CreateTopics(mut created) => {
            created.topics.sort_by_key(|topic| topic.name.to_string());
            ResponseKind::CreateTopics(created)
        }
        ResponseKind::DeleteTopics(mut deleted) => {
            deleted.responses.sort_by_key(|topic| topic.name.as_ref().map(|name| name.to_string()));
            ResponseKind::DeleteTopics(deleted)
        }
        ResponseKind::Produce(mut produced) => {
            produced
                .responses
                .iter_mut()
                .for_each(|topic| topic.partition_responses.sort_by_key(|partition| partition.index));
            ResponseKind::Produce(produced)
        }
        ResponseKind::DescribeConfigs(mut described) => {
            described
                .results
                .iter_mut()
                .for_each(|result| result.configs.sort_by_key(|config| config.name.to_string()));
            ResponseKind::DescribeConfigs(described)
        }
        ResponseKind::DescribeLogDirs(mut described) => {
            let topics = described.results.iter_mut().flat_map(|directory| {
                directory.topics.sort_by_key(|topic| topic.name.to_string());
                &mut directory.topics
            });
            topics.for_each(|topic| topic.partitions.sort_by_key(|partition| partition.partition_index));
            ResponseKind::DescribeLogDirs(described)
        }
        other => other,
    }
}
