//! What the broker has written down as flushed is on the disk, whole. It is looked for in the files as the power cut left
//! them, before the next start.

use std::fs;
use std::path::{Path, PathBuf};

use crate::batch::{self, crc32c};
use crate::load::records;

/// Checks every log; how many there were of which something was flushed.
pub fn check(data: &Path) -> usize {
    let starts = checkpoint(data, "log-start-offset-checkpoint");
    let flushed = checkpoint(data, "recovery-point-offset-checkpoint");
    let mut checked = 0;
    for (log, flushed) in flushed.into_iter().filter(|(log, flushed)| *flushed > 0 && data.join(log).is_dir()) {
        let start = starts.iter().find(|(other, _)| *other == log).map_or(0, |(_, start)| *start);
        let segments = segments(&data.join(&log));
        let end = end_of(&segments, start);
        assert!(end.is_none_or(|end| end >= flushed), "{log} was flushed up to {flushed}, and ends at {end:?}");
        checked += 1;
    }
    checked
}

/// Where the unbroken row of batches ends that begins in the segment of `start`, or at `start` where it is broken below.
/// None where there is no segment.
fn end_of(segments: &[(i64, PathBuf)], start: i64) -> Option<i64> {
    let first = segments.iter().rposition(|(base, _)| *base <= start).unwrap_or(0);
    let mut end = segments.get(first)?.0;
    for (base, path) in &segments[first..] {
        if *base != end {
            break;
        }
        let bytes = fs::read(path).expect("it was listed");
        let mut is_unbroken;
        (end, is_unbroken) = follow(&bytes, end);
        if let Some(at) = batch_of(&bytes, start).filter(|_| end < start) {
            (end, is_unbroken) = follow(&bytes[at..], batch::base_offset(&bytes[at..]));
        }
        if !is_unbroken {
            return Some(end);
        }
    }
    Some(end)
}

/// Where a row of batches ends that should begin with the offset `end`, and whether it is broken by one of another offset.
fn follow(bytes: &[u8], mut end: i64) -> (i64, bool) {
    for batch in records::split(bytes).into_iter().take_while(|batch| is_whole(batch)) {
        if batch::base_offset(batch) != end {
            return (end, false);
        }
        end = batch::next_offset(batch);
    }
    (end, true)
}

/// Where in a segment the batch is that has this offset.
fn batch_of(bytes: &[u8], offset: i64) -> Option<usize> {
    let is_it = |at: &usize| {
        let rest = &bytes[*at..];
        (0..=offset).contains(&batch::base_offset(rest))
            && rest[16] == 2
            && records::split(rest).first().is_some_and(|batch| is_whole(batch) && batch::next_offset(batch) > offset)
    };
    (0..bytes.len().saturating_sub(batch::HEADER_LEN)).find(is_it)
}

fn is_whole(batch: &[u8]) -> bool {
    batch.len() > batch::HEADER_LEN && batch[16] == 2 && crc32c(&batch[21..]).to_be_bytes() == batch[17..21]
}

fn segments(dir: &Path) -> Vec<(i64, PathBuf)> {
    let paths = fs::read_dir(dir).expect("it is there").map(|entry| entry.expect("it can be listed").path());
    let logs = paths.filter(|path| path.extension().is_some_and(|extension| extension == "log"));
    let named = logs.filter_map(|path| Some((path.file_stem()?.to_str()?.parse().ok()?, path)));
    let mut segments: Vec<_> = named.collect();
    segments.sort();
    segments
}

/// Logs and offsets of one of Kafka's checkpoints; nothing where there is none yet.
fn checkpoint(data: &Path, name: &str) -> Vec<(String, i64)> {
    let text = fs::read_to_string(data.join(name)).unwrap_or_default();
    let line = |line: &str| {
        let mut words = line.split(' ');
        let (topic, partition) = (words.next()?, words.next()?);
        Some((format!("{topic}-{partition}"), words.next()?.parse().ok()?))
    };
    text.lines().skip(2).map(|text| line(text).expect("a topic, a partition and an offset")).collect()
}
