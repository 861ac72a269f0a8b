//! R8: the system refuses the n-th call of some kind, by strace, to the release binary. It never panics, and after a start
//! without faults nothing that was acknowledged is gone.

use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::park_timeout;
use std::time::Duration;

use verdict::{Kind, Options};

use crate::campaign::{Random, cycles, expect_valid, seed};
use crate::load::{Load, Shape, Topic, read_all};
use crate::node::Node;
use crate::pen::Desk;
use crate::wire::Wire;

const CASES: usize = 40;
const LOAD_MS: u64 = 250;
const NTH_MAX: u64 = 60;
const SHAPE: Shape = Shape { idempotent: 2, plain: 2, consumers: 1, records_max: 12 };

/// What is refused, and with which errors.
const CALLS: &[(&str, &[&str])] = &[
    ("pwrite64", &["EIO", "ENOSPC", "EDQUOT", "EINTR"]),
    ("pwritev", &["EIO", "ENOSPC", "EDQUOT", "EINTR"]),
    ("fdatasync", &["EIO", "ENOSPC"]),
    ("fsync", &["EIO", "ENOSPC"]),
    ("syncfs", &["EIO"]),
    ("openat", &["EMFILE", "EIO", "ENOSPC", "EINTR"]),
    ("rename", &["EIO", "ENOSPC"]),
    ("renameat2", &["EIO", "ENOSPC"]),
    ("ftruncate", &["EIO", "ENOSPC"]),
    ("fallocate", &["ENOSPC", "EOPNOTSUPP"]),
    ("unlink", &["EIO"]),
    ("unlinkat", &["EIO"]),
    ("mkdir", &["ENOSPC"]),
    ("mkdirat", &["ENOSPC"]),
    ("sendfile", &["EIO", "EINTR"]),
    ("pread64", &["EIO", "EINTR"]),
    ("epoll_wait", &["EINTR"]),
];

#[test]
fn a_refused_system_call_is_neither_a_panic_nor_a_lost_record() {
    if let Err(reason) = strace_works() {
        return eprintln!("skipped: {reason}");
    }
    let seed = seed("inject");
    let (mut random, home) = (Random(seed), tempfile::tempdir().unwrap());
    let ledgers = home.path().join("ledgers");
    std::fs::create_dir(&ledgers).unwrap();
    let desk = Desk::new(&ledgers);
    let mut node = Node::new(&home.path().join("data"), &[], home.path(), &desk);
    node.start();
    let topic = Topic { name: "inject".to_owned(), number: 1, partitions: 2 };
    assert_eq!(topic.create(&mut Wire::to(&node.address()).unwrap(), &[("segment.bytes", "1048576")]).unwrap(), 0);
    let load = Load::start(&node, &desk, &topic, SHAPE, 1, seed);
    let mut not_started = 0;
    for _ in 0..cycles(CASES) {
        node.kill(Kind::Kill);
        let case = case(&mut random);
        let started = node.try_start(&wrapper(&case));
        eprintln!("inject: {case}: {}", if started.is_ok() { "started" } else { "did not start" });
        if started.is_ok() {
            // Something that needs metadata, directories and files.
            let _ = Wire::to(&node.address()).and_then(|mut wire| churn(&mut wire, random.below(1 << 32)));
            park_timeout(Duration::from_millis(LOAD_MS));
        } else {
            not_started += 1;
        }
        node.assert_no_panic();
        node.kill(Kind::Kill);
        node.start();
    }
    park_timeout(Duration::from_millis(LOAD_MS));
    load.stop();
    let mut wire = Wire::to(&node.address()).unwrap();
    let damage = read_all(&mut wire, &mut desk.pen(50_000), &topic, node.incarnation()).unwrap();
    assert_eq!((damage.told, damage.seen), (0, 0));
    node.assert_no_panic();
    expect_valid("inject", &ledgers, &Options::default());
    eprintln!("inject: {not_started} starts were refused because of the fault");
}

fn churn(wire: &mut Wire, number: u64) -> std::io::Result<()> {
    let topic = Topic { name: format!("churn-{number}"), number: 2, partitions: 1 };
    topic.create(wire, &[])?;
    topic.delete(wire).map(drop)
}

/// What strace shall inject.
fn case(random: &mut Random) -> String {
    let (call, errors) = CALLS[random.below(CALLS.len() as u64) as usize];
    let error = errors[random.below(errors.len() as u64) as usize];
    // Small numbers more often: start and recovery make few calls.
    let bound = 1 + random.below(NTH_MAX);
    format!("{call}:error={error}:when={}", 1 + random.below(bound))
}

fn wrapper(case: &str) -> Vec<String> {
    let call = case.split(':').next().unwrap_or_default();
    let words = ["strace", "-f", "-qq", "-o", "/dev/null", "-e"];
    let mut words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
    words.extend([format!("trace={call}"), "-e".to_owned(), format!("inject={case}")]);
    words
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
