//! The state of a node at one index of the log: what a snapshot holds, on disk and on the way to another node.
//!
//! ```text
//! file   = magic "OTS1" | CRC-32C u32 of what follows | node | directory | index, term | voters | state
//! state  = members | index of the last batch | records of the image
//! ```
//!
//! The file is replaced as a whole. It says whose directory this is, so a node never uses the votes of another.

use std::path::Path;
use std::sync::Arc;

use host::Disk;
use metadata::codec::{DecodeError, Reader, Writer};
use metadata::{ApplyError, Image, Index, Record};
use raft::eraftpb::ConfState;
use record::Uuid;

use crate::codec;
use crate::error::{OpenError, QuorumError};
use crate::member::{Members, NodeId};

const MAGIC: [u8; 4] = *b"OTS1";

/// Who a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) node: NodeId,
    /// Drawn when the directory was made.
    pub(crate) directory: Uuid,
}

/// An entry's place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Position {
    pub(crate) index: u64,
    pub(crate) term: u64,
}

/// What all entries up to a position add up to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Applied {
    pub(crate) position: Position,
    pub(crate) conf_state: ConfState,
    pub(crate) members: Members,
    pub(crate) image: Arc<Image>,
}

impl Applied {
    /// The part that the engine's snapshot messages carry as data.
    pub(crate) fn encode_state(&self) -> Vec<u8> {
        let mut w = Writer::new();
        self.members.encode(&mut w);
        w.u64(self.image.applied().0);
        w.list(&self.image.records(), |w, record| record.encode(w));
        w.into_bytes()
    }

    /// Reads what [`Applied::encode_state`] wrote.
    pub(crate) fn decode_state(position: Position, conf_state: ConfState, state: &[u8]) -> Result<Applied, StateError> {
        let mut r = Reader::new(state);
        let members = Members::decode(&mut r)?;
        let applied = Index(r.u64()?);
        let records = r.list(Record::decode)?;
        r.finish()?;
        let image = Arc::new(Image::restore(applied, &records)?);
        Ok(Applied { position, conf_state, members, image })
    }
}

/// Why a state cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    #[error(transparent)]
    Decode(#[from] DecodeError),
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

/// Replaces the file, durably.
pub(crate) fn write(disk: &Disk, path: &Path, identity: Identity, applied: &Applied) -> Result<(), QuorumError> {
    let mut w = Writer::new();
    w.u64(identity.node.0);
    w.uuid(identity.directory);
    w.u64(applied.position.index);
    w.u64(applied.position.term);
    codec::put_conf_state(&mut w, &applied.conf_state);
    w.bytes(&applied.encode_state());
    let body = w.into_bytes();
    let crc = record::crc32c(&body).to_be_bytes();
    let bytes = [&MAGIC[..], &crc, &body].concat();
    disk.write_atomic(path, &bytes).map_err(|source| QuorumError::Io { path: path.to_owned(), source })
}

/// Reads the file.
pub(crate) fn read(disk: &Disk, path: &Path) -> Result<(Identity, Applied), OpenError> {
    let bytes = disk.read(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
    let damaged = |what: String| OpenError::Damaged { path: path.to_owned(), what };
    let body = checked_body(&bytes).ok_or_else(|| damaged("its checksum is wrong".into()))?;
    decode(body).map_err(|error| match error {
        StateError::Decode(source) => OpenError::Decode { path: path.to_owned(), source },
        StateError::Apply(error) => damaged(error.to_string()),
    })
}

fn checked_body(bytes: &[u8]) -> Option<&[u8]> {
    let (magic, rest) = bytes.split_first_chunk::<4>()?;
    let (crc, body) = rest.split_first_chunk::<4>()?;
    (*magic == MAGIC && u32::from_be_bytes(*crc) == record::crc32c(body)).then_some(body)
}

fn decode(body: &[u8]) -> Result<(Identity, Applied), StateError> {
    let mut r = Reader::new(body);
    let identity = Identity { node: NodeId(r.u64()?), directory: r.uuid()? };
    let position = Position { index: r.u64()?, term: r.u64()? };
    let conf_state = codec::conf_state(&mut r)?;
    let state = r.bytes()?;
    r.finish()?;
    Ok((identity, Applied::decode_state(position, conf_state, state)?))
}

#[cfg(test)]
mod tests;
