//! Round trips, and what a peer may not send.

use proptest::prelude::*;

use super::*;
use crate::codec::tests::{any_conf_state, any_entry};

fn any_snapshot() -> impl Strategy<Value = Snapshot> {
    (prop::collection::vec(any::<u8>(), 0..20), any::<u64>(), any::<u64>(), any_conf_state()).prop_map(
        |(data, index, term, conf_state)| {
            let mut snapshot = Snapshot { data: data.into(), ..Snapshot::default() };
            snapshot.mut_metadata().index = index;
            snapshot.mut_metadata().term = term;
            snapshot.mut_metadata().set_conf_state(conf_state);
            snapshot
        },
    )
}

proptest! {
    #[test]
    fn messages_round_trip(
        numbers: [u64; 10],
        priority: i64,
        reject: bool,
        entries in prop::collection::vec(any_entry(), 0..4),
        snapshot in prop::option::of(any_snapshot()),
        directory: [u8; 16],
    ) {
        let [to, from, term, log_term, index, commit, commit_term, request_snapshot, reject_hint, old] = numbers;
        let mut inner = eraftpb::Message { to, from, term, log_term, index, commit, commit_term, ..Default::default() };
        inner.msg_type = MessageType::MsgAppend;
        (inner.request_snapshot, inner.reject_hint, inner.deprecated_priority) = (request_snapshot, reject_hint, old);
        (inner.priority, inner.reject) = (priority, reject);
        inner.entries = entries.into();
        inner.snapshot = snapshot.into();
        inner.context = vec![1, 2, 3].into();
        let message = Message { directory: Uuid(directory), inner };
        let bytes = message.encode();
        prop_assert_eq!(Message::decode(&bytes), Ok(message));
        for len in 0..bytes.len() {
            prop_assert!(Message::decode(&bytes[..len]).is_err());
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Message::decode(&bytes);
    }
}

#[test]
fn peers_cannot_send_what_only_a_node_tells_itself() {
    for local in [MessageType::MsgHup, MessageType::MsgBeat, MessageType::MsgPropose, MessageType::MsgSnapStatus] {
        let inner = eraftpb::Message { msg_type: local, ..Default::default() };
        let bytes = Message { directory: Uuid::ZERO, inner }.encode();
        assert_eq!(Message::decode(&bytes), Err(DecodeError::InvalidFlag(local as u8)));
    }
}
