//! KIP-848: members of both protocols come, change over and go, the group changes with them, and nothing is had twice.

use wire::messages::heartbeat::HeartbeatRequest;
use wire::messages::join_group::{JoinGroupRequest, JoinGroupRequestProtocol};
use wire::messages::leave_group::{LeaveGroupRequest, MemberIdentity};
use wire::messages::sync_group::{SyncGroupRequest, SyncGroupRequestAssignment};

use super::protocol::{Assignment, Subscription};
use super::*;
use crate::{Answer, JoinAnswer, Ticket};

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Where a client with the classic protocol is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    Out,
    Joining,
    Joined,
    In,
}

#[derive(Debug)]
struct Classic {
    id: String,
    ticket: Ticket,
    phase: Phase,
    generation: i32,
    leads: Vec<Arc<str>>,
    has: Vec<i32>,
}

struct World {
    lab: Lab,
    dice: Dice,
    classic: Vec<Classic>,
    consumers: Vec<(String, i32, Partitions)>,
    born: u64,
}

const PARTITIONS: i32 = 6;

impl World {
    fn act(&mut self) {
        self.born += 1;
        let (classic, consumers) = (self.classic.len() as u64, self.consumers.len() as u64);
        let (some_classic, some_consumer) =
            (self.dice.below(1 + classic) as usize, self.dice.below(1 + consumers) as usize);
        match self.dice.below(16) {
            0 if classic < 4 => self.classic.push(Classic {
                id: String::new(),
                ticket: Ticket(self.born * 10),
                phase: Phase::Out,
                generation: -1,
                leads: Vec::new(),
                has: Vec::new(),
            }),
            1 if consumers < 3 => self.consumers.push((format!("m{}", self.born), 0, Partitions::new())),
            2 if some_classic < self.classic.len() => self.leave(some_classic),
            3 | 4 if some_consumer < self.consumers.len() => {
                let (id, epoch, _) = self.consumers.remove(some_consumer);
                if epoch > 0 {
                    self.lab.says(&beat(&id, -1));
                }
            }
            5 | 6 => self.pass(Duration::from_millis(700)),
            n if n % 2 == 0 && some_consumer < self.consumers.len() => self.beat(some_consumer),
            _ if some_classic < self.classic.len() => self.drive(some_classic),
            _ => {}
        }
    }

    fn pass(&mut self, time: Duration) {
        let end = self.lab.now + time;
        while let Some(due) = self.lab.shard.next_due().filter(|due| *due <= end) {
            self.lab.now = self.lab.now.max(due);
            self.lab.step(tick);
            self.hear();
        }
        self.lab.now = end;
    }

    fn beat(&mut self, who: usize) {
        let (id, epoch, has) = &mut self.consumers[who];
        let request = match *epoch {
            0 => join(id, &["a"]),
            epoch => owns(id, epoch, has),
        };
        let answer = self.lab.says(&request);
        match answer.error {
            ErrorCode::NONE => {
                *epoch = answer.member_epoch;
                *has = answer.assignment.unwrap_or_else(|| has.clone());
            }
            _ => (*epoch, *has) = (0, Partitions::new()),
        }
        self.hear();
        self.assert_known();
    }

    fn leave(&mut self, who: usize) {
        let classic = self.classic.remove(who);
        let members = vec![MemberIdentity { member_id: &classic.id, group_instance_id: None, reason: None }];
        let request = LeaveGroupRequest { group_id: "g", member_id: "", members: members.into() };
        self.lab.step(|shard, step| shard.leave_group(step, 5, &request));
        self.hear();
    }

    /// The next request of a client with the classic protocol.
    fn drive(&mut self, who: usize) {
        match self.classic[who].phase {
            Phase::Out => self.join(who),
            Phase::Joining => {}
            Phase::Joined => self.sync(who),
            Phase::In => {
                let Classic { id, generation, .. } = &self.classic[who];
                let request = HeartbeatRequest {
                    group_id: "g",
                    generation_id: *generation,
                    member_id: id,
                    group_instance_id: None,
                };
                let error = self.lab.step(|shard, step| shard.heartbeat(step, &request));
                self.hear();
                self.fail(who, error);
            }
        }
    }

    fn fail(&mut self, who: usize, error: ErrorCode) {
        let classic = &mut self.classic[who];
        match error {
            ErrorCode::NONE => return,
            ErrorCode::REBALANCE_IN_PROGRESS => {}
            ErrorCode::ILLEGAL_GENERATION => classic.has.clear(),
            _ => {
                classic.has.clear();
                classic.id.clear();
            }
        }
        classic.phase = Phase::Out;
    }

    fn join(&mut self, who: usize) {
        let classic = &mut self.classic[who];
        let owned = protocol::TopicPartitions { topic: "a", partitions: classic.has.clone().into() };
        let subscription =
            Subscription { topics: vec!["a"].into(), owned_partitions: vec![owned].into(), ..Default::default() };
        let metadata = subscription.encode_blob(1);
        classic.phase = Phase::Joining;
        let (id, ticket) = (classic.id.clone(), classic.ticket);
        let request = JoinGroupRequest {
            group_id: "g",
            session_timeout_ms: 20_000,
            rebalance_timeout_ms: 5_000,
            member_id: &id,
            group_instance_id: None,
            protocol_type: "consumer",
            protocols: vec![JoinGroupRequestProtocol { name: "cooperative-sticky", metadata: &metadata }].into(),
            reason: None,
        };
        let client = Client { id: "c", host: "/127.0.0.1" };
        self.lab.step(|shard, step| shard.join_group(step, ticket, client, 3, &request));
        self.hear();
    }

    fn sync(&mut self, who: usize) {
        let classic = &mut self.classic[who];
        let count = classic.leads.len() as i32;
        let share = |place: i32| (0..PARTITIONS).filter(|partition| partition % count == place).collect::<Vec<_>>();
        let blobs: Vec<Vec<u8>> = (0..count)
            .map(|place| {
                let partitions = vec![protocol::TopicPartitions { topic: "a", partitions: share(place).into() }];
                Assignment { partitions: partitions.into(), user_data: None }.encode_blob(1)
            })
            .collect();
        let given = classic.leads.iter().zip(&blobs);
        let request = SyncGroupRequest {
            group_id: "g",
            generation_id: classic.generation,
            member_id: &classic.id.clone(),
            assignments: given
                .map(|(id, blob)| SyncGroupRequestAssignment { member_id: id, assignment: blob })
                .collect(),
            ..SyncGroupRequest::default()
        };
        classic.phase = Phase::Joining;
        let ticket = classic.ticket;
        self.lab.step(|shard, step| shard.sync_group(step, ticket, 5, &request));
        self.hear();
    }

    /// Hands the answers of the last step to who waits for them.
    fn hear(&mut self) {
        for (ticket, answer) in std::mem::take(&mut self.lab.answers) {
            let Some(who) = self.classic.iter().position(|classic| classic.ticket == ticket) else { continue };
            assert_eq!(self.classic[who].phase, Phase::Joining, "{answer:?}");
            match answer {
                Answer::Join(JoinAnswer { error: ErrorCode::NONE, member_id, generation, members, .. }) => {
                    let classic = &mut self.classic[who];
                    (classic.id, classic.generation, classic.phase) =
                        (member_id.to_string(), generation, Phase::Joined);
                    classic.leads = members.into_iter().map(|member| member.member_id).collect();
                }
                Answer::Join(JoinAnswer { error, .. }) => self.fail(who, error),
                Answer::Sync(answer) if answer.error == ErrorCode::NONE => {
                    let (assignment, _) = Assignment::decode_blob(&answer.assignment).expect("it is an assignment");
                    let has = assignment.partitions.iter().flat_map(|topic| topic.partitions.to_vec()).collect();
                    (self.classic[who].has, self.classic[who].phase) = (has, Phase::In);
                }
                Answer::Sync(answer) => self.fail(who, answer.error),
            }
        }
    }

    /// What a consumer has, its coordinator knows that it has; and there nothing is had twice.
    fn assert_known(&self) {
        let Some(Group::Consumer(group)) = self.lab.shard.groups.get("g") else { return };
        for (id, epoch, has) in &self.consumers {
            let Some(member) = group.members.get(&**id).filter(|member| member.epoch == *epoch) else { continue };
            for partition in has.get(&super::id("a")).into_iter().flatten() {
                let known =
                    |of: &Partitions| of.get(&super::id("a")).is_some_and(|of_topic| of_topic.contains(partition));
                assert!(known(&member.assigned) || known(&member.pending_revocation), "{id} has {partition}");
            }
        }
    }

    fn come_to_rest(&mut self) {
        for _ in 0..60 {
            self.pass(Duration::from_secs(1));
            (0..self.consumers.len()).for_each(|who| self.beat(who));
            for _ in 0..3 {
                (0..self.classic.len()).for_each(|who| self.drive(who));
            }
        }
        let of_consumers = self.consumers.iter().flat_map(|(_, _, has)| has.values().flatten().copied());
        let of_classic = self.classic.iter().flat_map(|classic| classic.has.iter().copied());
        let mut all: Vec<i32> = of_consumers.chain(of_classic).collect();
        all.sort_unstable();
        if !self.consumers.is_empty() || !self.classic.is_empty() {
            assert_eq!(
                all,
                (0..PARTITIONS).collect::<Vec<_>>(),
                "{:?} {:?} {:#?}",
                self.consumers,
                self.classic,
                self.events()
            );
        }
    }

    fn events(&self) -> Vec<Event> {
        self.lab.events().into_iter().rev().take(20).collect()
    }
}

#[test]
fn whatever_members_of_both_protocols_do_in_the_end_each_partition_is_read_by_one() {
    let (mut up, mut down) = (0, 0);
    for seed in 0..300 {
        let lab = Lab::new(&[("a", PARTITIONS)]);
        let mut world = World { lab, dice: Dice(seed), classic: Vec::new(), consumers: Vec::new(), born: 0 };
        for _ in 0..150 {
            world.act();
        }
        world.come_to_rest();
        world.lab.assert_replays();
        let events = world.lab.events();
        up += events.iter().filter(|event| **event == Event::Converted { to: "consumer" }).count();
        down += events.iter().filter(|event| **event == Event::Converted { to: "classic" }).count();
    }
    assert!(up > 100 && down > 100, "{up} groups changed to the consumer protocol, {down} from it");
}
