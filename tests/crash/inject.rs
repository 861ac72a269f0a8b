//! R8: the system refuses the n-th call of some kind, by strace, to the release binary. It never panics, and after a start
//! without faults nothing that was acknowledged is gone.

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::park_timeout;
use std::time::{Duration, Instant};

use verdict::{Kind, Options};

use crate::campaign::{Random, cycles, expect_valid, has_durable, seed};
use crate::load::{Damage, Load, SMALL_SEGMENTS, Shape, Topic, read_all};
use crate::node::Node;
use crate::pen::Desk;
use crate::wire::Wire;

const CASES: usize = 80;
const SYNC_CASES: usize = 24;
const LOAD_MS: u64 = 250;
/// The loader and the runtime read files before anything of the broker runs.
const FOREIGN_CALLS: &[(&str, u64)] = &[("openat", 11), ("pread64", 2), ("read", 20)];
const SAID_WITHIN: Duration = Duration::from_secs(5);

/// A system call, about how often a thread makes it in a case, and the errors that it is refused with.
type Calls = &'static [(&'static str, u64, &'static [&'static str])];

const CALLS: Calls = &[
    ("pwritev", 40, &["EIO", "ENOSPC", "EDQUOT", "EINTR"]),
    ("pwritev", 40, &["EIO", "ENOSPC", "EDQUOT", "EINTR"]),
    ("fdatasync", 8, &["EIO", "ENOSPC"]),
    ("fsync", 20, &["EIO", "ENOSPC"]),
    ("openat", 30, &["EMFILE", "EIO", "ENOSPC", "EINTR"]),
    ("rename", 10, &["EIO", "ENOSPC"]),
    ("ftruncate", 8, &["EIO", "ENOSPC"]),
    ("fallocate", 3, &["ENOSPC", "EOPNOTSUPP"]),
    ("unlink", 2, &["EIO"]),
    ("mkdir", 3, &["ENOSPC"]),
    ("sendfile", 5, &["EIO", "EINTR"]),
    ("pread64", 20, &["EIO", "EINTR"]),
    ("getdents64", 6, &["EIO"]),
    ("statx", 20, &["EIO"]),
    ("epoll_wait", 40, &["EINTR"]),
];
const SYNCS: Calls = &[("fdatasync", 30, &["EIO"]), ("fsync", 20, &["EIO"]), ("syncfs", 1, &["EIO"])];
/// Calls whose failure is told: what was asked for did not happen, and is not tried again.
const TOLD: &[&str] = &["pwritev", "fdatasync", "fsync", "syncfs", "ftruncate"];

#[test]
fn a_refused_system_call_is_neither_a_panic_nor_a_lost_record() {
    campaign("inject", &[], CALLS, CASES);
}

#[test]
fn a_failed_sync_is_told_and_nothing_is_acknowledged_for_it_in_durable_mode() {
    if !has_durable() {
        return eprintln!("skipped: this broker has no --durable");
    }
    campaign("inject-durable", &["--durable"], SYNCS, SYNC_CASES);
}

fn campaign(name: &str, options: &[&str], calls: Calls, in_ci: usize) {
    if let Err(reason) = strace_works() {
        return eprintln!("skipped: {reason}");
    }
    let seed = seed(name);
    let (mut random, home) = (Random(seed), tempfile::tempdir().unwrap());
    let ledgers = home.path().join("ledgers");
    std::fs::create_dir(&ledgers).unwrap();
    let desk = Desk::new(&ledgers);
    let mut node = Node::new(&home.path().join("data"), options, home.path(), &desk);
    node.start();
    let topic = Topic { name: "inject".to_owned(), number: 1, partitions: 2 };
    assert_eq!(topic.create(&mut Wire::to(&node.address()).unwrap(), SMALL_SEGMENTS).unwrap(), 0);
    let load = Load::start(&node, &desk, &topic, Shape::FEW, 1, seed);
    let (mut not_started, mut injected) = (0, 0);
    for _ in 0..cycles(in_ci) {
        node.kill(Kind::Kill);
        let (case, trace) = (Case::choose(calls, &mut random), home.path().join("trace"));
        let started = node.try_start(&case.wrapper(&trace)).is_ok();
        if started {
            // Something that needs metadata, directories and files.
            let _ = Wire::to(&node.address()).and_then(|mut wire| churn(&mut wire, random.below(1 << 32)));
            park_timeout(Duration::from_millis(LOAD_MS));
        } else {
            not_started += 1;
        }
        let trace = std::fs::read_to_string(&trace).unwrap_or_default();
        let fault = injected_call(&trace);
        injected += u32::from(fault.is_some());
        eprintln!("{name}: {case}: started {started}, injected {}", fault.is_some());
        if let Some(fault) = fault.filter(|fault| case.must_be_told(fault)) {
            await_word(&node, &fault);
        }
        node.assert_no_panic();
        node.kill(Kind::Kill);
        node.start();
    }
    park_timeout(Duration::from_millis(LOAD_MS));
    load.stop();
    let mut wire = Wire::to(&node.address()).unwrap();
    let damage = read_all(&mut wire, &mut desk.pen(50_000), &topic, node.incarnation()).unwrap();
    assert_eq!(damage, Damage::default());
    node.assert_no_panic();
    expect_valid(name, &ledgers, &Options::default());
    eprintln!("{name}: {injected} faults, {not_started} starts were refused because of them");
}

/// The call that was refused, with its arguments: where others came in between, strace tells them in a line before.
fn injected_call(trace: &str) -> Option<String> {
    let lines: Vec<&str> = trace.lines().collect();
    let at = lines.iter().position(|line| line.ends_with("(INJECTED)"))?;
    let process = |line: &str| line.split(' ').next().unwrap_or_default().to_owned();
    let begun = |line: &&&str| process(line) == process(lines[at]) && line.ends_with("<unfinished ...>");
    let begun = lines[..at].iter().rev().find(begun).filter(|_| lines[at].contains("resumed>"));
    Some(format!("{}{}", begun.unwrap_or(&""), lines[at]))
}

/// Waits until the broker has told that something failed.
fn await_word(node: &Node, fault: &str) {
    let began = Instant::now();
    let is_word =
        |line: &str| line.contains("error=") || line.starts_with("error:") || line.contains("the disk is full");
    while !node.said().lines().any(is_word) {
        assert!(began.elapsed() < SAID_WITHIN, "nothing is said of {fault}:\n{}", node.said());
        park_timeout(Duration::from_millis(10));
    }
}

fn churn(wire: &mut Wire, number: u64) -> std::io::Result<()> {
    let topic = Topic { name: format!("churn-{number}"), number: 2, partitions: 1 };
    topic.create(wire, &[])?;
    topic.delete(wire).map(drop)
}

/// What strace shall inject.
struct Case {
    call: &'static str,
    error: &'static str,
    nth: u64,
}

impl Case {
    fn choose(calls: Calls, random: &mut Random) -> Case {
        let (call, often, errors) = calls[random.below(calls.len() as u64) as usize];
        let error = errors[random.below(errors.len() as u64) as usize];
        // Small numbers more often: start and recovery make few calls.
        let bound = 1 + random.below(often);
        let foreign = FOREIGN_CALLS.iter().find(|(foreign, _)| *foreign == call).map_or(0, |(_, calls)| *calls);
        Case { call, error, nth: foreign + 1 + random.below(bound) }
    }

    /// An interrupted call is made again, and an index that finds no room does without the entry.
    fn must_be_told(&self, fault: &str) -> bool {
        let is_index = [".index>", ".timeindex>"].iter().any(|index| fault.contains(index));
        TOLD.contains(&self.call) && self.error != "EINTR" && (self.error == "EIO" || !is_index)
    }

    fn wrapper(&self, trace: &Path) -> Vec<String> {
        let mut words: Vec<String> = ["strace", "-f", "-y", "-qq", "-o"].iter().map(|&word| word.to_owned()).collect();
        let (filter, inject) = (format!("trace={}", self.call), format!("inject={self}"));
        words.extend([trace.display().to_string(), "-e".to_owned(), filter, "-e".to_owned(), inject]);
        words
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:error={}:when={}", self.call, self.error, self.nth)
    }
}

fn strace_works() -> Result<(), String> {
    let mut command = Command::new("strace");
    command.args(["-o", "/dev/null", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() && Path::new("/proc/self/task").exists() => Ok(()),
        Ok(status) => Err(format!("strace may not trace: {status}")),
        Err(error) => Err(format!("strace: {error}")),
    }
}
