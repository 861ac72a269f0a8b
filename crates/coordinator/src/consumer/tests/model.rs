//! KIP-848: whatever members do, no partition is had twice, and when they have come to rest everything is had.

use super::*;

struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// A client as it sees itself.
struct Consumer {
    id: String,
    instance: Option<String>,
    epoch: i32,
    has: Partitions,
    topics: Vec<&'static str>,
}

struct World {
    lab: Lab,
    dice: Dice,
    consumers: Vec<Consumer>,
    born: usize,
}

const TOPICS: [&str; 3] = ["a", "b", "c"];

impl World {
    fn new(seed: u64) -> World {
        let mut lab = Lab::new(&[("a", 5), ("b", 3)]);
        if seed % 2 == 0 {
            lab = lab.with(|settings| settings.consumer.assignment_interval = Duration::from_secs(1));
        }
        if seed % 3 == 0 {
            lab = lab.with(|settings| settings.consumer.assignors.reverse());
        }
        World { lab, dice: Dice(seed), consumers: Vec::new(), born: 0 }
    }

    fn topics(&mut self) -> Vec<&'static str> {
        let pick: Vec<_> = TOPICS.into_iter().filter(|_| self.dice.below(3) > 0).collect();
        if pick.is_empty() { vec!["a"] } else { pick }
    }

    fn act(&mut self) {
        let some = self.dice.below(1 + self.consumers.len() as u64) as usize;
        match self.dice.below(14) {
            0 | 1 if self.consumers.len() < 6 => self.born(),
            2 if some < self.consumers.len() => self.leave(some),
            3 if some < self.consumers.len() => self.consumers[some].topics = self.topics(),
            4 if some < self.consumers.len() => self.restart(some),
            5 => self.lab.topic("c", 1 + self.dice.below(4) as i32),
            6 => self.lab.restart(),
            7 => self.lab.after(Duration::from_millis(300)),
            _ if some < self.consumers.len() => self.beat(some),
            _ => {}
        }
    }

    fn born(&mut self) {
        self.born += 1;
        let instance = (self.dice.below(3) == 0).then(|| format!("i{}", self.born));
        let (id, topics) = (format!("m{}", self.born), self.topics());
        self.consumers.push(Consumer { id, instance, epoch: 0, has: Partitions::new(), topics });
    }

    fn leave(&mut self, who: usize) {
        let consumer = self.consumers.remove(who);
        if consumer.epoch > 0 {
            let request = ConsumerGroupHeartbeatRequest { instance_id: consumer.instance.as_deref(), ..beat(&consumer.id, -1) };
            self.lab.says(&request);
        }
    }

    /// A static member goes for a while and comes back with another id; another loses its memory.
    fn restart(&mut self, who: usize) {
        self.born += 1;
        let consumer = &mut self.consumers[who];
        if consumer.instance.is_some() && consumer.epoch > 0 {
            let request = ConsumerGroupHeartbeatRequest { instance_id: consumer.instance.as_deref(), ..beat(&consumer.id, -2) };
            self.lab.says(&request);
            consumer.id = format!("m{}", self.born);
        }
        consumer.has.clear();
        consumer.epoch = 0;
    }

    fn beat(&mut self, who: usize) {
        let lost = self.dice.below(10) == 0;
        let consumer = &mut self.consumers[who];
        let request = ConsumerGroupHeartbeatRequest {
            instance_id: consumer.instance.as_deref(),
            rebalance_timeout_ms: 60_000,
            subscribed_topic_names: Some(consumer.topics.clone().into()),
            ..owns(&consumer.id, consumer.epoch, &consumer.has)
        };
        let answer = self.lab.says(&request);
        if answer.error == ErrorCode::FENCED_MEMBER_EPOCH || answer.error == ErrorCode::UNKNOWN_MEMBER_ID {
            consumer.has.clear();
            consumer.epoch = 0;
        } else if !lost {
            assert_eq!(answer.error, ErrorCode::NONE, "{:?}", answer.error_message);
            consumer.epoch = answer.member_epoch;
            consumer.has = answer.assignment.unwrap_or_else(|| consumer.has.clone());
        }
        self.assert_had_once();
    }

    fn assert_had_once(&self) {
        let mut had = std::collections::BTreeSet::new();
        for consumer in &self.consumers {
            for (topic, partitions) in &consumer.has {
                for partition in partitions {
                    assert!(had.insert((*topic, *partition)), "{topic}-{partition} is had twice");
                }
            }
        }
    }

    fn come_to_rest(&mut self) {
        for _ in 0..70 {
            self.lab.after(Duration::from_secs(1));
            (0..self.consumers.len()).for_each(|who| self.beat(who));
        }
        let all = self.consumers.iter().map(|consumer| consumer.has.values().map(|of_topic| of_topic.len()).sum::<usize>());
        let all: usize = all.sum();
        let subscribed = |topic: &&&str| self.consumers.iter().any(|consumer| consumer.topics.contains(topic));
        let there = TOPICS.iter().filter(subscribed).filter_map(|topic| self.lab.image.topic(topic));
        let consumers: Vec<_> = self.consumers.iter().map(|c| (&c.id, c.epoch, &c.topics, &c.has)).collect();
        let there = there.map(|topic| topic.partitions.len()).sum::<usize>();
        assert_eq!(all, there, "{consumers:?}, {:#?}", self.lab.describe());
        if !self.consumers.is_empty() {
            assert_eq!(self.lab.describe().state, "Stable");
        }
    }
}

#[test]
fn whatever_members_do_each_partition_has_one_owner_and_in_the_end_all_are_read() {
    for seed in 0..300 {
        let mut world = World::new(seed);
        for _ in 0..120 {
            world.act();
        }
        world.come_to_rest();
        world.lab.assert_replays();
    }
}
