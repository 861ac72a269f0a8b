//! The runs of each case on each server, and how they compare.

use serde_json::{Value, json};

use super::meter::Run;
use super::workload::{Unit, unit};
use crate::report::Report;
use crate::target::Target;

const COLUMNS: &[&str] = &[
    "case",
    "server",
    "unit",
    "CPU best",
    "CPU median",
    "of floor",
    "of others",
    "Mmsg/s",
    "MB/s",
    "p50 us",
    "p99 us",
    "p99.9 us",
    "peak MB",
];

/// Servers and cases in the order in which they came.
#[derive(Default)]
pub struct Results {
    cases: Vec<(&'static str, Vec<OfServer>)>,
}

/// A server's name and its runs.
type OfServer = (String, Vec<Run>);

/// One line of the table.
pub struct Line<'a> {
    /// The case.
    pub case: &'static str,
    /// The server.
    pub server: &'a str,
    /// CPU of the best run.
    pub best: f64,
    median: f64,
    runs: &'a [Run],
}

impl Results {
    /// Notes a run.
    pub fn add(&mut self, case: &'static str, server: &Target, run: Run) {
        let line = format!("{case} {} {:.4}", server.name, cost(case, &run));
        eprintln!("{line}");
        let at = self.cases.iter().position(|(name, _)| *name == case).unwrap_or_else(|| {
            self.cases.push((case, Vec::new()));
            self.cases.len() - 1
        });
        let servers = &mut self.cases[at].1;
        match servers.iter_mut().find(|(name, _)| *name == server.name) {
            Some((_, runs)) => runs.push(run),
            None => servers.push((server.name.clone(), vec![run])),
        }
    }

    /// A line for each case and server.
    pub fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.cases.iter().flat_map(|(case, servers)| {
            servers.iter().map(move |(server, runs)| {
                let mut costs: Vec<f64> = runs.iter().map(|run| cost(case, run)).collect();
                costs.sort_by(f64::total_cmp);
                Line { case, server, best: costs[0], median: costs[costs.len() / 2], runs }
            })
        })
    }

    /// Ratios compare the best runs: what disturbs only adds.
    pub fn report(&self) -> Report {
        let mut report = Report::new("speed", COLUMNS);
        for line in self.lines() {
            let others: Vec<Line<'_>> = self.lines().filter(|other| other.case == line.case).collect();
            let floor =
                others.iter().find(|other| other.server == "floor").map(|floor| rounded(line.best / floor.best));
            let compared = others.iter().filter(|other| other.server != "floor" && other.server != line.server);
            let ratios: Vec<String> =
                compared.map(|other| format!("1/{:.1} {}", other.best / line.best, other.server)).collect();
            let of_others = if line.server == "ottla" { ratios.join(", ") } else { String::new() };
            report.row(line.cells(floor.unwrap_or(Value::Null), of_others));
        }
        report
    }
}

impl Line<'_> {
    fn cells(&self, of_floor: Value, of_others: String) -> Vec<Value> {
        let fastest = |rate: fn(&Run) -> f64| self.runs.iter().map(rate).fold(0.0, f64::max);
        let percentile = |share: f64| {
            let mut of_runs: Vec<u64> = self.runs.iter().filter_map(|run| at(&run.latencies_ns, share)).collect();
            of_runs.sort_unstable();
            of_runs.get(of_runs.len() / 2).map_or(Value::Null, |&ns| rounded(ns as f64 / 1e3))
        };
        let peak = self.runs.iter().map(|run| run.peak_bytes).max().unwrap_or(0);
        let name = match unit(self.case) {
            Unit::PerMillion => "s/Mmsg",
            Unit::PerGigabyte => "s/GB",
        };
        vec![
            json!(self.case),
            json!(self.server),
            json!(name),
            rounded(self.best),
            rounded(self.median),
            of_floor,
            json!(of_others),
            rounded(fastest(|run| run.records as f64 / 1e6 / run.wall.as_secs_f64())),
            rounded(fastest(|run| run.bytes as f64 / 1e6 / run.wall.as_secs_f64())),
            percentile(0.5),
            percentile(0.99),
            percentile(0.999),
            rounded(peak as f64 / 1e6),
        ]
    }
}

fn at(sorted: &[u64], share: f64) -> Option<u64> {
    sorted.get(((sorted.len() as f64 * share) as usize).min(sorted.len().checked_sub(1)?)).copied()
}

fn cost(case: &str, run: &Run) -> f64 {
    let seconds = run.cpu_ns as f64 / 1e9;
    match unit(case) {
        Unit::PerMillion => seconds / (run.records as f64 / 1e6),
        Unit::PerGigabyte => seconds / (run.bytes as f64 / 1e9),
    }
}

/// Three digits that count.
fn rounded(value: f64) -> Value {
    let digits = if value.abs() >= 100.0 {
        0
    } else if value.abs() >= 1.0 {
        2
    } else {
        4
    };
    let scale = 10_f64.powi(digits);
    json!((value * scale).round() / scale)
}
