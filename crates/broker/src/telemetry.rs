//! Clients that push their metrics (KIP-714): who they are, and whether they keep to what they were told.
//!
//! What is pushed is counted and dropped, without a look inside.

mod subscription;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use metadata::NamedConfigs;
use record::Uuid;
use wire::ErrorCode;

use subscription::PUSH_INTERVAL;
pub use subscription::{Client, Subscription, Subscriptions};

/// The most bytes of one push: Kafka's default of `telemetry.max.bytes`.
pub const MAX_BYTES: usize = 1 << 20;
/// The compressions that a push may have, the most wanted first: zstd, lz4, gzip, snappy.
pub const COMPRESSION_TYPES: [i8; 4] = [4, 3, 1, 2];
/// Clients that are remembered; beyond, those that were silent for longest are forgotten.
const INSTANCES_MAX: usize = 16_384;
/// Clients that are forgotten together, so that the search for them is rare.
const FORGOTTEN_AT_ONCE: usize = INSTANCES_MAX / 8;

/// All clients that asked for subscriptions or pushed.
#[derive(Default)]
pub struct Telemetry {
    instances: Mutex<HashMap<Uuid, Instance>>,
    subscriptions: ArcSwap<Subscriptions>,
    pushed_bytes: AtomicU64,
}

/// A push, without what is in it.
#[derive(Debug, Clone, Copy)]
pub struct Push {
    /// What the client says it was told.
    pub subscription_id: i32,
    /// Whether the client ends.
    pub terminating: bool,
    /// Kafka's number of the compression; 0 for none.
    pub compression_type: i8,
    /// How many bytes it has.
    pub len: usize,
}

struct Instance {
    asked: Option<Duration>,
    pushed: Option<Duration>,
    /// An error after which the client has to ask again at once.
    must_ask: bool,
    terminating: bool,
}

impl Telemetry {
    /// The subscriptions of the image's configs, made anew where those have changed.
    pub fn subscriptions(&self, configs: &Arc<NamedConfigs>) -> Arc<Subscriptions> {
        let known = self.subscriptions.load_full();
        if known.are_of(configs) {
            return known;
        }
        let made = Arc::new(Subscriptions::new(configs));
        self.subscriptions.store(Arc::clone(&made));
        made
    }

    /// A client asks what to push, at `now` of a clock that only goes forward.
    ///
    /// # Errors
    /// THROTTLING_QUOTA_EXCEEDED when it asked or pushed less than a push interval ago.
    pub fn ask(&self, client: Uuid, subscription: &Subscription, now: Duration) -> Result<(), ErrorCode> {
        self.with(client, now, |instance| {
            let last = instance.asked.max(instance.pushed);
            if is_early(last, subscription, now) && !instance.must_ask {
                return Err(ErrorCode::THROTTLING_QUOTA_EXCEEDED);
            }
            instance.asked = Some(now);
            instance.must_ask = false;
            Ok(())
        })
    }

    /// A client pushes, at `now` of the same clock.
    ///
    /// # Errors
    /// Kafka's, in its order: INVALID_REQUEST after the last push, THROTTLING_QUOTA_EXCEEDED when it is early,
    /// UNKNOWN_SUBSCRIPTION_ID, UNSUPPORTED_COMPRESSION_TYPE, TELEMETRY_TOO_LARGE.
    pub fn push(&self, client: Uuid, push: Push, subscription: &Subscription, now: Duration) -> Result<(), ErrorCode> {
        self.with(client, now, |instance| {
            let checked = instance.check(client, push, subscription, now);
            let unknown = [ErrorCode::UNKNOWN_SUBSCRIPTION_ID, ErrorCode::UNSUPPORTED_COMPRESSION_TYPE];
            instance.must_ask = checked.is_err_and(|code| unknown.contains(&code));
            checked?;
            instance.terminating = push.terminating;
            Ok(())
        })?;
        let before = self.pushed_bytes.fetch_add(push.len as u64, Ordering::Relaxed);
        tracing::debug!(%client, bytes = push.len, before, "a client pushed metrics; they are dropped");
        Ok(())
    }

    fn with<T>(&self, client: Uuid, now: Duration, act: impl FnOnce(&mut Instance) -> T) -> T {
        let mut instances = self.instances.lock().unwrap_or_else(PoisonError::into_inner);
        if instances.len() >= INSTANCES_MAX && !instances.contains_key(&client) {
            make_room(&mut instances, now);
        }
        let new = || Instance { asked: None, pushed: None, must_ask: false, terminating: false };
        act(instances.entry(client).or_insert_with(new))
    }
}

/// Forgets all that were silent for long, or else those that were for longest: so many that few newcomers have to look.
fn make_room(instances: &mut HashMap<Uuid, Instance>, now: Duration) {
    let last = |instance: &Instance| instance.asked.max(instance.pushed).unwrap_or_default();
    instances.retain(|_, instance| now.saturating_sub(last(instance)) < 3 * PUSH_INTERVAL);
    if instances.len() >= INSTANCES_MAX {
        let mut by_age: Vec<(Duration, Uuid)> = instances.iter().map(|(client, one)| (last(one), *client)).collect();
        let (oldest, ..) = by_age.select_nth_unstable(FORGOTTEN_AT_ONCE);
        for (_, client) in oldest {
            instances.remove(client);
        }
    }
}

fn is_early(last: Option<Duration>, subscription: &Subscription, now: Duration) -> bool {
    last.is_some_and(|last| now.saturating_sub(last) < subscription.push_interval)
}

impl Instance {
    fn check(&mut self, client: Uuid, push: Push, subscription: &Subscription, now: Duration) -> Result<(), ErrorCode> {
        if self.terminating {
            return Err(ErrorCode::INVALID_REQUEST);
        }
        // The first push after a question comes at a time of the client's choice.
        let is_first = self.asked > self.pushed;
        let early = !is_first && is_early(self.pushed, subscription, now);
        if early && !push.terminating {
            return Err(ErrorCode::THROTTLING_QUOTA_EXCEEDED);
        }
        if !early {
            self.pushed = Some(now);
        }
        if push.subscription_id != subscription.id(client) {
            return Err(ErrorCode::UNKNOWN_SUBSCRIPTION_ID);
        }
        if push.compression_type != 0 && !COMPRESSION_TYPES.contains(&push.compression_type) {
            return Err(ErrorCode::UNSUPPORTED_COMPRESSION_TYPE);
        }
        if push.len > MAX_BYTES { Err(ErrorCode::TELEMETRY_TOO_LARGE) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
