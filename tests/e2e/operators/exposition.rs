//! A strict reader of Prometheus' text format, written from its description.

use std::collections::{BTreeMap, BTreeSet};

/// One sample: the name as written, the labels in order, the value.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub name: String,
    pub labels: Vec<(String, String)>,
    pub value: f64,
}

/// A scraped text.
#[derive(Debug, Default)]
pub struct Exposition {
    /// Type and help by metric.
    pub metrics: BTreeMap<String, (String, String)>,
    pub samples: Vec<Sample>,
}

impl Exposition {
    /// Panics at the first line that breaks a rule.
    pub fn parse(text: &str) -> Exposition {
        assert!(text.ends_with('\n'), "the last line has an end");
        let (mut read, mut current, mut help) = (Exposition::default(), String::new(), None);
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                let (name, words) = rest.split_once(' ').expect(line);
                assert!(help.replace((name.to_owned(), words.to_owned())).is_none(), "{line}");
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').expect(line);
                let (of, words) = help.take().expect("HELP comes before TYPE");
                assert!(of == name && ["counter", "gauge", "histogram"].contains(&kind), "{line}");
                let before = read.metrics.insert(name.to_owned(), (kind.to_owned(), words));
                assert!(before.is_none(), "{name} is told once, all of it together");
                current = name.to_owned();
            } else {
                let sample = sample(line);
                let kind = &read.metrics.get(&current).expect(line).0;
                let suffix = sample.name.strip_prefix(&current).unwrap_or_else(|| panic!("{line} is below {current}"));
                assert!(suffix.is_empty() != (kind == "histogram"), "{line}");
                assert!(["", "_bucket", "_sum", "_count"].contains(&suffix), "{line}");
                read.samples.push(sample);
            }
        }
        read.check();
        read
    }

    fn check(&self) {
        let mut seen = BTreeSet::new();
        for sample in &self.samples {
            assert!(seen.insert(format!("{}{:?}", sample.name, sample.labels)), "twice: {sample:?}");
        }
        for (name, (kind, _)) in &self.metrics {
            assert_eq!(name.ends_with("_total"), kind == "counter", "{name} is a {kind}");
            if kind == "histogram" {
                self.check_histogram(name);
            }
        }
    }

    /// Buckets ascend, and the last of them is the count.
    fn check_histogram(&self, name: &str) {
        let mut series: BTreeMap<String, Vec<(f64, f64)>> = BTreeMap::new();
        for bucket in self.samples.iter().filter(|sample| sample.name == format!("{name}_bucket")) {
            let (others, le): (Vec<_>, Vec<_>) = bucket.labels.iter().partition(|(label, _)| label != "le");
            let le = if le[0].1 == "+Inf" { f64::INFINITY } else { le[0].1.parse().unwrap() };
            series.entry(format!("{others:?}")).or_default().push((le, bucket.value));
        }
        for (labels, buckets) in series {
            assert!(buckets.is_sorted_by(|a, b| a.0 < b.0 && a.1 <= b.1), "{name} {labels}: {buckets:?}");
            let count = self.samples.iter().find(|sample| {
                sample.name == format!("{name}_count")
                    && format!("{:?}", sample.labels.iter().collect::<Vec<_>>()) == labels
            });
            let last = buckets.last().unwrap();
            assert_eq!((last.0, Some(last.1)), (f64::INFINITY, count.map(|count| count.value)), "{name} {labels}");
        }
    }

    /// The value of the only sample with this name and these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |sample: &&Sample| {
            sample.name == name
                && labels.iter().all(|(label, value)| sample.labels.iter().any(|(l, v)| l == label && v == value))
        };
        let found: Vec<&Sample> = self.samples.iter().filter(has).collect();
        assert!(found.len() <= 1, "{name} {labels:?} names several: {found:?}");
        found.first().map(|sample| sample.value)
    }

    /// The sum of all samples of a name.
    pub fn sum(&self, name: &str) -> f64 {
        self.samples.iter().filter(|sample| sample.name == name).map(|sample| sample.value).sum()
    }
}

fn sample(line: &str) -> Sample {
    let name_len = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':').expect(line);
    let (name, mut rest) = line.split_at(name_len);
    assert!(name.starts_with(|c: char| c.is_ascii_alphabetic()), "{line}");
    let mut labels = Vec::new();
    if let Some(mut inner) = rest.strip_prefix('{') {
        loop {
            let (label, after) = inner.split_once("=\"").expect(line);
            assert!(label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') && !label.is_empty(), "{line}");
            let (value, after) = quoted(after, line);
            labels.push((label.to_owned(), value));
            match after.split_at(1) {
                (",", more) => inner = more,
                ("}", more) => break rest = more,
                _ => panic!("{line}"),
            }
        }
    }
    let value = rest.strip_prefix(' ').expect(line).parse().expect(line);
    Sample { name: name.to_owned(), labels, value }
}

/// A label's value up to its closing quote, and what follows it.
fn quoted<'l>(text: &'l str, line: &str) -> (String, &'l str) {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.push(match chars.next().expect(line).1 {
                'n' => '\n',
                c @ ('\\' | '"') => c,
                _ => panic!("{line}"),
            }),
            c => value.push(c),
        }
    }
    panic!("no end of a label: {line}");
}
