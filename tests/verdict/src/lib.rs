//! The history checker: clients write down what they asked for and what they were told, and [`judge`] says whether one
//! Kafka log per partition explains all of it.
//!
//! - [`event`] is the form of what is written down, [`Ledger`] a file of it, [`Writer`] its pen.
//! - [`judge`] reads ledgers twice and keeps arrays indexed by offset and by value: time and memory are linear in what was
//!   recorded. Nothing is searched for, because the offsets already are the order.
//! - An outcome that a client cannot know (a timeout, a lost connection, an ambiguous code) is [`Phase::Info`]: the write
//!   may be there or not. Only [`Phase::Fail`] promises that it is not.
//!
//! Deliberately absent: any code of the broker. A mistake that both shared would be seen by neither.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "a program of the tests opens its files itself, it is no part of the broker"
)]

mod around;
mod checks;
pub mod event;
mod facts;
mod history;
mod judge;
mod ledger;
mod log;

pub use event::{Entry, Event, Kind, Phase, flags};
pub use judge::{Class, Counts, Damage, Durability, Options, Verdict, Violation, judge};
pub use ledger::{Ledger, Reader, Writer};
