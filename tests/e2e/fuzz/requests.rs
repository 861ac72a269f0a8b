//! Every request in every version that the broker tells of.

use std::collections::BTreeSet;

use kafka_protocol::messages::MetadataRequest;
use kafka_protocol::messages::metadata_request::MetadataRequestTopic;

use super::burst::{End, Shot, Target, fire};
use super::mutate::{Case, Run};
use super::random::{LONG, Random, Words};
use super::subject::SUBJECTS;
use super::{CASES_PER_BROKER, Scene};
use crate::batch::{self, Identity, Record};
use crate::calls::topic_name;
use crate::codecs;
use crate::harness::Broker;
use crate::raw::Connection;

const TOPICS: [&str; 2] = ["fuzz-a", "fuzz-b"];

#[test]
fn mutated_requests_are_answered_or_the_connection_is_closed() {
    let run = Run::new("requests", 8_000);
    let (mut answers, mut closes, mut answered) = (0, 0, BTreeSet::new());
    let (mut targets, mut cases) = (Vec::new(), run.each());
    while cases.len() > 0 {
        let Some(scene) = Scene::start() else { return };
        targets = all_targets(&scene.broker);
        let words = words(&scene.broker);
        let mut connection = Connection::open(&scene.broker);
        for mut case in cases.by_ref().take(CASES_PER_BROKER) {
            let target = targets[(case.seed % targets.len() as u64) as usize];
            let mut random = Random::with_words(case.seed, words);
            let shots = shots(&mut case, &mut random, &targets, target);
            match fire(&mut random, &mut connection, &shots) {
                End::Answered(count) => {
                    answers += count;
                    answered.extend((count > 0).then_some(target.subject.name));
                }
                End::Closed => {
                    closes += 1;
                    connection = Connection::open(&scene.broker);
                }
            }
        }
        scene.end();
    }
    eprintln!("{} targets: {answers} answers, {closes} closes, {} APIs answered", targets.len(), answered.len());
    let silent = targets.iter().find(|target| !answered.contains(target.subject.name));
    if run.cases() >= 20 * targets.len() {
        assert!(silent.is_none(), "{} was never answered", silent.unwrap().subject.name);
    }
}

/// From the broker's own table, so that no line here is needed for a new API.
fn all_targets(broker: &Broker) -> Vec<Target> {
    let served = Connection::open(broker).api_versions();
    let targets = served.into_iter().flat_map(|(key, min, max)| {
        let request = SUBJECTS.iter().find(|subject| subject.key.0 == key && subject.name.ends_with("Request"));
        let subject = request.unwrap_or_else(|| panic!("API {key} has no line in subject.rs"));
        (min..=max).map(move |version| Target { subject, version })
    });
    targets.collect()
}

/// The case's own target; one in four has up to three others behind it.
fn shots(case: &mut Case, random: &mut Random, targets: &[Target], target: Target) -> Vec<Shot> {
    let mut shots = vec![Shot::draw(random, target, 1)];
    let more = random.below(4) * usize::from(random.below(4) == 0);
    for id in 2..2 + more as i32 {
        let target = random.pick(targets);
        shots.push(Shot::draw(random, target, id));
    }
    for shot in &shots {
        case.note(format!("request (size {:?})", shot.lie), &shot.payload);
    }
    shots
}

/// Topics that there are, their ids, batches that can be appended, and what means something somewhere. Lives on: few
/// brokers are started.
fn words(broker: &Broker) -> &'static Words {
    let mut connection = Connection::open(broker);
    let ids = TOPICS.map(|topic| {
        connection.create_topic(topic, 2);
        let asked = MetadataRequestTopic::default().with_name(Some(topic_name(topic)));
        let response = connection.call(12, &MetadataRequest::default().with_topics(Some(vec![asked])));
        response.topics[0].topic_id.into_bytes()
    });
    let batch = batch::encode(Identity::NONE, &[Record::of("one"), Record::of("two")]);
    let identity = Identity { producer_id: 1_000, epoch: 0, sequence: 0 };
    let leak = |bytes: Vec<u8>| -> &'static [u8] { bytes.leak() };
    let mut records: Vec<_> = codecs::ALL.map(|codec| leak(codecs::encoded(codec, &batch))).into();
    records.extend([leak(batch::encode(identity, &[Record::default()])), b"", &batch[..40].to_vec().leak()[..]]);
    let names = ["", ".", "__cluster_metadata", "Bücher", LONG, "1", "user", "client-id", "SCRAM-SHA-256", "*"];
    let configs = ["cleanup.policy", "compact", "delete", "compression.type", "zstd", "retention.ms", "-1", "42"];
    let strings = [&TOPICS[..], &TOPICS, &TOPICS, &names, &configs].concat();
    Box::leak(Box::new(Words { strings, ids: ids.into(), records }))
}
