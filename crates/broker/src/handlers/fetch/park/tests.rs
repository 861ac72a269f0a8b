//! Waiting, with a fetch that finds what the test says: no look that may wait for the disk is made on the loop, and no wake is lost.

use std::future::Future;
use std::pin::pin;
use std::sync::{Mutex, mpsc};
use std::thread::{self, ThreadId};

use host::Pool;

use super::*;

/// Only a failure waits for so long.
const LONG: Duration = Duration::from_secs(60);

/// What looks find, in their order: on the loop, and where they may wait.
struct Script {
    here: Vec<Look<u32>>,
    elsewhere: Vec<Look<u32>>,
    /// Whether something happens in the middle of a look elsewhere.
    is_disturbed: bool,
    /// Where looks were made that might wait.
    waited_on: Vec<ThreadId>,
    watching: Option<Waker>,
}

/// A fetch that goes by a script.
#[derive(Clone)]
struct Scripted(Arc<Mutex<Script>>);

impl Scripted {
    fn new(here: Vec<Look<u32>>, elsewhere: Vec<Look<u32>>) -> Scripted {
        let (waited_on, watching) = Default::default();
        Scripted(Arc::new(Mutex::new(Script { here, elsewhere, is_disturbed: false, waited_on, watching })))
    }

    /// What it waits for happens.
    fn happen(&self) {
        let watching = self.0.lock().unwrap().watching.take();
        watching.expect("it watches").wake();
    }

    /// How many looks are still to come, here and elsewhere.
    fn left(&self) -> (usize, usize) {
        let script = self.0.lock().unwrap();
        (script.here.len(), script.elsewhere.len())
    }
}

impl Fetch for Scripted {
    type Reply = u32;

    fn look(&self, is_up: bool, patience: Patience) -> Look<u32> {
        let mut script = self.0.lock().unwrap();
        let found = match patience {
            Patience::CachedOnly => script.here.remove(0),
            Patience::Waits => {
                script.waited_on.push(thread::current().id());
                script.elsewhere.remove(0)
            }
        };
        if patience == Patience::Waits && script.is_disturbed {
            script.watching.take().expect("it watches before it looks").wake();
        }
        if is_up && matches!(found, Look::Nothing) { Look::Reply(0) } else { found }
    }

    fn watch(&mut self, cx: &Context<'_>) {
        self.0.lock().unwrap().watching = Some(cx.waker().clone());
    }

    fn answer(&self, _reply: u32, _outbox: &mut Outbox) {}
}

struct Sender(mpsc::SyncSender<()>);

impl Wake for Sender {
    fn wake(self: Arc<Self>) {
        // The channel holds more wakes than there are.
        let _ = self.0.try_send(());
    }
}

async fn until(fetch: &Scripted, is_cold: bool, wait: Duration) -> Option<u32> {
    let look_ups = Errands::new(&Arc::new(Pool::new("looks", 1).unwrap()), 8);
    let told = until_told(fetch.clone(), is_cold, Deadline::after(wait), look_ups).await;
    told.ok().map(|(_, reply)| reply)
}

fn on_a_loop<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(work)
}

#[test]
fn a_parked_fetch_that_needs_the_disk_looks_on_another_thread() {
    let fetch = Scripted::new(vec![Look::Nothing, Look::Cold], vec![Look::Reply(7)]);
    on_a_loop(async {
        let mut told = pin!(until(&fetch, false, LONG));
        assert!(told.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending(), "nothing is there");
        fetch.happen();
        assert_eq!(told.await, Some(7));
    });
    assert!(fetch.0.lock().unwrap().waited_on.iter().all(|thread| *thread != thread::current().id()));
    assert_eq!(fetch.left(), (0, 0));
}

#[test]
fn what_happens_during_a_look_elsewhere_is_not_missed() {
    let fetch = Scripted::new(vec![Look::Cold, Look::Reply(2)], vec![Look::Nothing]);
    fetch.0.lock().unwrap().is_disturbed = true;
    assert_eq!(on_a_loop(until(&fetch, false, LONG)), Some(2));
}

#[test]
fn after_a_look_elsewhere_it_looks_again_only_when_something_happened() {
    let fetch = Scripted::new(vec![Look::Reply(3)], vec![Look::Nothing]);
    let (sender, woken) = mpsc::sync_channel(16);
    let waker = Arc::new(Sender(sender)).into();
    on_a_loop(async {
        let mut told = pin!(until(&fetch, true, LONG));
        let mut cx = Context::from_waker(&waker);
        while fetch.left() == (1, 1) {
            assert!(told.as_mut().poll(&mut cx).is_pending());
            woken.recv_timeout(LONG).expect("the look elsewhere ends");
        }
        assert!(told.as_mut().poll(&mut cx).is_pending() && told.as_mut().poll(&mut cx).is_pending());
        assert_eq!(fetch.left(), (1, 0));
        fetch.happen();
        assert_eq!(told.await, Some(3));
    });
}

#[test]
fn whatever_is_found_elsewhere_when_time_is_up_is_told() {
    let fetch = Scripted::new(Vec::new(), vec![Look::Nothing]);
    assert_eq!(on_a_loop(until(&fetch, true, Duration::ZERO)), Some(0));
    let fetch = Scripted::new(vec![Look::Cold], vec![Look::Nothing, Look::Nothing]);
    assert_eq!(on_a_loop(until(&fetch, true, Duration::from_millis(1))), Some(0), "at its deadline it looks again");
}

#[test]
fn a_fetch_whose_look_panics_is_lost() {
    let fetch = Scripted::new(Vec::new(), Vec::new());
    assert_eq!(on_a_loop(until(&fetch, true, LONG)), None);
}
