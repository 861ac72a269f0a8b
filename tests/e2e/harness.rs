//! A broker to test: the real binary on a free port with its own data directory, or one that already runs outside.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use tempfile::TempDir;

/// How long a test waits for anything before it calls it lost. Reached only by failures.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The binary under test.
pub const OTTLA: &str = env!("CARGO_BIN_EXE_ottla");

/// A running broker. Dropping it kills the process and, when the test failed, prints what the broker said.
pub struct Broker {
    bootstrap: String,
    ready_line: String,
    options: Vec<String>,
    process: Option<Child>,
    home: TempDir,
}

impl Broker {
    /// A broker with default settings; the outside one when `OTTLA_TEST_BOOTSTRAP` is set.
    pub fn start() -> Broker {
        match outside() {
            Some(bootstrap) => {
                Broker { bootstrap, ready_line: String::new(), options: Vec::new(), process: None, home: home() }
            }
            None => Broker::launch(&[]),
        }
    }

    /// A broker of our own with these further options of `ottla serve`, for tests that look at its files, its process or
    /// its settings. None, and a word on stderr, when the tests run against an outside broker.
    pub fn own(options: &[&str]) -> Option<Broker> {
        if outside().is_some() {
            eprintln!("skipped: needs a broker of its own");
            return None;
        }
        Some(Broker::launch(options))
    }

    /// As [`Broker::own`], with further directories of the data, below [`Broker::home`] with these names.
    pub fn with_dirs(names: &[&str], options: &[&str]) -> Option<Broker> {
        if outside().is_some() {
            eprintln!("skipped: needs a broker of its own");
            return None;
        }
        let home = home();
        let dirs = names.iter().flat_map(|name| ["--data".to_owned(), home.path().join(name).display().to_string()]);
        let options = dirs.chain(options.iter().map(|&option| option.to_owned())).collect();
        Some(Broker::launch_in(home, options))
    }

    fn launch(options: &[&str]) -> Broker {
        Broker::launch_in(home(), options.iter().map(|&option| option.to_owned()).collect())
    }

    fn launch_in(home: TempDir, options: Vec<String>) -> Broker {
        let mut broker = Broker { bootstrap: String::new(), ready_line: String::new(), options, process: None, home };
        broker.start_again();
        broker
    }

    /// Starts the process on the data that is there. The port is a new one.
    pub fn start_again(&mut self) {
        self.start_on("127.0.0.1:0");
    }

    /// As [`Broker::start_again`], on the port that it had before.
    pub fn start_again_there(&mut self) {
        let there = self.bootstrap.clone();
        self.start_on(&there);
    }

    fn start_on(&mut self, address: &str) {
        assert!(self.process.is_none(), "the broker still runs");
        let mut child = serve(&self.data_dir(), &self.options)
            .args(["--listen", address])
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(self.stderr_path()).unwrap())
            .spawn()
            .unwrap();
        let lines = lines_of(child.stdout.take().unwrap());
        self.process = Some(child);
        self.ready_line = lines.recv_timeout(PATIENCE).unwrap_or_else(|_| "nothing on stdout".to_owned());
        let address = ready_address(&self.ready_line);
        self.bootstrap = address.unwrap_or_else(|| panic!("the broker did not get ready: {}", self.ready_line));
    }

    /// The options of the next start; those of the last one are returned.
    pub fn set_options(&mut self, options: Vec<String>) -> Vec<String> {
        std::mem::replace(&mut self.options, options)
    }

    /// The start of our own broker on the data that is there, as a command.
    pub fn command(&self) -> Command {
        assert!(self.process.is_none(), "the broker still runs");
        let mut command = serve(&self.data_dir(), &self.options);
        command.args(["--listen", "127.0.0.1:0"]).env("NO_COLOR", "1");
        command
    }

    /// Asks the process to stop, as Ctrl-C does, and waits until it has.
    pub fn stop(&mut self) -> ExitStatus {
        kill_process(pid_of(self.process.as_ref().expect("runs")), Signal::INT).unwrap();
        self.wait()
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.process.as_mut().expect("runs").kill().unwrap();
        self.wait();
    }

    /// Waits until the process has ended.
    fn wait(&mut self) -> ExitStatus {
        let mut child = self.process.take().expect("runs");
        if !exits_in_time(&child) {
            self.process = Some(child);
            panic!("the broker did not end within {PATIENCE:?}");
        }
        child.wait().unwrap()
    }

    /// The address of its listener, `HOST:PORT`.
    pub fn bootstrap(&self) -> &str {
        &self.bootstrap
    }

    /// What our own broker said when it was ready.
    pub fn ready_line(&self) -> &str {
        &self.ready_line
    }

    /// Whether this is our binary, not an outside broker.
    pub fn is_ours(&self) -> bool {
        self.process.is_some()
    }

    /// The process id of our own broker.
    pub fn pid(&self) -> u32 {
        self.process.as_ref().expect("runs").id()
    }

    /// Fails when our own broker has ended.
    pub fn assert_alive(&mut self) {
        if let Some(child) = &mut self.process {
            assert_eq!(child.try_wait().unwrap(), None, "the broker has ended");
        }
    }

    /// Where our own broker keeps its data.
    pub fn data_dir(&self) -> PathBuf {
        self.home.path().join("data")
    }

    /// What belongs to the test: its data, what it said, and what others put beside it. Gone after the test, unless it fails
    /// with `OTTLA_KEEP` set.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// All that our own broker said on stderr so far.
    pub fn stderr(&self) -> String {
        fs::read_to_string(self.stderr_path()).unwrap_or_default()
    }

    fn stderr_path(&self) -> PathBuf {
        self.home.path().join("stderr")
    }

    /// The most memory that our own broker ever held, in bytes (`VmHWM`).
    pub fn peak_memory_bytes(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells VmHWM");
        line.trim().strip_suffix(" kB").unwrap().trim().parse::<u64>().unwrap() * 1024
    }

    /// The content of the first segment of a partition, wherever below the data directory the partition lies.
    pub fn segment(&self, topic: &str, partition: i32) -> Vec<u8> {
        let dir = find_dir(&self.data_dir(), &format!("{topic}-{partition}")).expect("the partition has a directory");
        fs::read(dir.join("00000000000000000000.log")).unwrap()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(child) = &mut self.process {
            let _ = child.kill();
            let _ = child.wait();
        }
        if thread::panicking() {
            eprintln!("--- the broker at {} said:\n{}---", self.bootstrap, self.stderr());
            if keeps() {
                self.home.disable_cleanup(true);
                eprintln!("kept: {}", self.home.path().display());
            }
        }
    }
}

/// A topic name that no other test uses, also not in an earlier run against the same outside broker.
pub fn unique(prefix: &str) -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("{prefix}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// `ottla serve` with these options, not started yet.
pub fn serve<S: AsRef<OsStr>>(data: &Path, options: &[S]) -> Command {
    let mut command = Command::new(OTTLA);
    command.args(["serve", "--data"]).arg(data).args(options).stdin(Stdio::null());
    command
}

/// Waits for the end of a process. False when it did not end within [`PATIENCE`].
pub fn exits_in_time(child: &Child) -> bool {
    let pidfd = pidfd_open(pid_of(child), PidfdFlags::empty()).unwrap();
    let patience = Timespec::try_from(PATIENCE).unwrap();
    poll(&mut [PollFd::new(&pidfd, PollFlags::IN)], Some(&patience)).unwrap() > 0
}

/// The process id as the system calls want it.
pub fn pid_of(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// The lines of a pipe, read by a thread so that waiting for one can have an end.
pub fn lines_of(pipe: impl std::io::Read + Send + 'static) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    receiver
}

/// Whether a failed test keeps its files, and programs say more than they have to: `OTTLA_KEEP` is set.
pub fn keeps() -> bool {
    std::env::var_os("OTTLA_KEEP").is_some()
}

fn outside() -> Option<String> {
    std::env::var("OTTLA_TEST_BOOTSTRAP").ok().filter(|bootstrap| !bootstrap.is_empty())
}

fn home() -> TempDir {
    tempfile::Builder::new().prefix("ottla-e2e-").tempdir().unwrap()
}

/// The `HOST:PORT` of the line `... ready on HOST:PORT, ...`.
fn ready_address(line: &str) -> Option<String> {
    let address = line.split_once("ready on ").and_then(|(_, rest)| rest.split([',', ' ']).next());
    address.map(str::to_owned)
}

fn find_dir(below: &Path, name: &str) -> Option<PathBuf> {
    let dirs: Vec<PathBuf> =
        fs::read_dir(below).ok()?.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    let here = dirs.iter().find(|path| path.file_name().is_some_and(|found| found == name)).cloned();
    here.or_else(|| dirs.iter().find_map(|dir| find_dir(dir, name)))
}
