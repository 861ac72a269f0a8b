//! What all campaigns share: their length, their choices, and the end, where verdict has its say.

pub use crate::random::Random;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::harness::OTTLA;
use verdict::{Ledger, Options, Verdict, judge};

/// How many cycles a campaign has: what CI has time for, or `OTTLA_CRASH_CYCLES`.
pub fn cycles(in_ci: usize) -> usize {
    let given = std::env::var("OTTLA_CRASH_CYCLES").ok();
    given.map_or(in_ci, |cycles| cycles.parse().expect("OTTLA_CRASH_CYCLES is a number"))
}

/// Whether this broker makes records durable before it acknowledges them, if asked to.
pub fn has_durable() -> bool {
    let help = Command::new(OTTLA).args(["serve", "--help"]).output().unwrap();
    String::from_utf8_lossy(&help.stdout).contains("--durable")
}

/// The seed of this run, printed.
pub fn seed(campaign: &str) -> u64 {
    let given = std::env::var("OTTLA_SEED").ok().map(|seed| seed.parse().expect("OTTLA_SEED is a number"));
    let seed = given.unwrap_or_else(|| SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos() as u64);
    eprintln!("{campaign}: seed {seed}: OTTLA_SEED={seed} repeats the choices of this run");
    seed
}

/// All ledgers in a directory.
pub fn ledgers(dir: &Path) -> Vec<Ledger> {
    let mut paths: Vec<_> = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(Ledger::File).collect()
}

/// Judges the ledgers of a campaign, says what came out, and keeps them when something is wrong.
pub fn expect_valid(campaign: &str, dir: &Path, options: &Options) -> Verdict {
    let verdict = judge(&ledgers(dir), options).unwrap();
    eprintln!("{campaign}: {}", verdict.to_string().lines().next().unwrap_or_default());
    if !verdict.is_valid() {
        let kept = std::env::temp_dir().join(format!("ottla-ledgers-{campaign}-{}", std::process::id()));
        let _ = std::fs::create_dir_all(&kept);
        for entry in std::fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let _ = std::fs::copy(entry.path(), kept.join(entry.file_name()));
        }
        panic!("{campaign}: the ledgers are kept in {}\n{verdict}", kept.display());
    }
    verdict
}

/// The value below which `share` (of 100) of these lie.
pub fn percentile(values: &mut [u64], share: usize) -> u64 {
    values.sort_unstable();
    values.get(values.len().saturating_sub(1) * share / 100).copied().unwrap_or(0)
}
