//! CPU of heartbeats, memory of groups, members and offsets, and the start with many offsets.

use std::time::Instant;

use anyhow::{Result, ensure};
use kafka_protocol::messages::offset_commit_request::{OffsetCommitRequestPartition, OffsetCommitRequestTopic};
use kafka_protocol::messages::offset_fetch_request::OffsetFetchRequestGroup;
use kafka_protocol::messages::{GroupId, OffsetCommitRequest, OffsetFetchRequest};
use serde_json::{Value, json};

use super::classic::{ClassicMembers, find_coordinator, text};
use super::consumer::ConsumerMembers;
use crate::calls::topic_name;
use crate::harness::{Broker, PATIENCE, Setup};
use crate::raw::Connection;
use crate::report::Report;
use crate::target::{Beside, Target};

const COLUMNS: &[&str] = &["broker", "what", "count", "figure", "unit"];
const TOPIC: &str = "costs";
const PARTITIONS: i32 = 100;
const HEARTBEATS: usize = 10_000;
const GROUPS: usize = 2_000;
const MEMBERS: usize = 1_000;
/// Offsets of one group, and how many groups have them.
const OFFSETS: (i32, usize) = (1_000, 100);

/// Measures Ottla, and what runs beside it but for the restart.
pub fn run(setup: &Setup, settings: &[&str], beside: &[Beside]) -> Result<Report> {
    let mut report = Report::new("group-costs", COLUMNS).plotted(&["what", "count", "unit"], "broker", "figure");
    let mut broker = Broker::start(setup, settings)?;
    let ottla = Target::of(&broker)?;
    for target in std::iter::once(ottla).chain(beside.iter().map(Target::beside)) {
        target.create_topic(TOPIC, PARTITIONS);
        heartbeats(&target, &mut report)?;
        memory(&target, &mut report)?;
        offsets(&target, &mut report)?;
    }
    broker.kill()?;
    restart(&mut broker, &mut report)?;
    Ok(report)
}

fn row(report: &mut Report, target: &str, what: &str, count: usize, figure: f64, unit: &str) {
    let rounded: Value = json!((figure * 100.0).round() / 100.0);
    report.row(vec![json!(target), json!(what), json!(count), rounded, json!(unit)]);
}

fn heartbeats(target: &Target, report: &mut Report) -> Result<()> {
    for protocol in ["classic", "consumer"] {
        let group = format!("heartbeats-{protocol}");
        let mut beat: Box<dyn FnMut()> = match protocol {
            "classic" => {
                let mut members = ClassicMembers::join(target, &group, TOPIC, 100, PARTITIONS);
                Box::new(move || members.heartbeats(HEARTBEATS))
            }
            _ => {
                let mut members = ConsumerMembers::join(target, &group, TOPIC, 100, PARTITIONS);
                Box::new(move || members.heartbeats(HEARTBEATS))
            }
        };
        // Whatever a first time costs is not what a heartbeat costs.
        beat();
        let before = target.cpu_ns()?;
        beat();
        let cpu_ms = (target.cpu_ns()? - before) as f64 / 1e6;
        row(report, &target.name, &format!("heartbeats, {protocol}, of 100 members"), HEARTBEATS, cpu_ms, "CPU ms");
    }
    Ok(())
}

fn memory(target: &Target, report: &mut Report) -> Result<()> {
    let kib = |bytes: u64| bytes as f64 / 1024.0;
    let before = target.resident_bytes()?;
    // One connection each, so that a group of one member also has its socket; it is told apart by `connections`.
    let names: Vec<_> = (0..GROUPS).map(|at| format!("one-{at}")).collect();
    let groups = ClassicMembers::join_alone(target, &names, TOPIC);
    let with_groups = target.resident_bytes()?;
    let each = kib(with_groups.saturating_sub(before)) / GROUPS as f64;
    row(report, &target.name, "a group of one member, with its connection", GROUPS, each, "KiB");
    let members = ClassicMembers::join(target, "many-classic", TOPIC, MEMBERS, PARTITIONS);
    let with_members = target.resident_bytes()?;
    let each = kib(with_members.saturating_sub(with_groups)) / MEMBERS as f64;
    row(report, &target.name, "a classic member, with its connection", MEMBERS, each, "KiB");
    let consumers = ConsumerMembers::join(target, "many-consumer", TOPIC, MEMBERS, PARTITIONS);
    let each = kib(target.resident_bytes()?.saturating_sub(with_members)) / MEMBERS as f64;
    row(report, &target.name, "a consumer member, with its connection", MEMBERS, each, "KiB");
    drop((groups, members, consumers));
    Ok(())
}

fn group(at: usize) -> GroupId {
    GroupId(text(&format!("offsets-{at}")))
}

fn offsets(target: &Target, report: &mut Report) -> Result<()> {
    let (partitions, groups) = OFFSETS;
    let mut connection = Connection::to(&target.address);
    connection.create_topic("many-partitions", partitions);
    find_coordinator(&mut connection, "offsets-0");
    let partition = |partition| {
        OffsetCommitRequestPartition::default()
            .with_partition_index(partition)
            .with_committed_offset(i64::from(partition))
    };
    let topic = OffsetCommitRequestTopic::default()
        .with_name(topic_name("many-partitions"))
        .with_partitions((0..partitions).map(partition).collect());
    let (before, memory) = (target.cpu_ns()?, target.resident_bytes()?);
    for at in 0..groups {
        let request = OffsetCommitRequest::default()
            .with_group_id(group(at))
            .with_generation_id_or_member_epoch(-1)
            .with_topics(vec![topic.clone()]);
        let response = connection.call(8, &request);
        ensure!(response.topics[0].partitions.iter().all(|partition| partition.error_code == 0), "a commit failed");
    }
    let count = partitions as usize * groups;
    let cpu_us = (target.cpu_ns()? - before) as f64 / 1e3 / count as f64;
    row(report, &target.name, "an offset committed, 1,000 at a time", count, cpu_us, "CPU us");
    let bytes = target.resident_bytes()?.saturating_sub(memory) as f64 / count as f64;
    row(report, &target.name, "an offset in memory", count, bytes, "bytes");
    Ok(())
}

/// From the start of the process until the offsets of each group are told.
fn restart(broker: &mut Broker, report: &mut Report) -> Result<()> {
    let begin = Instant::now();
    broker.start_again()?;
    let ready = begin.elapsed();
    let mut connection = Connection::open(broker);
    let deadline = begin + PATIENCE;
    for at in 0..OFFSETS.1 {
        loop {
            let asked = OffsetFetchRequestGroup::default().with_group_id(group(at)).with_topics(None);
            let response = connection.call(8, &OffsetFetchRequest::default().with_groups(vec![asked]));
            if response.groups[0].error_code == 0 {
                let told: usize = response.groups[0].topics.iter().map(|topic| topic.partitions.len()).sum();
                ensure!(told == OFFSETS.0 as usize, "{told} offsets of a group");
                break;
            }
            ensure!(Instant::now() < deadline, "the offsets are not loaded");
        }
    }
    let count = OFFSETS.0 as usize * OFFSETS.1;
    row(report, "ottla", "start after kill -9 until ready", count, ready.as_secs_f64() * 1e3, "ms");
    row(report, "ottla", "until the offsets of all groups are told", count, begin.elapsed().as_secs_f64() * 1e3, "ms");
    Ok(())
}
