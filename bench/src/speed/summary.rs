//! The runs of each case on each server, and how they compare.

use serde_json::{Value, json};

use super::meter::Run;
use super::workload::Unit;
use crate::report::{Report, rounded};
use crate::target::Target;

const COLUMNS: &[&str] = &[
    "case",
    "server",
    "unit",
    "best",
    "median",
    "of floor",
    "of others",
    "Mmsg/s",
    "MB/s",
    "p50 us",
    "p99 us",
    "p99.9 us",
    "RSS MB",
    "peak MB",
    "runs",
    "also",
];

/// With fewer rounds the first one counts too.
const COUNTED_LEAST: usize = 2;

/// Servers and cases in the order in which they came.
#[derive(Default)]
pub struct Results {
    cases: Vec<Case>,
    /// Which cases got a run since it was told last.
    fresh: Vec<usize>,
}

struct Case {
    name: String,
    unit: Unit,
    /// Names of servers and their runs.
    servers: Vec<(String, Vec<Run>)>,
}

/// One line of the table.
struct Line<'a> {
    case: &'a Case,
    server: &'a str,
    best: f64,
    median: f64,
    runs: &'a [Run],
}

impl Results {
    /// Notes a run.
    pub fn add(&mut self, case: &str, unit: Unit, server: &Target, run: Run) {
        let at = self.cases.iter().position(|known| known.name == case).unwrap_or_else(|| {
            self.cases.push(Case { name: case.to_owned(), unit, servers: Vec::new() });
            self.cases.len() - 1
        });
        if !self.fresh.contains(&at) {
            self.fresh.push(at);
        }
        let servers = &mut self.cases[at].servers;
        match servers.iter_mut().find(|(name, _)| *name == server.name) {
            Some((_, runs)) => runs.push(run),
            None => servers.push((server.name.clone(), vec![run])),
        }
    }

    /// A line on stderr for each case that got a run since the last time: the newest run of each server.
    pub fn tell(&mut self, round: usize, rounds: usize) {
        for at in self.fresh.drain(..) {
            let case = &self.cases[at];
            let newest = |runs: &[Run]| runs.last().map_or(0.0, |run| run.cost(case.unit));
            let first = case.servers.first().map_or(0.0, |(_, runs)| newest(runs));
            let told = case.servers.iter().enumerate().map(|(n, (server, runs))| {
                let figure = newest(runs);
                let times = if n == 0 { String::new() } else { format!(" ({:.2} x)", figure / first) };
                format!("{server} {}{times}", rounded(figure))
            });
            let told = told.collect::<Vec<_>>().join(", ");
            eprintln!("round {}/{rounds}  {:24} {:12} {told}", round + 1, case.name, case.unit.name());
        }
    }

    fn lines(&self) -> impl Iterator<Item = Line<'_>> {
        self.cases.iter().flat_map(|case| {
            case.servers.iter().map(move |(server, runs)| {
                // The first round warms up: a JVM compiles what it does often.
                let runs = if runs.len() > COUNTED_LEAST { &runs[1..] } else { &runs[..] };
                let mut costs: Vec<f64> = runs.iter().map(|run| run.cost(case.unit)).collect();
                costs.sort_by(f64::total_cmp);
                Line { case, server, best: costs[0], median: costs[costs.len() / 2], runs }
            })
        })
    }

    /// Ratios compare the best runs: what disturbs only adds.
    pub fn report(&self) -> Report {
        let mut report = Report::new("speed", COLUMNS).plotted(&["case", "unit"], "server", "best");
        for line in self.lines() {
            let others: Vec<Line<'_>> = self.lines().filter(|other| other.case.name == line.case.name).collect();
            let floor =
                others.iter().find(|other| other.server == "floor").map(|floor| rounded(line.best / floor.best));
            let compared = others.iter().filter(|other| other.server != "floor" && other.server != line.server);
            let ratios: Vec<String> =
                compared.map(|other| format!("1/{:.1} {}", other.best / line.best, other.server)).collect();
            let of_others = if line.server == "ottla" { ratios.join(", ") } else { String::new() };
            report.add(line.cells(floor.unwrap_or(Value::Null), of_others));
        }
        report
    }
}

impl Line<'_> {
    fn cells(&self, of_floor: Value, of_others: String) -> Vec<Value> {
        let rate = |of: fn(&Run) -> u64| {
            let per_second = self.runs.iter().map(|run| of(run) as f64 / 1e6 / run.wall.as_secs_f64());
            per_second.filter(|rate| rate.is_finite() && *rate > 0.0).reduce(f64::max).map_or(Value::Null, rounded)
        };
        let percentile = |share: f64| {
            let mut of_runs: Vec<u64> = self.runs.iter().filter_map(|run| at(&run.latencies_ns, share)).collect();
            of_runs.sort_unstable();
            of_runs.get(of_runs.len() / 2).map_or(Value::Null, |&ns| rounded(ns as f64 / 1e3))
        };
        let most = |of: fn(&Run) -> u64| rounded(self.runs.iter().map(of).max().unwrap_or(0) as f64 / 1e6);
        let notes =
            self.runs.last().map(|run| run.notes.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        vec![
            json!(self.case.name),
            json!(self.server),
            json!(self.case.unit.name()),
            rounded(self.best),
            rounded(self.median),
            of_floor,
            json!(of_others),
            rate(|run| run.records),
            rate(|run| run.bytes),
            percentile(0.5),
            percentile(0.99),
            percentile(0.999),
            most(|run| run.resident_bytes),
            most(|run| run.peak_bytes),
            json!(self.runs.len()),
            Value::Object(notes.into_iter().flatten().collect()),
        ]
    }
}

/// Nothing where there are too few to have such a share.
fn at(sorted: &[u64], share: f64) -> Option<u64> {
    let beyond = sorted.len() as f64 * (1.0 - share);
    if beyond < 0.999 { None } else { sorted.get((sorted.len() as f64 * share) as usize).copied() }
}
