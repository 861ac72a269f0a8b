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
    let mut entry = Entry::default();
    entry.entry_type = match r.u8()? {
        0 => EntryType::EntryNormal,
        1 => EntryType::EntryConfChange,
        2 => EntryType::EntryConfChangeV2,
        other => return Err(DecodeError::InvalidFlag(other)),
    };
    entry.term = r.u64()?;
    entry.index = r.u64()?;
    entry.data = r.bytes()?.to_vec().into();
    entry.context = r.bytes()?.to_vec().into();
    Ok(entry)
}

pub(crate) fn put_hard_state(w: &mut Writer, state: &HardState) {
    w.u64(state.term);
    w.u64(state.vote);
    w.u64(state.commit);
}

pub(crate) fn hard_state(r: &mut Reader<'_>) -> Result<HardState, DecodeError> {
    let mut state = HardState::default();
    state.term = r.u64()?;
    state.vote = r.u64()?;
    state.commit = r.u64()?;
    Ok(state)
}

pub(crate) fn put_conf_state(w: &mut Writer, state: &ConfState) {
    for ids in [&state.voters, &state.learners, &state.voters_outgoing, &state.learners_next] {
        w.list(ids, |w, id| w.u64(*id));
    }
    w.bool(state.auto_leave);
}

pub(crate) fn conf_state(r: &mut Reader<'_>) -> Result<ConfState, DecodeError> {
    let mut state = ConfState::default();
    for ids in
        [&mut state.voters, &mut state.learners, &mut state.voters_outgoing, &mut state.learners_next]
    {
        *ids = r.list(Reader::u64)?;
    }
    state.auto_leave = r.bool()?;
    Ok(state)
}

#[cfg(test)]
pub(crate) mod tests;
