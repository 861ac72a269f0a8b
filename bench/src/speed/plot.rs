//! The CPU of each case as bars beside the floor's, for people.

use std::fmt::Write as _;

use super::summary::Results;

const WIDTH: f64 = 900.0;
const LABEL_WIDTH: f64 = 230.0;
const BAR: f64 = 16.0;
/// Bars that are longer are cut, and say how long they are.
const RATIO_MAX: f64 = 12.0;

/// An SVG with a bar for each case and server: its CPU as a multiple of the floor's.
pub fn svg(results: &Results) -> String {
    let lines: Vec<_> = results.lines().collect();
    let height = BAR * 1.4 * (lines.len() as f64 + 2.0);
    let mut out = format!(
        "<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}' font-family='sans-serif' font-size='11'>\n\
         <text x='4' y='14'>Server CPU as a multiple of the floor's (best of the rounds)</text>\n"
    );
    for (at, line) in lines.iter().enumerate() {
        let floor = lines.iter().find(|other| other.case == line.case && other.server == "floor");
        let ratio = floor.map_or(1.0, |floor| line.best / floor.best);
        let y = BAR * 1.4 * (at as f64 + 1.5);
        let width = ratio.min(RATIO_MAX) / RATIO_MAX * (WIDTH - LABEL_WIDTH - 70.0);
        let color = match line.server {
            "floor" => "#999999",
            "ottla" => "#2a7ab0",
            _ => "#c8643c",
        };
        let _ = writeln!(
            out,
            "<text x='4' y='{}'>{} {}</text><rect x='{LABEL_WIDTH}' y='{y}' width='{width:.1}' height='{BAR}' fill='{color}'/>\
             <text x='{:.1}' y='{}'>{ratio:.2}</text>",
            y + 12.0,
            line.case,
            line.server,
            LABEL_WIDTH + width + 4.0,
            y + 12.0,
        );
    }
    out + "</svg>\n"
}
