//! The table of a program's results.

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::{Map, Value, json};

/// Named columns and rows of numbers or words.
pub struct Report {
    name: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<Value>>,
}

impl Report {
    /// Without rows.
    pub fn new(name: &'static str, columns: &'static [&'static str]) -> Report {
        Report { name, columns, rows: Vec::new() }
    }

    /// Adds a row with a cell for each column.
    pub fn row(&mut self, cells: Vec<Value>) {
        eprintln!("{}", line(&cells.iter().map(text).collect::<Vec<_>>(), &vec![0; cells.len()]));
        self.rows.push(cells);
    }

    /// To stdout.
    pub fn print(&self, as_json: bool) {
        if as_json {
            let row = |cells: &Vec<Value>| {
                let pairs = self.columns.iter().map(|&column| column.to_owned()).zip(cells.iter().cloned());
                Value::Object(pairs.collect::<Map<_, _>>())
            };
            let rows: Vec<_> = self.rows.iter().map(row).collect();
            println!("{}", json!({"name": self.name, "commit": commit(), "machine": machine(), "rows": rows}));
            return;
        }
        println!("{} at {} on {}", self.name, commit(), machine());
        let header: Vec<String> = self.columns.iter().map(|&column| column.to_owned()).collect();
        let rows: Vec<Vec<String>> = self.rows.iter().map(|cells| cells.iter().map(text).collect()).collect();
        let all = || std::iter::once(&header).chain(&rows);
        let widths: Vec<usize> =
            (0..header.len()).map(|n| all().map(|cells| cells[n].len()).max().unwrap_or(0)).collect();
        all().for_each(|cells| println!("{}", line(cells, &widths)));
    }
}

fn text(cell: &Value) -> String {
    cell.as_str().map_or_else(|| cell.to_string(), str::to_owned)
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded: Vec<String> = cells.iter().zip(widths).map(|(cell, &width)| format!("{cell:>width$}")).collect();
    padded.join("  ")
}

/// Seconds with three digits.
pub fn seconds(time: Duration) -> Value {
    json!((time.as_secs_f64() * 1e3).round() / 1e3)
}

/// Microseconds at the 50th and the 99th of a hundred.
pub fn percentiles_us(mut times: Vec<Duration>) -> [Value; 2] {
    times.sort();
    [50, 99].map(|n| json!(times.get(times.len() * n / 100).map_or(0, Duration::as_micros) as u64))
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let dirty = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| !changes.is_empty());
    let commit = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    if dirty { format!("{commit} with changes") } else { commit }
}

fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let value = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key)).and_then(|line| line.split_once(':'));
        line.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    // Of the machine, not those that this process is pinned to.
    let cores = read("/proc/cpuinfo").lines().filter(|line| line.starts_with("processor")).count();
    let (cpu, memory) = (value(&read("/proc/cpuinfo"), "model name"), value(&read("/proc/meminfo"), "MemTotal"));
    format!("{cores} cores of {cpu}, {memory}, Linux {}", read("/proc/sys/kernel/osrelease").trim())
}
