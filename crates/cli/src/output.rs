//! What a command writes to stdout: tables for people, JSON for scripts.

use std::io::{self, IsTerminal, Write};

use comfy_table::{CellAlignment, ContentArrangement, Table};
use serde_json::Value;

/// How a command writes its results.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// For scripts.
    pub json: bool,
}

impl Output {
    /// A line for people, or an object for scripts.
    pub fn line(self, people: &str, scripts: &Value) -> io::Result<()> {
        let mut out = io::stdout().lock();
        if self.json { writeln!(out, "{scripts}") } else { writeln!(out, "{people}") }
    }

    /// A table for people.
    pub fn table(self, table: &Table) -> io::Result<()> {
        let mut out = io::stdout().lock();
        table.lines().try_for_each(|line| writeln!(out, "{}", line.trim_end()))
    }
}

/// A table without lines between its columns; those named in `numbers` are aligned to the right.
pub fn table(head: &[&str], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING).set_header(head.iter().copied());
    // Columns are only squeezed where somebody looks; a pipe gets whole lines.
    let squeezed = io::stdout().is_terminal();
    table.set_content_arrangement(if squeezed { ContentArrangement::Dynamic } else { ContentArrangement::Disabled });
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if numbers.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_aligned_columns() {
        let mut table = table(&["NAME", "COUNT"], &[1]);
        table.add_row(["a-long-name", "7"]).add_row(["b", "1000"]);
        let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
        assert_eq!(lines, ["NAME         COUNT", "a-long-name      7", "b             1000"]);
    }
}
