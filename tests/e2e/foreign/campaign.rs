//! Groups under stress, run after run: members are started, closed, killed, stopped and slow, and the broker is killed,
//! while records are written. What the members say must fit the model of [`super::ownership`].
//!
//! `OTTLA_SEED` repeats the choices of a run; `OTTLA_GROUP_RUNS` is how many runs there are, each with the next seed.

use std::time::{SystemTime, UNIX_EPOCH};

use super::clients::Client;
use super::events::{self, What};
use super::groups::Scene;
use super::members::{Kind, Member};
use crate::random::Random;

const KINDS: [Kind; 15] = [
    Kind::classic(Client::FranzGo, "range"),
    Kind::classic(Client::Confluent, "range"),
    Kind::consumer(Client::FranzGo, "sticky"),
    Kind::consumer(Client::Confluent, "uniform"),
    Kind::classic(Client::FranzGo, "sticky"),
    Kind::classic(Client::Confluent, "cooperative-sticky"),
    Kind::classic(Client::FranzGo, "cooperative-sticky"),
    Kind::consumer(Client::Confluent, "range"),
    Kind::classic(Client::Java, "range"),
    Kind::classic(Client::Java, "cooperative-sticky"),
    Kind::consumer(Client::Java, "uniform"),
    Kind::classic(Client::FranzGo, "range").of_static_members(),
    Kind::classic(Client::Confluent, "range").of_static_members(),
    Kind::consumer(Client::Confluent, "uniform").of_static_members(),
    Kind::consumer(Client::Java, "uniform").of_static_members(),
];
const RUNS: u64 = 3;
const STEPS: u64 = 8;
const PARTITIONS: i32 = 6;
const MOST_MEMBERS: usize = 4;
/// Short, so that a run does not wait long for the sessions of those that were killed.
const SESSION_MS: u32 = 2000;

#[test]
fn no_partition_has_two_owners_whatever_happens_to_members_and_broker() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let first = number("OTTLA_SEED").unwrap_or_else(now);
    for seed in first..first + number("OTTLA_GROUP_RUNS").unwrap_or(RUNS) {
        let kind = KINDS[usize::try_from(seed).unwrap() % KINDS.len()];
        if kind.works() {
            eprintln!("seed {seed}, {kind:?}: OTTLA_SEED={seed} OTTLA_GROUP_RUNS=1 repeats the choices of this run");
            run(kind, seed);
        }
    }
}

struct Run {
    kind: Kind,
    scene: Scene,
    random: Random,
    members: Vec<Member>,
    started: usize,
}

fn run(kind: Kind, seed: u64) {
    let Some(mut scene) = Scene::open_with(PARTITIONS, SESSION_MS) else { return };
    scene.group.max_records = 3;
    if kind.client == Client::Confluent {
        // A rebalance while librdkafka asks where a partition begins leaves a timer behind that asks again half a second
        // later, and begins to read there once more, whatever was read and committed meanwhile.
        scene.commit_starts();
        // It is paused while an application takes records, and goes on where the application was before.
        scene.goes_back = true;
    }
    let mut run = Run { kind, scene, random: Random(seed), members: Vec::new(), started: 0 };
    run.start();
    run.start();
    for _ in 0..STEPS {
        run.write_and_see();
        run.step();
    }
    run.settle();
}

impl Run {
    fn start(&mut self) {
        self.started += 1;
        let slow_ms = if self.random.below(4) == 0 { 50 } else { 0 };
        let name = format!("m{}", self.started);
        self.members.push(Member::start(self.kind, &self.scene.group, &name, "", slow_ms));
    }

    /// Records for all, and the first of them read or at least on the way: something happens between two steps.
    fn write_and_see(&mut self) {
        let before = self.scene.log().wait("", |said| Some(events::read(said).len()));
        let each = self.random.below(10) + 1;
        self.scene.write(usize::try_from(each).unwrap());
        if self.members.iter().any(|member| !member.is_stopped()) {
            let enough = before + usize::try_from(self.random.below(each)).unwrap() + 1;
            self.scene.log().wait("some are read", |said| (events::read(said).len() >= enough).then_some(()));
        }
    }

    fn step(&mut self) {
        let running = self.members.len();
        let chosen = usize::try_from(self.random.below(running as u64)).unwrap();
        match self.random.below(7) {
            0 | 1 if running < MOST_MEMBERS => self.start(),
            2 if running > 1 => self.members.remove(chosen).close(),
            3 if running > 1 => self.members.remove(chosen).kill(),
            4 if self.members.iter().all(|member| !member.is_stopped()) => self.members[chosen].stop(),
            5 => {
                self.scene.broker.kill();
                self.scene.broker.start_again_there();
            }
            _ => self.members.iter_mut().for_each(Member::resume),
        }
    }

    /// In the end everything is read by those that are left, and known as committed.
    fn settle(&mut self) {
        self.members.iter_mut().for_each(Member::resume);
        self.start();
        let names: Vec<_> = self.members.iter().map(|member| member.name.clone()).collect();
        self.scene.await_shares(&names.iter().map(String::as_str).collect::<Vec<_>>());
        self.scene.write(1);
        self.scene.await_all_read();
        self.members.drain(..).for_each(Member::close);
        let said = self.scene.check(self.kind.protocol == "classic" && !self.kind.is_static);
        let count = |is: fn(&What) -> bool| said.iter().filter(|said| is(&said.what)).count();
        eprintln!(
            "{} members, {} assignments, {} records, {} lost, {} refused",
            self.started,
            count(|what| matches!(what, What::Assigned { .. })),
            count(|what| matches!(what, What::Record(..))),
            count(|what| matches!(what, What::Lost(_))),
            count(|what| matches!(what, What::Refused(_))),
        );
    }
}
