//! Histories with one thing wrong each, found under the name of that thing; put right, they are valid.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the tests are the outside world: they use clocks and tell figures"
)]

#[allow(dead_code, reason = "each binary uses its part")]
mod histories;

use histories::{History, P, Q, entry, run, v};
use verdict::{Class, Damage, Durability, Event, Kind, Options, Phase, flags};

/// A case: how to make the history, wrong or right, and what the wrong one is called.
type Case = (Class, Options, fn(&mut History, bool));

const STRICT: Options = Options {
    durability: Durability::Synced,
    retention: false,
    recovered_is_durable: false,
    damage: Damage::None,
    progress_within_ns: None,
};
const CACHED: Options = Options { durability: Durability::PageCache, ..STRICT };
/// The second of three records was damaged.
const DAMAGED: Options = Options { damage: Damage::Batch { partition: P, first: 1, next: 2 }, ..STRICT };

fn cases() -> Vec<Case> {
    let mut cases = of_records();
    cases.extend(of_loss());
    cases.extend(of_damage());
    cases.extend(of_deletion());
    cases.extend(of_order());
    cases.extend(of_answers());
    cases
}

fn of_records() -> Vec<Case> {
    vec![
        (Class::InconsistentOffsets, STRICT, |h, bad| {
            h.send(1, P, 0, 1, 0);
            h.send(2, P, 0, 1, 1);
            h.poll(3, P, 0, run(0, &[v(if bad { 2 } else { 1 }, 0)]));
            h.last(P, 0, &[v(1, 0), v(2, 0)]);
        }),
        (Class::Duplicate, STRICT, |h, bad| {
            h.send(1, P, 0, 1, 0);
            h.send(1, P, 1, 1, if bad { 2 } else { 1 });
            h.last(P, 0, &(if bad { vec![v(1, 0), v(1, 0), v(1, 1)] } else { vec![v(1, 0), v(1, 1)] }));
        }),
        (Class::Duplicate, STRICT, |h, bad| {
            h.send(1, P, 0, 1, 0);
            h.sent(1, P, Phase::Ok, 0, i64::from(bad));
            h.last(P, 0, &[v(1, 0)]);
        }),
        (Class::FailedWriteRead, STRICT, |h, bad| {
            h.sending(1, P, -1, 0, 1);
            h.sent(1, P, if bad { Phase::Fail } else { Phase::Info }, 0, -1);
            h.last(P, 0, &[v(1, 0)]);
        }),
        (Class::Phantom, STRICT, |h, bad| {
            h.send(1, P, 0, 1, 0);
            h.last(P, 0, &(if bad { vec![v(1, 0), v(7, 7)] } else { vec![v(1, 0)] }));
        }),
        (Class::Misrouted, STRICT, |h, bad| {
            h.send(1, P, 0, 1, 0);
            h.send(1, Q, 1, 1, 0);
            h.poll(2, Q, 0, run(0, &[v(1, u64::from(!bad))]));
            h.last(P, 0, &[v(1, 0)]);
            h.last(Q, 0, &[v(1, 1)]);
        }),
        (Class::Corrupt, STRICT, |h, bad| {
            h.send(1, P, 0, 1, 0);
            let mut read = entry(0, v(1, 0));
            read.checksum ^= u32::from(bad);
            h.poll(2, P, 0, vec![read]);
            h.last(P, 0, &[v(1, 0)]);
        }),
        (Class::Corrupt, STRICT, |h, bad| {
            h.send(1, P, 0, 1, 0);
            let mut read = entry(0, v(1, 0));
            read.identity ^= u32::from(bad);
            h.poll(2, P, 0, vec![read]);
            h.last(P, 0, &[v(1, 0)]);
        }),
        (Class::BadChecksum, STRICT, |h, bad| {
            h.send(1, P, 0, 1, 0);
            h.ask(2, Kind::Poll, P, 0, -1);
            let mut event = Event::new(Kind::Poll, Phase::Fail);
            (event.offset, event.error, event.flags) = (0, 2, if bad { flags::BAD_CHECKSUM } else { 0 });
            h.event(2, event, Vec::new());
            h.last(P, 0, &[v(1, 0)]);
        }),
    ]
}

fn of_loss() -> Vec<Case> {
    vec![
        (Class::LostWrite, STRICT, |h, bad| {
            h.send(1, P, 0, 2, 0);
            h.crash(Kind::Kill);
            h.last(P, 0, &(if bad { vec![v(1, 0)] } else { vec![v(1, 0), v(1, 1)] }));
        }),
        (Class::LostWrite, CACHED, |h, bad| {
            h.crash(Kind::PowerCut);
            h.send(1, P, 0, 2, 0);
            h.last(P, 0, &(if bad { vec![v(1, 0)] } else { vec![v(1, 0), v(1, 1)] }));
        }),
        (Class::LostWrite, STRICT, |h, bad| {
            h.sending(1, P, 5, 0, 1);
            h.sent(1, P, Phase::Ok, 0, -1);
            h.last(P, 0, &(if bad { vec![] } else { vec![v(1, 0)] }));
        }),
        (Class::UnstableRead, STRICT, |h, bad| {
            h.sending(1, P, -1, 0, 1);
            h.sent(1, P, Phase::Info, 0, -1);
            h.poll(2, P, 0, run(0, &[v(1, 0)]));
            h.crash(Kind::PowerCut);
            h.last(P, 0, &(if bad { vec![] } else { vec![v(1, 0)] }));
        }),
        (Class::UnstableRead, Options { recovered_is_durable: true, ..CACHED }, |h, bad| {
            h.send(1, P, 0, 1, 0);
            h.crash(Kind::PowerCut);
            h.poll(2, P, 0, run(0, &[v(1, 0)]));
            h.crash(Kind::PowerCut);
            h.last(P, 0, &(if bad { vec![] } else { vec![v(1, 0)] }));
        }),
        (Class::HoleAfterCut, CACHED, |h, bad| {
            h.send(1, P, 0, 3, 0);
            h.crash(Kind::PowerCut);
            h.send(1, P, 3, 1, 1);
            // Record 1 was taken, so record 2 behind it cannot have stayed.
            h.poll(2, P, 0, if bad { run(2, &[v(1, 2)]) } else { run(0, &[v(1, 0), v(1, 3)]) });
            h.last(P, 0, &(if bad { vec![v(1, 0), v(1, 3), v(1, 2)] } else { vec![v(1, 0), v(1, 3)] }));
        }),
        (Class::Gap, STRICT, |h, bad| {
            h.send(1, P, 0, 1, 0);
            if !bad {
                h.send(2, P, 0, 1, 1);
            }
            h.send(1, P, 1, 1, 2);
            let mut read = run(0, &[v(1, 0), v(2, 0), v(1, 1)]);
            if bad {
                read.remove(1);
            }
            h.hear(999, Kind::FinalRead, P, 0, 3, read);
        }),
    ]
}

fn of_damage() -> Vec<Case> {
    vec![
        (Class::LostWrite, DAMAGED, |h, bad| {
            (0..3).for_each(|nth| h.send(1, P, nth, 1, nth as i64));
            h.last(P, 0, &[v(1, 0)]);
            if !bad {
                h.last(P, 2, &[v(1, 2)]);
            }
        }),
        (Class::Gap, DAMAGED, |h, bad| {
            (0..4).for_each(|nth| h.send(1, P, nth, 1, nth as i64));
            h.last(P, 0, &[v(1, 0)]);
            let from = if bad { 3 } else { 2 };
            h.last(P, from, &(from as u64..4).map(|nth| v(1, nth)).collect::<Vec<_>>());
        }),
        (Class::LostWrite, DAMAGED, |h, bad| {
            let of = if bad { Q } else { P };
            (0..3).for_each(|nth| h.send(1, of, nth, 1, nth as i64));
            h.last(of, 0, &[v(1, 0)]);
            h.last(of, 2, &[v(1, 2)]);
        }),
    ]
}

fn of_deletion() -> Vec<Case> {
    vec![
        (Class::UnaskedDeletion, STRICT, |h, bad| {
            h.send(1, P, 0, 2, 0);
            if !bad {
                h.delete(1, P, 1);
            }
            h.last(P, 1, &[v(1, 1)]);
        }),
        (Class::DeletedServed, STRICT, |h, bad| {
            h.send(1, P, 0, 2, 0);
            h.delete(1, P, 1);
            let from = i64::from(!bad);
            h.poll(2, P, from, run(from, &[v(1, from as u64)]));
            h.last(P, 1, &[v(1, 1)]);
        }),
        (Class::DeletedServed, STRICT, |h, bad| {
            h.send(1, P, 0, 2, 0);
            h.delete(1, P, 1);
            h.last(P, i64::from(!bad), &[v(1, 0), v(1, 1)][usize::from(!bad)..]);
        }),
        (Class::Unread, STRICT, |h, bad| {
            h.send(1, P, 0, 1, 0);
            if !bad {
                h.last(P, 0, &[v(1, 0)]);
            }
        }),
    ]
}

fn of_order() -> Vec<Case> {
    vec![
        (Class::PollSkip, STRICT, |h, bad| {
            h.send(1, P, 0, 2, 0);
            h.poll(2, P, 0, if bad { run(1, &[v(1, 1)]) } else { run(0, &[v(1, 0), v(1, 1)]) });
            h.last(P, 0, &[v(1, 0), v(1, 1)]);
        }),
        (Class::PollNonmonotonic, STRICT, |h, bad| {
            h.send(1, P, 0, 2, 0);
            h.poll(2, P, 0, run(0, &[v(1, 0)]));
            h.poll(2, P, 1, if bad { run(0, &[v(1, 0), v(1, 1)]) } else { run(1, &[v(1, 1)]) });
            h.last(P, 0, &[v(1, 0), v(1, 1)]);
        }),
        (Class::SendReordered, STRICT, |h, bad| {
            h.sending(1, P, 5, 0, 1);
            h.sending(1, P, 5, 1, 1);
            h.sent(1, P, Phase::Ok, 0, i64::from(bad));
            h.sent(1, P, Phase::Ok, 1, i64::from(!bad));
            h.last(P, 0, &[v(1, u64::from(bad)), v(1, u64::from(!bad))]);
        }),
        (Class::SendReordered, STRICT, |h, bad| {
            // The first has no known outcome, but the second could only follow it.
            h.sending(1, P, 5, 0, 1);
            h.sending(1, P, 5, 1, 1);
            h.sent(1, P, Phase::Info, 0, -1);
            h.sent(1, P, Phase::Ok, 1, i64::from(!bad));
            h.last(P, 0, &(if bad { vec![v(1, 1)] } else { vec![v(1, 0), v(1, 1)] }));
        }),
        (Class::SendReordered, STRICT, |h, bad| {
            h.sending(1, P, -1, 0, 2);
            h.sent(1, P, Phase::Info, 0, -1);
            h.last(P, 0, &(if bad { vec![v(1, 1), v(1, 0)] } else { vec![v(1, 0), v(1, 1)] }));
        }),
        (Class::RealTime, STRICT, |h, bad| {
            h.send(1, P, 0, 1, i64::from(bad));
            h.send(2, P, 0, 1, i64::from(!bad));
            h.last(P, 0, &(if bad { vec![v(2, 0), v(1, 0)] } else { vec![v(1, 0), v(2, 0)] }));
        }),
        (Class::BadLedger, STRICT, |h, bad| {
            h.send(1, P, 0, 1, 0);
            if bad {
                h.sending(1, P, -1, 0, 1);
            }
            h.last(P, 0, &[v(1, 0)]);
        }),
    ]
}

fn of_answers() -> Vec<Case> {
    vec![
        (Class::EndWentBack, STRICT, |h, bad| {
            h.send(1, P, 0, 2, 0);
            h.lookup(2, P, -1, if bad { 1 } else { 2 }, 0);
            h.last(P, 0, &[v(1, 0), v(1, 1)]);
        }),
        (Class::EndWentBack, STRICT, |h, bad| {
            h.send(1, P, 0, 2, 0);
            h.ask(2, Kind::Poll, P, 2, -1);
            let mut event = Event::new(Kind::Poll, Phase::Fail);
            (event.offset, event.error) = (if bad { 2 } else { 3 }, 1);
            h.event(2, event, Vec::new());
            h.last(P, 0, &[v(1, 0), v(1, 1)]);
        }),
        (Class::StartWentBack, STRICT, |h, bad| {
            h.send(1, P, 0, 2, 0);
            h.delete(2, P, 1);
            h.lookup(2, P, -2, i64::from(!bad), 0);
            h.last(P, 1, &[v(1, 1)]);
        }),
        (Class::EpochWentBack, STRICT, |h, bad| {
            for epoch in [3, if bad { 2 } else { 3 }] {
                h.ask(2, Kind::Metadata, P, -1, -1);
                let mut event = Event::new(Kind::Metadata, Phase::Ok);
                event.leader_epoch = epoch;
                h.event(2, event, Vec::new());
            }
        }),
        (Class::WrongLookup, STRICT, |h, bad| {
            h.send(1, P, 0, 3, 0);
            h.lookup(2, P, 1, if bad { 2 } else { 1 }, if bad { 2 } else { 1 });
            h.last(P, 0, &[v(1, 0), v(1, 1), v(1, 2)]);
        }),
        (Class::WrongLookup, STRICT, |h, bad| {
            h.send(1, P, 0, 3, 0);
            h.lookup(2, P, if bad { 2 } else { 3 }, -1, u64::MAX);
            h.last(P, 0, &[v(1, 0), v(1, 1), v(1, 2)]);
        }),
        (Class::WrongLookup, STRICT, |h, bad| {
            h.send(1, P, 0, 3, 0);
            h.lookup(2, P, -3, 2, if bad { 1 } else { 2 });
            h.last(P, 0, &[v(1, 0), v(1, 1), v(1, 2)]);
        }),
        (Class::Stuck, Options { progress_within_ns: Some(1_000_000), ..STRICT }, |h, bad| {
            h.send(1, P, 0, 1, 0);
            h.crash(Kind::Kill);
            h.ask(2, Kind::Poll, P, 0, -1);
            h.wait(if bad { 2_000_000 } else { 0 });
            h.hear(2, Kind::Poll, P, 0, -1, run(0, &[v(1, 0)]));
            h.last(P, 0, &[v(1, 0)]);
        }),
    ]
}

#[test]
fn each_bad_history_is_found_under_its_name_and_is_valid_when_put_right() {
    for (index, (class, options, make)) in cases().into_iter().enumerate() {
        let mut bad = History::default();
        make(&mut bad, true);
        let verdict = bad.judge(&options);
        assert!(verdict.found.contains_key(&class), "case {index}, {class}:\n{verdict}");
        assert!(
            !verdict.around.is_empty() || class == Class::Stuck || class == Class::EpochWentBack,
            "{index}: {class}"
        );

        let mut right = History::default();
        make(&mut right, false);
        let verdict = right.judge(&options);
        assert!(verdict.is_valid(), "case {index}, {class} put right:\n{verdict}");
    }
}

#[test]
fn every_class_has_a_bad_history() {
    let mut classes: Vec<Class> = cases().into_iter().map(|(class, ..)| class).collect();
    classes.sort();
    classes.dedup();
    assert_eq!(classes.len(), 24, "a class was added without a history: {classes:?}");
}

#[test]
fn a_torn_tail_is_the_end_of_a_ledger() {
    let mut history = History::default();
    history.send(1, P, 0, 2, 0);
    history.last(P, 0, &[v(1, 0), v(1, 1)]);
    let ledgers = history.ledgers();
    let verdict::Ledger::Bytes(whole) = &ledgers[0] else { unreachable!("made in memory") };
    for len in 0..whole.len() {
        let torn = verdict::Ledger::Bytes(whole[..len].to_vec());
        let mut reader = torn.open().unwrap();
        let mut events = 0;
        while reader.next_event().unwrap().is_some() {
            events += 1;
        }
        assert_eq!(events, usize::from(len >= 128), "{len} bytes: the send has two records of 32 bytes");
    }
}

#[test]
fn a_cut_may_take_a_tail_in_page_cache_mode_only() {
    let mut history = History::default();
    history.send(1, P, 0, 2, 0);
    history.crash(Kind::PowerCut);
    history.send(1, P, 2, 1, 1);
    history.last(P, 0, &[v(1, 0), v(1, 2)]);
    let verdict = history.judge(&CACHED);
    assert!(verdict.is_valid() && verdict.counts.lost_to_cuts == 1, "{verdict}");
    assert!(history.judge(&STRICT).found.contains_key(&Class::InconsistentOffsets));
}

#[test]
fn a_record_that_is_sent_again_after_a_cut_may_come_to_lie_where_it_was() {
    let mut history = History::default();
    history.sending(1, P, 5, 0, 1);
    history.send(2, P, 0, 1, 0);
    history.poll(3, P, 0, run(0, &[v(2, 0), v(1, 0)]));
    // The cut takes both; the first is unanswered yet and sent again, behind another record that takes the place.
    history.crash(Kind::PowerCut);
    history.send(2, P, 1, 1, 0);
    history.sent(1, P, Phase::Ok, 0, 1);
    history.last(P, 0, &[v(2, 1), v(1, 0)]);
    let verdict = history.judge(&CACHED);
    assert!(verdict.is_valid() && verdict.counts.lost_to_cuts == 1, "{verdict}");
}

#[test]
fn a_record_that_is_sent_again_may_get_its_place_back_from_another_that_a_cut_took() {
    for is_again in [true, false] {
        let mut history = History::default();
        history.sending(1, P, if is_again { 5 } else { -1 }, 0, 1);
        history.poll(3, P, 0, run(0, &[v(1, 0)]));
        history.crash(Kind::PowerCut);
        history.send(2, P, 0, 1, 0);
        history.crash(Kind::PowerCut);
        history.sent(1, P, Phase::Ok, 0, 0);
        history.last(P, 0, &[v(1, 0)]);
        let verdict = history.judge(&CACHED);
        assert_eq!(verdict.is_valid(), is_again, "{verdict}");
    }
}

#[test]
fn a_cut_may_take_a_deletion_from_the_page_cache() {
    let mut history = History::default();
    history.send(1, P, 0, 2, 0);
    history.delete(1, P, 1);
    history.crash(Kind::PowerCut);
    history.last(P, 0, &[v(1, 0), v(1, 1)]);
    let verdict = history.judge(&CACHED);
    assert!(verdict.is_valid(), "{verdict}");
    assert!(history.judge(&STRICT).found.contains_key(&Class::DeletedServed));
}

#[test]
fn a_refused_read_far_behind_the_end_says_nothing_about_where_the_end_is() {
    let mut history = History::default();
    history.send(1, P, 0, 2, 0);
    history.ask(2, Kind::Poll, P, 500, -1);
    let mut event = Event::new(Kind::Poll, Phase::Fail);
    (event.offset, event.error) = (500, 1);
    history.event(2, event, Vec::new());
    history.lookup(2, P, -1, 2, 0);
    history.last(P, 0, &[v(1, 0), v(1, 1)]);
    let verdict = history.judge(&STRICT);
    assert!(verdict.is_valid(), "{verdict}");
}
