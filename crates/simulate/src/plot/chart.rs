//! One chart: time from left to right, and something between nothing and all from the bottom up.

use std::fmt::Write;

use super::{escaped, text};
use crate::series::{Series, Slice};

pub(super) const CHART_WIDTH: f64 = 560.0;
pub(super) const CHART_HEIGHT: f64 = 140.0;

/// A place for a chart, and what it is of.
pub(super) struct Chart<'s> {
    left: f64,
    top: f64,
    series: &'s Series,
}

impl<'s> Chart<'s> {
    pub(super) fn new(left: f64, top: f64, series: &'s Series) -> Self {
        Self { left, top, series }
    }

    /// What stands around and behind: title, marks of nothing, half and all, the time, and shades where something goes wrong.
    pub(super) fn frame(&self, svg: &mut String, title: &str, marks: &[String; 3]) {
        let (left, top) = (self.left, self.top);
        text(svg, (left, top - 10.0), "start", &escaped(title));
        self.shades(svg);
        for (place, mark) in marks.iter().enumerate() {
            let y = self.y(place as f64 / 2.0);
            let _ = writeln!(
                svg,
                "<line x1=\"{left:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"#ccc\"/>",
                left + CHART_WIDTH
            );
            text(svg, (left - 6.0, y + 4.0), "end", mark);
        }
        let minutes = self.series.width().as_secs_f64() * self.series.slices().len() as f64 / 60.0;
        let y = top + CHART_HEIGHT + 16.0;
        text(svg, (left, y), "start", "0");
        text(svg, (left + CHART_WIDTH, y), "end", &format!("{minutes:.1} min"));
    }

    fn shades(&self, svg: &mut String) {
        let slices = self.series.slices();
        let mut place = 0;
        for run in slices.chunk_by(|one, next| one.is_faulty == next.is_faulty) {
            let (from, until) = (self.x(place), self.x(place + run.len()));
            place += run.len();
            if run.first().is_some_and(|slice| slice.is_faulty) {
                let _ = writeln!(
                    svg,
                    "<rect x=\"{from:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{CHART_HEIGHT}\" fill=\"#d55e00\" opacity=\"0.12\"/>",
                    self.top,
                    until - from
                );
            }
        }
    }

    /// A line through a value of each slice, broken where there is none.
    pub(super) fn line(&self, svg: &mut String, colour: &str, value: impl Fn(&Slice) -> Option<f64>) {
        let mut path = String::new();
        let mut is_begun = false;
        for (place, slice) in self.series.slices().iter().enumerate() {
            let Some(value) = value(slice) else {
                is_begun = false;
                continue;
            };
            let command = if is_begun { 'L' } else { 'M' };
            let _ = write!(path, "{command}{:.1} {:.1}", self.middle(place), self.y(value));
            is_begun = true;
        }
        let _ = writeln!(svg, "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"/>");
    }

    /// Bars from the bottom to a value of each slice.
    pub(super) fn area(&self, svg: &mut String, colour: &str, value: impl Fn(&Slice) -> Option<f64>) {
        let mut path = String::new();
        for (place, slice) in self.series.slices().iter().enumerate() {
            let Some(value) = value(slice) else { continue };
            let (from, until, bottom, y) = (self.x(place), self.x(place + 1), self.y(0.0), self.y(value));
            let _ = write!(path, "M{from:.1} {bottom:.1}V{y:.1}H{until:.1}V{bottom:.1}Z");
        }
        let _ = writeln!(svg, "<path d=\"{path}\" fill=\"{colour}\"/>");
    }

    fn x(&self, place: usize) -> f64 {
        self.left + CHART_WIDTH * place as f64 / self.series.slices().len().max(1) as f64
    }

    fn middle(&self, place: usize) -> f64 {
        f64::midpoint(self.x(place), self.x(place + 1))
    }

    fn y(&self, value: f64) -> f64 {
        self.top + CHART_HEIGHT * (1.0 - value.clamp(0.0, 1.0))
    }
}
