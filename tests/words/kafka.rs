//! Apache Kafka in one process: broker and controller.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use tempfile::TempDir;

use crate::harness::PATIENCE;
use crate::subject::Subject;

const CLUSTER: &str = "wordswordswordswordsAA";

/// A running Kafka. Dropping it kills the process.
pub struct Kafka {
    process: Child,
    address: String,
    home: TempDir,
}

/// Java with Kafka's jars. None, and a word on stderr, when they are not there; a failure with `CI=true`.
pub fn java() -> Option<Command> {
    let libs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/foreign/kafka/libs");
    let works = libs.join("kafka_2.13-4.3.1.jar").exists()
        && Command::new("java").arg("-version").stderr(Stdio::null()).status().is_ok_and(|status| status.success());
    assert!(works || std::env::var("CI").as_deref() != Ok("true"), "no Java with Kafka in {}", libs.display());
    if !works {
        eprintln!("skipped: no Java with Kafka in {}; tests/foreign/setup.sh installs it", libs.display());
        return None;
    }
    let mut java = Command::new("java");
    // What is logged has times in it and is no part of an answer.
    java.args(["-Xshare:auto", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dlog4j2.level=OFF"]);
    java.args(["-Dlog4j2.statusLoggerLevel=OFF", "-cp"]).arg(libs.join("*"));
    Some(java)
}

impl Kafka {
    /// Formats a directory and starts on it. None where there is no Kafka.
    ///
    /// The cluster is one without eligible leader replicas (KIP-966), which Ottla does not have: with them Kafka writes
    /// `min.insync.replicas` into the metadata as a config of all brokers, and every description of a topic shows it.
    pub fn start() -> Option<Kafka> {
        let (mut format, mut serve) = (java()?, java()?);
        let home = tempfile::Builder::new().prefix("ottla-words-").tempdir().unwrap();
        let [port, controller] = free_ports();
        let properties = home.path().join("server.properties");
        fs::write(&properties, settings(home.path(), port, controller)).unwrap();
        let log = File::create(home.path().join("log")).unwrap();
        format.args(["kafka.tools.StorageTool", "format", "-t", CLUSTER, "-c"]).arg(&properties);
        format.args(["--feature", "eligible.leader.replicas.version=0"]);
        let formatted = format.stdout(log.try_clone().unwrap()).stderr(log.try_clone().unwrap()).status().unwrap();
        assert!(formatted.success(), "{}", fs::read_to_string(home.path().join("log")).unwrap());
        let logs = format!("-Dkafka.logs.dir={}", home.path().display());
        serve.args(["-Xmx640m", &logs, "kafka.Kafka"]).arg(&properties);
        let process = serve.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let mut kafka = Kafka { process, address: format!("127.0.0.1:{port}"), home };
        kafka.await_ready();
        Some(kafka)
    }

    fn await_ready(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        while !Subject::new(&self.address, &self.data_dir()).is_ready() {
            let ended = self.process.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "Kafka did not start: {ended:?}");
            std::thread::yield_now();
        }
    }

    /// The address of its listener, `HOST:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Where it keeps its logs.
    pub fn data_dir(&self) -> PathBuf {
        self.home.path().join("data")
    }
}

impl Drop for Kafka {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn settings(home: &Path, port: u16, controller: u16) -> String {
    let common = fs::read_to_string(crate::SETTINGS).unwrap();
    let data = home.join("data");
    format!(
        "{common}controller.quorum.voters=1@127.0.0.1:{controller}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\nlog.dirs={}\n",
        data.display()
    )
}

/// Ports that were free a moment ago: Kafka has to be told both before it starts.
fn free_ports() -> [u16; 2] {
    let held = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}
