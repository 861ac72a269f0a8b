//! Classic groups, told as tables: what is given, who asks when, what is answered and written.

mod bad_input;
mod chance;
mod conversion;
mod join;
mod leave;
mod record_size;
mod replay;
mod scene;
mod session;
mod static_members;
mod sync;
