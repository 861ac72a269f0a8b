//! A group of a thousand members that read ten thousand partitions.

use std::time::Instant;

use super::*;

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is what is looked at")]
#[expect(clippy::print_stderr, reason = "figures")]
fn figures() {
    let topics: Vec<String> = (0..100).map(|n| format!("t{n:03}")).collect();
    let names: Vec<&str> = topics.iter().map(|name| &**name).collect();
    let mut lab = Lab::new(&[]).with(|s| s.consumer.assignment_interval = Duration::from_secs(1));
    names.iter().for_each(|name| lab.topic(name, 100));
    let ids: Vec<String> = (0..1_000).map(|n| format!("{n:08}-0000-0000-0000-000000000000")).collect();
    let client = Client { id: "c", host: "/127.0.0.1" };
    let mut epochs = vec![0; ids.len()];
    let run = |lab: &mut Lab, request: &ConsumerGroupHeartbeatRequest<'_>| {
        let now = Now { wall: lab.wall(), monotonic: lab.now };
        let mut step = Step::new(now, &lab.image, Uuid([1; 16]));
        let answer = lab.shard.consumer_group_heartbeat(&mut step, client, 1, request);
        (answer, step.into_effects().0.len())
    };
    let start = Instant::now();
    for (id, epoch) in ids.iter().zip(&mut epochs) {
        *epoch = run(&mut lab, &join(id, &names)).0.member_epoch;
    }
    eprintln!("1,000 joins: {:?}", start.elapsed());
    let start = Instant::now();
    lab.now += Duration::from_secs(2);
    let now = Now { wall: lab.wall(), monotonic: lab.now };
    let mut step = Step::new(now, &lab.image, Uuid([1; 16]));
    tick(&mut lab.shard, &mut step);
    eprintln!("assigned: {:?}, {} records", start.elapsed(), step.records().len());
    let mut has: Vec<Partitions> = vec![Partitions::new(); ids.len()];
    has[0] = lab.group().members[&*ids[0]].assigned.clone();
    let start = Instant::now();
    for _ in 0..3 {
        for (place, id) in ids.iter().enumerate() {
            let (answer, _) = run(&mut lab, &owns(id, epochs[place], &has[place]));
            assert_eq!(answer.error, ErrorCode::NONE, "{:?}", answer.error_message);
            epochs[place] = answer.member_epoch;
            if let Some(assignment) = answer.assignment {
                has[place] = assignment;
            }
        }
    }
    eprintln!("3 rounds of reconciling heartbeats: {:?}, {}", start.elapsed(), lab.describe().state);
    let start = Instant::now();
    let mut written = 0;
    for _ in 0..10 {
        for (place, id) in ids.iter().enumerate() {
            written += run(&mut lab, &beat(id, epochs[place])).1;
        }
    }
    eprintln!("10,000 heartbeats: {:?}, {written} records", start.elapsed());
}
