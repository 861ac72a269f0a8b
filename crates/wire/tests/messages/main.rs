//! Every message in every version: against another implementation of the protocol, and against damaged bytes.

extern crate ottla_wire as wire;

mod bytes;
mod counting;
mod dump;
mod fuzz;
mod hostile;
mod mutate;
mod oracle;
mod random;
mod subject;
mod values;
