//! Random requests, most of them damaged, to a broker that works for a well-behaved client meanwhile.
//!
//! `OTTLA_FUZZ_CASES` says how many, `OTTLA_SEED` from which on; docs/testing.md tells more.

mod batches;
mod burst;
mod requests;

// The messages as a table, random values of them and what is done to bytes: those of `wire`'s own tests.
#[path = "../../crates/wire/tests/messages/dump.rs"]
mod dump;
#[path = "../../crates/wire/tests/messages/mutate.rs"]
mod mutate;
#[path = "../../crates/wire/tests/messages/random.rs"]
mod random;
#[allow(dead_code, reason = "other tests use the rest")]
#[path = "../../crates/wire/tests/messages/subject.rs"]
mod subject;
#[path = "../../crates/wire/tests/messages/values.rs"]
mod values;

use crate::bad_input::Neighbour;
use crate::harness::Broker;

/// Cases that one broker gets. Then it is started again, and must know what it knew.
const CASES_PER_BROKER: usize = 1_000;
/// What the broker may hold at any time.
const MEMORY_BYTES: u64 = 256 << 20;

/// A broker with a well-behaved client.
struct Scene {
    broker: Broker,
    neighbour: Neighbour,
}

impl Scene {
    fn start() -> Option<Scene> {
        let broker = Broker::own(&[])?;
        let neighbour = Neighbour::start(&broker);
        Some(Scene { broker, neighbour })
    }

    /// The broker lives, said nothing of a panic, and stayed small; its client saw no error and finds its records, also
    /// after the broker was stopped and started again.
    fn end(self) -> Broker {
        let Scene { mut broker, neighbour } = self;
        let stored = neighbour.finish();
        broker.assert_alive();
        let peak = broker.peak_memory_bytes();
        assert!(peak < MEMORY_BYTES, "{peak} bytes");
        stored.assert_kept(&broker);
        assert!(broker.stop().success(), "the broker did not end well");
        broker.start_again();
        stored.assert_kept(&broker);
        assert_no_panic(&broker);
        broker
    }
}

/// A panic in one request is kept from the others, but is a bug all the same.
fn assert_no_panic(broker: &Broker) {
    assert!(!broker.stderr().contains("panicked"), "the broker panicked");
}
