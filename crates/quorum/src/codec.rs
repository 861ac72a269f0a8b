//! The engine's types in our encoding. Its own is protobuf, which would tie the files to a version of that library.

use metadata::codec::{DecodeError, Reader, Writer};
use raft::eraftpb::{ConfState, Entry, EntryType, HardState};

pub(crate) fn put_entry(w: &mut Writer, entry: &Entry) {
    w.u8(entry.entry_type as u8);
    w.u64(entry.term);
    w.u64(entry.index);
    w.bytes(&entry.data);
    w.bytes(&entry.context);
}

pub(crate) fn entry(r: &mut Reader<'_>) -> Result<Entry, DecodeError> {
    Ok(Entry {
        entry_type: entry_type(r.u8()?)?,
        term: r.u64()?,
        index: r.u64()?,
        data: r.bytes()?.to_vec().into(),
        context: r.bytes()?.to_vec().into(),
        ..Entry::default()
    })
}

fn entry_type(id: u8) -> Result<EntryType, DecodeError> {
    match id {
        0 => Ok(EntryType::EntryNormal),
        1 => Ok(EntryType::EntryConfChange),
        2 => Ok(EntryType::EntryConfChangeV2),
        other => Err(DecodeError::InvalidFlag(other)),
    }
}

pub(crate) fn put_hard_state(w: &mut Writer, state: &HardState) {
    w.u64(state.term);
    w.u64(state.vote);
    w.u64(state.commit);
}

pub(crate) fn hard_state(r: &mut Reader<'_>) -> Result<HardState, DecodeError> {
    Ok(HardState { term: r.u64()?, vote: r.u64()?, commit: r.u64()?, ..HardState::default() })
}

pub(crate) fn put_conf_state(w: &mut Writer, state: &ConfState) {
    for ids in [&state.voters, &state.learners, &state.voters_outgoing, &state.learners_next] {
        w.list(ids, |w, id| w.u64(*id));
    }
    w.bool(state.auto_leave);
}

pub(crate) fn conf_state(r: &mut Reader<'_>) -> Result<ConfState, DecodeError> {
    Ok(ConfState {
        voters: r.list(Reader::u64)?,
        learners: r.list(Reader::u64)?,
        voters_outgoing: r.list(Reader::u64)?,
        learners_next: r.list(Reader::u64)?,
        auto_leave: r.bool()?,
        ..ConfState::default()
    })
}

#[cfg(test)]
pub(crate) mod tests;
