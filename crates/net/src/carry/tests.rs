//! What is kept between reads, and what it costs.

use std::sync::Arc;
use std::task::Waker;

use super::*;
use crate::budget::Budget;

const BUDGET: u64 = 10 << 20;

fn carry() -> (Carry, Arc<Budget>) {
    let budget = Arc::new(Budget::new(BUDGET));
    (Carry::new(Rc::new(Buffers::new(Arc::clone(&budget))), 100 << 20), budget)
}

fn held(budget: &Budget) -> usize {
    usize::try_from(BUDGET as i64 - budget.free()).unwrap()
}

fn prefix(len: usize) -> [u8; 4] {
    (len as u32).to_be_bytes()
}

#[test]
fn a_declared_size_costs_nothing() {
    let (mut carry, budget) = carry();
    carry.keep(&prefix(100 << 20));
    assert!(carry.poll_room(&Context::from_waker(Waker::noop())).is_ready());
    assert_eq!(held(&budget), ROOM_MIN);
    carry.leave(0);
    assert_eq!(held(&budget), 0);
}

#[test]
fn room_follows_what_arrived() {
    let (mut carry, budget) = carry();
    let len = 3 << 20;
    carry.keep(&prefix(len));
    let mut got = 4;
    while !carry.is_ready() {
        assert!(carry.poll_room(&Context::from_waker(Waker::noop())).is_ready());
        assert!(held(&budget) <= (GROWTH * got).max(ROOM_MIN), "{} for {got}", held(&budget));
        let gap = carry.gap();
        let n = gap.len().min(10_000);
        assert!(n > 0);
        gap[..n].fill(got as u8);
        carry.filled(n);
        got += n;
    }
    assert_eq!(carry.unread().len(), 4 + len);
    assert!(carry.gap().is_empty(), "the next frame goes elsewhere");
}

#[test]
fn absorb_takes_the_partial_frame_and_no_more() {
    for have in 1..15 {
        let (mut carry, _) = carry();
        let bytes = [&prefix(11)[..], b"abcdefghijk", b"next"].concat();
        carry.keep(&bytes[..have]);
        assert_eq!(carry.absorb(&bytes[have..]).unwrap(), 15 - have, "{have}");
        assert_eq!(carry.unread(), &bytes[..15]);
        assert_eq!(carry.absorb(b"more").unwrap(), 0);
    }
}

#[test]
fn absorb_refuses_a_bad_size() {
    let (mut carry, _) = carry();
    carry.keep(&[0xff]);
    assert!(carry.absorb(&[0xff, 0xff, 0xff, 1]).is_err());
}

#[test]
fn frames_left_by_a_turn_are_kept_whole() {
    let (mut carry, budget) = carry();
    let frame = [&prefix(8)[..], b"12345678"].concat();
    carry.keep(&frame.repeat(3));
    assert!(carry.is_ready());
    carry.leave(frame.len() + 2);
    assert_eq!(carry.unread().len(), frame.len() + 2);
    carry.leave(2);
    assert!(!carry.is_ready());
    carry.keep(b"later bytes of the frame");
    assert_eq!(carry.unread(), b"78later bytes of the frame");
    drop(carry);
    assert_eq!(held(&budget), 0);
}

#[test]
fn large_buffers_are_used_again_and_the_gap_still_ends_with_the_frame() {
    let (mut carry, _) = carry();
    carry.keep(&vec![0; 300_000]);
    let first = carry.bytes.as_ptr();
    carry.leave(0);
    assert!(carry.bytes.is_empty());
    carry.keep(&[&prefix(100_000)[..], &[1; 70_000]].concat());
    assert_eq!(carry.bytes.as_ptr(), first);
    assert_eq!(carry.gap().len(), 30_000);
}
