//! The table of a program's results: for people, for scripts, and as a picture.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Map, Value, json};

use crate::conditions::Conditions;
use crate::plot;

/// Named columns and rows of numbers or words.
pub struct Report {
    name: &'static str,
    columns: &'static [&'static str],
    rows: Vec<Vec<Value>>,
    plot: Option<Plot>,
}

/// Which columns are drawn: bars are compared with those that have the same words in the columns of the group.
#[derive(Clone, Copy)]
struct Plot {
    group: &'static [&'static str],
    bar: &'static str,
    figure: &'static str,
}

impl Report {
    /// Without rows.
    pub fn new(name: &'static str, columns: &'static [&'static str]) -> Report {
        Report { name, columns, rows: Vec::new(), plot: None }
    }

    /// With a picture of the column `figure`: a bar for each row, named after `bar`, beside those of its group.
    pub fn plotted(self, group: &'static [&'static str], bar: &'static str, figure: &'static str) -> Report {
        Report { plot: Some(Plot { group, bar, figure }), ..self }
    }

    /// Adds a row with a cell for each column, and tells it on stderr.
    pub fn row(&mut self, cells: Vec<Value>) {
        eprintln!("{}", line(&cells.iter().map(text).collect::<Vec<_>>(), &vec![0; cells.len()]));
        self.rows.push(cells);
    }

    /// Adds a row that has been told already.
    pub fn add(&mut self, cells: Vec<Value>) {
        self.rows.push(cells);
    }

    fn json(&self, conditions: &Conditions) -> Value {
        let row = |cells: &Vec<Value>| {
            let pairs = self.columns.iter().map(|&column| column.to_owned()).zip(cells.iter().cloned());
            Value::Object(pairs.collect::<Map<_, _>>())
        };
        let rows: Vec<_> = self.rows.iter().map(row).collect();
        let mut whole = Map::from_iter([("name".to_owned(), json!(self.name))]);
        whole.extend(conditions.json().map(|(key, value)| (key.to_owned(), value)));
        whole.insert("rows".to_owned(), json!(rows));
        Value::Object(whole)
    }

    fn table(&self, conditions: &Conditions) {
        println!("{} {}", self.name, conditions.line());
        let header: Vec<String> = self.columns.iter().map(|&column| column.to_owned()).collect();
        let rows: Vec<Vec<String>> = self.rows.iter().map(|cells| cells.iter().map(text).collect()).collect();
        let all = || std::iter::once(&header).chain(&rows);
        let widths: Vec<usize> =
            (0..header.len()).map(|n| all().map(|cells| cells[n].len()).max().unwrap_or(0)).collect();
        all().for_each(|cells| println!("{}", line(cells, &widths)));
    }

    fn svg(&self) -> String {
        let Some(plotted) = self.plot else { return plot::svg(self.name, &[]) };
        let at = |name: &str| self.columns.iter().position(|&column| column == name);
        let cell = |row: &[Value], name: &str| at(name).map_or(Value::Null, |at| row[at].clone());
        let bar = |row: &Vec<Value>| {
            let group = plotted.group.iter().map(|&name| text(&cell(row, name))).collect::<Vec<_>>().join(" ");
            let figure = cell(row, plotted.figure).as_f64()?;
            Some(plot::Bar { group, name: text(&cell(row, plotted.bar)), figure })
        };
        let bars: Vec<plot::Bar> = self.rows.iter().filter_map(bar).collect();
        plot::svg(&format!("{}: {}", self.name, plotted.figure), &bars)
    }
}

/// Where reports go.
pub struct Outputs {
    /// Whether stdout gets one line of JSON instead of a table.
    pub as_json: bool,
    /// A file for the JSON.
    pub save: Option<PathBuf>,
    /// A file for the picture.
    pub plot: Option<PathBuf>,
    /// What is told with the figures.
    pub conditions: Conditions,
}

impl Outputs {
    /// Writes the files anew, so that a program that is interrupted leaves what it had.
    pub fn keep(&self, report: &Report) -> Result<()> {
        if let Some(path) = &self.save {
            std::fs::write(path, format!("{}\n", report.json(&self.conditions)))?;
        }
        if let Some(path) = &self.plot {
            std::fs::write(path, report.svg())?;
        }
        Ok(())
    }

    /// To stdout.
    pub fn print(&self, report: &Report) {
        match self.as_json {
            true => println!("{}", report.json(&self.conditions)),
            false => report.table(&self.conditions),
        }
    }
}

/// A cell for people: what is not there is a dash, several figures are told with their names.
fn text(cell: &Value) -> String {
    match cell {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(pairs) => {
            pairs.iter().map(|(name, value)| format!("{name} {}", text(value))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let padded: Vec<String> = cells.iter().zip(widths).map(|(cell, &width)| format!("{cell:>width$}")).collect();
    padded.join("  ")
}

/// Three digits that count.
pub fn rounded(value: f64) -> Value {
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

/// Seconds with three digits.
pub fn seconds(time: Duration) -> Value {
    json!((time.as_secs_f64() * 1e3).round() / 1e3)
}

/// Microseconds at the 50th and the 99th of a hundred.
pub fn percentiles_us(mut times: Vec<Duration>) -> [Value; 2] {
    times.sort();
    [50, 99].map(|n| json!(times.get(times.len() * n / 100).map_or(0, Duration::as_micros) as u64))
}
