//! The way from what a member reads to what it is to read. Pure.

use std::collections::BTreeSet;

use crate::TopicPartition;

/// What goes, and then what comes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Steps {
    pub(super) revoked: Vec<TopicPartition>,
    pub(super) added: Vec<TopicPartition>,
}

/// Nothing that stays is touched.
pub(super) fn steps(owned: &BTreeSet<TopicPartition>, wanted: &BTreeSet<TopicPartition>) -> Steps {
    Steps { revoked: owned.difference(wanted).cloned().collect(), added: wanted.difference(owned).cloned().collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PartitionIndex;

    #[test]
    fn only_what_differs_goes_or_comes() {
        let of = |partition: &i32| TopicPartition { topic: "t".to_owned(), partition: PartitionIndex(*partition) };
        let rows: [[&[i32]; 4]; 5] = [
            [&[], &[], &[], &[]],
            [&[], &[0, 1], &[], &[0, 1]],
            [&[0, 1], &[1, 2], &[0], &[2]],
            [&[0, 1], &[0, 1], &[], &[]],
            [&[0, 1], &[], &[0, 1], &[]],
        ];
        for [owned, wanted, revoked, added] in rows {
            let set = |partitions: &[i32]| partitions.iter().map(of).collect::<BTreeSet<_>>();
            let list = |partitions: &[i32]| partitions.iter().map(of).collect::<Vec<_>>();
            let expected = Steps { revoked: list(revoked), added: list(added) };
            assert_eq!(steps(&set(owned), &set(wanted)), expected, "{owned:?} {wanted:?}");
        }
    }
}
