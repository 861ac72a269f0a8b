//! Reads at every offset, bound and size are what a list of batches gives.

use host::SimDisk;
use proptest::collection::vec;
use proptest::prelude::*;
use record::{Compression, Offset};

use super::support::*;
use crate::{LogPosition, LogReader, ReadError, Stop};

/// The bytes that a read should give; `None` for none.
fn model_read(
    log: &[Expected],
    segments: &[i64],
    from: i64,
    upper: i64,
    max: u32,
    at_least_one: bool,
) -> Option<Vec<u8>> {
    let first = log.iter().position(|batch| batch.base <= from && from < batch.next && batch.base < upper)?;
    let segment_end = segments.iter().copied().find(|base| *base > log[first].base).unwrap_or(i64::MAX);
    let rest = log[first..].iter().take_while(|batch| batch.base < upper.min(segment_end));
    let bytes: Vec<u8> = rest.flat_map(|batch| batch.bytes.clone()).collect();
    let first_len = log[first].bytes.len();
    let max = match max as usize {
        small if small < first_len && !at_least_one => return None,
        max => max.max(first_len).min(bytes.len()),
    };
    Some(bytes[..max].to_vec())
}

fn read(
    reader: &LogReader,
    from: i64,
    hint: Option<LogPosition>,
    upper: LogPosition,
    max: u32,
    one: bool,
) -> Option<Vec<u8>> {
    let slice = reader.read(Offset(from), hint, upper, max, one, Patience::Waits).unwrap()?;
    let mut bytes = Vec::new();
    slice.read_into(&mut bytes).unwrap();
    Some(bytes)
}

fn check(reader: &LogReader, log: &[Expected], segments: &[i64], uppers: &[LogPosition]) {
    for upper in uppers {
        for from in 0..upper.offset.0 {
            let hints = uppers.iter().copied().map(Some).chain([None]);
            for (index, hint) in hints.enumerate() {
                for max in [0, 1, 100, 250 + index as u32, u32::MAX] {
                    let at_least_one = (from + i64::from(max)) % 2 == 0;
                    let wanted = model_read(log, segments, from, upper.offset.0, max, at_least_one);
                    let got = read(reader, from, hint, *upper, max, at_least_one);
                    assert_eq!(got, wanted, "from {from} hint {hint:?} upper {upper:?} max {max} {at_least_one}");
                }
            }
        }
    }
    let end = reader.end().offset;
    for upper in uppers {
        assert!(
            reader.read(end, None, *upper, 1000, true, Patience::Waits).unwrap().is_none(),
            "nothing is at the end"
        );
        for outside in [Offset(-1), end + 1] {
            let error = reader.read(outside, None, *upper, 1000, true, Patience::Waits).unwrap_err();
            assert!(matches!(error, ReadError::OffsetOutOfRange { .. }), "{error}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn every_read_is_the_models(turns in vec(vec((1..4usize, 0..120usize), 1..6), 1..5)) {
        let sim = SimDisk::new();
        let mut log = create(&sim, small());
        let reader = log.reader();
        let mut batches = Vec::new();
        let mut uppers = vec![reader.end()];
        for turn in &turns {
            let turn: Vec<_> = turn.iter().map(|(records, len)| batch(Compression::None, &vec![5; *records], *len)).collect();
            append(&mut log, &turn);
            batches.extend(turn);
            uppers.push(reader.end());
        }
        let expected = expected(&batches, 0);
        prop_assert_eq!(&read_all(&reader).unwrap(), &expected);
        let segments: Vec<i64> = files(&sim, ".log").iter()
            .map(|path| path.file_stem().unwrap().to_str().unwrap().parse().unwrap()).collect();
        check(&reader, &expected, &segments, &uppers);
        let bytes: usize = expected.iter().map(|batch| batch.bytes.len()).sum();
        prop_assert_eq!(reader.size_bytes(), bytes as u64);

        log.close().unwrap();
        let log = open(&sim, small(), Stop::Clean);
        check(&log.reader(), &expected, &segments, &uppers);
    }
}

#[test]
fn a_turn_is_one_write_per_segment() {
    let sim = SimDisk::new();
    let mut log = create(&sim, crate::LogConfig { index_interval_bytes: 1 << 20, ..Default::default() });
    let ops = sim.op_count();
    append(&mut log, &[batch(Compression::None, &[1], 10)]);
    // The first batch of an epoch costs the checkpoint's.
    assert!(sim.op_count() > ops + 1);
    let ops = sim.op_count();
    append(&mut log, &vec![batch(Compression::None, &[1], 10); 40]);
    assert_eq!(sim.op_count(), ops + 1);
}

#[test]
fn a_segment_ends_by_size_by_time_and_by_its_index() {
    let configs = [
        (crate::LogConfig { segment_bytes: 200, ..Default::default() }, 0),
        (crate::LogConfig { segment_ms: 10, ..Default::default() }, 11),
        (crate::LogConfig { segment_index_bytes: 24, index_interval_bytes: 1, ..Default::default() }, 0),
        (crate::LogConfig::default(), 11),
    ];
    let counts = configs.map(|(config, step_ms)| {
        let sim = SimDisk::new();
        let mut log = create(&sim, config);
        for turn in 0..6 {
            let now = record::Timestamp(NOW.0 + turn * step_ms);
            let bytes = batch(Compression::None, &[now.0], 60);
            log.append(&[produced(&bytes)], EPOCH, now, &mut crate::Outcomes::new()).unwrap();
        }
        assert_eq!(read_all(&log.reader()).unwrap().len(), 6);
        files(&sim, ".log").len()
    });
    assert_eq!(counts, [6, 6, 3, 1]);
}
