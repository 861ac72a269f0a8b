//! Selectors, with their verdicts.

use super::*;
use crate::testing::{add_topic, brokers, committed, uuid};

fn cluster() -> Image {
    let mut image = brokers(&[0], &[]);
    add_topic(&mut image, "a", uuid(50), &[(&[0], &[0], Some(0))]);
    add_topic(&mut image, "b", uuid(51), &[]);
    image
}

fn selector(name: Option<&str>, id: TopicId) -> TopicSelector {
    TopicSelector { name: name.map(str::to_owned), id }
}

#[test]
fn topics_are_given_by_name_or_by_id() {
    let table = [
        (selector(Some("a"), Uuid::ZERO), "deletes a"),
        (selector(None, uuid(51)), "deletes b"),
        (selector(Some("c"), Uuid::ZERO), "UnknownTopic(\"c\")"),
        (selector(Some(""), Uuid::ZERO), "UnknownTopic(\"\")"),
        (selector(None, uuid(9)), "UnknownTopicId(Uuid(CQkJCQkJCQkJCQkJCQkJCQ))"),
        (selector(Some("a"), uuid(50)), "InvalidRequest(\"You may not specify both topic name and topic id.\")"),
        (selector(None, Uuid::ZERO), "InvalidRequest(\"Neither topic name nor id were specified.\")"),
    ];
    for (selector, expected) in table {
        let decision = decide(&cluster(), &DeleteTopics { topics: vec![selector.clone()] });
        let verdict = match &decision.reply[0].result {
            Ok(topic) => format!("deletes {}", topic.name),
            Err(refusal) => format!("{refusal:?}"),
        };
        assert_eq!(verdict, expected, "{selector:?}");
    }
}

#[test]
fn a_topic_that_is_named_twice_stays() {
    let topics =
        vec![selector(Some("a"), Uuid::ZERO), selector(Some("a"), Uuid::ZERO), selector(Some("b"), Uuid::ZERO)];
    let decision = decide(&cluster(), &DeleteTopics { topics });
    let told: Vec<_> =
        decision.reply.iter().map(|deletion| (deletion.selector.name.as_deref(), &deletion.result)).collect();
    assert_eq!(told[0], (Some("a"), &Err(Refusal::InvalidRequest("Duplicate topic name.".into()))));
    assert_eq!((told.len(), told[1].1.is_ok()), (2, true));
    assert!(committed(&cluster(), &decision).topic("a").is_some());
}

#[test]
fn a_topic_ends_once() {
    let topics = vec![selector(Some("a"), Uuid::ZERO), selector(None, uuid(50)), selector(Some("x"), Uuid::ZERO)];
    let decision = decide(&cluster(), &DeleteTopics { topics });
    let results: Vec<_> = decision.reply.iter().map(|deletion| deletion.result.is_ok()).collect();
    assert_eq!(results.iter().filter(|deleted| **deleted).count(), 1);
    let image = committed(&cluster(), &decision);
    assert!(image.topic("a").is_none() && image.topic("b").is_some());
}
