//! Bugs planted into what a real run wrote down: a verdict that finds none of them would be worth nothing.

use std::path::Path;
use std::thread::park_timeout;
use std::time::Duration;

use verdict::{Class, Entry, Event, Kind, Ledger, Options, Phase, judge};

use crate::campaign::{expect_valid, ledgers, seed};
use crate::load::{Load, Shape, Topic, read_all};
use crate::node::Node;
use crate::pen::Desk;
use crate::wire::Wire;

type History = Vec<Vec<(Event, Vec<Entry>)>>;

/// What the broker did wrong, what that is called, and how the ledgers would show it.
type Bug = (&'static str, Class, fn(&mut History));

const BUGS: &[Bug] = &[
    ("lost the tail of a partition", Class::LostWrite, |history| {
        let last = finals(history).last().expect("something was read");
        last.1.truncate(last.1.len() - 1);
        (last.0.count, last.0.aux) = (last.0.count - 1, last.0.aux - 1);
    }),
    ("lost a record in the middle", Class::Gap, |history| {
        let read = finals(history).next().expect("something was read");
        read.1.remove(read.1.len() / 2);
        read.0.count -= 1;
    }),
    ("exchanged two records", Class::InconsistentOffsets, |history| {
        let read = finals(history).next().expect("something was read");
        let (value, middle) = (read.1[0].value, read.1.len() / 2);
        read.1[0].value = read.1[middle].value;
        read.1[middle].value = value;
        let (one, other) = (read.1[0], read.1[middle]);
        (read.1[0].checksum, read.1[0].identity, read.1[0].timestamp) =
            (other.checksum, other.identity, other.timestamp);
        read.1[middle] = Entry { offset: other.offset, value: other.value, ..one };
    }),
    ("appended a batch twice", Class::Duplicate, |history| {
        let read = finals(history).last().expect("something was read");
        let first = read.1[0];
        read.1.push(Entry { offset: read.0.aux, ..first });
        (read.0.count, read.0.aux) = (read.0.count + 1, read.0.aux + 1);
    }),
    ("served another partition's records", Class::Misrouted, |history| {
        finals(history).for_each(|read| read.0.partition ^= 1);
    }),
    ("served a wrong byte", Class::Corrupt, |history| polls(history).last().expect("a poll").1[0].checksum ^= 1),
    ("skipped a record in a fetch", Class::PollSkip, |history| {
        let poll = polls(history).nth(3).expect("a fourth poll");
        poll.1.remove(0);
        poll.0.count -= 1;
    }),
    ("served a record that it had refused", Class::FailedWriteRead, |history| {
        let ok = events(history).find(|(event, _)| event.kind == Kind::Send && event.phase == Phase::Ok);
        ok.expect("an acknowledgement").0.phase = Phase::Fail;
    }),
    ("acknowledged with the wrong offset", Class::Duplicate, |history| {
        let mut acks = events(history).filter(|(event, _)| event.kind == Kind::Send && event.phase == Phase::Ok);
        acks.nth(7).expect("an acknowledgement").0.offset += 1_000_000;
    }),
    ("told an old high watermark", Class::EndWentBack, |history| {
        polls(history).last().expect("a poll").0.aux = 1;
    }),
    ("told an old end", Class::EndWentBack, |history| {
        let mut lists = events(history).filter(|(event, _)| is_list(event, -1));
        lists.next_back().expect("a listing").0.offset = 0;
    }),
    ("found a later record by timestamp", Class::WrongLookup, |history| {
        let mut lists = events(history).filter(|(event, _)| is_list(event, 0) && event.offset >= 0);
        lists.next().expect("a look-up").0.offset += 1;
    }),
    ("deleted records that nobody had asked it to", Class::UnaskedDeletion, |history| {
        let read = finals(history).next().expect("something was read");
        read.1.drain(..5);
        (read.0.count, read.0.offset) = (read.0.count - 5, 5);
    }),
];

fn is_list(event: &Event, asked: i64) -> bool {
    let fits = if asked < 0 { event.aux == asked } else { event.aux >= 0 };
    event.kind == Kind::ListOffsets && event.phase == Phase::Ok && fits
}

fn events(history: &mut History) -> impl DoubleEndedIterator<Item = &mut (Event, Vec<Entry>)> {
    history.iter_mut().flatten()
}

fn finals(history: &mut History) -> impl DoubleEndedIterator<Item = &mut (Event, Vec<Entry>)> {
    events(history).filter(|(event, entries)| event.kind == Kind::FinalRead && entries.len() > 20)
}

fn polls(history: &mut History) -> impl DoubleEndedIterator<Item = &mut (Event, Vec<Entry>)> {
    events(history).filter(|(event, entries)| event.kind == Kind::Poll && entries.len() > 1)
}

fn read(dir: &Path) -> History {
    let all = ledgers(dir).into_iter().map(|ledger| {
        let (mut reader, mut events) = (ledger.open().unwrap(), Vec::new());
        while let Some((event, entries)) = reader.next_event().unwrap() {
            events.push((event, entries.to_vec()));
        }
        events
    });
    all.collect()
}

#[test]
fn each_planted_bug_is_found() {
    let seed = seed("planted");
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("ledgers");
    std::fs::create_dir(&dir).unwrap();
    let desk = Desk::new(&dir);
    let mut node = Node::new(&home.path().join("data"), &[], home.path(), &desk);
    node.start();
    let topic = Topic { name: "planted".to_owned(), number: 1, partitions: 2 };
    assert_eq!(topic.create(&mut Wire::to(&node.address()).unwrap(), &[]).unwrap(), 0);
    let load = Load::start(&node, &desk, &topic, Shape::default(), 1, seed);
    park_timeout(Duration::from_millis(500));
    node.kill(Kind::Kill);
    node.start();
    park_timeout(Duration::from_millis(500));
    load.stop();
    let mut pen = desk.pen(50_000);
    read_all(&mut Wire::to(&node.address()).unwrap(), &mut pen, &topic, node.incarnation()).unwrap();
    drop((node, pen));

    expect_valid("planted", &dir, &Options::default());
    for (what, class, plant) in BUGS {
        let mut history = read(&dir);
        plant(&mut history);
        let planted: Vec<Ledger> = history.iter().map(|events| Ledger::of(events)).collect();
        let verdict = judge(&planted, &Options::default()).unwrap();
        assert!(verdict.found.contains_key(class), "a broker that {what}: {class} is not found:\n{verdict}");
    }
}
