//! What partitions ring to tell a fetch session that something happened, whether or not a fetch of it waits.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Context;

use net::wake::Wake;

/// Gathers the numbers of the places that were rung for, and wakes the fetch that waits, if one does.
#[derive(Default)]
pub struct Bell(Mutex<Rung>);

#[derive(Default)]
struct Rung {
    /// At most one for each registration that is out.
    places: Vec<u32>,
    wake: Option<Wake>,
}

impl Bell {
    /// Something happened at `place`.
    pub fn ring(&self, place: u32) {
        let wake = {
            let mut rung = self.lock();
            rung.places.push(place);
            rung.wake.take()
        };
        if let Some(wake) = wake {
            wake.wake();
        }
    }

    /// The next ring wakes the task that is polled with `cx`. A task that was to be woken before is woken now. The caller
    /// must look at what was rung after this.
    pub fn arm(&self, cx: &Context<'_>) {
        let mut rung = self.lock();
        if rung.wake.as_ref().is_some_and(|armed| armed.will_wake(cx)) {
            return;
        }
        let replaced = rung.wake.replace(Wake::of(cx));
        drop(rung);
        if let Some(replaced) = replaced {
            replaced.wake();
        }
    }

    /// The places that were rung for since the last time.
    pub fn take(&self) -> Vec<u32> {
        std::mem::take(&mut self.lock().places)
    }

    fn lock(&self) -> MutexGuard<'_, Rung> {
        // The list stays whole whatever panics while it is locked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
