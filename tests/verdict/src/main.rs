//! `verdict [--page-cache] [--retention] LEDGER...`: judges ledgers. Exit code 0: valid, 1: not, 2: not readable.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program that tells what it found")]

use std::path::PathBuf;
use std::process::ExitCode;

use verdict::{Durability, Ledger, Options, judge};

fn main() -> ExitCode {
    let mut options = Options::default();
    let mut ledgers = Vec::new();
    for argument in std::env::args_os().skip(1) {
        match argument.to_str() {
            Some("--page-cache") => options.durability = Durability::PageCache,
            Some("--retention") => options.retention = true,
            _ => ledgers.push(Ledger::File(PathBuf::from(argument))),
        }
    }
    if ledgers.is_empty() {
        eprintln!("usage: verdict [--page-cache] [--retention] LEDGER...");
        return ExitCode::from(2);
    }
    match judge(&ledgers, &options) {
        Ok(verdict) => {
            print!("{verdict}");
            ExitCode::from(u8::from(!verdict.is_valid()))
        }
        Err(error) => {
            eprintln!("the ledgers cannot be read: {error}");
            ExitCode::from(2)
        }
    }
}
