//! How long many logs take to be created and opened, and what they cost while they are idle.
//!
//! `many_logs <empty directory> [logs] [threads]` creates the logs, appends to each and dies without closing them; then
//! it opens them as after the death of a process, as after a power cut, closes them, and opens them after a clean stop.
//! Each step is a process of its own. What is in the directory stays there.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program that prints what it measured")]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;

use host::{Clock, Disk};
use ottla_storage as storage;
use record::{BatchBuilder, Compression, LeaderEpoch, ProducerEpoch, ProducerId, Rules, Timestamp, Uuid};
use storage::{Log, LogConfig, LogDir, NewLog, Stop};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("many_logs: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Outcome<()> {
    let path = arguments.first().ok_or("which directory?")?;
    let number = |at: usize, otherwise: usize| arguments.get(at).map_or(Ok(otherwise), |text| text.parse());
    let (logs, threads) = (number(1, 10_000)?, number(2, 2)?);
    let step = arguments.get(3).map(String::as_str);
    let bench = Bench { path: PathBuf::from(path), logs, threads, clock: Clock::real() };
    match step {
        None => ["create", "open", "power", "open", "clean"].iter().try_for_each(|step| bench.in_a_process(step)),
        Some("create") => bench.create(),
        Some("open") => bench.open(None, false),
        Some("power") => bench.open(Some(Stop::Power), true),
        Some("clean") => bench.open(None, false),
        Some(other) => Err(format!("no step is called {other}").into()),
    }
}

struct Bench {
    path: PathBuf,
    logs: usize,
    threads: usize,
    clock: Clock,
}

impl Bench {
    fn in_a_process(&self, step: &str) -> Outcome<()> {
        let arguments = [self.path.display().to_string(), self.logs.to_string(), self.threads.to_string()];
        // A step that dies on purpose says what it measured before.
        Command::new(std::env::current_exe()?).args(arguments).arg(step).status()?;
        Ok(())
    }

    fn dir(&self) -> Outcome<(Arc<LogDir>, Stop)> {
        let disk = Disk::real();
        disk.create_dir_all(&self.path)?;
        let dir = LogDir::new(disk, self.path.clone());
        let stop = dir.begin()?;
        Ok((Arc::new(dir), stop))
    }

    fn create(&self) -> Outcome<()> {
        let (dir, _) = self.dir()?;
        dir.recovery_is_complete()?;
        let new = |index: usize| NewLog {
            name: format!("topic-{index}"),
            topic_id: Uuid([1; 16]),
            config: LogConfig::default().into(),
        };
        let start = self.clock.monotonic();
        let logs: Vec<_> = dir.create_logs((0..self.logs).map(new).collect(), self.threads);
        let mut logs = logs.into_iter().collect::<Result<Vec<Log>, _>>()?;
        self.report("created", start);
        for log in &mut logs {
            (0..3).try_for_each(|sequence| append(log, sequence))?;
        }
        // No log is closed, nothing is flushed.
        std::process::abort()
    }

    fn open(&self, stop: Option<Stop>, close: bool) -> Outcome<()> {
        let (dir, found) = self.dir()?;
        let stop = stop.unwrap_or(found);
        let wanted: Vec<_> = dir.logs()?.into_iter().map(|name| (name, LogConfig::default().into())).collect();
        let start = self.clock.monotonic();
        let logs = dir.open_logs(&wanted, stop, self.threads, &|_| {});
        let logs = logs.into_iter().collect::<Result<Vec<Log>, _>>()?;
        self.report(&format!("opened after {found:?}, as after {stop:?}"), start);
        if close {
            logs.into_iter().try_for_each(Log::close)?;
            dir.mark_clean_shutdown()?;
        }
        Ok(())
    }

    fn report(&self, what: &str, start: std::time::Duration) {
        let seconds = (self.clock.monotonic() - start).as_secs_f64();
        let status = Disk::real().open(Path::new("/proc/self/status"), host::Open::Read);
        let mut text = vec![0; 4096];
        let read = status.and_then(|file| file.read_at(&mut text, 0)).unwrap_or(0);
        let text = String::from_utf8_lossy(&text[..read]).into_owned();
        let resident = text.lines().find(|line| line.starts_with("VmRSS")).unwrap_or("VmRSS unknown");
        let descriptors = Disk::real().read_dir(Path::new("/proc/self/fd")).map_or(0, |entries| entries.len());
        println!("{what}: {} logs in {seconds:.3} s; {resident}; {descriptors} descriptors", self.logs);
    }
}

fn append(log: &mut Log, sequence: i32) -> Outcome<()> {
    let mut builder = BatchBuilder::new(Compression::None);
    builder.producer(ProducerId(7), ProducerEpoch(0), sequence);
    builder.append(Timestamp(1_000), None, Some(&[7; 100]), &[]);
    let bytes = builder.build();
    let any_time = i64::MAX;
    let rules = Rules {
        max_message_bytes: 1 << 20,
        max_segment_bytes: 1 << 20,
        now: Timestamp(1_000),
        timestamp_before_max_ms: any_time,
        timestamp_after_max_ms: any_time,
        timestamp_type: record::TimestampType::CreateTime,
        encoding: None,
    };
    let batch = record::validate(&bytes, &rules)?;
    log.append(&[batch], LeaderEpoch(0), Timestamp(1_000), &mut storage::Outcomes::new())?;
    Ok(())
}
