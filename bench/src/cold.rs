//! What a consumer far behind does to those at the end of the log: records at a fixed pace from a producer to a consumer,
//! without company, and while another consumer reads a topic that is only on the disk.

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use anyhow::{Result, anyhow, ensure};
use record::Compression;
use rustix::fs::{Advice, fadvise};
use serde_json::json;

use crate::harness::{Broker, Setup};
use crate::report::Report;
use crate::speed::consume::Consumer;
use crate::speed::meter::Run;
use crate::speed::servers::create;
use crate::speed::workload::{Kind, Unit, Workload};
use crate::speed::{latency, produce};
use crate::target::Target;

const COLUMNS: &[&str] =
    &["company", "p50 us", "p99 us", "p99.9 us", "max us", "server CPU s", "MB/s of the company", "GB from the disk"];
const PER_SECOND: u64 = 1_000;
const SECONDS: u64 = 10;
const COLD: &str = "cold";
const BACKFILL: Workload = Workload {
    name: COLD,
    kind: Kind::Throughput { also_consumed: None },
    value_bytes: 1024,
    batch_records: 100,
    unit: Unit::PerGigabyte,
    in_flight: 5,
    requests: 0,
    acks: -1,
    compression: Compression::None,
    rounds_max: 1,
};
const HOT: Workload = Workload { value_bytes: 100, batch_records: 1, name: "hot", ..BACKFILL };

/// Fills a topic with so many GB and measures.
pub fn run(setup: &Setup, gigabytes: u64) -> Result<Report> {
    let mut report = Report::new("cold", COLUMNS).plotted(&[], "company", "p99 us");
    let broker = Broker::start(setup, &[])?;
    let server = Target::of(&broker)?;
    create(&server, COLD)?;
    let filling = Workload { requests: gigabytes * 1_000_000_000 / BACKFILL.bytes_of_batch(), ..BACKFILL };
    produce::run(&server, COLD, &filling)?;
    for company in [false, true] {
        cool(&broker.data())?;
        let topic = format!("hot-{company}");
        create(&server, &topic)?;
        let read_before = server.disk_read_bytes()?;
        let (run, rate) = measure(&server, &topic, &filling, company)?;
        let read = server.disk_read_bytes()? - read_before;
        let at = |share: f64| {
            let place = ((run.latencies_ns.len() as f64 * share) as usize).min(run.latencies_ns.len() - 1);
            json!(run.latencies_ns[place] / 1_000)
        };
        report.row(vec![
            json!(if company { "a consumer of the disk" } else { "none" }),
            at(0.5),
            at(0.99),
            at(0.999),
            at(1.0),
            json!((run.cpu_ns as f64 / 1e7).round() / 100.0),
            json!((rate / 1e6).round()),
            json!((read as f64 / 1e7).round() / 100.0),
        ]);
    }
    Ok(report)
}

/// The latencies, and the bytes per second that the company read.
fn measure(server: &Target, topic: &str, filled: &Workload, company: bool) -> Result<(Run, f64)> {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let backfill = scope.spawn(|| -> Result<f64> {
            let mut consumer = Consumer::open(server, COLD)?;
            let (begin, mut bytes) = (Instant::now(), 0);
            while company && !is_over.load(Ordering::Relaxed) && consumer.offset < filled.records() as i64 {
                bytes += consumer.fetch()?.len();
            }
            Ok(bytes as f64 / begin.elapsed().as_secs_f64())
        });
        let run = latency::run(server, topic, &HOT, PER_SECOND, SECONDS);
        is_over.store(true, Ordering::Relaxed);
        let rate = backfill.join().map_err(|_| anyhow!("the backfill failed"))??;
        Ok((run?, rate))
    })
}

/// Takes all files of the topic out of the page cache.
fn cool(data: &Path) -> Result<()> {
    let dir = data.join(format!("{COLD}-0"));
    let mut count = 0;
    for entry in fs::read_dir(&dir)? {
        let file = File::open(entry?.path())?;
        file.sync_all()?;
        fadvise(&file, 0, None, Advice::DontNeed)?;
        count += 1;
    }
    ensure!(count > 0, "{} is empty", dir.display());
    Ok(())
}
