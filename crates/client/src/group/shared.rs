//! What the caller and the tasks of a member share.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use tokio::sync::watch;

use super::config::GroupConfig;
use super::coordinator::Coordinator;
use super::desk::Desk;
use crate::Client;
use crate::client::lock;

/// The desk, and what wakes those who look at it.
pub(super) struct Shared {
    pub(super) coordinator: Coordinator,
    desk: Mutex<Desk>,
    /// How often the desk has changed. Whoever waits looks again after each change.
    changes: watch::Sender<u64>,
    /// Whether the caller should look at the desk before it returns another record.
    pub(super) has_news: AtomicBool,
    /// How often the caller has asked for records.
    pub(super) polls: AtomicU64,
    /// Whether the caller waits for records.
    pub(super) is_polling: AtomicBool,
}

impl Shared {
    pub(super) fn new(client: Client, config: &GroupConfig) -> Shared {
        Shared {
            coordinator: Coordinator::new(client, config.group_id.clone()),
            desk: Mutex::default(),
            changes: watch::Sender::new(0),
            has_news: AtomicBool::new(false),
            polls: AtomicU64::new(0),
            is_polling: AtomicBool::new(false),
        }
    }

    /// Looks at the desk; nobody is woken.
    pub(super) fn look<T>(&self, look: impl FnOnce(&mut Desk) -> T) -> T {
        look(&mut lock(&self.desk))
    }

    /// Changes the desk, and wakes those who wait for something to be there.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut Desk) -> T) -> T {
        let (changed, has_news) = self.look(|desk| {
            let changed = change(desk);
            (changed, desk.has_news())
        });
        if has_news {
            self.has_news.store(true, Ordering::Release);
        }
        self.changes.send_modify(|changes| *changes += 1);
        changed
    }

    /// Waits until the desk has something. Safe to cancel.
    pub(super) async fn until<T>(&self, mut ready: impl FnMut(&mut Desk) -> Option<T>) -> T {
        // Subscribed before the first look, so that no change falls between.
        let mut changed = self.changes.subscribe();
        loop {
            if let Some(ready) = self.look(&mut ready) {
                return ready;
            }
            changed.changed().await.expect("the sender lives as long as this borrow");
        }
    }

    /// Waits until the consumer is closed or dropped.
    pub(super) async fn closing(&self) {
        self.until(|desk| desk.closing.then_some(())).await;
    }
}

/// The caller waits for records as long as this lives.
pub(super) struct Polling(Arc<Shared>);

impl Polling {
    pub(super) fn begin(shared: Arc<Shared>) -> Polling {
        shared.is_polling.store(true, Ordering::Relaxed);
        Polling(shared)
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.0.polls.fetch_add(1, Ordering::Relaxed);
        self.0.is_polling.store(false, Ordering::Relaxed);
    }
}
