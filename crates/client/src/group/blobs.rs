//! What members of classic groups tell each other through the broker, in the forms of Java's client: subscriptions and
//! assignments (`ConsumerProtocol`, versions 0 to 3), and what the sticky assignors remember. Pure.
//!
//! Blobs come from other members, whoever wrote them: nothing is allocated because a length says so.

use std::collections::BTreeMap;

use crate::{PartitionIndex, TopicPartition};

/// The version that is written: with owned partitions (1), generation (2) and rack (3).
const VERSION: i16 = 3;

/// The longest name of a topic, in bytes.
const LONGEST_TOPIC: usize = 249;

/// A blob does not follow its form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bytes end early, or are not what the protocol has there")]
pub(crate) struct BadBlob;

/// What a member tells whoever assigns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct MemberSubscription {
    /// The topics, by name.
    pub(crate) topics: Vec<String>,
    /// What its assignor remembers.
    pub(crate) user_data: Option<Vec<u8>>,
    /// What it reads while it joins; empty unless it is cooperative.
    pub(crate) owned: Vec<TopicPartition>,
    /// The generation in which it came to own these; -1 for none.
    pub(crate) generation: i32,
    /// Where it is.
    pub(crate) rack: Option<String>,
}

impl MemberSubscription {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(VERSION.to_be_bytes());
        put_len(&mut out, self.topics.len());
        self.topics.iter().for_each(|topic| put_text(&mut out, topic));
        put_bytes(&mut out, self.user_data.as_deref());
        put_partitions(&mut out, &self.owned);
        out.extend(self.generation.to_be_bytes());
        match &self.rack {
            Some(rack) => put_text(&mut out, rack),
            None => out.extend((-1_i16).to_be_bytes()),
        }
        out
    }

    /// Reads any version; fields that an old one lacks have their defaults, and what a newer one has more is left out.
    pub(crate) fn decode(bytes: &[u8]) -> Result<MemberSubscription, BadBlob> {
        let mut input = Input(bytes);
        let version = input.version()?;
        let topics = input.list(Input::text)?;
        let user_data = input.bytes()?.map(<[u8]>::to_vec);
        let owned = if version >= 1 { input.partitions()? } else { Vec::new() };
        let generation = if version >= 2 { input.i32()? } else { -1 };
        let rack = if version >= 3 { input.nullable_text()? } else { None };
        Ok(MemberSubscription { topics, user_data, owned, generation, rack })
    }
}

/// An assignment as a member receives it.
pub(crate) fn encode_assignment(partitions: &[TopicPartition]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(VERSION.to_be_bytes());
    put_partitions(&mut out, partitions);
    put_bytes(&mut out, None);
    out
}

/// The partitions of an assignment; none when the leader gave the member nothing.
pub(crate) fn decode_assignment(bytes: &[u8]) -> Result<Vec<TopicPartition>, BadBlob> {
    if bytes.is_empty() {
        return Ok(Vec::new());
    }
    let mut input = Input(bytes);
    input.version()?;
    input.partitions()
}

/// The topics in a subscription; none when it cannot be read.
pub(crate) fn subscribed_in(bytes: &[u8]) -> Vec<String> {
    MemberSubscription::decode(bytes).map(|subscription| subscription.topics).unwrap_or_default()
}

/// The partitions in an assignment, sorted; none when it cannot be read.
pub(crate) fn assigned_in(bytes: &[u8]) -> Vec<TopicPartition> {
    let mut partitions = decode_assignment(bytes).unwrap_or_default();
    partitions.sort();
    partitions
}

/// What `sticky` remembers in its user data: what the member had, and since when.
pub(crate) fn encode_sticky(had: &[TopicPartition], generation: i32) -> Vec<u8> {
    let mut out = Vec::new();
    put_partitions(&mut out, had);
    out.extend(generation.to_be_bytes());
    out
}

/// The same; its first version has no generation.
pub(crate) fn decode_sticky(bytes: &[u8]) -> Result<(Vec<TopicPartition>, i32), BadBlob> {
    let mut input = Input(bytes);
    let had = input.partitions()?;
    let generation = if input.0.is_empty() { -1 } else { input.i32()? };
    Ok((had, generation))
}

/// What `cooperative-sticky` has in its user data: the generation, as older subscriptions lack it.
pub(crate) fn encode_cooperative(generation: i32) -> Vec<u8> {
    generation.to_be_bytes().to_vec()
}

/// The same.
pub(crate) fn decode_cooperative(bytes: &[u8]) -> Result<i32, BadBlob> {
    Input(bytes).i32()
}

fn put_len(out: &mut Vec<u8>, len: usize) {
    out.extend(i32::try_from(len).expect("a member has fewer than 2^31 of anything").to_be_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    // Names of topics have at most 249 bytes, and a rack that is longer is cut by nobody else either.
    let len = i16::try_from(text.len()).unwrap_or(i16::MAX);
    out.extend(len.to_be_bytes());
    out.extend(&text.as_bytes()[..len as usize]);
}

fn put_bytes(out: &mut Vec<u8>, bytes: Option<&[u8]>) {
    match bytes {
        None => out.extend((-1_i32).to_be_bytes()),
        Some(bytes) => {
            put_len(out, bytes.len());
            out.extend(bytes);
        }
    }
}

fn put_partitions(out: &mut Vec<u8>, partitions: &[TopicPartition]) {
    let by_topic = by_topic(partitions);
    put_len(out, by_topic.len());
    for (topic, partitions) in by_topic {
        put_text(out, topic);
        put_len(out, partitions.len());
        partitions.iter().for_each(|partition| out.extend(partition.to_be_bytes()));
    }
}

/// The numbers of partitions, by topic.
pub(crate) fn by_topic(partitions: &[TopicPartition]) -> BTreeMap<&str, Vec<i32>> {
    let mut by_topic: BTreeMap<&str, Vec<i32>> = BTreeMap::new();
    for TopicPartition { topic, partition } in partitions {
        by_topic.entry(topic).or_default().push(partition.0);
    }
    by_topic
}

/// What is left to read.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn take(&mut self, len: usize) -> Result<&'a [u8], BadBlob> {
        let (taken, rest) = self.0.split_at_checked(len).ok_or(BadBlob)?;
        self.0 = rest;
        Ok(taken)
    }

    fn i16(&mut self) -> Result<i16, BadBlob> {
        Ok(i16::from_be_bytes(self.take(2)?.try_into().expect("it has two bytes")))
    }

    fn i32(&mut self) -> Result<i32, BadBlob> {
        Ok(i32::from_be_bytes(self.take(4)?.try_into().expect("it has four bytes")))
    }

    fn version(&mut self) -> Result<i16, BadBlob> {
        self.i16().and_then(|version| if version < 0 { Err(BadBlob) } else { Ok(version) })
    }

    fn nullable_text(&mut self) -> Result<Option<String>, BadBlob> {
        let Ok(len) = usize::try_from(self.i16()?) else { return Ok(None) };
        let text = std::str::from_utf8(self.take(len)?).map_err(|_| BadBlob)?;
        Ok(Some(text.to_owned()))
    }

    fn text(&mut self) -> Result<String, BadBlob> {
        self.nullable_text()?.ok_or(BadBlob)
    }

    fn bytes(&mut self) -> Result<Option<&'a [u8]>, BadBlob> {
        let Ok(len) = usize::try_from(self.i32()?) else { return Ok(None) };
        self.take(len).map(Some)
    }

    /// Grows with what is really there.
    fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, BadBlob>) -> Result<Vec<T>, BadBlob> {
        (0..self.i32()?.max(0)).try_fold(Vec::new(), |mut list, _| {
            list.push(one(self)?);
            Ok(list)
        })
    }

    /// A name is copied for each partition, so none is longer than topics can have.
    fn topic(&mut self) -> Result<String, BadBlob> {
        self.text().and_then(|name| if name.len() > LONGEST_TOPIC { Err(BadBlob) } else { Ok(name) })
    }

    fn partitions(&mut self) -> Result<Vec<TopicPartition>, BadBlob> {
        let topics = self.list(|input| Ok((input.topic()?, input.list(Input::i32)?)))?;
        let of_topic = |(topic, partitions): (String, Vec<i32>)| {
            let named = move |partition| TopicPartition { topic: topic.clone(), partition: PartitionIndex(partition) };
            partitions.into_iter().map(named)
        };
        Ok(topics.into_iter().flat_map(of_topic).collect())
    }
}

#[cfg(test)]
mod tests;
