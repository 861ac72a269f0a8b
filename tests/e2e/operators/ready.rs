//! Healthy and ready are two things: a broker that recovers lives, and is not ready.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use super::http::{address_in, get, observed};
use super::small_batch;
use crate::harness::{Broker, OTTLA, PATIENCE, lines_of, serve};
use crate::raw::Connection;
use crate::syscalls::trace::strace_works;
use crate::tools::run;

#[test]
fn a_broker_is_ready_only_when_its_logs_are_open() {
    let Some(mut broker) = Broker::own(&[]) else { return };
    let mut connection = Connection::open(&broker);
    connection.create_topic("t", 3);
    connection.produce("t", 0, small_batch()).unwrap();
    broker.stop();
    // Reading a pipe that nobody writes to blocks: the recovery stands there until the test opens the other end.
    let checkpoint = broker.data_dir().join("recovery-point-offset-checkpoint");
    fs::remove_file(&checkpoint).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        &checkpoint,
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let options = ["--metrics", "127.0.0.1:0", "--listen", "127.0.0.1:0"];
    let mut child = serve(&broker.data_dir(), &options).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (out, err) = (lines_of(child.stdout.take().unwrap()), lines_of(child.stderr.take().unwrap()));
    let address = loop {
        if let Some(address) = address_in(&err.recv_timeout(PATIENCE).unwrap()) {
            break address;
        }
    };

    let (status, reasons) = get(&address, "/ready");
    assert!(status == 503 && reasons.starts_with("starting"), "{status} {reasons}");
    assert_eq!(get(&address, "/health").0, 200, "it lives");
    assert!(get(&address, "/metrics").1.contains("\nottla_ready 0\n"));
    assert!(out.try_recv().is_err(), "it does not say that it is ready");

    let unblocked = File::options().read(true).write(true).open(&checkpoint).unwrap();
    assert!(out.recv_timeout(PATIENCE).unwrap().contains("ready on"));
    drop(unblocked);
    assert_eq!(get(&address, "/ready"), (200, "ready\n".to_owned()));
    assert_eq!(get(&address, "/health"), (200, "healthy\n".to_owned()));
    assert!(get(&address, "/metrics").1.contains("\nottla_log_recovery_done 3\n"));
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn the_command_line_asks_for_health() {
    let Some((mut broker, address)) = observed(&[]) else { return };
    let ask = |options: &[&str]| {
        let ended = run(Command::new(OTTLA).args(["health", "--metrics", &address]).args(options), b"");
        (ended.status.code(), String::from_utf8(ended.stdout).unwrap())
    };
    assert_eq!(ask(&[]), (Some(0), "healthy\n".to_owned()));
    assert_eq!(ask(&["--ready"]), (Some(0), "ready\n".to_owned()));
    broker.stop();
    assert_eq!(ask(&[]).0, Some(3));
}

#[test]
fn a_broker_whose_loop_is_stuck_is_not_healthy() {
    let Some((broker, address)) = observed(&["--set", "num.network.threads=1"]) else { return };
    let tasks = format!("/proc/{}/task", broker.pid());
    let named =
        |entry: &fs::DirEntry| fs::read_to_string(entry.path().join("comm")).is_ok_and(|name| name == "loop-0\n");
    let thread = fs::read_dir(tasks).unwrap().map(Result::unwrap).find(named).expect("a thread of this name");
    let thread = thread.file_name().into_string().unwrap();
    if !strace_works() {
        return;
    }
    // Stopped by a tracer, one thread stands still and the others go on.
    let mut tracer = Command::new("strace")
        .args(["-q", "-o", "/dev/null", "-e", "trace=epoll_wait,epoll_pwait", "-e"])
        .args(["inject=epoll_wait,epoll_pwait:delay_enter=600s", "-p", &thread])
        .spawn()
        .unwrap();
    let deadline = std::time::Instant::now() + PATIENCE;
    let unhealthy = loop {
        let answer = get(&address, "/health");
        if answer.0 != 200 || std::time::Instant::now() > deadline {
            break answer;
        }
    };
    tracer.kill().unwrap();
    tracer.wait().unwrap();
    assert!(unhealthy.0 == 503 && unhealthy.1.contains("loop 0 does not turn"), "{unhealthy:?}");
}
