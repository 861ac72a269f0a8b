//! A fetch session (KIP-227): the broker remembers the partitions, and a request names only what has changed. Pure.
//!
//! A broker that keeps no session answers with id 0, and every request names all. A session that the broker lost is begun
//! again; so is one whose state is not known to be the same on both sides.

use std::collections::HashMap;
use std::sync::Arc;

use record::{LeaderEpoch, Offset, PartitionIndex, TopicId};
use wire::ErrorCode;

/// What is asked of one partition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Which reading of the partition; an answer to one that is over is dropped.
    pub(super) token: u64,
    pub(super) topic: Arc<str>,
    pub(super) topic_id: TopicId,
    pub(super) partition: PartitionIndex,
    pub(super) offset: Offset,
    pub(super) leader_epoch: LeaderEpoch,
}

type Key = (Arc<str>, PartitionIndex);

/// A partition that is taken out of the session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Forgotten {
    pub(super) topic: Arc<str>,
    pub(super) topic_id: TopicId,
    pub(super) partition: PartitionIndex,
}

/// What a request says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) id: i32,
    pub(super) epoch: i32,
    pub(super) named: Vec<Wanted>,
    pub(super) forgotten: Vec<Forgotten>,
}

/// The session with one leader.
#[derive(Debug, Default)]
pub(super) struct Session {
    id: i32,
    /// The number of the next request; 0 begins a session.
    epoch: i32,
    /// What the broker will remember once it has the last request.
    kept: HashMap<Key, (TopicId, Offset, LeaderEpoch)>,
}

impl Session {
    /// The next request. One request is under way at a time.
    pub(super) fn plan(&mut self, wanted: &[Wanted]) -> Plan {
        let key = |wanted: &Wanted| (Arc::clone(&wanted.topic), wanted.partition);
        let value = |wanted: &Wanted| (wanted.topic_id, wanted.offset, wanted.leader_epoch);
        let is_other_topic =
            |wanted: &Wanted| self.kept.get(&key(wanted)).is_some_and(|kept| kept.0 != wanted.topic_id);
        if wanted.iter().any(is_other_topic) {
            self.epoch = 0;
        }
        if self.epoch == 0 {
            self.kept.clear();
        }
        let is_news = |wanted: &&Wanted| self.kept.get(&key(wanted)) != Some(&value(wanted));
        let named: Vec<Wanted> = wanted.iter().filter(is_news).cloned().collect();
        let now: HashMap<Key, _> = wanted.iter().map(|wanted| (key(wanted), value(wanted))).collect();
        let gone = self.kept.iter().filter(|(key, _)| !now.contains_key(*key));
        let mut forgotten: Vec<Forgotten> = gone
            .map(|((topic, partition), (topic_id, ..))| Forgotten {
                topic: Arc::clone(topic),
                topic_id: *topic_id,
                partition: *partition,
            })
            .collect();
        forgotten.sort();
        self.kept = now;
        Plan { id: self.id, epoch: self.epoch, named, forgotten }
    }

    /// The broker has answered under this session id.
    pub(super) fn answered(&mut self, id: i32) {
        let goes_on = self.epoch == 0 || id == self.id;
        (self.id, self.epoch) = match (id, goes_on) {
            (0, _) | (_, false) => (0, 0),
            // 0 would begin a session, so the number after the highest is 1.
            (id, true) => (id, self.epoch.checked_add(1).unwrap_or(1)),
        };
    }

    /// The broker has refused the whole request. Whether a session that begins again may help.
    pub(super) fn refused(&mut self, code: ErrorCode) -> bool {
        let had_one = self.id != 0;
        if code == ErrorCode::FETCH_SESSION_ID_NOT_FOUND {
            self.id = 0;
        }
        self.epoch = 0;
        had_one && is_about_session(code)
    }

    /// There was no answer: the broker may have taken the request or not.
    pub(super) fn failed(&mut self) {
        self.epoch = 0;
    }
}

fn is_about_session(code: ErrorCode) -> bool {
    const CODES: [ErrorCode; 3] = [
        ErrorCode::FETCH_SESSION_ID_NOT_FOUND,
        ErrorCode::INVALID_FETCH_SESSION_EPOCH,
        ErrorCode::FETCH_SESSION_TOPIC_ID_ERROR,
    ];
    CODES.contains(&code)
}

#[cfg(test)]
mod tests;
