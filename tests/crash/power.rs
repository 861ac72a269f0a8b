//! R2: power cuts on a filesystem of the broker's own. In durable mode what was acknowledged or shown is there after
//! every cut; with the page cache a cut may take a tail of each partition, never a record before one that stays.

mod claims;
mod early;
mod flushed;

use std::path::Path;
use std::thread::{self, JoinHandle, park_timeout};
use std::time::Duration;

use verdict::{Durability, Kind, Options};

use crate::campaign::{Random, cycles, expect_valid, has_durable, percentile, seed};
use crate::image::Image;
use crate::load::{Damage, Load, SMALL_SEGMENTS, Shape, Topic, read_all};
use crate::node::{Node, Whereabouts};
use crate::pen::Desk;
use crate::wire::Wire;
use early::WrittenEarly;

const CYCLES: usize = 20;
const IMAGE_BYTES: u64 = 1 << 30;
const LOAD_MS_MIN: u64 = 100;
const LOAD_MS_SPREAD: u64 = 300;
/// One cut in so many is followed by another one while the broker recovers.
const CUTS_PER_DOUBLE: u64 = 3;
const RECOVERY_MS_SPREAD: u64 = 40;
/// After the last start each client must get something done within this time.
const PROGRESS_NS: u64 = 30_000_000_000;

#[test]
fn a_power_cut_takes_nothing_that_was_acknowledged_in_durable_mode() {
    if !has_durable() {
        eprintln!("skipped: this broker has no --durable");
        return;
    }
    campaign("power-durable", &["--durable"], Durability::Synced);
}

#[test]
fn a_power_cut_takes_at_most_a_tail_of_each_partition_from_the_page_cache() {
    campaign("power-cached", &[], Durability::PageCache);
}

fn campaign(name: &str, options: &[&str], durability: Durability) {
    let mut image = match Image::mount(IMAGE_BYTES) {
        Ok(image) => image,
        Err(reason) => return eprintln!("skipped: {reason}"),
    };
    let (seed, home) = (seed(name), tempfile::tempdir().unwrap());
    let ledgers = home.path().join("ledgers");
    std::fs::create_dir(&ledgers).unwrap();
    let desk = Desk::new(&ledgers);
    let mut node = Node::new(&image.mount_point().join("data"), options, home.path(), &desk);
    node.start();
    let topic = Topic { name: "cuts".to_owned(), number: 1, partitions: 4 };
    let deleted = Topic { name: "deleted".to_owned(), number: 2, partitions: 1 };
    let mut wire = Wire::to(&node.address()).unwrap();
    for topic in [&topic, &deleted] {
        assert_eq!(topic.create(&mut wire, SMALL_SEGMENTS).unwrap(), 0);
    }

    let loads = [
        Load::start(&node, &desk, &topic, Shape::default(), 1, seed),
        Load::start(&node, &desk, &deleted, Shape::WITH_DELETIONS, 101, seed),
    ];
    let churn = churn(node.whereabouts());
    cuts(&mut node, &mut image, &mut Random(seed));
    // A producer whose last acknowledgement fell into the moment of a cut may have to begin anew.
    for load in loads {
        let _ = load.stop();
    }
    churn.join().expect("topics come and go");
    read(&node, &desk, 50_000, &[&topic, &deleted]);
    node.assert_no_panic();
    judge(name, &ledgers, durability, false);
    tell_starts(name, &mut node);
}

/// All the cuts of a campaign. The broker runs before and after. How many logs were found to have what was flushed.
fn cuts(node: &mut Node, image: &mut Image, random: &mut Random) -> usize {
    let mut checked = 0;
    let early = WrittenEarly::start(&image.mount_point().join("data"));
    for _ in 0..cycles(CYCLES) {
        park_timeout(Duration::from_millis(LOAD_MS_MIN + random.below(LOAD_MS_SPREAD)));
        checked += cut(node, image, &early);
        if random.below(CUTS_PER_DOUBLE) == 0 {
            node.start_blindly();
            park_timeout(Duration::from_millis(random.below(RECOVERY_MS_SPREAD)));
            checked += cut(node, image, &early);
        }
        node.start();
    }
    park_timeout(Duration::from_millis(LOAD_MS_MIN));
    checked
}

/// The machine loses power, then the process is gone, then the machine is up again, with what was flushed.
fn cut(node: &mut Node, image: &mut Image, early: &WrittenEarly) -> usize {
    image.cut_power(|| node.note_power_cut());
    node.kill(Kind::PowerCut);
    let _nothing_is_open = early.lock();
    image.reboot();
    claims::check(&image.mount_point().join("data"))
}

/// The final read of some topics; nothing is damaged.
fn read(node: &Node, desk: &Desk, client: u16, topics: &[&Topic]) {
    let (mut wire, mut pen) = (Wire::to(&node.address()).unwrap(), desk.pen(client));
    for topic in topics {
        let damage = read_all(&mut wire, &mut pen, topic, node.incarnation()).unwrap();
        assert_eq!(damage, Damage::default(), "{}: a hole.\n{}", topic.name, node.lines_with("damaged"));
    }
}

fn judge(name: &str, ledgers: &Path, durability: Durability, retention: bool) -> verdict::Verdict {
    let progress_within_ns = Some(PROGRESS_NS);
    let options =
        Options { durability, retention, recovered_is_durable: true, progress_within_ns, ..Options::default() };
    expect_valid(name, ledgers, &options)
}

fn tell_starts(name: &str, node: &mut Node) {
    let (p50, p99) = (percentile(&mut node.starts_us, 50), percentile(&mut node.starts_us, 99));
    eprintln!("{name}: ready again after p50 {:.1} ms, p99 {:.1} ms", p50 as f64 / 1e3, p99 as f64 / 1e3);
}

/// Topics that come and go, so that cuts meet their creation and deletion.
fn churn(whereabouts: Whereabouts) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut number = 0;
        while let Some((address, _)) = whereabouts.find() {
            let Ok(mut wire) = Wire::to(&address) else {
                whereabouts.pause(Duration::from_millis(5));
                continue;
            };
            while !whereabouts.is_stopped() {
                number += 1;
                let topic = Topic { name: format!("churn-{number}"), number, partitions: 2 };
                if topic.create(&mut wire, &[]).is_err() || topic.delete(&mut wire).is_err() {
                    break;
                }
                whereabouts.pause(Duration::from_millis(30));
            }
        }
    })
}
