use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::Context;

use super::*;

/// Counts how often it was woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl std::task::Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Count {
    fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}

fn park(waiters: &Waiters, beyond: i64) -> (Arc<Count>, Ticket) {
    let count = Arc::new(Count::default());
    let waker = Arc::clone(&count).into();
    (Arc::clone(&count), waiters.register(Offset(beyond), Wake::of(&Context::from_waker(&waker))))
}

#[test]
fn a_waiter_is_woken_once_and_only_when_the_end_passes_it() {
    let waiters = Waiters::default();
    let (count, _) = park(&waiters, 5);
    waiters.notify(Offset(5));
    assert_eq!(count.get(), 0);
    waiters.notify(Offset(6));
    waiters.notify(Offset(7));
    assert_eq!(count.get(), 1);
}

#[test]
fn waiters_further_on_stay() {
    let waiters = Waiters::default();
    let ((near, _), (far, _)) = (park(&waiters, 1), park(&waiters, 9));
    waiters.notify(Offset(3));
    assert_eq!((near.get(), far.get()), (1, 0));
    waiters.notify(Offset(10));
    assert_eq!((near.get(), far.get()), (1, 1));
}

#[test]
fn who_withdraws_is_not_woken() {
    let waiters = Waiters::default();
    let ((gone, ticket), (kept, _)) = (park(&waiters, 1), park(&waiters, 1));
    waiters.withdraw(ticket);
    waiters.notify(Offset(2));
    assert_eq!((gone.get(), kept.get()), (0, 1));
}

#[test]
fn all_are_woken_when_the_partition_goes() {
    let waiters = Waiters::default();
    let (count, ticket) = park(&waiters, i64::MAX - 1);
    waiters.notify_all();
    waiters.withdraw(ticket);
    assert_eq!(count.get(), 1);
}

/// Either the parking thread sees the new end, or the appending thread sees the waiter; never neither.
#[test]
fn no_wake_up_is_lost_in_the_race_of_parking_and_appending() {
    for _ in 0..20_000 {
        let (waiters, end) = (Waiters::default(), AtomicI64::new(0));
        let woken_or_seen = std::thread::scope(|scope| {
            scope.spawn(|| {
                end.store(1, Ordering::Release);
                waiters.notify(Offset(1));
            });
            let (count, _) = park(&waiters, 0);
            let seen = end.load(Ordering::Acquire) == 1;
            move || seen || count.get() == 1
        });
        assert!(woken_or_seen());
    }
}
