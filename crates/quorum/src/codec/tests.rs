//! Round trips.

use proptest::prelude::*;

use super::*;

pub(crate) fn any_entry() -> impl Strategy<Value = Entry> {
    let bytes = || prop::collection::vec(any::<u8>(), 0..20);
    let kinds = prop_oneof![Just(EntryType::EntryNormal), Just(EntryType::EntryConfChangeV2)];
    (kinds, any::<u64>(), any::<u64>(), bytes(), bytes()).prop_map(|(entry_type, term, index, data, context)| {
        let mut entry = Entry { entry_type, term, index, ..Entry::default() };
        entry.data = data.into();
        entry.context = context.into();
        entry
    })
}

pub(crate) fn any_hard_state() -> impl Strategy<Value = HardState> {
    any::<[u64; 3]>().prop_map(|[term, vote, commit]| HardState { term, vote, commit, ..HardState::default() })
}

pub(crate) fn any_conf_state() -> impl Strategy<Value = ConfState> {
    let ids = || prop::collection::vec(any::<u64>(), 0..5);
    (ids(), ids(), ids(), ids(), any::<bool>()).prop_map(
        |(voters, learners, voters_outgoing, learners_next, auto_leave)| ConfState {
            voters,
            learners,
            voters_outgoing,
            learners_next,
            auto_leave,
            ..ConfState::default()
        },
    )
}

proptest! {
    #[test]
    fn the_engines_types_round_trip(entry_in in any_entry(), hard in any_hard_state(), conf in any_conf_state()) {
        let mut w = Writer::new();
        put_entry(&mut w, &entry_in);
        put_hard_state(&mut w, &hard);
        put_conf_state(&mut w, &conf);
        let bytes = w.into_bytes();
        let mut r = Reader::new(&bytes);
        prop_assert_eq!(entry(&mut r), Ok(entry_in));
        prop_assert_eq!(hard_state(&mut r), Ok(hard));
        prop_assert_eq!(conf_state(&mut r), Ok(conf));
        prop_assert_eq!(r.finish(), Ok(()));
    }
}
