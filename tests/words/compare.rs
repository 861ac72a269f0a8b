//! What the two said, side by side.

use std::fmt::Write as _;

use crate::differences::{Listed, listed};

/// What is known so far of one list.
pub struct Verdict {
    area: &'static str,
    cases: usize,
    differing: usize,
    listed: Vec<Listed>,
    complaints: Vec<String>,
    prints: bool,
    filter: Option<String>,
}

impl Verdict {
    /// Of the list with this name, which all its cases begin with.
    pub fn new(area: &'static str) -> Verdict {
        let filter = std::env::var("OTTLA_WORDS").ok();
        Verdict {
            area,
            cases: 0,
            differing: 0,
            listed: listed(area),
            complaints: Vec::new(),
            prints: std::env::var_os("OTTLA_WORDS_LIST").is_some(),
            filter,
        }
    }

    /// Whether the case is asked for.
    pub fn wants(&self, case: &str) -> bool {
        self.filter.as_ref().is_none_or(|filter| case.contains(filter))
    }

    /// Takes what both said in a case.
    pub fn judge(&mut self, case: &str, kafka: &str, ottla: &str) {
        self.cases += 1;
        if kafka == ottla {
            return;
        }
        self.differing += 1;
        let difference = format!("{case}\n{}", diff(kafka, ottla));
        if self.prints {
            eprintln!("{difference}");
        }
        // All of them: each remembers that it was needed.
        let covered = self.listed.iter().filter(|listed| listed.covers(case)).count() > 0;
        if !covered {
            self.complaints.push(difference);
        }
    }

    /// Prints the counts and fails on every difference that is not listed, and on every listed one that is none.
    pub fn finish(self) {
        eprintln!(
            "{}: {} compared, {} differ, {} of them not listed",
            self.area,
            self.cases,
            self.differing,
            self.complaints.len()
        );
        assert!(self.complaints.is_empty(), "K: Kafka says, O: Ottla says\n{}", self.complaints.join("\n"));
        let stale: Vec<_> = self.listed.iter().filter_map(Listed::stale).collect();
        assert!(self.filter.is_some() || stale.is_empty(), "{}", stale.join("\n"));
    }
}

/// The lines that differ, with the last equal line before them.
fn diff(kafka: &str, ottla: &str) -> String {
    let (kafka, ottla): (Vec<_>, Vec<_>) = (kafka.lines().collect(), ottla.lines().collect());
    let mut text = String::new();
    let (mut k, mut o) = (0, 0);
    while k < kafka.len() || o < ottla.len() {
        if k < kafka.len() && o < ottla.len() && kafka[k] == ottla[o] {
            (k, o) = (k + 1, o + 1);
            continue;
        }
        let (next_k, next_o) = resync(&kafka[k..], &ottla[o..]);
        if k > 0 {
            let _ = writeln!(text, "    = {}", kafka[k - 1]);
        }
        let lines =
            |letter, lines: &[&str]| lines.iter().map(|line| format!("    {letter} {line}\n")).collect::<String>();
        text += &lines('K', &kafka[k..k + next_k]);
        text += &lines('O', &ottla[o..o + next_o]);
        (k, o) = (k + next_k, o + next_o);
    }
    text
}

/// How many lines of each to leave out until both go on with the same line.
fn resync(kafka: &[&str], ottla: &[&str]) -> (usize, usize) {
    let (kafka_len, ottla_len) = (kafka.len(), ottla.len());
    for total in 1..kafka_len + ottla_len {
        for (skip, line) in kafka.iter().enumerate().take(total + 1).skip(total.saturating_sub(ottla_len)) {
            if ottla.get(total - skip) == Some(line) {
                return (skip, total - skip);
            }
        }
    }
    (kafka_len, ottla_len)
}
