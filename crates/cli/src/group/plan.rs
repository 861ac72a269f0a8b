//! Where a group is to go on: what the user named, and what that comes to in each partition. Pure.

use client::{Offset, PartitionIndex, TopicPartition};

/// A topic, all of it or some partitions: `orders`, `orders:0,3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    pub topic: String,
    /// None for all.
    pub partitions: Vec<PartitionIndex>,
}

/// Reads one.
pub fn scope(text: &str) -> Result<Scope, String> {
    let wrong = || "TOPIC or TOPIC:PARTITION[,PARTITION..] is expected".to_owned();
    // Names of topics have no colon.
    let (topic, partitions) = match text.split_once(':') {
        None => (text, Vec::new()),
        Some((topic, list)) => {
            let numbers: Option<Vec<PartitionIndex>> = list.split(',').map(partition).collect();
            (topic, numbers.ok_or_else(wrong)?)
        }
    };
    if topic.is_empty() { Err(wrong()) } else { Ok(Scope { topic: topic.to_owned(), partitions }) }
}

fn partition(text: &str) -> Option<PartitionIndex> {
    text.parse::<i32>().ok().filter(|&number| number >= 0).map(PartitionIndex)
}

/// Reads lines `topic,partition,offset`, as Kafka's tools write them; with a group before, lines of other groups are passed
/// over. Empty lines and comments (`#`) are too.
pub fn from_file(text: &str, group: &str) -> Result<Vec<(TopicPartition, Offset)>, String> {
    let mut offsets = Vec::new();
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let fields: Vec<&str> = line.split(',').map(|field| field.trim().trim_matches('"')).collect();
        let (topic, index, offset) = match fields[..] {
            [topic, index, offset] => (topic, index, offset),
            [of, topic, index, offset] if of == group => (topic, index, offset),
            [_, _, _, _] => continue,
            _ => return Err(format!("line {number}: topic,partition,offset is expected")),
        };
        let offset = offset.parse::<i64>().ok().filter(|&offset| offset >= 0).map(Offset);
        match (partition(index), offset) {
            (Some(partition), Some(offset)) => {
                offsets.push((TopicPartition { topic: topic.to_owned(), partition }, offset));
            }
            _ => return Err(format!("line {number}: partition and offset are numbers from 0")),
        }
    }
    Ok(offsets)
}

/// What is known of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub earliest: Offset,
    pub latest: Offset,
    pub committed: Option<Offset>,
}

/// Where to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Earliest,
    Latest,
    Offset(Offset),
    /// From what is committed.
    ShiftBy(i64),
}

/// The offset that this comes to: one that the partition has, or its end. `None` when there is nothing to shift.
pub fn resolve(target: Target, known: Known) -> Option<Offset> {
    let wanted = match target {
        Target::Earliest => known.earliest,
        Target::Latest => known.latest,
        Target::Offset(offset) => offset,
        Target::ShiftBy(by) => Offset(known.committed?.0.saturating_add(by)),
    };
    // Not `clamp`, which would not take an end below the beginning.
    Some(wanted.min(known.latest).max(known.earliest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_are_topics_with_or_without_partitions() {
        let of = |topic: &str, partitions: &[i32]| Scope {
            topic: topic.to_owned(),
            partitions: partitions.iter().copied().map(PartitionIndex).collect(),
        };
        assert_eq!(scope("orders"), Ok(of("orders", &[])));
        assert_eq!(scope("orders:0,3"), Ok(of("orders", &[0, 3])));
        for wrong in ["", ":1", "a:", "a:x", "a:-1", "a:1,"] {
            assert!(scope(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn files_are_those_of_kafkas_tools() {
        let text = "# exported\n\"t\",0,5\n g , t , 1 , 7 \n other,t,2,9\n\n";
        let offsets = from_file(text, "g").unwrap();
        let shown: Vec<_> = offsets.iter().map(|(of, offset)| (of.partition.0, offset.0)).collect();
        assert_eq!(shown, [(0, 5), (1, 7)]);
        for wrong in ["t,0", "t,x,5", "t,0,-1", "a,b,c,d,e"] {
            assert!(from_file(wrong, "g").is_err(), "{wrong}");
        }
        assert!(from_file("t,0,1\nt", "g").unwrap_err().starts_with("line 2"));
    }

    #[test]
    fn a_group_goes_nowhere_that_is_not_there() {
        let known = |committed: Option<i64>| Known {
            earliest: Offset(10),
            latest: Offset(100),
            committed: committed.map(Offset),
        };
        let rows = [
            (Target::Earliest, None, Some(10)),
            (Target::Latest, Some(50), Some(100)),
            (Target::Offset(Offset(42)), None, Some(42)),
            (Target::Offset(Offset(5)), None, Some(10)),
            (Target::Offset(Offset(500)), None, Some(100)),
            (Target::ShiftBy(-5), Some(50), Some(45)),
            (Target::ShiftBy(-500), Some(50), Some(10)),
            (Target::ShiftBy(i64::MAX), Some(50), Some(100)),
            (Target::ShiftBy(5), None, None),
        ];
        for (target, committed, expected) in rows {
            assert_eq!(resolve(target, known(committed)), expected.map(Offset), "{target:?}");
        }
    }
}
