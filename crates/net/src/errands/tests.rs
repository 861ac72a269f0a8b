//! Errands: a full queue, a panic and a stop have one outcome each, whatever was asked for.

use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

use super::*;

fn errands(places: usize) -> Errands {
    Errands::new(&Arc::new(Pool::new("errands", 1).unwrap()), places)
}

fn waited<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

fn is_pending<T>(future: std::pin::Pin<&mut impl Future<Output = T>>) -> bool {
    future.poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

/// Work that waits until the sender is dropped.
fn held() -> (mpsc::SyncSender<()>, impl FnOnce() + Send + 'static) {
    let (release, held) = mpsc::sync_channel::<()>(0);
    (release, move || _ = held.recv())
}

#[test]
fn work_is_done_on_the_pool_and_its_outcome_comes_back() {
    let errands = errands(1);
    let there = waited(errands.run(|| std::thread::current().name().map(str::to_owned)));
    assert_eq!(there, Ok(Some("errands-0".to_owned())));
}

#[test]
fn where_all_places_are_taken_nobody_blocks_and_the_first_to_ask_is_the_next() {
    let errands = errands(1);
    let (release, work) = held();
    let mut first = pin!(errands.run(work));
    let (mut second, mut third) = (pin!(errands.run(|| 2)), pin!(errands.run(|| 3)));
    assert!(is_pending(first.as_mut()) && is_pending(second.as_mut()) && is_pending(third.as_mut()));
    drop(release);
    let (first, second, third) = waited(async { (first.await, second.await, third.await) });
    assert_eq!((first, second, third), (Ok(()), Ok(2), Ok(3)));
}

#[test]
fn kinds_that_share_a_pool_do_not_take_each_others_places() {
    let pool = Arc::new(Pool::new("shared", 2).unwrap());
    let (slow, others) = (Errands::new(&pool, 1), Errands::new(&pool, 8));
    let (release, work) = held();
    let (mut first, mut second) = (pin!(slow.run(work)), pin!(slow.run(|| ())));
    assert!(is_pending(first.as_mut()) && is_pending(second.as_mut()));
    assert_eq!(waited(others.run(|| "done")), Ok("done"), "one thread is left to the others");
    drop(release);
}

#[test]
fn work_that_panics_closes_its_connection_and_the_thread_goes_on() {
    let errands = errands(1);
    let told = |(), _: &mut Outbox| unreachable!("there is nothing to tell");
    let answer = errands.answer(|| panic!("on purpose"), told);
    assert!(matches!(waited(answer), Answer::Close(_)));
    assert_eq!(waited(errands.run(|| 1)), Ok(1), "its place is free again");
}

#[test]
fn for_a_connection_that_is_gone_nothing_is_begun() {
    let errands = errands(8);
    let (release, work) = held();
    let mut first = pin!(errands.run(work));
    assert!(is_pending(first.as_mut()));
    let (begun, told) = mpsc::sync_channel(2);
    let note = |name: &'static str| {
        let begun = begun.clone();
        errands.run(move || begun.send(name).unwrap())
    };
    let mut gone = Box::pin(note("of the connection that is gone"));
    assert!(is_pending(gone.as_mut()));
    drop(gone);
    let mut last = pin!(note("of another"));
    assert!(is_pending(last.as_mut()));
    drop(release);
    assert_eq!((waited(first), waited(last)), (Ok(()), Ok(())));
    assert_eq!(told.try_iter().collect::<Vec<_>>(), ["of another"]);
}

#[test]
fn a_stop_carries_through_what_is_queued_and_what_comes_later_is_lost() {
    let errands = errands(8);
    let held = Arc::new(());
    let (release, work) = self::held();
    let (mut first, mut queued) = (
        pin!(errands.run(work)),
        pin!(errands.run({
            let held = Arc::clone(&held);
            move || drop(held)
        })),
    );
    assert!(is_pending(first.as_mut()) && is_pending(queued.as_mut()));
    drop(release);
    errands.stop();
    assert_eq!(Arc::strong_count(&held), 1, "nothing is held by a thread any more");
    assert_eq!((waited(first), waited(queued)), (Ok(()), Ok(())));
    assert_eq!(waited(errands.run(|| ())), Err(Lost));
    let mut answer = errands.answer(|| (), |(), _| ());
    let answered = answer.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(answered, Poll::Ready(Answer::Close(_))));
}
