//! What an operator's tools may ask over HTTP: `/metrics`, `/health` and `/ready`. It is up before the logs are recovered
//! and until they are closed.

use std::io;
use std::net::ToSocketAddrs as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwap;
use net::LoopObserver;
use net::http::{Handler, Reply};

use crate::coordinators::Coordinators;
use crate::log_dirs::LogDirs;
use crate::metrics::Metrics;
use crate::metrics::scrape::{self, Subjects};
use crate::view::View;

/// A loop that has not answered after this long does not turn.
const PATIENCE: Duration = Duration::from_secs(5);
/// Kafka's tools and Prometheus know the format by this.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A node as it is seen from outside, from before it is ready.
pub struct Observed {
    /// Its counters.
    pub metrics: Arc<Metrics>,
    /// `log.dirs`.
    pub data_dirs: Vec<PathBuf>,
    /// With more partitions than this only topics have series of their own.
    pub partitions_max: usize,
    /// The log directories, once they are open.
    pub dirs: OnceLock<Arc<LogDirs>>,
    /// What is there when the node takes requests.
    pub serving: OnceLock<Serving>,
    /// The node is being stopped.
    pub stopping: AtomicBool,
}

/// A node that takes requests.
pub struct Serving {
    /// The topics.
    pub published: Arc<ArcSwap<View>>,
    /// The loops.
    pub loops: Vec<LoopObserver>,
    /// The groups.
    pub coordinators: Option<Arc<Coordinators>>,
}

/// Answers requests for the three paths.
pub fn handler(node: Arc<Observed>) -> Handler {
    Arc::new(move |path| {
        let node = Arc::clone(&node);
        Box::pin(async move {
            match path.as_str() {
                "/metrics" => Reply { status: 200, content_type: METRICS_TYPE, body: node.metrics_text().into_bytes() },
                "/health" => node.health().await,
                "/ready" => reasons(node.not_ready(), "ready"),
                _ => Reply::text(404, "there are /metrics, /health and /ready\n"),
            }
        })
    })
}

/// 200 without reasons, else 503 with one a line.
fn reasons(reasons: Vec<String>, fine: &str) -> Reply {
    match reasons.is_empty() {
        true => Reply::text(200, format!("{fine}\n")),
        false => Reply::text(503, reasons.join("\n") + "\n"),
    }
}

impl Observed {
    /// From now on the node takes requests.
    pub fn serve(&self, serving: Serving) {
        if self.serving.set(serving).is_err() {
            unreachable!("a node starts once");
        }
    }

    fn metrics_text(&self) -> String {
        let serving = self.serving.get();
        let view = serving.map_or_else(Arc::default, |serving| serving.published.load_full());
        let subjects = Subjects {
            is_ready: self.not_ready().is_empty(),
            data_dirs: &self.data_dirs,
            dirs: self.dirs.get().map_or(&[], |dirs| dirs.all()),
            loops: serving.map_or(&[], |serving| &serving.loops),
            coordinators: serving.and_then(|serving| serving.coordinators.as_deref()),
            view: &view,
            partitions_max: self.partitions_max,
        };
        scrape::text(&self.metrics, &subjects)
    }

    /// The process lives, for it answers; a loop that does not read its mail is stuck, and a thread that panicked is gone.
    async fn health(&self) -> Reply {
        let Some(serving) = self.serving.get().filter(|_| !self.is_stopping()) else {
            return Reply::text(200, "starting or stopping\n");
        };
        let deadline = tokio::time::Instant::now() + PATIENCE;
        let pings: Vec<_> = serving.loops.iter().map(LoopObserver::ping).collect();
        let mut stuck = self.ended();
        for (index, ping) in pings.into_iter().enumerate() {
            match tokio::time::timeout_at(deadline, ping).await {
                Ok(true) => {}
                Ok(false) => stuck.push(format!("loop {index} has ended")),
                Err(_) => stuck.push(format!("loop {index} does not turn: no answer within {} s", PATIENCE.as_secs())),
            }
        }
        reasons(if self.is_stopping() { Vec::new() } else { stuck }, "healthy")
    }

    /// Threads without which the node does only half of its work. They end otherwise when it stops.
    fn ended(&self) -> Vec<String> {
        let threads = [
            (&self.metrics.control_ended, "the thread that changes topics and configs has ended: restart"),
            (&self.metrics.tasks_ended, "the thread that looks after the logs has ended: restart"),
            (&self.metrics.coordinators_ended, "the thread that looks after the groups' timers has ended: restart"),
        ];
        let ended = threads.into_iter().filter(|(ended, _)| ended.load(Ordering::Relaxed) && !self.is_stopping());
        ended.map(|(_, text)| text.to_owned()).collect()
    }

    /// Why the node should not be sent requests; empty when it should.
    fn not_ready(&self) -> Vec<String> {
        let mut reasons = self.ended();
        if self.is_stopping() {
            reasons.push("stopping".to_owned());
        } else if self.serving.get().is_none() {
            let recovery = self.metrics.recovery();
            reasons.push(format!("starting: {} of {} logs are open", recovery.logs_done, recovery.logs));
        }
        if self.dirs.get().is_some_and(|dirs| dirs.have_failed()) {
            reasons.push("the log directory failed: nothing is written to it; see the log, then restart".to_owned());
        }
        if self.dirs.get().is_some_and(|dirs| dirs.are_full()) {
            reasons.push("the disk is full: records are refused; make room or delete records".to_owned());
        }
        if self.metrics.metadata_failed.load(Ordering::Relaxed) {
            reasons.push("the metadata log failed: topics cannot be changed; see the log, then restart".to_owned());
        }
        reasons
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

/// Asks the endpoint of a running node, `HOST:PORT`: the status and the text of its answer. Blocks for a few seconds at
/// most.
///
/// # Errors
/// The address is none, or nobody answers there.
pub fn ask(address: &str, path: &str) -> io::Result<(u16, String)> {
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in address.to_socket_addrs()? {
        match net::http::get(address, path, PATIENCE + Duration::from_secs(1)) {
            Ok(answer) => return Ok(answer),
            Err(error) => last = error,
        }
    }
    Err(last)
}

#[cfg(test)]
mod tests {
    use host::Clock;

    use super::*;
    use crate::metrics::EndMark;

    fn observed() -> Observed {
        Observed {
            metrics: Metrics::new(Clock::real()),
            data_dirs: Vec::new(),
            partitions_max: 0,
            dirs: OnceLock::new(),
            serving: OnceLock::new(),
            stopping: AtomicBool::new(false),
        }
    }

    fn serving() -> Observed {
        let node = observed();
        node.serve(Serving { published: Arc::default(), loops: Vec::new(), coordinators: None });
        node
    }

    #[test]
    fn a_node_without_one_of_its_threads_is_neither_ready_nor_healthy() {
        let threads: [fn(&Metrics) -> &AtomicBool; 3] =
            [|m| &m.control_ended, |m| &m.tasks_ended, |m| &m.coordinators_ended];
        for thread in threads {
            let node = serving();
            let mark = EndMark { metrics: Arc::clone(&node.metrics), thread };
            assert_eq!(node.not_ready(), Vec::<String>::new());
            let panicked = std::thread::spawn(move || {
                let _mark = mark;
                panic!("a thread that ends early");
            });
            assert!(panicked.join().is_err());
            assert_eq!(node.not_ready().len(), 1);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            assert_eq!(runtime.block_on(node.health()).status, 503);
            node.stopping.store(true, Ordering::Relaxed);
            assert_eq!(node.not_ready(), ["stopping"], "that is why it ends");
        }
    }
}
