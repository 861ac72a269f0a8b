//! Prometheus' text format, version 0.0.4.

use std::fmt::{Display, Write as _};

use super::histogram::{BOUNDS_US, Snapshot};

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

/// Metrics as text, one after the other.
#[derive(Debug, Default)]
pub(super) struct Text {
    out: String,
    name: &'static str,
}

/// Labels of a series.
pub(super) type Labels<'a> = &'a [(&'a str, &'a dyn Display)];

impl Text {
    /// Begins a metric; its series follow.
    pub fn metric(&mut self, name: &'static str, kind: Kind, help: &str) -> &mut Text {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        };
        let _ = write!(self.out, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
        self.name = name;
        self
    }

    /// A metric of a single series.
    pub fn single(&mut self, name: &'static str, kind: Kind, help: &str, value: impl Display) {
        self.metric(name, kind, help).series(&[], value);
    }

    /// One series of the metric that was begun.
    pub fn series(&mut self, labels: Labels<'_>, value: impl Display) {
        self.out.push_str(self.name);
        self.labels(labels, None);
        let _ = writeln!(self.out, " {value}");
    }

    /// One series of the histogram that was begun.
    pub fn histogram(&mut self, labels: Labels<'_>, of: &Snapshot) {
        let mut cumulative = 0;
        let bounds = BOUNDS_US.iter().map(|us| (*us as f64 / 1e6).to_string()).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(of.buckets) {
            cumulative += count;
            let _ = write!(self.out, "{}_bucket", self.name);
            self.labels(labels, Some(&bound));
            let _ = writeln!(self.out, " {cumulative}");
        }
        let _ = write!(self.out, "{}_sum", self.name);
        self.labels(labels, None);
        let _ = writeln!(self.out, " {}", of.sum_ns as f64 / 1e9);
        let _ = write!(self.out, "{}_count", self.name);
        self.labels(labels, None);
        let _ = writeln!(self.out, " {}", of.count());
    }

    /// The whole text.
    pub fn finish(self) -> String {
        self.out
    }

    fn labels(&mut self, labels: Labels<'_>, le: Option<&String>) {
        let le = le.map(|bound| ("le", bound as &dyn Display));
        let mut separator = '{';
        for (name, value) in labels.iter().copied().chain(le) {
            let value = value.to_string().replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.out, "{separator}{name}=\"{value}\"");
            separator = ',';
        }
        if separator == ',' {
            self.out.push('}');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_values_are_escaped() {
        let mut text = Text::default();
        text.metric("a_total", Kind::Counter, "Help.").series(&[("x", &"q\"\\\n"), ("y", &1)], 3);
        assert_eq!(
            text.finish(),
            "# HELP a_total Help.\n# TYPE a_total counter\na_total{x=\"q\\\"\\\\\\n\",y=\"1\"} 3\n"
        );
    }

    #[test]
    fn buckets_are_cumulative() {
        let mut text = Text::default();
        let mut of = Snapshot { sum_ns: 2_000_000_000, ..Snapshot::default() };
        (of.buckets[0], of.buckets[17]) = (1, 2);
        text.metric("h_seconds", Kind::Histogram, "Help.").histogram(&[], &of);
        let text = text.finish();
        for line in [
            "h_seconds_bucket{le=\"0.00005\"} 1",
            "h_seconds_bucket{le=\"+Inf\"} 3",
            "h_seconds_sum 2",
            "h_seconds_count 3",
        ] {
            assert!(text.lines().any(|found| found == line), "{line} is not in\n{text}");
        }
    }
}
