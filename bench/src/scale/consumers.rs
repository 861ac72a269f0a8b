//! Many consumers at the end of one log, each of which gets each record as it comes.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::{Start, Table};
use crate::harness::Broker;
use crate::speed::consume::{Consumer, request};
use crate::speed::produce::{self, Answers, OLDEST};
use crate::speed::servers::{connect, create};
use crate::speed::values::{batch, random};
use crate::swarm::Swarm;
use crate::target::Target;

const TOPIC: &str = "watched";
const VALUE_BYTES: usize = 100;
/// Records, each after all consumers have the one before: what is measured is one wave.
const RECORDS: usize = 50;
const WARM: usize = 10;

/// Measures each number of consumers.
pub fn run(start: &Start<'_>, table: &mut Table) -> Result<()> {
    for &count in &start.options.consumers {
        start.each(&[], |broker| case(&broker, count, table))?;
    }
    Ok(())
}

fn case(broker: &Broker, count: usize, table: &mut Table) -> Result<()> {
    let server = Target::of(broker)?;
    create(&server, TOPIC)?;
    let empty = broker.resident_bytes()?;
    let mut swarm = Swarm::open(&server.address, count)?;
    let (mut fetch, mut producer) = (request(TOPIC), Producer::open(&server)?);
    for n in 0..count {
        swarm.send(n, &fetch)?;
    }
    let (mut last_us, mut cpu_before, mut places) = (Vec::new(), 0, vec![0; count]);
    for record in 0..WARM + RECORDS {
        if record == WARM {
            cpu_before = server.cpu_ns()?;
        }
        let begin = Instant::now();
        producer.send()?;
        wave(&mut swarm, &mut places, record as i64, &mut fetch)?;
        last_us.push(begin.elapsed().as_secs_f64() * 1e6);
    }
    let cpu_us = (server.cpu_ns()? - cpu_before) as f64 / 1e3 / (RECORDS * count) as f64;
    let memory = broker.resident_bytes()?.saturating_sub(empty) as f64 / 1024.0 / count as f64;
    let mut measured = last_us.split_off(WARM);
    measured.sort_by(f64::total_cmp);
    table.note("consumers at the end", count as u64, broker, memory, "KiB each");
    table.note("consumers, a record for all", count as u64, broker, cpu_us, "CPU us each");
    table.note(
        "consumers, a record for all",
        count as u64,
        broker,
        measured[measured.len() / 2],
        "us to the last, p50",
    );
    Ok(())
}

/// Until each consumer has the record and has asked for the next. `places` are the offsets that they wait for.
fn wave(swarm: &mut Swarm, places: &mut [i64], record: i64, fetch: &mut [u8]) -> Result<()> {
    let (mut there, patience, begin) = (0, Duration::from_secs(60), Instant::now());
    while there < places.len() {
        swarm.turn(Duration::from_secs(1), |n, answer, out| {
            // A fetch that waited as long as it may brings nothing, and is sent again.
            if let Some(base) = Consumer::base_offset(TOPIC, answer)? {
                ensure!(base == places[n] && base == record, "offset {base} came instead of {}", places[n]);
                places[n] += 1;
                there += 1;
            }
            Consumer::place(fetch, places[n]);
            out.extend_from_slice(fetch);
            Ok(())
        })?;
        let waited = begin.elapsed();
        ensure!(waited < patience, "{there} of {} consumers have a record after {waited:?}", places.len());
    }
    Ok(())
}

/// Sends one record at a time.
struct Producer {
    frame: Vec<u8>,
    socket: std::net::TcpStream,
    answers: Answers,
}

impl Producer {
    fn open(server: &Target) -> Result<Producer> {
        let frame = produce::request(TOPIC, &batch(&random(VALUE_BYTES), VALUE_BYTES), -1, OLDEST);
        let socket = connect(server)?;
        Ok(Producer { frame, answers: Answers::new(socket.try_clone()?, TOPIC, OLDEST), socket })
    }

    fn send(&mut self) -> Result<()> {
        std::io::Write::write_all(&mut self.socket, &self.frame)?;
        self.answers.take(1, |_| ())
    }
}
