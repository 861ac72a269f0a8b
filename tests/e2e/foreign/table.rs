//! The table of cells as it stands in `docs/clients.md`: a row for each feature, a column for each client.

use std::fmt;

use super::clients::Client;
use super::session::source;

/// Cells, and the reasons of those that a client does not support.
pub struct Table {
    corner: &'static str,
    clients: Vec<Client>,
    rows: Vec<(String, Vec<Option<usize>>)>,
    reasons: Vec<String>,
}

impl Table {
    pub fn new(corner: &'static str, clients: &[Client]) -> Table {
        Table { corner, clients: clients.to_vec(), rows: Vec::new(), reasons: Vec::new() }
    }

    /// A row, with why each client does not support it.
    pub fn row<W: Into<String>>(&mut self, feature: &str, cells: impl Iterator<Item = Option<W>>) {
        let cells = cells.map(|why| why.map(|why| self.note(why.into()))).collect();
        self.rows.push((feature.to_owned(), cells));
    }

    fn note(&mut self, why: String) -> usize {
        let known = self.reasons.iter().position(|reason| *reason == why);
        known.unwrap_or_else(|| {
            self.reasons.push(why);
            self.reasons.len() - 1
        })
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.clients.iter().map(|client| client.name()).collect();
        writeln!(f, "| {} | {} |", self.corner, names.join(" | "))?;
        writeln!(f, "|---|{}", "---|".repeat(names.len()))?;
        for (feature, cells) in &self.rows {
            let cells: Vec<_> =
                cells.iter().map(|cell| cell.map_or("yes".to_owned(), |note| format!("no ({})", note + 1))).collect();
            writeln!(f, "| {feature} | {} |", cells.join(" | "))?;
        }
        writeln!(f)?;
        self.reasons.iter().zip(1..).try_for_each(|(reason, n)| writeln!(f, "{n}. {reason}"))
    }
}

/// The document has this table between its marks, or at least some table where a client is missing here. With
/// `OTTLA_UPDATE_DOCS=1` it is put there.
pub fn compare_with_docs(mark: &str, table: &Table) {
    let path = source("../../docs/clients.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (begin, end) = (format!("<!-- {mark} -->\n"), format!("<!-- end of {mark} -->"));
    let from = text.find(&begin).expect("the mark before the table") + begin.len();
    let to = text.find(&end).expect("the mark after the table");
    if table.clients != Client::ALL {
        assert!(!text[from..to].trim().is_empty(), "docs/clients.md: nothing stands at {mark}");
    } else if std::env::var_os("OTTLA_UPDATE_DOCS").is_some() {
        std::fs::write(&path, format!("{}{table}{}", &text[..from], &text[to..])).unwrap();
    } else {
        assert_eq!(text[from..to], table.to_string(), "docs/clients.md: OTTLA_UPDATE_DOCS=1 makes it right");
    }
}
