//! Who gets memory, and when.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::{Wake as StdWake, Waker};

use super::*;

#[derive(Default)]
struct Woken(AtomicUsize);

impl StdWake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A frame that asks, and counts how often it was woken.
struct Frame {
    age: Age,
    woken: Arc<Woken>,
    waker: Waker,
}

impl Frame {
    fn new(budget: &Budget) -> Frame {
        let woken = Arc::new(Woken::default());
        Frame { age: budget.age(), waker: Arc::clone(&woken).into(), woken }
    }

    fn asks(&self, budget: &Budget, bytes: usize) -> bool {
        budget.poll_take(self.age, bytes, &Context::from_waker(&self.waker)).is_ready()
    }

    fn wakes(&self) -> usize {
        self.woken.0.load(Ordering::SeqCst)
    }
}

#[test]
fn what_fits_is_granted_and_what_is_released_fits_again() {
    let budget = Budget::new(100);
    let (a, b) = (Frame::new(&budget), Frame::new(&budget));
    assert!(a.asks(&budget, 60));
    assert!(b.asks(&budget, 40));
    assert_eq!((budget.free(), budget.is_short()), (0, false));
    budget.release(60);
    assert!(b.asks(&budget, 60));
}

#[test]
fn only_the_oldest_exceeds_the_budget() {
    let budget = Budget::new(100);
    let [oldest, middle, youngest] = [(); 3].map(|()| Frame::new(&budget));
    budget.charge(90);
    assert!(oldest.asks(&budget, 50), "the lane is free");
    assert!(!youngest.asks(&budget, 50));
    assert!(!middle.asks(&budget, 50));
    assert!(oldest.asks(&budget, 500), "the lane is kept");
    assert_eq!(budget.free(), 10 - 550);
    assert!(budget.is_short());
    budget.leave(oldest.age);
    assert_eq!((middle.wakes(), youngest.wakes()), (1, 0), "the next oldest looks again");
    assert!(!youngest.asks(&budget, 50), "not its turn, woken or not");
    assert!(middle.asks(&budget, 50));
    budget.leave(middle.age);
    assert_eq!(youngest.wakes(), 1);
    assert!(youngest.asks(&budget, 50));
    budget.leave(youngest.age);
    assert!(!budget.is_short());
}

#[test]
fn released_memory_wakes_the_queue_one_by_one() {
    let budget = Budget::new(100);
    let [holder, a, b] = [(); 3].map(|()| Frame::new(&budget));
    budget.charge(100);
    assert!(holder.asks(&budget, 10));
    assert!(!a.asks(&budget, 30));
    assert!(!b.asks(&budget, 30));
    budget.release(80);
    assert_eq!((a.wakes(), b.wakes()), (1, 0));
    assert!(a.asks(&budget, 30));
    assert_eq!(b.wakes(), 1);
    assert!(b.asks(&budget, 30));
}

#[test]
fn a_frame_that_gives_up_leaves_the_queue() {
    let budget = Budget::new(10);
    let [holder, gone, next] = [(); 3].map(|()| Frame::new(&budget));
    assert!(holder.asks(&budget, 20));
    assert!(!gone.asks(&budget, 20));
    assert!(!next.asks(&budget, 20));
    budget.leave(gone.age);
    budget.leave(holder.age);
    assert!(next.wakes() > 0);
    assert!(next.asks(&budget, 20));
}
