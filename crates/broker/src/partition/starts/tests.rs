//! Epochs and starts that no client can bring about on a single node.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use host::{Disk, Pool, SimDisk};
use record::{BatchBuilder, Compression, PartitionIndex, Uuid};
use storage::{Log, LogConfig, LogDir};

use super::*;
use crate::config::TopicConfig;
use crate::metrics::Metrics;
use crate::partition::Settings;
use crate::partition::flushing::Flushing;

const NOW: Timestamp = Timestamp(1_000_000);

/// A partition led in epoch 5 with two records of that epoch.
fn partition() -> Arc<Partition> {
    let disk = Disk::sim(SimDisk::new());
    disk.create_dir_all(Path::new("/data")).unwrap();
    let dir = Arc::new(LogDir::new(disk, PathBuf::from("/data")));
    let log = Log::create(&dir, "t-0", Uuid([7; 16]), LogConfig::default()).unwrap();
    let flushing = Flushing::new(&Arc::new(Pool::inline()), Metrics::new(host::Clock::real()));
    let partition =
        Partition::new(PartitionIndex(0), LeaderEpoch(5), Settings::of(TopicConfig::default()), log, flushing);
    let partition = Arc::new(partition);
    let mut builder = BatchBuilder::new(Compression::None);
    (0..2).for_each(|_| _ = builder.append(NOW, None, Some(b"value"), &[]));
    let bytes = builder.build();
    let batch = record::validate(&bytes, &partition.rules(NOW)).unwrap();
    partition.append(&[batch], NOW, &mut storage::Outcomes::new()).unwrap();
    partition
}

#[test]
fn an_epoch_below_the_first_ends_where_the_log_starts_and_one_above_the_leaders_has_no_end() {
    let partition = partition();
    let end = |epoch| partition.end_of_epoch(LeaderEpoch(epoch)).unwrap().map(|(epoch, end)| (epoch.0, end.0));
    assert_eq!(end(5), Some((5, 2)));
    assert_eq!(end(4), Some((4, 0)));
    assert_eq!(end(0), Some((0, 0)));
    assert_eq!(end(6), None);
    assert_eq!(end(-1), None);
    assert_eq!(end(-2), Some((-2, 0)), "Kafka takes any other number for an epoch");
}

#[test]
fn a_start_beyond_what_consumers_see_is_out_of_range() {
    let partition = partition();
    for before in [3, i64::MAX, -1, i64::MIN] {
        let refused = partition.note_deletion(Offset(before));
        assert!(matches!(refused, Err(DeleteRecordsError::OffsetOutOfRange)), "{before}: {refused:?}");
    }
}

#[test]
fn a_partition_that_is_gone_neither_deletes_nor_knows_epochs() {
    let partition = partition();
    drop(partition.retire());
    let deleted = partition.note_deletion(Offset(1));
    assert!(matches!(deleted, Err(DeleteRecordsError::Partition(PartitionAppendError::Deleted))), "{deleted:?}");
    assert!(matches!(partition.end_of_epoch(LeaderEpoch(5)), Err(PartitionAppendError::Deleted)));
}
