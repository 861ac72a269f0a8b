//! A loop as those see it who watch it from outside.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::RuntimeMetrics;
use tokio::sync::oneshot;

use crate::LoopStats;
use crate::wake::Inbox;

/// One loop, watched from another thread. It outlives the loop.
#[derive(Clone, Debug)]
pub struct LoopObserver {
    pub(crate) inbox: Arc<Inbox>,
    pub(crate) metrics: RuntimeMetrics,
    pub(crate) stats: Arc<LoopStats>,
}

impl LoopObserver {
    /// What the loop has done.
    pub fn stats(&self) -> &LoopStats {
        &self.stats
    }

    /// How long the loop has worked, waiting for events not counted.
    pub fn busy(&self) -> Duration {
        self.metrics.worker_total_busy_duration(0)
    }

    /// How often the loop has waited for events.
    pub fn parks(&self) -> u64 {
        self.metrics.worker_park_count(0)
    }

    /// Asks the loop at once. Completes when it has read its mail: with `true`, or `false` when it has ended.
    pub fn ping(&self) -> impl Future<Output = bool> + use<> {
        let (ping, pong) = oneshot::channel();
        self.inbox.post(|mail| mail.pings.push(ping));
        async { pong.await.is_ok() }
    }
}
