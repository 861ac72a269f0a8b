//! DeleteTopics: by name or by id, each topic by itself.

use std::collections::HashSet;
use std::sync::Arc;

use record::{TopicId, Uuid};

use super::Decision;
use crate::records::RemoveTopicRecord;
use crate::{Image, Refusal, Topic};

/// Topics to delete.
#[derive(Debug, Clone)]
pub struct DeleteTopics {
    /// Which.
    pub topics: Vec<TopicSelector>,
}

/// Names a topic: either way, but not both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSelector {
    /// The name, or `None` to use the id.
    pub name: Option<String>,
    /// The id, or [`Uuid::ZERO`] to use the name.
    pub id: TopicId,
}

/// What became of one selector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicDeletion {
    /// The selector as requested.
    pub selector: TopicSelector,
    /// The topic that ends, or why none does.
    pub result: Result<DeletedTopic, Refusal>,
}

/// A topic that ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedTopic {
    /// Its name.
    pub name: Arc<str>,
    /// Its id.
    pub id: TopicId,
}

pub(super) fn decide(image: &Image, intent: &DeleteTopics) -> Decision<Vec<TopicDeletion>> {
    let mut taken = HashSet::new();
    let results = intent.topics.iter().map(|selector| {
        let result = find(image, selector).and_then(|topic| take_once(&mut taken, topic));
        TopicDeletion { selector: selector.clone(), result }
    });
    let reply: Vec<_> = results.collect();
    let deleted = reply.iter().filter_map(|deletion| deletion.result.as_ref().ok());
    let records = deleted.map(|topic| RemoveTopicRecord { id: topic.id }.into()).collect();
    Decision { records, reply }
}

fn find<'a>(image: &'a Image, selector: &TopicSelector) -> Result<&'a Arc<Topic>, Refusal> {
    match (selector.name.as_deref(), selector.id) {
        (Some(name), Uuid::ZERO) => image.topic(name).ok_or_else(|| Refusal::UnknownTopic(name.to_owned())),
        (Some(_), _) => Err(Refusal::InvalidRequest("a topic is given by its name or by its id, not by both".into())),
        (None, Uuid::ZERO) => Err(Refusal::InvalidRequest("neither a topic's name nor its id is given".into())),
        (None, id) => image.topic_by_id(id).ok_or(Refusal::UnknownTopicId(id)),
    }
}

fn take_once(taken: &mut HashSet<TopicId>, topic: &Topic) -> Result<DeletedTopic, Refusal> {
    if !taken.insert(topic.id) {
        return Err(Refusal::InvalidRequest("the request names this topic more than once".into()));
    }
    Ok(DeletedTopic { name: Arc::clone(&topic.name), id: topic.id })
}

#[cfg(test)]
mod tests;
