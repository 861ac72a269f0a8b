//! What fails, fills up or is slow in one directory is no business of the other.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::{alter, assert_filled, batch_of, described, filled, other, partitions_in, two};
use crate::harness::{Broker, PATIENCE, unique};
use crate::operators::exposition::Exposition;
use crate::operators::http::{address_in, get};
use crate::raw::Connection;
use crate::storm::delete_topic;
use crate::syscalls::trace::{Tracer, strace_works};

const STORAGE_ERROR: &str = "KafkaStorageError";

fn segment(dir: &Path, topic: &str, partition: i32) -> PathBuf {
    dir.join(format!("{topic}-{partition}/00000000000000000000.log"))
}

/// Whether the metrics say of each directory that it failed, or is full.
fn told(broker: &Broker, name: &str) -> [Option<f64>; 2] {
    let address = address_in(&broker.stderr()).expect("the broker says where it tells its metrics");
    let scraped = Exposition::parse(&get(&address, "/metrics").1);
    [broker.data_dir(), other(broker)].map(|dir| scraped.value(name, &[("dir", dir.to_str().unwrap())]))
}

#[test]
fn a_directory_that_cannot_be_used_at_the_start_takes_only_its_partitions_offline() {
    let Some(mut broker) = two(&[]) else { return };
    let mut connection = Connection::open(&broker);
    let (topic, deleted) = (filled(&mut connection), filled(&mut connection));
    assert!(broker.stop().success());
    let away = broker.home().join("away");
    fs::rename(other(&broker), &away).unwrap();
    fs::write(other(&broker), "no directory").unwrap();

    broker.start_again();
    let mut connection = Connection::open(&broker);
    assert_filled(&mut connection, &topic, &[0, 2]);
    for index in [1, 3] {
        assert_eq!(connection.produce(&topic, index, batch_of("lost")), Err(STORAGE_ERROR.to_owned()));
        assert_eq!(connection.fetch(&topic, index, 0, 1 << 20).error, STORAGE_ERROR);
    }
    let described = described(&mut connection, &topic);
    assert_eq!(described[other(&broker).to_str().unwrap()], (STORAGE_ERROR.to_owned(), vec![]));
    assert_eq!(described[broker.data_dir().to_str().unwrap()], ("None".to_owned(), vec![0, 2]));
    let new = unique("meanwhile");
    connection.create_topic(&new, 2);
    assert_eq!(partitions_in(&broker.data_dir(), &new), [0, 1]);
    assert_eq!(partitions_in(&broker.data_dir(), &topic), [0, 2], "what is away is not made again");
    delete_topic(&mut connection, &deleted);
    assert!(broker.stop().success());

    fs::remove_file(other(&broker)).unwrap();
    fs::rename(&away, other(&broker)).unwrap();
    broker.start_again();
    let mut connection = Connection::open(&broker);
    assert_filled(&mut connection, &topic, &[0, 1, 2, 3]);
    assert_eq!(partitions_in(&other(&broker), &deleted), Vec::<i32>::new(), "its topic is deleted");
    assert_eq!(partitions_in(&other(&broker), &topic), [1, 3]);
}

#[test]
fn a_directory_that_is_taken_from_the_list_takes_its_partitions_offline_until_it_is_back() {
    let Some(mut broker) = two(&[]) else { return };
    let topic = filled(&mut Connection::open(&broker));
    assert!(broker.stop().success());
    let options = broker.set_options(Vec::new());
    broker.start_again();
    let mut connection = Connection::open(&broker);
    assert_filled(&mut connection, &topic, &[0, 2]);
    assert_eq!(connection.latest_offset(&topic, 1), Err(STORAGE_ERROR.to_owned()));
    assert_eq!(partitions_in(&broker.data_dir(), &topic), [0, 2]);
    broker.kill();
    let _ = broker.set_options(options);
    broker.start_again();
    assert_filled(&mut Connection::open(&broker), &topic, &[0, 1, 2, 3]);
}

#[test]
fn an_io_error_fails_its_directory_and_the_other_serves_on() {
    if !strace_works() {
        return;
    }
    let Some(mut broker) = two(&["--durable", "--metrics", "127.0.0.1:0"]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = filled(&mut connection);
    assert_eq!(told(&broker, "ottla_log_dir_failed"), [Some(0.0), Some(0.0)]);
    let path = segment(&other(&broker), &topic, 1);
    let tracer = Tracer::attach_with(&broker, &["-P", path.to_str().unwrap(), "-e", "inject=fdatasync:error=EIO"]);
    assert_eq!(connection.produce(&topic, 1, batch_of("not durable")), Err(STORAGE_ERROR.to_owned()));
    drop(tracer.finish());
    for index in [1, 3] {
        assert_eq!(connection.produce(&topic, index, batch_of("refused")), Err(STORAGE_ERROR.to_owned()));
    }
    assert_eq!(connection.produce(&topic, 0, batch_of("more")), Ok(1));
    assert_eq!(connection.produce(&topic, 2, batch_of("more")), Ok(1));
    assert_eq!(told(&broker, "ottla_log_dir_failed"), [Some(0.0), Some(1.0)]);
    let address = address_in(&broker.stderr()).unwrap();
    assert_eq!(get(&address, "/ready").0, 200, "it goes on while one works");
    assert_eq!(described(&mut connection, &topic)[other(&broker).to_str().unwrap()].0, STORAGE_ERROR);
    let new = unique("after");
    connection.create_topic(&new, 3);
    assert_eq!(partitions_in(&other(&broker), &new), Vec::<i32>::new());
    assert_eq!(
        alter(&mut connection, &broker.data_dir(), &topic, 1),
        STORAGE_ERROR,
        "nothing can be copied from there"
    );

    assert!(broker.stop().success());
    assert!(broker.data_dir().join(".kafka_cleanshutdown").exists());
    assert!(!other(&broker).join(".kafka_cleanshutdown").exists(), "it was not left cleanly");
    broker.start_again();
    let mut connection = Connection::open(&broker);
    assert_filled(&mut connection, &topic, &[0, 1, 2, 3]);
    let end = connection.latest_offset(&topic, 1).unwrap();
    assert_eq!(connection.produce(&topic, 1, batch_of("again")), Ok(end), "a restart tries it again");
}

#[test]
fn a_full_disk_is_full_for_its_own_partitions() {
    if !strace_works() {
        return;
    }
    let Some(broker) = two(&["--metrics", "127.0.0.1:0"]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = filled(&mut connection);
    let path = segment(&other(&broker), &topic, 1);
    let tracer = Tracer::attach_with(&broker, &["-P", path.to_str().unwrap(), "-e", "inject=pwritev:error=ENOSPC"]);
    assert_eq!(connection.produce(&topic, 1, batch_of("no room")), Err(STORAGE_ERROR.to_owned()));
    for index in [0, 2] {
        assert_eq!(connection.produce(&topic, index, batch_of("more")), Ok(1));
    }
    let new = unique("roomy");
    connection.create_topic(&new, 1);
    drop(tracer.finish());
    assert_eq!(told(&broker, "ottla_log_dir_failed"), [Some(0.0), Some(0.0)], "a state and no failure");
    let deadline = std::time::Instant::now() + PATIENCE;
    while connection.produce(&topic, 1, batch_of("room again")).is_err() {
        assert!(std::time::Instant::now() < deadline, "writes do not come back");
    }
    assert_filled(&mut connection, &topic, &[0, 1, 2, 3]);
}

#[test]
fn a_slow_disk_keeps_no_partition_of_the_other_waiting() {
    /// More than there are flush threads for a directory.
    const SLOW: usize = 10;
    if !strace_works() {
        return;
    }
    let Some(broker) = two(&["--durable"]) else { return };
    let mut connection = Connection::open(&broker);
    let topic = unique("slow");
    connection.create_topic(&topic, 2 * SLOW as i32);
    let slow = partitions_in(&other(&broker), &topic);
    let fast = partitions_in(&broker.data_dir(), &topic);
    assert_eq!((slow.len(), fast.len()), (SLOW, SLOW));
    let paths: Vec<String> =
        slow.iter().map(|index| segment(&other(&broker), &topic, *index).display().to_string()).collect();
    let mut options: Vec<&str> = paths.iter().flat_map(|path| ["-P", path.as_str()]).collect();
    // Five seconds for each.
    options.extend(["-e", "inject=fdatasync:delay_enter=5000000"]);
    let tracer = Tracer::attach_with(&broker, &options);
    let synced = AtomicUsize::new(0);
    thread::scope(|scope| {
        for index in &slow {
            let mut connection = Connection::open(&broker);
            let (synced, topic) = (&synced, &topic);
            scope.spawn(move || {
                assert_eq!(connection.produce(topic, *index, batch_of("slow")), Ok(0));
                synced.fetch_add(1, Ordering::SeqCst);
            });
        }
        while slow.iter().any(|index| fs::metadata(segment(&other(&broker), &topic, *index)).unwrap().len() == 0) {
            thread::yield_now();
        }
        for offset in 0..3 {
            for index in &fast {
                assert_eq!(connection.produce(&topic, *index, batch_of("fast")), Ok(offset));
            }
        }
        assert_eq!(synced.load(Ordering::SeqCst), 0, "the fast ones waited for a slow one");
    });
    drop(tracer.finish());
    assert_eq!(synced.into_inner(), SLOW);
}
