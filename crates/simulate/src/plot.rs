//! What came of it over time, as a picture: SVG, since it needs nothing to be made, and the same bytes each time.

mod chart;

use std::fmt::Write;
use std::time::Duration;

use crate::report::{Outcome, Report};
use crate::series::{Series, Slice};
use chart::{CHART_HEIGHT, CHART_WIDTH, Chart};

const MARGIN: f64 = 70.0;
const HEAD: f64 = 70.0;
const GAP: f64 = 70.0;
/// Okabe and Ito's colours, which all people can tell apart; more targets begin again.
const COLOURS: [&str; 7] = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"];

/// A column of charts for each configuration: the share of requests that succeeded, who answered them, and the p99 of the time
/// to the first content; where something went wrong is shaded.
#[must_use]
pub fn svg(report: &Report) -> String {
    let width = MARGIN + (CHART_WIDTH + MARGIN) * report.outcomes.len() as f64;
    let height = HEAD + (CHART_HEIGHT + GAP) * 3.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n"
    );
    let slowest = report.outcomes.iter().filter_map(|outcome| slowest(&outcome.tally.series)).max();
    for (place, outcome) in report.outcomes.iter().enumerate() {
        let left = MARGIN + (CHART_WIDTH + MARGIN) * place as f64;
        column(&mut svg, left, outcome, slowest.unwrap_or_default());
    }
    svg.push_str("</svg>\n");
    svg
}

fn slowest(series: &Series) -> Option<Duration> {
    series.slices().iter().filter_map(Slice::p99).max()
}

fn column(svg: &mut String, left: f64, outcome: &Outcome, slowest: Duration) {
    let series = &outcome.tally.series;
    let tops = [0.0, 1.0, 2.0].map(|row| HEAD + (CHART_HEIGHT + GAP) * row);
    text(svg, (left, 30.0), "start", &format!("<tspan font-size=\"16\">{}</tspan>", escaped(&outcome.name)));
    let [success, shares, times] = tops.map(|top| Chart::new(left, top, series));

    success.frame(svg, "answered to the end", &["0 %", "50 %", "100 %"].map(str::to_owned));
    success.line(svg, COLOURS[0], |slice| {
        (slice.requests > 0).then(|| slice.succeeded as f64 / slice.requests as f64)
    });

    shares.frame(svg, "by whom", &["0 %", "50 %", "100 %"].map(str::to_owned));
    let names: Vec<_> = outcome.tally.targets.iter().map(|target| target.name.as_str()).collect();
    let place = |target: usize| outcome.tally.targets[target].place;
    for target in (0..names.len()).rev() {
        // Each area reaches down to the bottom, and the next covers what is not its own.
        let colour = COLOURS[target % COLOURS.len()];
        shares.area(svg, colour, |slice| share_up_to(slice, (0..=target).map(place)));
    }
    legend(svg, (left, tops[1] + CHART_HEIGHT + 32.0), &names);

    let top = slowest.as_secs_f64().max(0.001);
    times.frame(svg, "first content, p99", &[0.0, top / 2.0, top].map(|seconds| format!("{seconds:.2} s")));
    times.line(svg, COLOURS[5], |slice| slice.p99().map(|time| time.as_secs_f64() / top));
}

/// The share of a slice's answers that came from these targets.
fn share_up_to(slice: &Slice, places: impl Iterator<Item = usize>) -> Option<f64> {
    let answered: u64 = places.filter_map(|place| slice.answered.get(place)).sum();
    (slice.succeeded > 0).then(|| answered as f64 / slice.succeeded as f64)
}

fn legend(svg: &mut String, (mut x, y): (f64, f64), names: &[&str]) {
    for (place, name) in names.iter().enumerate() {
        let colour = COLOURS[place % COLOURS.len()];
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{:.1}\" width=\"10\" height=\"10\" fill=\"{colour}\"/>",
            y - 9.0
        );
        text(svg, (x + 14.0, y), "start", &escaped(name));
        x += 30.0 + 7.0 * name.chars().count() as f64;
    }
}

fn text(svg: &mut String, (x, y): (f64, f64), anchor: &str, content: &str) {
    // Writing into a text cannot fail.
    let _ = writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{content}</text>");
}

/// A text within XML (XML 1.0, section 2.4).
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests;
