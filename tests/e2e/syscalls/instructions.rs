//! What requests cost in instructions of the broker, counted by callgrind, which other load on the machine hardly changes.
//!
//! One process serves some requests of every kind; then, for each kind, another one serves more of that kind. The difference is
//! what those cost. System calls count as nothing here: the other tests of this folder count them.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Signal, kill_process};

use crate::batch::{self, Identity, Record};
use crate::harness::{OTTLA, PATIENCE, exits_in_time, lines_of, pid_of};
use crate::raw::Connection;

/// A kind of request, and the instructions of user mode that one may cost. They are what was seen, and a tenth; compilers differ.
struct Kind {
    name: &'static str,
    most: u64,
    send: fn(&mut Connection),
}

const KINDS: [Kind; 3] = [
    Kind { name: "produce one record", most: 13_800, send: |to| produce(to, 1) },
    Kind { name: "produce a thousand records", most: 242_000, send: |to| produce(to, 1000) },
    Kind { name: "fetch one batch", most: 17_400, send: |to| fetch(to, 0, 1) },
];
const TOPIC: &str = "counted";
/// Of each kind in every run, so that what is done once is done.
const WARM_UP: usize = 30;
/// Many, so that what the clock has done meanwhile does not count.
const COUNTED: usize = 500;

#[test]
fn requests_cost_no_more_instructions_than_they_did() {
    if cfg!(debug_assertions) || !cfg!(target_arch = "x86_64") {
        return eprintln!("skipped: the figures are those of a release build for x86-64");
    }
    if !Command::new("valgrind").arg("--version").stdout(Stdio::null()).status().is_ok_and(|status| status.success()) {
        return eprintln!("skipped: valgrind is not here");
    }
    let base = instructions(None);
    let mut above = Vec::new();
    for kind in &KINDS {
        let each = instructions(Some(kind)).saturating_sub(base) / COUNTED as u64;
        eprintln!("{}: {each} instructions, at most {}", kind.name, kind.most);
        if each > kind.most {
            above.push(format!("{}: {each} instructions, but at most {}", kind.name, kind.most));
        }
    }
    assert!(above.is_empty(), "{}", above.join("\n"));
}

/// A broker under valgrind, which does not outlive the test.
struct Counted(Child);

impl Drop for Counted {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Of a whole life of a broker that serves the warm-up and, where there is one, [`COUNTED`] requests of this kind.
fn instructions(kind: Option<&Kind>) -> u64 {
    let home = tempfile::tempdir().unwrap();
    let (counts, said) = (home.path().join("counts"), home.path().join("said"));
    let child = Command::new("valgrind")
        .args(["--tool=callgrind", &format!("--callgrind-out-file={}", counts.display()), OTTLA, "serve"])
        .args(["--set", "num.network.threads=1", "--listen", "127.0.0.1:0", "--data"])
        .arg(home.path().join("data"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(std::fs::File::create(&said).unwrap())
        .spawn()
        .unwrap();
    let mut broker = Counted(child);
    let ready = lines_of(broker.0.stdout.take().unwrap()).recv_timeout(PATIENCE).expect("the broker gets ready");
    let (_, address) = ready.split_once("ready on ").expect("the broker tells its address");
    let mut connection = Connection::to(address.split(',').next().unwrap_or_default());
    connection.create_topic(TOPIC, 1);
    for kind in &KINDS {
        (0..WARM_UP).for_each(|_| (kind.send)(&mut connection));
    }
    if let Some(kind) = kind {
        (0..COUNTED).for_each(|_| (kind.send)(&mut connection));
    }
    drop(connection);
    kill_process(pid_of(&broker.0), Signal::INT).unwrap();
    assert!(exits_in_time(&broker.0), "the broker did not end");
    broker.0.wait().unwrap();
    total(&counts).unwrap_or_else(|| panic!("callgrind counted nothing:\n{}", std::fs::read_to_string(&said).unwrap()))
}

/// The line `summary: N` or `totals: N` of callgrind's file.
fn total(counts: &Path) -> Option<u64> {
    let text = std::fs::read_to_string(counts).ok()?;
    let lines = text.lines().filter_map(|line| line.strip_prefix("totals: ").or(line.strip_prefix("summary: ")));
    lines.filter_map(|count| count.trim().parse().ok()).max()
}

fn produce(to: &mut Connection, records: usize) {
    let batch = batch::encode(Identity::NONE, &vec![Record::of(vec![b'x'; 100]); records]);
    to.produce(TOPIC, 0, batch).unwrap();
}

fn fetch(to: &mut Connection, offset: i64, max_bytes: i32) {
    assert!(!to.fetch(TOPIC, 0, offset, max_bytes).records.is_empty());
}
