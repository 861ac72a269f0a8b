//! Directories that a broker does not start on.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::{assert_filled, filled, identity, other, two};
use crate::harness::{Broker, serve};
use crate::raw::Connection;
use crate::tools::{output_of, run};

fn copy(from: &Path, to: &Path) {
    output_of(Command::new("cp").arg("-a").arg(from).arg(to), b"");
}

/// A broker with two directories and a topic, stopped.
fn stopped() -> Option<(Broker, String)> {
    let mut broker = two(&[])?;
    let topic = filled(&mut Connection::open(&broker));
    assert!(broker.stop().success());
    Some((broker, topic))
}

/// What a broker says that does not start on the data that is there.
fn refusal(broker: &Broker) -> String {
    let ended = run(&mut broker.command(), b"");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert!(!ended.status.success(), "it started: {said}");
    said
}

fn assert_starts(broker: &mut Broker, topic: &str) {
    broker.start_again();
    assert_filled(&mut Connection::open(broker), topic, &[0, 1, 2, 3]);
}

#[test]
fn one_directory_under_two_names() {
    let home = tempfile::tempdir().unwrap();
    let (data, link) = (home.path().join("data"), home.path().join("link"));
    fs::create_dir(&data).unwrap();
    symlink(&data, &link).unwrap();
    for name in [&data, &link] {
        let ended = run(&mut serve(&data, &["--data", name.to_str().unwrap(), "--listen", "127.0.0.1:0"]), b"");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(!ended.status.success() && said.contains("are the same directory"), "{said}");
    }
    assert_eq!(fs::read_dir(&data).unwrap().count(), 0, "nothing was made");
}

#[test]
fn a_directory_of_another_cluster_or_node() {
    let Some((mut broker, topic)) = stopped() else { return };
    let file = other(&broker).join("meta.properties");
    let own = fs::read_to_string(&file).unwrap();
    let cluster = identity(&other(&broker))["cluster.id"].clone();
    for (from, to) in [(cluster.as_str(), "goldengoldengoldengA"), ("node.id=1", "node.id=7")] {
        fs::write(&file, own.replace(from, to)).unwrap();
        let said = refusal(&broker);
        assert!(said.contains("holds the data of") && said.contains(to.rsplit('=').next().unwrap()), "{said}");
    }
    fs::write(&file, own).unwrap();
    assert_starts(&mut broker, &topic);
}

#[test]
fn a_directory_whose_disk_is_not_mounted() {
    let Some((mut broker, topic)) = stopped() else { return };
    let away = broker.home().join("away");
    fs::rename(other(&broker), &away).unwrap();
    let said = refusal(&broker);
    assert!(said.contains("is its disk mounted?"), "{said}");
    assert!(!other(&broker).join("meta.properties").exists(), "it is not taken for a new one");
    fs::remove_dir_all(other(&broker)).unwrap();
    fs::rename(&away, other(&broker)).unwrap();
    assert_starts(&mut broker, &topic);
}

#[test]
fn a_list_of_the_directories_that_is_not_understood() {
    let Some((mut broker, topic)) = stopped() else { return };
    let (file, away) = (broker.data_dir().join(".ottla-log-dirs"), broker.home().join("away"));
    let own = fs::read_to_string(&file).unwrap();
    fs::rename(other(&broker), &away).unwrap();
    fs::write(&file, own.replace(' ', "_")).unwrap();
    let said = refusal(&broker);
    assert!(said.contains(".ottla-log-dirs: line 2 is not"), "{said}");
    assert!(!other(&broker).join("meta.properties").exists(), "it is not taken for a new one");
    fs::write(&file, own).unwrap();
    fs::remove_dir_all(other(&broker)).unwrap();
    fs::rename(&away, other(&broker)).unwrap();
    assert_starts(&mut broker, &topic);
}

#[test]
fn the_directory_of_the_metadata_log_whose_disk_is_not_mounted() {
    let Some((mut broker, topic)) = stopped() else { return };
    let away = broker.home().join("away");
    fs::rename(broker.data_dir(), &away).unwrap();
    let said = refusal(&broker);
    assert!(said.contains("there is no cluster-metadata in") && said.contains("Nothing was changed"), "{said}");
    fs::remove_dir_all(broker.data_dir()).unwrap();
    fs::rename(&away, broker.data_dir()).unwrap();
    assert_starts(&mut broker, &topic);
}

#[test]
fn a_copy_of_a_directory() {
    let Some((mut broker, topic)) = stopped() else { return };
    let own = fs::read(other(&broker).join("meta.properties")).unwrap();
    fs::copy(broker.data_dir().join("meta.properties"), other(&broker).join("meta.properties")).unwrap();
    let said = refusal(&broker);
    assert!(said.contains("is a copy of") && said.contains("directory.id="), "{said}");
    fs::write(other(&broker).join("meta.properties"), own).unwrap();
    assert_starts(&mut broker, &topic);
}

#[test]
fn a_partition_in_two_directories() {
    let Some((mut broker, topic)) = stopped() else { return };
    let twin = other(&broker).join(format!("{topic}-0"));
    copy(&broker.data_dir().join(format!("{topic}-0")), &twin);
    let said = refusal(&broker);
    assert!(said.contains(&format!("the partition {topic}-0 lies in")), "{said}");
    fs::remove_dir_all(twin).unwrap();
    assert_starts(&mut broker, &topic);
}

#[test]
fn a_metadata_log_that_lies_in_another_directory() {
    let Some((mut broker, topic)) = stopped() else { return };
    fs::rename(broker.data_dir().join("cluster-metadata"), other(&broker).join("cluster-metadata")).unwrap();
    let said = refusal(&broker);
    assert!(said.contains("no cluster-metadata") || said.contains("Set metadata.log.dir="), "{said}");
    fs::rename(other(&broker).join("cluster-metadata"), broker.data_dir().join("cluster-metadata")).unwrap();
    assert_starts(&mut broker, &topic);
}

#[test]
fn a_directory_of_apache_kafka_beside_ones_own() {
    let home = tempfile::tempdir().unwrap();
    let kafkas = home.path().join("kafkas");
    fs::create_dir_all(kafkas.join("orders-0")).unwrap();
    fs::write(kafkas.join("orders-0/partition.metadata"), "version: 0\ntopic_id: AAAAAAAAAAAAAAAAAAAAAQ").unwrap();
    let options = ["--data", kafkas.to_str().unwrap(), "--listen", "127.0.0.1:0"];
    let ended = run(&mut serve(&home.path().join("data"), &options), b"");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(!ended.status.success() && said.contains("orders-0") && said.contains("Nothing was changed"), "{said}");
    assert_eq!(fs::read_dir(&kafkas).unwrap().count(), 1);
}
