//! The producers' state on disk, named by the offset up to which it speaks.
//!
//! ```text
//! .snapshot  version i16 = 1 | crc u32 | count i32 | per producer: id i64, epoch i16, last sequence i32, last offset i64,
//!                offset delta i32, timestamp i64, coordinator epoch i32, first offset of the open transaction i64
//! .windows   version i16 = 1 | crc u32 | count i32 | per producer: id i64, epoch i16, batches u8, per batch:
//!                last sequence i32, last offset i64, offset delta i32, timestamp i64
//! ```
//!
//! The first is Kafka's and has the last batch of each producer only; the second is ours, so that a batch that is sent
//! again after a restart is known too. The checksum is the CRC-32C of what follows it.
//!
//! A file that is missing or torn is as if it had never been written: an older one and the batch headers after it tell
//! the same, so that those of a roll needn't be synced.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use host::{Disk, Open};
use record::{Offset, ProducerEpoch, ProducerId, Timestamp, crc32c};

use super::{Appended, Producer, Producers, WINDOW_BATCHES, Window};
use crate::files::{self, Durable};

/// Writes both files for the state up to `offset`.
pub(crate) fn store(
    producers: &Producers,
    disk: &Disk,
    dir: &Path,
    offset: Offset,
    durable: Durable,
) -> io::Result<()> {
    let kafkas = framed(producers, put_producer);
    let windows = framed(producers, put_window);
    for (extension, bytes) in [(files::WINDOWS, windows), (files::SNAPSHOT, kafkas)] {
        files::replace(disk, &files::path(dir, offset, extension), &bytes, durable)?;
    }
    Ok(())
}

/// Makes both files of `offset` durable; their names need a sync of `dir`.
pub(crate) fn sync(disk: &Disk, dir: &Path, offset: Offset) -> io::Result<()> {
    [files::SNAPSHOT, files::WINDOWS]
        .iter()
        .try_for_each(|extension| disk.open(&files::path(dir, offset, extension), Open::ReadWrite)?.sync_data())
}

/// The state from the snapshots of a log, from which the headers of the batches after it make the present one.
#[derive(Default)]
pub(crate) struct Newest {
    /// By the newest snapshot that has the last batches of each producer.
    pub(crate) producers: Producers,
    /// The offset up to which it speaks.
    pub(crate) from: Offset,
    /// By newer ones that lost those batches: for producers whose batches are not in the log any more. See
    /// [`Producers::adopt`].
    pub(crate) without_windows: Producers,
}

impl Newest {
    /// Of the snapshots at `offsets`, which ascend.
    pub(crate) fn load(
        disk: &Disk,
        dir: &Path,
        offsets: impl DoubleEndedIterator<Item = Offset>,
    ) -> io::Result<Newest> {
        let mut newest = Newest::default();
        for offset in offsets.rev() {
            match load(disk, dir, offset)? {
                Some((producers, true)) => return Ok(Newest { producers, from: offset, ..newest }),
                Some((producers, false)) => newest.without_windows.adopt(producers),
                None => {}
            }
        }
        Ok(newest)
    }
}

/// The state up to `offset`, when there is a good snapshot of it, and whether the last batches of each producer were there
/// too. Kafka writes none.
pub(crate) fn load(disk: &Disk, dir: &Path, offset: Offset) -> io::Result<Option<(Producers, bool)>> {
    let snapshot = files::read_if_there(disk, &files::path(dir, offset, files::SNAPSHOT))?;
    let Some(mut producers) = snapshot.and_then(|bytes| decode(&bytes, take_producer)) else { return Ok(None) };
    let windows = files::read_if_there(disk, &files::path(dir, offset, files::WINDOWS))?;
    let windows = windows.and_then(|bytes| decode(&bytes, take_window));
    let has_windows = windows.is_some();
    for (id, (epoch, window)) in windows.unwrap_or_default() {
        if let Some(producer) = producers.get_mut(&id)
            && producer.epoch == epoch
            && producer.window.has_same_end(&window)
        {
            producer.window = window;
        }
    }
    Ok(Some((Producers(producers), has_windows)))
}

fn framed(producers: &Producers, put: impl Fn(&mut Vec<u8>, ProducerId, &Producer)) -> Vec<u8> {
    let mut bytes = VERSION.to_be_bytes().to_vec();
    bytes.extend_from_slice(&[0; 4]);
    bytes.extend_from_slice(&(producers.0.len() as i32).to_be_bytes());
    producers.0.iter().for_each(|(id, producer)| put(&mut bytes, *id, producer));
    let crc = crc32c(&bytes[CRC_COVERS_FROM..]);
    bytes[2..CRC_COVERS_FROM].copy_from_slice(&crc.to_be_bytes());
    bytes
}

/// The items of a file, or `None` when its bytes are not what was written.
fn decode<T>(
    bytes: &[u8],
    take: impl Fn(&mut Fields<'_>) -> Option<(ProducerId, T)>,
) -> Option<BTreeMap<ProducerId, T>> {
    let mut fields = Fields(bytes);
    let (version, crc) = (fields.i16()?, fields.i32()? as u32);
    if version != VERSION || crc != crc32c(fields.0) {
        return None;
    }
    let count = fields.i32()?;
    let items: Option<BTreeMap<ProducerId, T>> = (0..count).map(|_| take(&mut fields)).collect();
    items.filter(|_| fields.0.is_empty())
}

fn put_producer(out: &mut Vec<u8>, id: ProducerId, producer: &Producer) {
    let none = Appended { last_sequence: -1, last_offset: Offset(-1), offset_delta: 0, timestamp: producer.timestamp };
    let last = producer.window.0.last().unwrap_or(&none);
    put_identity(out, id, producer.epoch);
    out.extend_from_slice(&last.last_sequence.to_be_bytes());
    out.extend_from_slice(&last.last_offset.0.to_be_bytes());
    out.extend_from_slice(&last.offset_delta.to_be_bytes());
    out.extend_from_slice(&producer.timestamp.0.to_be_bytes());
    out.extend_from_slice(&producer.coordinator_epoch.to_be_bytes());
    out.extend_from_slice(&producer.transaction_start.map_or(-1, |offset| offset.0).to_be_bytes());
}

fn take_producer(fields: &mut Fields<'_>) -> Option<(ProducerId, Producer)> {
    let (id, epoch) = take_identity(fields)?;
    let last = take_batch(fields)?;
    let (coordinator_epoch, transaction_start) = (fields.i32()?, fields.i64()?);
    let window = if last.last_sequence < 0 { vec![] } else { vec![last] };
    let transaction_start = (transaction_start >= 0).then_some(Offset(transaction_start));
    let timestamp = last.timestamp;
    Some((id, Producer { epoch, timestamp, coordinator_epoch, transaction_start, window: Window(window) }))
}

fn put_window(out: &mut Vec<u8>, id: ProducerId, producer: &Producer) {
    put_identity(out, id, producer.epoch);
    out.push(producer.window.0.len() as u8);
    for batch in &producer.window.0 {
        out.extend_from_slice(&batch.last_sequence.to_be_bytes());
        out.extend_from_slice(&batch.last_offset.0.to_be_bytes());
        out.extend_from_slice(&batch.offset_delta.to_be_bytes());
        out.extend_from_slice(&batch.timestamp.0.to_be_bytes());
    }
}

fn take_window(fields: &mut Fields<'_>) -> Option<(ProducerId, (ProducerEpoch, Window))> {
    let (id, epoch) = take_identity(fields)?;
    let count = usize::from(fields.u8()?);
    let batches: Option<Vec<Appended>> = (0..count).map(|_| take_batch(fields)).collect();
    let window = Window(batches.filter(|batches| batches.len() <= WINDOW_BATCHES)?);
    Some((id, (epoch, window)))
}

fn put_identity(out: &mut Vec<u8>, id: ProducerId, epoch: ProducerEpoch) {
    out.extend_from_slice(&id.0.to_be_bytes());
    out.extend_from_slice(&epoch.0.to_be_bytes());
}

fn take_identity(fields: &mut Fields<'_>) -> Option<(ProducerId, ProducerEpoch)> {
    Some((ProducerId(fields.i64()?), ProducerEpoch(fields.i16()?)))
}

fn take_batch(fields: &mut Fields<'_>) -> Option<Appended> {
    Some(Appended {
        last_sequence: fields.i32()?,
        last_offset: Offset(fields.i64()?),
        offset_delta: fields.i32()?,
        timestamp: Timestamp(fields.i64()?),
    })
}

const VERSION: i16 = 1;
const CRC_COVERS_FROM: usize = 6;

/// Bytes that are taken from the front.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn i16(&mut self) -> Option<i16> {
        self.take().map(i16::from_be_bytes)
    }

    fn i32(&mut self) -> Option<i32> {
        self.take().map(i32::from_be_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.take().map(i64::from_be_bytes)
    }
}

#[cfg(test)]
mod tests;
