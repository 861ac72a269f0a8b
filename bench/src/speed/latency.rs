//! From a producer to a consumer at a fixed pace (open loop): each record says when it was due, so that a server that
//! stops for a moment is charged for all that waited.

use std::io::Write as _;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use super::consume::{Consumer, only_value};
use super::meter::{Meter, Run};
use super::produce::{Answers, OLDEST, request};
use super::servers::connect;
use super::values::{batch, random};
use super::workload::Workload;
use crate::target::Target;

/// Sends `per_second` records a second, each a request, and times each until a consumer has it.
pub fn run(server: &Target, topic: &str, workload: &Workload, per_second: u64, seconds: u64) -> Result<Run> {
    let (total, value_bytes) = (per_second * seconds, workload.value_bytes);
    let begin = Instant::now() + Duration::from_millis(200);
    let mut consumer = Consumer::open(server, topic)?;
    let mut socket = connect(server)?;
    let mut answers = Answers::new(socket.try_clone()?, topic, OLDEST);
    let meter = Meter::begin(server)?;
    let latencies = thread::scope(|scope| {
        let reader = scope.spawn(move || -> Result<Vec<u64>> {
            let mut latencies = Vec::with_capacity(total as usize);
            while consumer.offset < total as i64 {
                let mut batches = consumer.fetch()?;
                let now = begin.elapsed().as_nanos() as u64;
                while let Some((first, rest)) = split(batches) {
                    let due = only_value(first, value_bytes)?.first_chunk::<8>().copied().unwrap_or_default();
                    latencies.push(now.saturating_sub(u64::from_be_bytes(due)));
                    batches = rest;
                }
            }
            Ok(latencies)
        });
        // Answers are read apart, so that one that is late keeps no record back.
        let acknowledged = scope.spawn(move || answers.take(total as usize, |_| ()));
        let mut value = random(value_bytes);
        for n in 0..total {
            let due = Duration::from_nanos(n * 1_000_000_000 / per_second);
            thread::sleep((begin + due).saturating_duration_since(Instant::now()));
            value[..8].copy_from_slice(&(due.as_nanos() as u64).to_be_bytes());
            socket.write_all(&request(topic, &batch(&value, value_bytes), -1, OLDEST))?;
        }
        acknowledged.join().map_err(|_| anyhow!("the reader of answers failed"))??;
        reader.join().map_err(|_| anyhow!("the consumer failed"))?
    })?;
    meter.end(total, total * value_bytes as u64, latencies)
}

fn split(batches: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = u32::from_be_bytes(*batches.get(8..)?.first_chunk::<4>()?) as usize;
    batches.split_at_checked(12 + length)
}
