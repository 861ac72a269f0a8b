//! Clients that others wrote, and our own command line: what one writes, each reads, with every codec; and the other calls
//! that people make every day. `docs/clients.md` has the tables that come of it.

mod campaign;
mod clients;
mod connect;
mod events;
mod everyday;
mod group_tools;
mod groups;
mod kcat;
mod lag;
mod matrix;
mod members;
mod migration;
mod opaque;
mod ottla;
mod ownership;
mod records;
mod session;
mod table;
mod tools;
