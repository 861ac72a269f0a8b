//! Look-ups by time are those of a search through all records (Kafka had them wrong for long: KAFKA-16310).

use host::SimDisk;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use record::{Compression, Offset, Timestamp};

use super::support::*;
use crate::{LogReader, Stop};

fn check(reader: &LogReader, log: &[Expected]) {
    let times = record_times(log);
    let bounds = log.iter().map(|batch| Offset(batch.base)).chain([reader.end().offset]);
    for upper in bounds {
        let below: Vec<_> = times.iter().copied().filter(|(offset, _)| *offset < upper).collect();
        for wanted in (0..45).map(Timestamp) {
            let brute = below.iter().copied().find(|(_, timestamp)| *timestamp >= wanted);
            assert_eq!(reader.offset_for_timestamp(wanted, upper).unwrap(), brute, "{wanted} below {upper}");
        }
        let largest = below.iter().map(|(_, timestamp)| *timestamp).max().filter(|largest| *largest != Timestamp::NONE);
        let brute = below.iter().copied().find(|(_, timestamp)| Some(*timestamp) == largest);
        assert_eq!(reader.max_timestamp(upper).unwrap(), brute, "below {upper}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_look_up_by_time_is_the_brute_one(
        turns in vec(vec((select(Compression::ALL.as_slice()), vec(prop_oneof![9 => 0..40i64, 1 => Just(-1)], 1..5)), 1..5), 1..7),
        stop in select(vec![None, Some(Stop::Clean), Some(Stop::Power)]),
    ) {
        let sim = SimDisk::new();
        let mut log = create(&sim, small());
        let mut batches = Vec::new();
        for turn in &turns {
            let turn: Vec<_> = turn.iter().map(|(codec, times)| batch(*codec, times, 20)).collect();
            append(&mut log, &turn);
            batches.extend(turn);
        }
        let expected = expected(&batches, 0);
        check(&log.reader(), &expected);
        if let Some(stop) = stop {
            if stop == Stop::Clean { log.close().unwrap() } else { drop(log) }
            check(&open(&sim, small(), stop).reader(), &expected);
        }
    }
}
