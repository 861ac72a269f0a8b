//! A group `g` on a clock that the test sets. Requests and answers are short texts: the third id that is given, to client
//! `a`, is `a-3`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use metadata::Image;
use record::{Timestamp, Uuid};
use wire::ErrorCode;
use wire::messages::heartbeat::HeartbeatRequest;
use wire::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use wire::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};

use crate::shard::Group;
use crate::{Answer, Client, Event, LeaveAnswer, Now, Record, Settings, Shard, Step, Ticket};

/// The digits before the last ones of all ids in these tests.
const DIGITS: &str = "00000000-0000-0000-0000-00000000";

pub(super) struct Scene {
    pub(super) shard: Shard,
    image: Image,
    seconds: f64,
    ids: u16,
    /// By ticket, whose request it is.
    waiting: BTreeMap<Ticket, String>,
    tickets: u64,
    answers: Vec<String>,
    pub(super) records: Vec<Record>,
}

/// A JoinGroup of client `name`.
#[derive(Clone)]
pub(super) struct Join<'a> {
    pub(super) name: &'a str,
    pub(super) group: &'a str,
    pub(super) id: &'a str,
    pub(super) instance: Option<&'a str>,
    pub(super) version: i16,
    pub(super) kind: &'a str,
    /// Names, each with what the member says of itself after an equals sign.
    pub(super) protocols: &'a [&'a str],
    pub(super) session_ms: i32,
    pub(super) rebalance_ms: i32,
}

/// A new member, with a version that needs no id.
pub(super) fn new(name: &str) -> Join<'_> {
    Join {
        name,
        group: "g",
        id: "",
        instance: None,
        version: 3,
        kind: "consumer",
        protocols: &["range"],
        session_ms: 10_000,
        rebalance_ms: 60_000,
    }
}

/// A member that joins again.
pub(super) fn known<'a>(name: &'a str, id: &'a str) -> Join<'a> {
    Join { id, version: 9, ..new(name) }
}

/// A static member.
pub(super) fn named<'a>(name: &'a str, instance: &'a str) -> Join<'a> {
    Join { instance: Some(instance), version: 9, ..new(name) }
}

pub(super) fn settings() -> Settings {
    Settings::default()
}

/// The id as it is sent.
pub(super) fn long(id: &str) -> String {
    match id.rsplit_once('-') {
        Some((name, number)) => format!("{name}-{DIGITS}{:04x}", number.parse::<u16>().expect("a number")),
        None => id.to_owned(),
    }
}

/// The id as it is told here.
pub(super) fn short(id: &str) -> String {
    match id.split_once(&format!("-{DIGITS}")) {
        Some((name, digits)) => format!("{name}-{}", u16::from_str_radix(digits, 16).expect("digits")),
        None => id.to_owned(),
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn told(answer: &Answer) -> String {
    match answer {
        Answer::Join(join) if join.error != ErrorCode::NONE => {
            format!("{:?} {}", join.error, short(&join.member_id)).trim_end().to_owned()
        }
        Answer::Join(join) => {
            let members =
                join.members.iter().map(|member| format!("{}={}", short(&member.member_id), text(&member.metadata)));
            let mut members: Vec<String> = members.collect();
            members.sort();
            let skips = if join.skip_assignment { " skips" } else { "" };
            let protocol = join.protocol.as_deref().unwrap_or("none");
            let (id, leader) = (short(&join.member_id), short(&join.leader));
            let told =
                format!("{id} in {} with {protocol} under {leader}{skips}: {}", join.generation, members.join(" "));
            told.trim_end_matches([':', ' ']).to_owned()
        }
        Answer::Sync(sync) if sync.error != ErrorCode::NONE => format!("{:?}", sync.error),
        Answer::Sync(sync) => format!("has {}", text(&sync.assignment)),
    }
}

fn written(record: &Record) -> String {
    let Record::GroupMetadata { value, .. } = record else { return format!("{record:?}") };
    let Some(value) = value else { return "tombstone".to_owned() };
    let members =
        value.members.iter().map(|member| format!("{}={}", short(&member.member_id), text(&member.assignment)));
    let mut members: Vec<String> = members.collect();
    members.sort();
    let protocol = value.protocol.as_deref().unwrap_or("none");
    let leader = value.leader.as_deref().map_or_else(|| "nobody".to_owned(), short);
    let told =
        format!("{} of '{}' {protocol} under {leader}: {}", value.generation, value.protocol_type, members.join(" "));
    told.trim_end_matches([':', ' ']).to_owned()
}

impl Scene {
    pub(super) fn new() -> Scene {
        Scene::with(settings())
    }

    pub(super) fn with(settings: Settings) -> Scene {
        Scene {
            shard: Shard::new(Arc::new(settings)),
            image: Image::default(),
            seconds: 0.0,
            ids: 0,
            waiting: BTreeMap::new(),
            tickets: 0,
            answers: Vec::new(),
            records: Vec::new(),
        }
    }

    /// A stable group of these members, of generation 1, at 3 s; the first one leads.
    pub(super) fn stable(names: &[&str]) -> Scene {
        let mut scene = Scene::new();
        for name in names {
            scene.join(new(name));
        }
        scene.at(6.0).settle(1);
        scene
    }

    /// Goes on from a rebalance whose join phase is over: each is given its own name.
    pub(super) fn settle(&mut self, generation: i32) -> &mut Scene {
        let ids = self.ids_of_members();
        let parts: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), &id[..1])).collect();
        let leader = self.group().leader.clone().expect("a leader");
        self.sync(&short(&leader), generation, &parts);
        for id in ids.iter().filter(|id| **id != short(&leader)) {
            self.sync(id, generation, &[]);
        }
        self.answers.clear();
        self.records.clear();
        self
    }

    pub(super) fn group(&self) -> &crate::classic::ClassicGroup {
        match self.shard.groups.get("g") {
            Some(Group::Classic(group)) => group,
            _ => panic!("no classic group"),
        }
    }

    pub(super) fn ids_of_members(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.group().members().iter().map(|member| short(&member.id)).collect();
        ids.sort();
        ids
    }

    /// Lets time pass, up to so many seconds since the start, with all that is due meanwhile.
    pub(super) fn at(&mut self, seconds: f64) -> &mut Scene {
        while let Some(due) = self.shard.next_due().filter(|due| due.as_secs_f64() <= seconds) {
            self.seconds = self.seconds.max(due.as_secs_f64());
            self.step(|shard, step| shard.tick(step));
        }
        self.seconds = seconds;
        self
    }

    pub(super) fn step<T>(&mut self, call: impl FnOnce(&mut Shard, &mut Step<'_>) -> T) -> T {
        let wall = Timestamp((self.seconds * 1000.0) as i64);
        let now = Now { wall, monotonic: Duration::from_secs_f64(self.seconds) };
        let mut step = Step::new(now, &self.image, Uuid((u128::from(self.ids) + 1).to_be_bytes()));
        let result = call(&mut self.shard, &mut step);
        let (records, answers) = step.into_effects();
        for (ticket, answer) in answers {
            let whose = self.waiting.remove(&ticket).expect("a ticket is answered once");
            self.answers.push(format!("{whose}: {}", told(&answer)));
        }
        self.records.extend(records);
        self.assert_bytes_are_known();
        result
    }

    /// The sums that are kept come to what is written.
    fn assert_bytes_are_known(&self) {
        let Some(Group::Classic(group)) = self.shard.groups.get("g") else { return };
        let known = group.batch_bytes("g", group.members().assigned_bytes());
        assert_eq!(known, group.record(&"g".into()).batch_bytes());
    }

    fn ticket(&mut self, whose: &str) -> Ticket {
        self.tickets += 1;
        self.waiting.insert(Ticket(self.tickets), whose.to_owned());
        Ticket(self.tickets)
    }

    pub(super) fn join(&mut self, join: Join<'_>) -> &mut Scene {
        let protocols = join.protocols.iter().map(|protocol| {
            let (name, metadata) = protocol.split_once('=').unwrap_or((protocol, ""));
            JoinGroupRequestProtocol { name, metadata: metadata.as_bytes() }
        });
        let member_id = long(join.id);
        let request = JoinGroupRequest {
            group_id: join.group,
            session_timeout_ms: join.session_ms,
            rebalance_timeout_ms: if join.version == 0 { -1 } else { join.rebalance_ms },
            member_id: &member_id,
            group_instance_id: join.instance,
            protocol_type: join.kind,
            protocols: protocols.collect(),
            reason: None,
        };
        let ticket = self.ticket(join.name);
        let client = Client { id: join.name, host: "/127.0.0.1" };
        self.step(|shard, step| shard.join_group(step, ticket, client, join.version, &request));
        self.ids += u16::from(join.id.is_empty());
        self
    }

    pub(super) fn sync(&mut self, id: &str, generation: i32, parts: &[(&str, &str)]) -> &mut Scene {
        self.sync_as(id, None, generation, [None, None], parts)
    }

    pub(super) fn sync_as(
        &mut self,
        id: &str,
        instance: Option<&str>,
        generation: i32,
        [kind, protocol]: [Option<&str>; 2],
        parts: &[(&str, &str)],
    ) -> &mut Scene {
        let ids: Vec<String> = parts.iter().map(|(id, _)| long(id)).collect();
        let parts = ids.iter().zip(parts);
        let assignments =
            parts.map(|(id, (_, part))| SyncGroupRequestAssignment { member_id: id, assignment: part.as_bytes() });
        let request = SyncGroupRequest {
            group_id: "g",
            generation_id: generation,
            member_id: &long(id),
            group_instance_id: instance,
            protocol_type: kind,
            protocol_name: protocol,
            assignments: assignments.collect(),
        };
        let ticket = self.ticket(id);
        self.step(|shard, step| shard.sync_group(step, ticket, 5, &request));
        self
    }

    pub(super) fn heartbeat(&mut self, id: &str, generation: i32) -> ErrorCode {
        self.heartbeat_as(id, None, generation)
    }

    pub(super) fn heartbeat_as(&mut self, id: &str, instance: Option<&str>, generation: i32) -> ErrorCode {
        let member_id = long(id);
        let request = HeartbeatRequest {
            group_id: "g",
            generation_id: generation,
            member_id: &member_id,
            group_instance_id: instance,
        };
        self.step(|shard, step| shard.heartbeat(step, &request))
    }

    /// Heartbeats of all these every 2 s until then.
    pub(super) fn beat(&mut self, ids: &[&str], generation: i32, until: f64) -> &mut Scene {
        while self.seconds < until {
            let next = (self.seconds + 2.0).min(until);
            self.at(next);
            for id in ids {
                self.heartbeat(id, generation);
            }
        }
        self
    }

    /// By id and instance; one error for each.
    pub(super) fn leave(&mut self, members: &[(&str, Option<&str>)]) -> Vec<ErrorCode> {
        let ids: Vec<String> = members.iter().map(|(id, _)| long(id)).collect();
        let members = ids.iter().zip(members).map(|(id, (_, instance))| MemberIdentity {
            member_id: id,
            group_instance_id: *instance,
            reason: None,
        });
        let request = LeaveGroupRequest { group_id: "g", member_id: "", members: members.collect() };
        let answer = self.step(|shard, step| shard.leave_group(step, 5, &request));
        assert_eq!(answer.error, ErrorCode::NONE);
        answer.members.iter().map(|member| member.error).collect()
    }

    pub(super) fn leave_alone(&mut self, version: i16, id: &str) -> LeaveAnswer {
        let member_id = long(id);
        let request = LeaveGroupRequest { group_id: "g", member_id: &member_id, members: Vec::new().into() };
        self.step(|shard, step| shard.leave_group(step, version, &request))
    }

    /// All answers since the last time, as `<who>: <what>`, sorted.
    #[track_caller]
    pub(super) fn answers(&mut self, expected: &[&str]) -> &mut Scene {
        let mut answers = std::mem::take(&mut self.answers);
        answers.sort();
        assert_eq!(answers, expected);
        self
    }

    /// All records since the last time.
    #[track_caller]
    pub(super) fn writes(&mut self, expected: &[&str]) -> &mut Scene {
        let records: Vec<String> = std::mem::take(&mut self.records).iter().map(written).collect();
        assert_eq!(records, expected);
        self
    }

    #[track_caller]
    pub(super) fn is(&mut self, state: &str) -> &mut Scene {
        assert_eq!(self.group().state_name(), state);
        self
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// What happened, without what it says beside the names.
    pub(super) fn history(&self) -> Vec<&'static str> {
        let name = |event: &Event| match event {
            Event::Joined { .. } => "joined",
            Event::Left { .. } => "left",
            Event::RebalanceBegan { .. } => "rebalance",
            Event::Generation { .. } => "generation",
            Event::Assigned { .. } => "assigned",
            Event::Fenced { .. } => "fenced",
            _ => "other",
        };
        self.shard.history().of("g").map(|entry| name(&entry.event)).collect()
    }
}
