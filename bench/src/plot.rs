//! Figures as bars, for people.

use std::fmt::Write as _;

const WIDTH: f64 = 900.0;
const LABEL_WIDTH: f64 = 330.0;
const VALUE_WIDTH: f64 = 150.0;
const LINE: f64 = 20.0;
const BAR: f64 = 14.0;

/// One figure.
pub struct Bar {
    /// What it is compared within.
    pub group: String,
    /// What it is of.
    pub name: String,
    /// At least 0.
    pub figure: f64,
}

/// An SVG in which the longest bar of each group is as wide as any other group's, because their units differ. Beside each
/// bar stand its figure and how many times it is the first of its group.
pub fn svg(title: &str, bars: &[Bar]) -> String {
    let height = LINE * (bars.len() as f64 + 2.0);
    let mut out = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' font-family='sans-serif' font-size='11'>\n\
         <text x='4' y='14'>{}</text>\n",
        escaped(title)
    );
    for (at, bar) in bars.iter().enumerate() {
        let group = || bars.iter().filter(|other| other.group == bar.group);
        let longest = group().map(|other| other.figure).fold(f64::MIN_POSITIVE, f64::max);
        let first = group().next().map_or(bar.figure, |first| first.figure);
        let times = if first > 0.0 { format!(" ({:.2} x)", bar.figure / first) } else { String::new() };
        let (y, width) = (LINE * (at as f64 + 1.5), bar.figure / longest * (WIDTH - LABEL_WIDTH - VALUE_WIDTH));
        let color = match bar.name.as_str() {
            "floor" => "#999999",
            "kafka" => "#c8643c",
            _ => "#2a7ab0",
        };
        let _ = writeln!(
            out,
            "<text x='4' y='{}'>{} {}</text><rect x='{LABEL_WIDTH}' y='{y}' width='{width:.1}' height='{BAR}' fill='{color}'/>\
             <text x='{:.1}' y='{}'>{}{times}</text>",
            y + 11.0,
            escaped(&bar.group),
            escaped(&bar.name),
            LABEL_WIDTH + width + 4.0,
            y + 11.0,
            bar.figure,
        );
    }
    out + "</svg>\n"
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
