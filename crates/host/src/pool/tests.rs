//! The pool: everything runs, in order, bounded, and panics stay with their task.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;

use super::*;

#[test]
fn dropping_waits_for_every_task() {
    let done = Arc::new(AtomicUsize::new(0));
    let pool = Pool::new("test", 3).unwrap();
    for _ in 0..2 * Pool::QUEUED_MAX {
        let done = done.clone();
        pool.run(Box::new(move || {
            done.fetch_add(1, SeqCst);
        }));
    }
    drop(pool);
    assert_eq!(done.load(SeqCst), 2 * Pool::QUEUED_MAX);
}

#[test]
fn one_thread_keeps_the_order_and_survives_a_panic() {
    let (sender, receiver) = mpsc::sync_channel(3);
    let pool = Pool::new("ordered", 1).unwrap();
    for turn in 0..3 {
        let sender = sender.clone();
        pool.run(Box::new(move || {
            sender.send((turn, std::thread::current().name().map(str::to_owned))).unwrap();
            assert!(turn != 1, "a planted panic");
        }));
    }
    let name = Some("ordered-0".to_owned());
    let expected = [(0, name.clone()), (1, name.clone()), (2, name)];
    assert_eq!(receiver.iter().take(3).collect::<Vec<_>>(), expected);
}

#[test]
fn a_full_queue_makes_the_caller_wait() {
    let (open, gate) = mpsc::sync_channel::<()>(0);
    let (entered, running) = mpsc::sync_channel(0);
    let pool = Arc::new(Pool::new("full", 1).unwrap());
    pool.run(Box::new(move || {
        entered.send(()).unwrap();
        gate.recv().unwrap();
    }));
    running.recv().unwrap();
    (0..Pool::QUEUED_MAX).for_each(|_| pool.run(Box::new(|| ())));

    let one_more = std::thread::spawn({
        let pool = pool.clone();
        move || pool.run(Box::new(|| ()))
    });
    for _ in 0..10_000 {
        std::thread::yield_now();
        assert!(!one_more.is_finished());
    }
    open.send(()).unwrap();
    one_more.join().unwrap();
}

#[test]
fn the_inline_pool_has_run_the_task_when_run_returns() {
    let here = Arc::new(Mutex::new(None));
    let there = here.clone();
    Pool::inline().run(Box::new(move || *there.lock().unwrap() = Some(std::thread::current().id())));
    assert_eq!(*here.lock().unwrap(), Some(std::thread::current().id()));
}

#[test]
fn a_task_for_which_there_is_no_room_comes_back() {
    let pool = Pool::new("full", 1).unwrap();
    let (go, wait) = mpsc::sync_channel::<()>(1);
    let (begun, begins) = mpsc::sync_channel(1);
    pool.run(Box::new(move || {
        begun.send(()).unwrap();
        // Ends when the test lets go of the sender.
        let _ = wait.recv();
    }));
    begins.recv().unwrap();
    (0..Pool::QUEUED_MAX).for_each(|_| assert!(pool.try_run(Box::new(|| ())).is_ok()));
    assert!(pool.try_run(Box::new(|| ())).is_err());
    drop(go);
}

#[test]
fn a_pool_that_has_stopped_has_done_everything_and_takes_nothing_more() {
    let pool = Pool::new("stops", 1).unwrap();
    let held = Arc::new(());
    (0..3).for_each(|_| {
        pool.run(Box::new({
            let held = held.clone();
            move || drop(held)
        }))
    });
    pool.stop();
    assert_eq!(Arc::strong_count(&held), 1, "tasks have dropped what they held");
    let late = {
        let held = held.clone();
        move || drop(held)
    };
    assert!(pool.try_run(Box::new(late.clone())).is_err());
    pool.run(Box::new(|| panic!("a task that came too late")));
    drop(late);
    assert_eq!(Arc::strong_count(&held), 1);
    pool.stop();
}

#[test]
fn a_task_may_drop_the_last_handle_of_its_pool() {
    let pool = Arc::new(Pool::new("last", 1).unwrap());
    let (dropped, is_dropped) = mpsc::sync_channel(1);
    let (go, wait) = mpsc::sync_channel::<()>(0);
    let last = pool.clone();
    pool.run(Box::new(move || {
        let _ = wait.recv();
        let ended = panic::catch_unwind(AssertUnwindSafe(|| drop(last)));
        dropped.send(ended.is_ok()).unwrap();
    }));
    drop(pool);
    drop(go);
    assert_eq!(is_dropped.recv(), Ok(true), "it does not wait for itself");
}
