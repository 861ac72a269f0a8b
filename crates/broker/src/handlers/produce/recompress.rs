//! Batches of topics whose `compression.type` is not `producer`.
//!
//! Small ones are recompressed where they are, on the loop. What may take long is left to the pool: then all that the turn has
//! gathered is appended when it comes back, so that the batches of a connection stay in order, and the loop serves others.

use std::sync::Arc;

use net::{Answer, Wait};
use record::{CodecError, Invalid, ProducedBatch, Rules};
use tokio::sync::oneshot;

use super::answer::{Refused, Request};
use super::append::Appends;
use super::{settle, wait};
use crate::node::Node;

/// How many bytes of records a turn recompresses on the loop. The slowest codec takes a few milliseconds for them.
const AT_ONCE_BYTES: usize = 128 << 10;

/// Recompresses `batch` where `rules` want that. `false` when it has too many bytes for a turn that has done `spent` of them.
pub fn at_once(batch: &mut ProducedBatch<'_>, rules: &Rules, spent: &mut usize) -> Result<bool, Refused> {
    if !is_due(batch, rules) {
        return Ok(true);
    }
    let left = AT_ONCE_BYTES.saturating_sub(*spent);
    if batch.body().len() > left {
        return Ok(false);
    }
    match record::recompress(batch, rules, left) {
        Ok((recompressed, bytes)) => {
            *spent += bytes;
            *batch = recompressed;
            Ok(true)
        }
        Err(Invalid::Compressed(CodecError::TooLarge { .. })) => {
            *spent = AT_ONCE_BYTES;
            Ok(false)
        }
        Err(invalid) => Err(Refused::batch(&invalid, batch.bytes(), rules)),
    }
}

fn is_due(batch: &ProducedBatch<'_>, rules: &Rules) -> bool {
    batch.header().attributes.compression().is_ok_and(|compression| rules.recompresses(compression))
}

/// Recompresses `batch`, of at most `most` bytes of records.
pub fn whole(batch: &mut ProducedBatch<'_>, rules: &Rules, most: usize) -> Result<(), Refused> {
    let recompressed = record::recompress(batch, rules, most);
    let (recompressed, _) = recompressed.map_err(|invalid| Refused::batch(&invalid, batch.bytes(), rules))?;
    *batch = recompressed;
    Ok(())
}

/// Has the pool recompress what is left, then appends and answers everything.
pub fn on_the_pool(node: &Arc<Node>, mut requests: Vec<Request<'static>>, mut appends: Appends<'static>) -> Wait {
    let (done, recompressed) = oneshot::channel();
    // What could have been sent uncompressed in one request is let through.
    let most = node.config.max_request_bytes as usize;
    node.pool.run(Box::new(move || {
        appends.recompress(most);
        // The connection that asked may be gone.
        let _ = done.send(appends);
    }));
    Box::pin(async move {
        let Ok(appends) = recompressed.await else { return Answer::Close("the node stops".into()) };
        let appended = appends.run();
        match settle(&mut requests, &appended) {
            Ok(_) => wait::until_durable(requests, appended).await,
            Err(reason) => Answer::Close(reason),
        }
    })
}
