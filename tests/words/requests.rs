//! Requests made by hand, sent to both: a list for each family of APIs. A case is sent in every version that it names, in
//! order, and its state stays for the cases that follow.

mod administration;
mod configs;
mod fetches;
mod frames;
mod metadata;
mod offsets;
mod produce;
mod topics;
mod versions;

use std::ops::RangeInclusive;

use kafka_protocol::messages::{ApiKey, RequestKind, ResponseKind, TopicName};
use kafka_protocol::protocol::StrBytes;

use crate::ask::{Answer, ask, exchange, header, key_of};
use crate::compare::Verdict;
use crate::normal;
use crate::subject::Subject;

/// A list with its name.
pub struct Family(&'static str, fn() -> Vec<Case>);

/// All lists.
pub const FAMILIES: &[Family] = &[
    Family("versions", versions::cases),
    Family("metadata", metadata::everything),
    Family("topics", topics::cases),
    Family("metadata", metadata::cases),
    Family("produce", produce::cases),
    Family("offsets", offsets::cases),
    Family("fetches", fetches::cases),
    Family("configs", configs::cases),
    Family("administration", administration::cases),
    Family("frames", frames::cases),
];

/// One request in several versions.
pub struct Case {
    name: String,
    versions: RangeInclusive<i16>,
    payload: Payload,
}

type Request = Box<dyn Fn(i16, &Subject) -> RequestKind>;

enum Payload {
    /// A message.
    Message(Request),
    /// The body of a request of this API, as it is.
    Body(i16, Vec<u8>),
}

/// A request made of its version and what is known of the broker.
fn case(
    name: impl Into<String>,
    versions: RangeInclusive<i16>,
    request: impl Fn(i16, &Subject) -> RequestKind + 'static,
) -> Case {
    Case { name: name.into(), versions, payload: Payload::Message(Box::new(request)) }
}

/// A body that no message crate would make.
fn body(name: &str, api: i16, versions: RangeInclusive<i16>, body: &[u8]) -> Case {
    Case { name: name.to_owned(), versions, payload: Payload::Body(api, body.to_vec()) }
}

/// Sends all cases of a list to both.
pub fn compare(Family(family, cases): &Family, (kafka, ottla): &mut (Subject, Subject), verdict: &mut Verdict) {
    for case in cases() {
        for version in case.versions.clone() {
            let name = format!("requests/{family}: {} v{version}", case.name);
            let said = [&*kafka, &*ottla].map(|subject| case.answer(version, subject));
            if verdict.wants(&name) {
                verdict.judge(&name, &said[0], &said[1]);
            }
        }
    }
}

impl Case {
    fn answer(&self, version: i16, subject: &Subject) -> String {
        match &self.payload {
            Payload::Body(api, body) => bare(subject, *api, version, body),
            Payload::Message(request) => {
                let request = request(version, subject);
                let api = key_of(&request);
                let answer = ask(subject.address(), api, version, &request);
                if changes(api) {
                    subject.settle();
                }
                render(subject, answer)
            }
        }
    }
}

fn render(subject: &Subject, answer: Answer) -> String {
    match answer {
        Answer::None(why) => why.to_owned(),
        Answer::Strange(bytes) => format!("not a response of this version: {bytes:?}"),
        Answer::Response(response, left) => {
            if let ResponseKind::Fetch(fetched) = &*response
                && fetched.session_id != 0
            {
                subject.session.set(fetched.session_id);
            }
            let response = versions::sorted(*response);
            let text = format!("{response:#?}").replace(&subject.cluster(), "some cluster");
            let text = text.replace(subject.data_dir(), "DATA").replace(subject.address(), "ADDRESS");
            let left = if left.is_empty() { String::new() } else { format!("\nleft over: {left:?}") };
            format!("{}{left}", normal::response(&text))
        }
    }
}

/// What is said to bytes: whether there was an answer, and its first bytes after the correlation id.
fn bare(subject: &Subject, api: i16, version: i16, body: &[u8]) -> String {
    let header_version =
        ApiKey::try_from(api).map_or(1, |api| api.request_header_version(version.clamp(0, api.valid_versions().max)));
    let mut payload = header(api, version, header_version);
    payload.extend_from_slice(body);
    match exchange(subject.address(), &payload) {
        Err(why) => why.to_owned(),
        Ok(answer) => format!("answered {:?}", answer.slice(..answer.len().min(6))),
    }
}

/// Whether an API changes what is carried out later.
fn changes(api: ApiKey) -> bool {
    matches!(
        api,
        ApiKey::CreateTopics
            | ApiKey::DeleteTopics
            | ApiKey::CreatePartitions
            | ApiKey::AlterConfigs
            | ApiKey::IncrementalAlterConfigs
            | ApiKey::UpdateFeatures
            | ApiKey::AlterClientQuotas
            | ApiKey::ElectLeaders
    )
}

/// Text as messages have it.
fn text(text: &str) -> StrBytes {
    StrBytes::from_string(text.to_owned())
}

/// A topic's name as messages have it.
fn topic(name: &str) -> TopicName {
    TopicName(text(name))
}
