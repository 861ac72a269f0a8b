//! The broker as campaigns see it: a process that is started, dies and comes back, and where clients find it.

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use verdict::{Kind, Phase};

use crate::harness::{OTTLA, PATIENCE, exits_in_time, lines_of, pid_of};
use crate::pen::{Desk, Pen};

/// The nemesis keeps a ledger of its own.
pub const NEMESIS: u16 = 60_000;

/// Where the clients of a run find its broker now.
#[derive(Clone, Default)]
pub struct Whereabouts(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    address: Option<String>,
    incarnation: u16,
    stopped: bool,
}

impl Whereabouts {
    /// The address and incarnation of a broker that is up, when there is one again. None when the load shall end.
    pub fn find(&self) -> Option<(String, u16)> {
        let (state, changed) = &*self.0;
        let mut state = state.lock().unwrap();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(address) = &state.address {
                return Some((address.clone(), state.incarnation));
            }
            state = changed.wait(state).unwrap();
        }
    }

    /// Waits for a change, at most this long: for clients that were refused.
    pub fn pause(&self, time: Duration) {
        let (state, changed) = &*self.0;
        let state = state.lock().unwrap();
        if !state.stopped {
            drop(changed.wait_timeout(state, time).unwrap());
        }
    }

    /// Whether the load shall end.
    pub fn is_stopped(&self) -> bool {
        self.0.0.lock().unwrap().stopped
    }

    /// Ends the load.
    pub fn stop(&self) {
        self.change(|state| state.stopped = true);
    }

    /// Lets a new load begin.
    pub fn go_on(&self) {
        self.change(|state| state.stopped = false);
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.0.lock().unwrap());
        self.0.1.notify_all();
    }
}

/// One broker through all its lives.
pub struct Node {
    data: PathBuf,
    options: Vec<String>,
    stderr: PathBuf,
    /// Bytes of stderr that earlier lives wrote.
    stderr_before: usize,
    process: Option<Child>,
    whereabouts: Whereabouts,
    incarnation: u16,
    pen: Pen,
    /// How long each start took until ready, in µs.
    pub starts_us: Vec<u64>,
}

impl Node {
    /// A broker on `data` with these further options; its stderr goes to `logs`. Not started yet.
    pub fn new(data: &Path, options: &[&str], logs: &Path, desk: &Desk) -> Node {
        Node {
            data: data.to_owned(),
            options: options.iter().map(|&option| option.to_owned()).collect(),
            stderr: logs.join("broker-stderr"),
            stderr_before: 0,
            process: None,
            whereabouts: Whereabouts::default(),
            incarnation: 0,
            pen: desk.pen(NEMESIS),
            starts_us: Vec::new(),
        }
    }

    /// Where clients look.
    pub fn whereabouts(&self) -> Whereabouts {
        self.whereabouts.clone()
    }

    /// Which life it is in.
    pub fn incarnation(&self) -> u16 {
        self.incarnation
    }

    /// The address of the running broker.
    pub fn address(&self) -> String {
        self.whereabouts.0.0.lock().unwrap().address.clone().expect("it runs")
    }

    /// Starts it; fails the test when it doesn't get ready.
    pub fn start(&mut self) {
        if let Err(said) = self.try_start(&[]) {
            panic!("the broker did not get ready: {said}\n--- stderr:\n{}---", self.stderr());
        }
    }

    /// Starts it, below `wrapper` when that is not empty. The error is what it said instead of being ready.
    pub fn try_start(&mut self, wrapper: &[String]) -> Result<(), String> {
        assert!(self.process.is_none(), "the broker still runs");
        self.stderr_before = self.stderr().len();
        let began = Instant::now();
        self.note(Kind::Start, Phase::Invoke, -1);
        let mut child = self.command(wrapper).spawn().unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        self.process = Some(child);
        let line = lines.recv_timeout(PATIENCE).unwrap_or_default();
        let Some(address) = line.split_once("ready on ").and_then(|(_, rest)| rest.split([',', ' ']).next()) else {
            self.reap();
            return Err(format!("{line:?}"));
        };
        let took = began.elapsed();
        self.starts_us.push(took.as_micros() as u64);
        self.note(Kind::Start, Phase::Ok, took.as_nanos() as i64);
        self.whereabouts
            .change(|state| (state.address, state.incarnation) = (Some(address.to_owned()), self.incarnation));
        Ok(())
    }

    /// Starts it and doesn't wait until it is ready.
    pub fn start_blindly(&mut self) {
        assert!(self.process.is_none(), "the broker still runs");
        self.note(Kind::Start, Phase::Invoke, -1);
        let mut child = self.command(&[]).spawn().unwrap();
        drop(lines_of(child.stdout.take().unwrap()));
        self.process = Some(child);
    }

    fn command(&self, wrapper: &[String]) -> Command {
        let mut words = wrapper.iter().cloned().chain([OTTLA.to_owned()]);
        let mut command = Command::new(words.next().expect("the binary at least"));
        command.args(words).args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&self.data).args(&self.options);
        let stderr = File::options().create(true).append(true).open(&self.stderr).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        command
    }

    /// Notes that the power goes now.
    pub fn note_power_cut(&mut self) {
        self.note(Kind::PowerCut, Phase::Invoke, -1);
    }

    /// `kill -9`; `kind` is why.
    pub fn kill(&mut self, kind: Kind) {
        // Clients must not find a broker that is gone; those that are connected go on until they notice.
        self.whereabouts.change(|state| state.address = None);
        // Of a power cut the beginning was noted when it was.
        if kind != Kind::PowerCut {
            self.note(kind, Phase::Invoke, -1);
        }
        self.reap();
        self.note(kind, Phase::Ok, -1);
        self.incarnation += 1;
    }

    fn reap(&mut self) {
        if let Some(mut child) = self.process.take() {
            // A tracer that is killed lets its tracee live on, and the tracee holds its lock until all of it is gone.
            let traced: Vec<OwnedFd> = children_of(&child).into_iter().filter_map(killed).collect();
            let _ = child.kill();
            child.wait().unwrap();
            for traced in traced {
                poll(&mut [PollFd::new(&traced, PollFlags::IN)], None).unwrap();
            }
        }
    }

    /// Stops it cleanly.
    pub fn stop(&mut self) {
        self.whereabouts.change(|state| state.address = None);
        let mut child = self.process.take().expect("runs");
        kill_process(pid_of(&child), Signal::INT).unwrap();
        let in_time = exits_in_time(&child);
        if !in_time {
            let _ = child.kill();
        }
        let status = child.wait().unwrap();
        self.incarnation += 1;
        assert!(in_time && status.success(), "the broker did not stop cleanly: {status}\n{}", self.stderr());
    }

    /// Whether the process is there.
    pub fn is_alive(&mut self) -> bool {
        self.process.as_mut().is_some_and(|child| child.try_wait().unwrap().is_none())
    }

    /// All that it said on stderr in all its lives.
    pub fn stderr(&self) -> String {
        fs::read_to_string(&self.stderr).unwrap_or_default()
    }

    /// What it said on stderr since its last start.
    pub fn said(&self) -> String {
        self.stderr().split_off(self.stderr_before)
    }

    /// The lines of what it said in all its lives that have this word.
    pub fn lines_with(&self, word: &str) -> String {
        let stderr = self.stderr();
        let lines: Vec<&str> = stderr.lines().filter(|line| line.contains(word)).collect();
        lines.join("\n")
    }

    /// Fails when any of its lives panicked.
    pub fn assert_no_panic(&self) {
        let stderr = self.stderr();
        let panic = stderr.lines().position(|line| line.contains("panicked at"));
        if let Some(at) = panic {
            let around: Vec<&str> = stderr.lines().skip(at.saturating_sub(5)).take(25).collect();
            panic!("the broker panicked:\n{}", around.join("\n"));
        }
    }

    fn note(&mut self, kind: Kind, phase: Phase, aux: i64) {
        let mut event = self.pen.event(kind, phase, 0, self.incarnation);
        event.aux = aux;
        self.pen.write(event, &[]);
        // The verdict on the clients' ledgers depends on this one.
        self.pen.sync();
    }
}

/// Kills a process; what tells when it is gone.
fn killed(process: Pid) -> Option<OwnedFd> {
    let handle = pidfd_open(process, PidfdFlags::empty()).ok()?;
    kill_process(process, Signal::KILL).ok()?;
    Some(handle)
}

fn children_of(child: &Child) -> Vec<Pid> {
    let path = format!("/proc/{0}/task/{0}/children", child.id());
    let children = fs::read_to_string(path).unwrap_or_default();
    children.split_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
}

impl Drop for Node {
    fn drop(&mut self) {
        self.whereabouts.stop();
        self.reap();
        if std::thread::panicking() {
            let stderr = self.stderr();
            let last: Vec<&str> = stderr.lines().rev().take(40).collect();
            eprintln!("--- the broker said at last:");
            last.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}
