use super::*;

const SEED: u64 = 0x1234_5678_9ABC_DEF0;

fn is_long_ago(config: &LogConfig, first: i64, batch: i64, clock_ms: i64) -> bool {
    let first_timestamp = (first >= 0).then_some(Timestamp(first));
    let birth = Birth { first_timestamp, first_append: Some(Timestamp(1_000)) };
    birth.is_long_ago(config, SEED, Timestamp(batch), Timestamp(1_000 + clock_ms))
}

/// As Kafka's `LogSegment.timeWaitedForRoll`.
#[test]
fn the_age_is_a_difference_of_timestamps_or_else_of_the_clock() {
    let config = LogConfig { segment_ms: 100, ..LogConfig::default() };
    //          first  batch  clock
    for (wanted, first, batch, clock) in [
        (false, 5_000, 5_100, 0),
        (true, 5_000, 5_101, 0),
        (false, 5_000, 5_000, 1_000),
        (false, 5_000, 1, 1_000),
        (false, 5_000, -1, 1_000),
        (true, 0, i64::MAX, 0),
        (false, -1, 9_000, 100),
        (true, -1, -1, 101),
        (false, -1, 9_000, -50),
    ] {
        assert_eq!(is_long_ago(&config, first, batch, clock), wanted, "first {first}, {batch}, clock {clock}");
    }
    assert!(!Birth::default().is_long_ago(&config, SEED, Timestamp(9_000), Timestamp(i64::MAX)));
}

#[test]
fn jitter_is_below_both_bounds_and_differs_between_segments_and_logs() {
    let jitters = |jitter, name: &str| -> Vec<i64> {
        let config = LogConfig { segment_ms: 1_000, segment_jitter_ms: jitter, ..LogConfig::default() };
        (0..100).map(|base| jitter_ms(&config, seed(Path::new(name), Offset(base * 500)))).collect()
    };
    for (jitter, bound) in [(1, 1), (50, 50), (1_000, 1_000), (i64::MAX, 1_000)] {
        let found = jitters(jitter, "/d/orders-3");
        assert!(found.iter().all(|found| (0..bound).contains(found)), "{jitter}: {found:?}");
        assert_eq!(found, jitters(jitter, "/elsewhere/orders-3"), "the same after the next start");
    }
    assert!(jitters(0, "/d/orders-3").iter().all(|jitter| *jitter == 0));
    let (found, others) = (jitters(1_000, "/d/orders-3"), jitters(1_000, "/d/orders-4"));
    assert_ne!(found, others);
    let distinct: std::collections::BTreeSet<_> = found.iter().chain(&others).collect();
    assert!(distinct.len() > 120, "{} of 200 differ", distinct.len());
}
