//! A group of a thousand members that read ten thousand partitions of a hundred topics.

use std::time::Instant;

use super::*;

const MEMBERS: usize = 1_000;

/// The members as they see themselves.
struct Crowd {
    lab: Lab,
    ids: Vec<String>,
    epochs: Vec<i32>,
    has: Vec<Partitions>,
}

impl Crowd {
    fn new() -> Crowd {
        let mut lab = Lab::new(&[]).with(|settings| settings.consumer.assignment_interval = Duration::from_secs(1));
        topics().iter().for_each(|name| lab.topic(name, 100));
        let ids = (0..MEMBERS).map(|n| format!("{n:08}-0000-0000-0000-000000000000")).collect();
        Crowd { lab, ids, epochs: vec![0; MEMBERS], has: vec![Partitions::new(); MEMBERS] }
    }

    /// A request without what a test's step looks at besides; how many records it made.
    fn says(&mut self, who: usize, request: &ConsumerGroupHeartbeatRequest<'_>) -> usize {
        let now = Now { wall: self.lab.wall(), monotonic: self.lab.now };
        let mut step = Step::new(now, &self.lab.image, Uuid([1; 16]));
        let client = Client { id: "c", host: "/127.0.0.1" };
        let answer = self.lab.shard.consumer_group_heartbeat(&mut step, client, 1, request);
        assert_eq!(answer.error, ErrorCode::NONE, "{:?}", answer.error_message);
        self.epochs[who] = answer.member_epoch;
        if let Some(assignment) = answer.assignment {
            self.has[who] = assignment;
        }
        step.into_effects().0.len()
    }

    fn join(&mut self) {
        let topics = topics();
        let names: Vec<&str> = topics.iter().map(|name| &**name).collect();
        for who in 0..MEMBERS {
            let id = self.ids[who].clone();
            self.says(who, &join(&id, &names));
        }
    }

    fn assign(&mut self) -> usize {
        self.lab.now += Duration::from_secs(2);
        let now = Now { wall: self.lab.wall(), monotonic: self.lab.now };
        let mut step = Step::new(now, &self.lab.image, Uuid([1; 16]));
        tick(&mut self.lab.shard, &mut step);
        step.into_effects().0.len()
    }

    /// Everybody says what it has.
    fn reconcile(&mut self) {
        for who in 0..MEMBERS {
            let (id, has) = (self.ids[who].clone(), self.has[who].clone());
            self.says(who, &owns(&id, self.epochs[who], &has));
        }
    }

    fn beat(&mut self) -> usize {
        let mut records = 0;
        for who in 0..MEMBERS {
            let id = self.ids[who].clone();
            records += self.says(who, &beat(&id, self.epochs[who]));
        }
        records
    }
}

fn topics() -> Vec<String> {
    (0..100).map(|n| format!("t{n:03}")).collect()
}

/// The bounds are far above what it takes.
#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is what is looked at")]
fn a_thousand_members_come_to_rest_in_a_moment() {
    let mut crowd = Crowd::new();
    let mut times = Vec::new();
    let mut start = Instant::now();
    let mut lap = |what| times.push((what, std::mem::replace(&mut start, Instant::now()).elapsed()));
    crowd.join();
    lap("1,000 joins");
    // One record for each member, and the one of the epoch.
    assert_eq!(crowd.assign(), MEMBERS + 1);
    lap("assigned");
    (0..3).for_each(|_| crowd.reconcile());
    lap("reconciled in three rounds");
    assert!(crowd.has.iter().all(|has| has.values().map(|of_topic| of_topic.len()).sum::<usize>() == 10));
    assert_eq!(crowd.lab.describe().state, "Stable");
    assert_eq!((0..10).map(|_| crowd.beat()).sum::<usize>(), 0);
    lap("10,000 heartbeats");
    assert!(times.iter().all(|(_, time)| time.as_secs() < 10), "{times:?}");
}

#[test]
fn a_rebalance_of_many_members_is_noted_once_when_the_last_one_has_come() {
    let mut lab = Lab::new(&[("a", 600)]);
    let names: Vec<String> = (0..300).map(|number| format!("m{number:03}")).collect();
    names.iter().for_each(|name| drop(lab.says(&join(name, &["a"]))));
    // Until nobody has anything to give up or to wait for.
    for _ in 0..4 {
        for name in &names {
            let (epoch, has) = lab.members()[name].clone();
            lab.says(&owns(name, epoch, &has));
        }
    }
    lab.topic("a", 900);
    let at = lab.events().len();
    assert!(at <= crate::history::ENTRIES_MAX);
    for name in &names {
        let reconciled = lab.events().iter().rev().take_while(|event| !matches!(event, Event::Epoch { .. })).count();
        assert!(reconciled <= 2);
        let (epoch, has) = lab.members()[name].clone();
        lab.now += Duration::from_millis(10);
        lab.says(&owns(name, epoch, &has));
    }
    let epoch = lab.group().epoch;
    let events = lab.events();
    let last: Vec<&Event> = events.iter().rev().take(3).collect();
    assert!(matches!(last[2], Event::Epoch { cause: crate::RebalanceCause::Topics, .. }), "{last:?}");
    assert!(matches!(last[1], Event::Assigned { .. }), "{last:?}");
    let reconciling = Duration::from_millis(2_990);
    assert_eq!(last[0], &Event::Reconciled { epoch, members: 300, reconciling });
}
