//! The system calls of a running broker, as strace writes them down.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use kafka_protocol::messages::ApiVersionsRequest;
use rustix::process::{Signal, kill_process};
use tempfile::TempDir;

use crate::harness::{Broker, PATIENCE, exits_in_time, lines_of, pid_of};
use crate::raw::Connection;
use crate::tools::available;

/// strace at work.
pub struct Tracer {
    strace: Child,
    output: TempDir,
}

/// What the broker's threads asked of the system.
pub struct Trace {
    /// The calls that ended while strace looked, in the order of their ends.
    pub calls: Vec<Call>,
}

/// One system call.
pub struct Call {
    /// The thread that made it.
    pub thread: u32,
    /// Its name.
    pub name: String,
    /// Its arguments as text; descriptors carry what they stand for.
    pub arguments: String,
    /// What it returned, negative for an error.
    pub result: i64,
}

/// Whether strace is here and may look at processes.
pub fn strace_works() -> bool {
    available(Path::new("strace"), &["-o", "/dev/null", "true"])
}

impl Tracer {
    /// Looks at all threads of `broker` from now on.
    pub fn attach(broker: &Broker) -> Tracer {
        Tracer::attach_with(broker, &[])
    }

    /// As [`Tracer::attach`], with further options of strace.
    pub fn attach_with(broker: &Broker, options: &[&str]) -> Tracer {
        let options = options.iter().map(|&option| option.to_owned());
        Tracer::run(options.chain(["-f".to_owned(), "-p".to_owned(), broker.pid().to_string()]).collect(), 1)
    }

    /// Holds up every read of a file by the threads of `broker` whose names begin with `name`, until this is finished.
    pub fn hold_reads(broker: &Broker, name: &str) -> Tracer {
        let threads = threads_of(broker, name);
        assert!(!threads.is_empty(), "no thread is called {name}");
        let mut options = vec!["-e".to_owned(), "inject=pread64:delay_enter=600000000".to_owned()];
        options.extend(threads.iter().flat_map(|thread| ["-p".to_owned(), thread.clone()]));
        Tracer::run(options, threads.len())
    }

    /// Runs strace until it has attached to so many.
    fn run(options: Vec<String>, count: usize) -> Tracer {
        let output = tempfile::tempdir().unwrap();
        let mut strace = Command::new("strace")
            .args(["-y", "-s", "0", "-o"])
            .arg(output.path().join("trace"))
            .args(options)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = lines_of(strace.stderr.take().unwrap());
        for _ in 0..count {
            let attached = said.recv_timeout(PATIENCE).unwrap_or_default();
            assert!(attached.contains("attached"), "strace said: {attached}");
        }
        Tracer { strace, output }
    }

    /// Waits until a call of this name has begun.
    pub fn await_call(&self, name: &str) {
        let path = self.output.path().join("trace");
        let began = std::time::Instant::now();
        while !std::fs::read_to_string(&path).is_ok_and(|text| text.contains(name)) {
            assert!(began.elapsed() < PATIENCE, "{name} was not called");
            std::thread::yield_now();
        }
    }

    /// As [`Tracer::finish`], with the end of the send that answered this connection last: a client may have its answer
    /// before the call that sent it returns, but a thread that answers again has returned from it.
    pub fn finish_behind(self, connection: &mut Connection) -> Trace {
        connection.call(0, &ApiVersionsRequest::default());
        self.finish()
    }

    /// Looks away again and tells what was seen.
    pub fn finish(mut self) -> Trace {
        kill_process(pid_of(&self.strace), Signal::INT).unwrap();
        assert!(exits_in_time(&self.strace), "strace does not end");
        self.strace.wait().unwrap();
        Trace::parse(&std::fs::read_to_string(self.output.path().join("trace")).unwrap())
    }
}

/// The ids of its threads with such names.
fn threads_of(broker: &Broker, name: &str) -> Vec<String> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", broker.pid())).unwrap().map(Result::unwrap);
    let is_called = |path: &Path| std::fs::read_to_string(path.join("comm")).is_ok_and(|comm| comm.starts_with(name));
    let tasks = tasks.filter(|task| is_called(&task.path()));
    tasks.map(|task| task.file_name().into_string().unwrap()).collect()
}

impl Trace {
    /// The calls of the threads that received anything from a socket.
    pub fn serving(&self) -> impl Iterator<Item = &Call> {
        let serves =
            |thread| self.calls.iter().any(|call| call.thread == thread && call.is_receive() && call.result > 0);
        self.calls.iter().filter(move |call| serves(call.thread))
    }

    fn parse(text: &str) -> Trace {
        let mut unfinished = HashMap::new();
        Trace { calls: text.lines().filter_map(|line| Call::parse(line, &mut unfinished)).collect() }
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.calls.iter().try_for_each(|call| writeln!(f, "{call}"))
    }
}

impl Call {
    /// Whether it took bytes from a socket.
    pub fn is_receive(&self) -> bool {
        matches!(self.name.as_str(), "read" | "readv" | "recvfrom" | "recvmsg") && self.first().contains("<socket:")
    }

    /// Whether it gave bytes to a socket.
    pub fn is_send(&self) -> bool {
        let sends = matches!(self.name.as_str(), "write" | "writev" | "sendto" | "sendmsg" | "sendfile");
        sends && self.first().contains("<socket:")
    }

    /// Whether it wrote to a file whose name ends so.
    pub fn is_write_to(&self, name: &str) -> bool {
        let writes = matches!(self.name.as_str(), "write" | "writev" | "pwrite64" | "pwritev" | "pwritev2");
        writes && self.first().contains(&format!("{name}>"))
    }

    /// Whether it read from a file whose name ends so.
    pub fn is_read_of(&self, name: &str) -> bool {
        let reads = matches!(self.name.as_str(), "read" | "readv" | "pread64" | "preadv" | "preadv2");
        reads && self.first().contains(&format!("{name}>"))
    }

    fn first(&self) -> &str {
        self.arguments.split(',').next().unwrap_or_default()
    }

    /// One line of strace. The start of a call that another thread interrupts waits in `unfinished` for its end.
    fn parse(line: &str, unfinished: &mut HashMap<u32, String>) -> Option<Call> {
        let (thread, text) = line.split_once(' ')?;
        let (thread, text) = (thread.parse().ok()?, text.trim_start());
        if let Some(start) = text.strip_suffix("<unfinished ...>") {
            unfinished.insert(thread, start.to_owned());
            return None;
        }
        let whole = match text.strip_prefix("<... ") {
            Some(resumed) => unfinished.remove(&thread)? + resumed.split_once("resumed>")?.1,
            None => text.to_owned(),
        };
        let (name, rest) = whole.split_once('(')?;
        let (arguments, result) = rest.rsplit_once(" = ")?;
        let result = result.split([' ', '<']).next()?.parse().unwrap_or(-1);
        Some(Call { thread, name: name.to_owned(), arguments: arguments.to_owned(), result })
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}({} = {}", self.thread, self.name, self.arguments, self.result)
    }
}
