//! Members come, go, die and are slow; what they log is held against a model of who owns what.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::time::Duration;

use client::{Assignor, ConsumerRecord, GroupConsumer, GroupEvent, GroupProtocol, Offset, TopicPartition};

use super::scenarios::{config, connect, fill, filled};

/// Who owns what by the members' own word, and what was read.
#[derive(Default)]
struct Model {
    owners: BTreeMap<TopicPartition, usize>,
    read: BTreeMap<TopicPartition, BTreeSet<i64>>,
    committed: BTreeMap<TopicPartition, Offset>,
    handovers: usize,
    /// Something was read.
    news: Rc<tokio::sync::Notify>,
}

impl Model {
    fn assigned(&mut self, member: usize, partitions: &[TopicPartition]) {
        for partition in partitions {
            let before = self.owners.insert(partition.clone(), member);
            assert_eq!(before, None, "{partition} goes to {member} while another has it");
            self.handovers += 1;
        }
    }

    fn gone(&mut self, member: usize, partitions: &[TopicPartition]) {
        for partition in partitions {
            assert_eq!(self.owners.remove(partition), Some(member), "{partition}");
        }
    }

    fn died(&mut self, member: usize) {
        self.owners.retain(|_, owner| *owner != member);
    }

    fn read(&mut self, member: usize, record: &ConsumerRecord) {
        let partition = TopicPartition { topic: record.topic.to_string(), partition: record.partition };
        assert_eq!(self.owners.get(&partition), Some(&member), "{member} reads {partition}, which is not its own");
        self.news.notify_one();
        self.read.entry(partition).or_default().insert(record.offset.0);
    }

    fn saw_committed(&mut self, partition: &TopicPartition, offset: Offset) {
        let before = self.committed.insert(partition.clone(), offset);
        assert!(before.is_none_or(|before| before <= offset), "{partition} moved back from {before:?} to {offset}");
        let read = self.read.get(partition);
        let all = (0..offset.0).all(|offset| read.is_some_and(|read| read.contains(&offset)));
        assert!(all, "{partition} is committed at {offset}, but not all before was read");
    }
}

/// One member: reads until it is told to stop, or dies when it is.
async fn member(
    mut consumer: GroupConsumer,
    id: usize,
    model: Rc<RefCell<Model>>,
    mut stop: tokio::sync::oneshot::Receiver<bool>,
    pause: Option<Duration>,
) {
    let mut count = 0_u32;
    loop {
        // Every third call is dropped after a moment.
        let patience = Duration::from_millis(if count.is_multiple_of(3) { 1 } else { 200 });
        count += 1;
        let event = tokio::select! {
            biased;
            closes = &mut stop => {
                if closes.unwrap_or(true) {
                    let held: Vec<TopicPartition> = held_by(&model, id);
                    consumer.close(Duration::from_secs(30)).await.unwrap();
                    model.borrow_mut().gone(id, &held);
                } else {
                    model.borrow_mut().died(id);
                    drop(consumer);
                }
                return;
            }
            event = tokio::time::timeout(patience, consumer.next()) => event,
        };
        let Ok(event) = event else { continue };
        match event.unwrap() {
            GroupEvent::Record(record) => {
                model.borrow_mut().read(id, &record);
                if let Some(pause) = pause.filter(|_| count.is_multiple_of(50)) {
                    let_pass(pause).await;
                }
            }
            GroupEvent::Assigned(partitions) => model.borrow_mut().assigned(id, &partitions),
            GroupEvent::Revoked(partitions) => {
                if count.is_multiple_of(2) {
                    let committed = consumer.commit().await;
                    assert!(committed.is_ok(), "{committed:?}");
                }
                model.borrow_mut().gone(id, &partitions);
            }
            GroupEvent::Lost(partitions) => model.borrow_mut().gone(id, &partitions),
        }
    }
}

/// Nothing is waited for: how members come and go is what these pauses make of it.
async fn let_pass(pause: Duration) {
    let _ = tokio::time::timeout(pause, std::future::pending::<()>()).await;
}

fn held_by(model: &Rc<RefCell<Model>>, id: usize) -> Vec<TopicPartition> {
    let model = model.borrow();
    model.owners.iter().filter(|(_, owner)| **owner == id).map(|(partition, _)| partition.clone()).collect()
}

/// Runs one storm; the number of times that a partition was handed over.
pub async fn run(bootstrap: &str, name: &str, seed: u64, protocol: GroupProtocol, assignors: &[Assignor]) -> usize {
    let client = connect(bootstrap).await;
    filled(&client, name, 6, 600).await;
    let model = Rc::new(RefCell::new(Model::default()));
    let local = tokio::task::LocalSet::new();
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let storm = async {
        let mut members = Vec::new();
        for id in 0..9 {
            let mut config = config(name, protocol, assignors[0]);
            config.assignors = assignors.to_vec();
            config.auto_commit = Some(Duration::from_millis(50));
            let mut consumer = client.group_consumer(config);
            consumer.subscribe(&[name]);
            let (stop, stopped) = tokio::sync::oneshot::channel();
            let pause = (random.below(3) == 0).then(|| Duration::from_millis(random.below(200)));
            let task = tokio::task::spawn_local(member(consumer, id, Rc::clone(&model), stopped, pause));
            members.push((stop, task));
            let pause = Duration::from_millis(random.below(700));
            let_pass(pause).await;
            fill(&client, name, 6, 0..60).await;
            if members.len() > 2 && random.below(2) == 0 {
                let (stop, task) = members.remove(random.below(members.len() as u64) as usize);
                stop.send(random.below(2) == 0).unwrap();
                task.await.unwrap();
            }
            watch_commits(&client, name, &model).await;
        }
        // Those that are left read all there is.
        let total = 600 + 9 * 60;
        let all_read = || model.borrow().read.values().map(BTreeSet::len).sum::<usize>() == total;
        let news = Rc::clone(&model.borrow().news);
        while !all_read() {
            tokio::time::timeout(Duration::from_secs(60), news.notified()).await.expect("not all is read");
        }
        for (stop, task) in members {
            stop.send(true).unwrap();
            task.await.unwrap();
        }
        watch_commits(&client, name, &model).await;
        let lags = client.admin().group_lag(name, &[]).await.unwrap();
        assert_eq!(
            lags.iter().map(|lag| lag.lag().unwrap()).collect::<Vec<_>>(),
            [0; 6],
            "all was committed at the end"
        );
    };
    local.run_until(storm).await;
    model.borrow().handovers
}

async fn watch_commits(client: &client::Client, group: &str, model: &Rc<RefCell<Model>>) {
    for (partition, committed) in client.admin().group_offsets(group, None).await.unwrap() {
        model.borrow_mut().saw_committed(&partition, committed.unwrap().offset);
    }
}

/// A little generator, so that a seed tells the whole storm.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }
}
