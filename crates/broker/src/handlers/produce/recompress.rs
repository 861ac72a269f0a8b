//! Batches of topics whose `compression.type` is not `producer`.
//!
//! Small ones are recompressed where they are, on the loop. What may take long is left to the pool: then all that the turn has
//! gathered is appended there, so that the batches of a connection stay in order, and the loop serves others. What arrived
//! without a wish to be acknowledged is appended even when its connection has ended meanwhile.

use std::sync::Arc;

use net::{Answer, CloseReason, Wait};
use record::{CodecError, Compression, FaultBudget, Invalid, ProducedBatch, Rules, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::answer::{Refused, Request};
use super::append::Appends;
use super::{Requests, settle, wait};
use crate::node::Node;

/// How many bytes of records a turn recompresses on the loop. The slowest codec takes a few milliseconds for them.
const AT_ONCE_BYTES: usize = 128 << 10;

/// How many turns' batches the pool has at a time, so that its other tasks get theirs and its queue is never full of these.
const JOBS_MAX: usize = 64;
/// Up to this level of zstd a batch is recompressed on the loop. The highest are a hundred times as slow.
const AT_ONCE_ZSTD_LEVEL: i32 = 9;

/// Room for what waits to be recompressed on the pool: copies of frames that no other budget counts any more.
pub struct Recompressions {
    bytes: Arc<Semaphore>,
    bytes_max: u32,
    jobs: Arc<Semaphore>,
}

impl Recompressions {
    /// Room for so many bytes.
    pub fn new(bytes: u64) -> Recompressions {
        let bytes_max = u32::try_from(bytes).unwrap_or(u32::MAX);
        let bytes = Arc::new(Semaphore::new(bytes_max as usize));
        Recompressions { bytes, bytes_max, jobs: Arc::new(Semaphore::new(JOBS_MAX)) }
    }

    /// Room for one turn, which has all of it to itself if it must; `None` when others have it.
    fn room_for(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.bytes_max);
        Arc::clone(&self.bytes).try_acquire_many_owned(bytes).ok()
    }
}

/// Recompresses `batch` where `rules` want that. `false` when that takes too long for a turn that has done `spent` bytes.
pub fn at_once(
    batch: &mut ProducedBatch<'_>,
    rules: &Rules,
    spent: &mut usize,
    faults: &mut FaultBudget,
) -> Result<bool, Refused> {
    if !is_due(batch, rules) {
        return Ok(true);
    }
    let mut left = AT_ONCE_BYTES.saturating_sub(*spent);
    if batch.body().len() > left || is_slow(rules) {
        return Ok(false);
    }
    let recompressed = record::recompress(batch, rules, &mut left);
    *spent = AT_ONCE_BYTES - left;
    match recompressed {
        Ok(recompressed) => {
            *batch = recompressed;
            Ok(true)
        }
        Err(Invalid::Compressed(CodecError::TooLarge { .. })) => Ok(false),
        Err(invalid) => Err(Refused::batch(&invalid, batch.bytes(), rules, faults)),
    }
}

fn is_slow(rules: &Rules) -> bool {
    let is_zstd = |encoding: &record::Encoding| encoding.compression == Compression::Zstd;
    rules.encoding.filter(is_zstd).and_then(|encoding| encoding.level).is_some_and(|level| level > AT_ONCE_ZSTD_LEVEL)
}

fn is_due(batch: &ProducedBatch<'_>, rules: &Rules) -> bool {
    batch.header().attributes.compression().is_ok_and(|compression| rules.recompresses(compression))
}

/// Recompresses `batch`, of at most `left` bytes of records, and takes them from `left`.
pub fn whole(
    batch: &mut ProducedBatch<'_>,
    rules: &Rules,
    left: &mut usize,
    faults: &mut FaultBudget,
) -> Result<(), Refused> {
    let recompressed = record::recompress(batch, rules, left);
    *batch = recompressed.map_err(|invalid| Refused::batch(&invalid, batch.bytes(), rules, faults))?;
    Ok(())
}

/// Has the pool recompress what is left and append everything, then answers. The error is that there is no room.
pub fn on_the_pool(node: &Arc<Node>, requests: Requests<'_>, appends: Appends<'_>) -> Result<Wait, CloseReason> {
    let room = node.recompressions.room_for(appends.bytes());
    let room = room.ok_or("too much waits to be recompressed; the producer has to send this again")?;
    let mut requests: Requests<'static> = requests.into_iter().map(Request::into_owned).collect();
    let mut appends = appends.into_owned();
    let (done, appended) = oneshot::channel();
    // Nobody sends again what was not to be acknowledged.
    let is_owed = requests.iter().any(|request| request.acks == 0);
    let node = Arc::clone(node);
    tokio::task::spawn_local(async move {
        let Ok(turn) = Arc::clone(&node.recompressions.jobs).acquire_owned().await else { return };
        // What could have been sent uncompressed in one request is let through.
        let most = node.config.max_request_bytes as usize;
        let clock = node.clock.clone();
        node.pool.run(Box::new(move || {
            let _held = (room, turn);
            if appends.recompress(most, || is_owed || !done.is_closed()) {
                appends.restamp(Timestamp(clock.now_ms()));
                // The connection that asked may be gone.
                let _ = done.send(appends.run());
            }
        }));
    });
    Ok(Box::pin(async move {
        let Ok(appended) = appended.await else { return Answer::Close("the node stops".into()) };
        match settle(&mut requests, &appended) {
            Ok(_) => wait::until_durable(requests, appended).await,
            Err(reason) => Answer::Close(reason),
        }
    }))
}
