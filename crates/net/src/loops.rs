//! One loop: a thread with a single-threaded runtime, its inbox, and what its connections share.

use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use tokio::runtime::{Builder, LocalOptions, LocalRuntime, RuntimeMetrics};
use tokio::task::{AbortHandle, spawn_local};

use crate::budget::Budget;
use crate::cold::Lane;
use crate::connection;
use crate::scratch::Buffers;
use crate::wake::{Inbox, Mail, Order};
use crate::watch::{Roster, Warnings};
use crate::{Config, LoopStats, Service};

/// What the connections of one loop share.
pub(crate) struct Local {
    pub config: Arc<Config>,
    pub stats: Arc<LoopStats>,
    pub buffers: Rc<Buffers>,
    pub roster: Roster,
    pub lane: Arc<Lane>,
    pub warnings: Warnings,
}

/// A running loop as other threads see it.
#[derive(Debug)]
pub(crate) struct Remote {
    pub inbox: Arc<Inbox>,
    pub metrics: RuntimeMetrics,
    pub stats: Arc<LoopStats>,
    pub thread: thread::JoinHandle<()>,
}

/// Starts a loop's thread; returns when its runtime runs.
pub(crate) fn spawn<S: Service>(
    index: usize,
    config: Arc<Config>,
    budget: Arc<Budget>,
    lane: Arc<Lane>,
    service: Arc<S>,
) -> io::Result<Remote> {
    let inbox = Arc::new(Inbox::default());
    let stats = Arc::new(LoopStats::default());
    let (started, starting) = mpsc::sync_channel(1);
    let thread = thread::Builder::new().name(format!("loop-{index}")).spawn({
        let (inbox, stats) = (Arc::clone(&inbox), Arc::clone(&stats));
        move || match runtime() {
            Ok(runtime) => {
                // The starter waits for exactly this message.
                let _ = started.send(Ok(runtime.handle().metrics()));
                let local = Rc::new(Local {
                    roster: Roster::new(&config),
                    buffers: Rc::new(Buffers::new(budget)),
                    config,
                    stats,
                    lane,
                    warnings: Warnings::default(),
                });
                inbox.install();
                let _ended = Ended(Arc::clone(&inbox));
                runtime.block_on(Loop { local, inbox, service, acceptors: Vec::new() }.run());
            }
            Err(e) => {
                let _ = started.send(Err(e));
            }
        }
    })?;
    let metrics = starting.recv().map_err(|_| io::Error::other("a loop's thread ended as it started"))??;
    Ok(Remote { inbox, metrics, stats, thread })
}

/// Closes the inbox of a loop that ends, however it does.
struct Ended(Arc<Inbox>);

impl Drop for Ended {
    fn drop(&mut self) {
        self.0.close();
    }
}

/// A runtime whose tasks stay on this thread: a wake from within is a push to its queue, where a `LocalSet` inside another runtime would
/// write an eventfd whenever the I/O driver wakes a task.
fn runtime() -> io::Result<LocalRuntime> {
    Builder::new_current_thread().enable_io().enable_time().build_local(LocalOptions::default())
}

struct Loop<S> {
    local: Rc<Local>,
    inbox: Arc<Inbox>,
    service: Arc<S>,
    acceptors: Vec<AbortHandle>,
}

impl<S: Service> Loop<S> {
    async fn run(mut self) {
        spawn_local(sweep(Rc::clone(&self.local)));
        let order = self.deliver().await;
        self.acceptors.drain(..).for_each(|task| task.abort());
        let grace = if order == Order::Drain { self.local.config.drain } else { Duration::ZERO };
        let local = Rc::clone(&self.local);
        let mut drained = std::pin::pin!(local.roster.drain(grace));
        loop {
            // Answers in flight may depend on wakes from other loops.
            tokio::select! {
                () = &mut drained => return,
                _ = self.deliver() => {}
            }
        }
    }

    /// Handles mail until an order is in it.
    async fn deliver(&mut self) -> Order {
        let mut mail = Mail::default();
        loop {
            poll_fn(|cx| self.inbox.poll_take(cx, &mut mail)).await;
            let stats = &self.local.stats;
            stats.inbox_batches.add(1);
            stats.wakes_from_outside.add(mail.wakes.len() as u64);
            mail.wakes.drain(..).for_each(|waker| waker.wake());
            for ping in mail.pings.drain(..) {
                stats.pongs.add(1);
                // Whoever asked may have given up.
                let _ = ping.send(());
            }
            for arrival in mail.arrivals.drain(..) {
                spawn_local(connection::serve(Rc::clone(&self.local), Arc::clone(&self.service), arrival));
            }
            if let Some(acceptors) = mail.acceptors.take() {
                self.acceptors = acceptors.start();
            }
            if let Some(order) = mail.order.take() {
                return order;
            }
        }
    }
}

async fn sweep(local: Rc<Local>) {
    local.roster.sweep_forever(|| local.buffers.budget.is_short()).await;
}
