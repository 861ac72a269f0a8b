//! Topics that Metadata creates because they were asked for (`auto.create.topics.enable`).

use std::sync::Arc;

use metadata::decide::CreateTopics;
use net::Outbox;

use super::response::Question;
use super::{Asked, Failure};
use crate::api::{Call, Flow};
use crate::coordinators::OFFSETS_TOPIC;
use crate::errors::{KafkaError, refusal_error};
use crate::handlers::find_coordinator::create_offsets_topic;
use crate::node::Node;

/// The names that are asked for, legal, and not there.
pub fn missing(call: &Call<'_>, question: &Question) -> Vec<String> {
    if !call.node.config.auto_create_topics {
        return Vec::new();
    }
    let names = question.asked.iter().flatten().filter_map(|asked| match asked {
        Asked::Name(name) => Some(name),
        Asked::Id(_) => None,
    });
    // Of the broker's own topics it can make this one.
    let may_be_made = |name: &str| name == OFFSETS_TOPIC || !crate::handlers::is_internal(name);
    let legal = names.filter(|name| metadata::check_topic_name(name).is_ok() && may_be_made(name));
    let mut missing: Vec<_> = legal.filter(|name| call.view.image().topic(name).is_none()).cloned().collect();
    missing.sort_unstable();
    missing.dedup();
    missing
}

/// Creates them, then answers from the view that has them.
pub fn then_answer(call: &Call<'_>, question: Question, missing: Vec<String>) -> Flow {
    let node = Arc::clone(call.node);
    Flow::wait(async move {
        let failures = create(&node, missing).await;
        move |outbox: &mut Outbox| question.answer(&node.view(), &failures, outbox)
    })
}

async fn create(node: &Node, mut missing: Vec<String>) -> Vec<Failure> {
    let asked = missing.len();
    missing.retain(|name| name != OFFSETS_TOPIC);
    if missing.len() < asked {
        create_offsets_topic(node).await;
    }
    if missing.is_empty() {
        return Vec::new();
    }
    let topics = missing.iter().map(|name| node.new_topic(name)).collect();
    let wanted = CreateTopics { topics, ..node.topic_creation(false) };
    match node.control.create_topics(wanted).await {
        Ok(results) => {
            results.into_iter().filter_map(|creation| Some((creation.name, refused(creation.result.err()?)?))).collect()
        }
        Err(error) => missing.into_iter().map(|name| (name, error.code().into())).collect(),
    }
}

/// Another client may have created it first, which is as good.
fn refused(refusal: metadata::Refusal) -> Option<KafkaError> {
    match refusal {
        metadata::Refusal::TopicAlreadyExists(_) => None,
        other => Some(refusal_error(&other)),
    }
}
