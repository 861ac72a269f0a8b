//! DeleteTopics: by name or by id, each topic by itself.

use std::collections::{BTreeMap, HashSet};
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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
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
    let mut occurrences: BTreeMap<&TopicSelector, usize> = BTreeMap::new();
    intent.topics.iter().for_each(|selector| *occurrences.entry(selector).or_default() += 1);
    let mut taken = HashSet::new();
    let results = occurrences.into_iter().map(|(selector, count)| {
        let result = once(selector, count).and_then(|()| find(image, selector));
        let result = result.and_then(|topic| take_once(&mut taken, topic));
        TopicDeletion { selector: selector.clone(), result }
    });
    let reply: Vec<_> = results.collect();
    let deleted = reply.iter().filter_map(|deletion| deletion.result.as_ref().ok());
    let records = deleted.map(|topic| RemoveTopicRecord { id: topic.id }.into()).collect();
    Decision { records, reply }
}

/// What is named twice is not deleted, and told once.
fn once(selector: &TopicSelector, count: usize) -> Result<(), Refusal> {
    match (count, &selector.name) {
        (1, _) => Ok(()),
        (_, Some(_)) => Err(Refusal::InvalidRequest("Duplicate topic name.".into())),
        (_, None) => Err(Refusal::InvalidRequest("Duplicate topic id.".into())),
    }
}

fn find<'a>(image: &'a Image, selector: &TopicSelector) -> Result<&'a Arc<Topic>, Refusal> {
    match (selector.name.as_deref(), selector.id) {
        (Some(name), Uuid::ZERO) => image.topic(name).ok_or_else(|| Refusal::UnknownTopic(name.to_owned())),
        (Some(_), _) => Err(Refusal::InvalidRequest("You may not specify both topic name and topic id.".into())),
        (None, Uuid::ZERO) => Err(Refusal::InvalidRequest("Neither topic name nor id were specified.".into())),
        (None, id) => image.topic_by_id(id).ok_or(Refusal::UnknownTopicId(id)),
    }
}

fn take_once(taken: &mut HashSet<TopicId>, topic: &Topic) -> Result<DeletedTopic, Refusal> {
    if !taken.insert(topic.id) {
        return Err(Refusal::InvalidRequest("The provided topic name maps to an ID that was already supplied.".into()));
    }
    Ok(DeletedTopic { name: Arc::clone(&topic.name), id: topic.id })
}

#[cfg(test)]
mod tests;
