//! Starting and stopping the loops.

#![expect(clippy::disallowed_types, reason = "this module is part of the door to the network")]

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use crate::budget::Budget;
use crate::cold::Lane;
use crate::listener::{Acceptors, Census};
use crate::loops::{self, Remote};
use crate::placement::Placement;
use crate::wake::Order;
use crate::{Config, LoopObserver, LoopStats, Service};

/// The running loops. Dropping it ends them at once; [`Server::shutdown`] lets answers in flight leave.
#[derive(Debug)]
pub struct Server {
    loops: Vec<Remote>,
    local_addrs: Vec<SocketAddr>,
}

impl Server {
    /// Starts the loops and accepts on `listeners` (see [`bind`](crate::bind)).
    ///
    /// # Errors
    /// When a thread, a runtime or a listener cannot be had.
    pub fn start<S: Service>(config: Config, listeners: Vec<TcpListener>, service: Arc<S>) -> io::Result<Server> {
        assert!(config.loops > 0, "at least one loop");
        let local_addrs = listeners.iter().map(TcpListener::local_addr).collect::<io::Result<_>>()?;
        let listeners = listeners.into_iter().map(Acceptors::prepare).collect::<io::Result<_>>()?;
        let census = Arc::new(Census::new(&config));
        let budget = Arc::new(Budget::new(config.budget_bytes));
        let lane = Arc::new(Lane::new()?);
        let config = Arc::new(config);
        let mut server = Server { loops: Vec::new(), local_addrs };
        for index in 0..config.loops {
            let started =
                loops::spawn(index, Arc::clone(&config), Arc::clone(&budget), Arc::clone(&lane), Arc::clone(&service))?;
            server.loops.push(started);
        }
        let loads = server.loops.iter().map(|one| (Arc::clone(&one.inbox), one.metrics.clone()));
        let acceptors = Acceptors { listeners, placement: Placement::new(loads), census };
        server.loops[0].inbox.post(|mail| mail.acceptors = Some(acceptors));
        Ok(server)
    }

    /// The addresses that are listened on, in the order of the listeners.
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.local_addrs
    }

    /// The counters of each loop.
    pub fn stats(&self) -> impl ExactSizeIterator<Item = &Arc<LoopStats>> {
        self.loops.iter().map(|one| &one.stats)
    }

    /// The loops, to be watched from another thread for as long as one likes.
    pub fn observers(&self) -> Vec<LoopObserver> {
        let observer = |one: &Remote| LoopObserver {
            inbox: Arc::clone(&one.inbox),
            metrics: one.metrics.clone(),
            stats: Arc::clone(&one.stats),
        };
        self.loops.iter().map(observer).collect()
    }

    /// Stops accepting, lets answers in flight leave for at most `Config::drain`, closes everything and joins the threads.
    pub fn shutdown(mut self) {
        self.end(Order::Drain);
    }

    fn end(&mut self, order: Order) {
        for one in &self.loops {
            one.inbox.post(|mail| mail.order = Some(order));
        }
        for one in self.loops.drain(..) {
            if one.thread.join().is_err() {
                tracing::error!("a loop's thread had panicked");
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end(Order::Halt);
    }
}
