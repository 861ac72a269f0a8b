//! Programs that the tests need and a machine may lack.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::harness::exits_in_time;

/// Whether `program` can be started. When it cannot: a word on stderr, or a failure with `CI=true`.
pub fn available(program: &Path, proof: &[&str]) -> bool {
    let works = Command::new(program).args(proof).stdout(Stdio::null()).stderr(Stdio::null()).status();
    let works = works.is_ok_and(|status| status.success());
    assert!(works || std::env::var("CI").as_deref() != Ok("true"), "{} does not work here", program.display());
    if !works {
        eprintln!("skipped: {} does not work here; tests/foreign/setup.sh installs it", program.display());
    }
    works
}

/// The Python of the foreign clients.
pub fn python() -> PathBuf {
    let installed = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/foreign/python/bin/python");
    std::env::var_os("OTTLA_PYTHON").map_or_else(installed, PathBuf::from)
}

/// A tool of Apache Kafka by the name of its class, not started yet. None, and a word on stderr, when Java or the tools are
/// not there; a failure with `CI=true`.
pub fn kafka_tool(class: &str) -> Option<Command> {
    let libs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/foreign/kafka/libs/*");
    let libs = libs.to_str().expect("paths here are UTF-8");
    static WORKS: OnceLock<bool> = OnceLock::new();
    let proof = ["-cp", libs, "org.apache.kafka.tools.TopicCommand", "--version"];
    WORKS.get_or_init(|| available(Path::new("java"), &proof)).then(|| {
        let mut command = Command::new("java");
        command.args(["-cp", libs, class]);
        command
    })
}

/// What a program that ended well wrote to stdout. A program that hangs or fails fails the test, with all that it said.
pub fn output_of(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let ended = run(command, input);
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{command:?} ended with {}: {said}", ended.status);
    ended.stdout
}

/// Runs a program to its end with `input` as its stdin. A program that hangs fails the test.
pub fn run(command: &mut Command, input: &[u8]) -> std::process::Output {
    // Files instead of pipes: neither side can block the other.
    let files = tempfile::tempdir().unwrap();
    let path = |name: &str| files.path().join(name);
    std::fs::write(path("in"), input).unwrap();
    command.stdin(std::fs::File::open(path("in")).unwrap());
    command.stdout(std::fs::File::create(path("out")).unwrap());
    command.stderr(std::fs::File::create(path("err")).unwrap());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let in_time = exits_in_time(&child);
    if !in_time {
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    let (stdout, stderr) = (std::fs::read(path("out")).unwrap(), std::fs::read(path("err")).unwrap());
    assert!(in_time, "{command:?} hangs; it said: {}", String::from_utf8_lossy(&stderr));
    std::process::Output { status, stdout, stderr }
}
