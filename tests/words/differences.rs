//! The differences that are meant: `differences.txt`.
//!
//! Paragraphs. The lines of a paragraph that begin with `* ` name cases, a `*` at their end stands for anything; the other
//! lines say why. Lines that begin with `#` are comments.

use std::cell::Cell;

/// One name of a case, with a reason.
pub struct Listed {
    name: String,
    reason: String,
    met: Cell<bool>,
}

/// All that are listed for names that begin with `area`.
pub fn listed(area: &str) -> Vec<Listed> {
    parse(include_str!("differences.txt")).into_iter().filter(|listed| listed.name.starts_with(area)).collect()
}

fn parse(text: &str) -> Vec<Listed> {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
    lines.split(|line| line.is_empty()).flat_map(paragraph).collect()
}

fn paragraph(lines: &[&str]) -> Vec<Listed> {
    let reason = lines.iter().filter(|line| !line.starts_with("* ")).copied().collect::<Vec<_>>().join(" ");
    let names = lines.iter().filter_map(|line| line.strip_prefix("* "));
    let listed = |name: &str| {
        assert!(!reason.is_empty(), "{name} is listed without a reason");
        Listed { name: name.to_owned(), reason: reason.clone(), met: Cell::new(false) }
    };
    names.map(listed).collect()
}

impl Listed {
    /// Whether this is the name of `case`; remembers that such a case differs.
    pub fn covers(&self, case: &str) -> bool {
        let covers = match self.name.strip_suffix('*') {
            Some(start) => case.starts_with(start),
            None => case == self.name,
        };
        self.met.set(self.met.get() || covers);
        covers
    }

    /// The name and the reason of an entry that no difference asked for.
    pub fn stale(&self) -> Option<String> {
        (!self.met.get()).then(|| format!("{} no longer differs ({})", self.name, self.reason))
    }
}
