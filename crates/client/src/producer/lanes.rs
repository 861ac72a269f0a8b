//! Requests to one leader reach its connection in the order in which they were begun, though each is built by a task of
//! its own.

use std::collections::HashMap;

use record::BrokerId;
use tokio::sync::oneshot;

/// The last request begun, by leader.
#[derive(Default)]
pub(super) struct Lanes(HashMap<BrokerId, oneshot::Receiver<()>>);

/// A request's place in its lane. Dropping it lets the next one go.
pub(super) struct Turn {
    before: Option<oneshot::Receiver<()>>,
    _done: oneshot::Sender<()>,
}

impl Lanes {
    /// A place behind all others of this leader.
    pub(super) fn line_up(&mut self, leader: BrokerId) -> Turn {
        let (done, next) = oneshot::channel();
        Turn { before: self.0.insert(leader, next), _done: done }
    }
}

impl Turn {
    /// Waits until the request before has gone, or has failed.
    pub(super) async fn come(&mut self) {
        if let Some(before) = &mut self.before {
            // The sender is dropped, never used: both mean that it is over.
            let _ = before.await;
            self.before = None;
        }
    }
}
