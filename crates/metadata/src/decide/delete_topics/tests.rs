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
        (selector(Some("a"), uuid(50)), "InvalidRequest(\"a topic is given by its name or by its id, not by both\")"),
        (selector(None, Uuid::ZERO), "InvalidRequest(\"neither a topic's name nor its id is given\")"),
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
fn a_topic_ends_once() {
    let topics = vec![selector(Some("a"), Uuid::ZERO), selector(None, uuid(50)), selector(Some("x"), Uuid::ZERO)];
    let decision = decide(&cluster(), &DeleteTopics { topics });
    let results: Vec<_> = decision.reply.iter().map(|deletion| deletion.result.is_ok()).collect();
    assert_eq!(results, [true, false, false]);
    let image = committed(&cluster(), &decision);
    assert!(image.topic("a").is_none() && image.topic("b").is_some());
}
