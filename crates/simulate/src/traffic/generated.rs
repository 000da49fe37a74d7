//! Traffic that is made up. Each request is drawn from luck of its own, so that one more or less changes no other.

use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use domain::Snapshot;
use jiff::Timestamp;

use engine::estimated_tokens;

use super::{Arrival, Request, Shape, TrafficSpec};
use crate::luck::{Luck, Purpose};
use crate::problem::{Problem, problem};
use crate::spread::{CountsSpec, Spread, seconds};

const SECONDS_PER_DAY: f64 = 86_400.0;
/// When most people are at work in one of Europe, Africa and America: the busiest time of a `diurnal` day.
const PEAK: f64 = 14.0 / 24.0 * SECONDS_PER_DAY;
/// By how much a `diurnal` day swings, unless it says so.
const SWING: f64 = 0.5;
const BODY_BYTES: CountsSpec = CountsSpec { p50: 4_000, p99: Some(40_000) };
const OUTPUT_TOKENS: CountsSpec = CountsSpec { p50: 200, p99: Some(1_200) };

/// A description, compiled.
#[derive(Debug, Clone)]
pub(super) struct Generated {
    requests_max: u64,
    lasting: Duration,
    rate: f64,
    arrival: Arrival,
    swing: f64,
    /// Seconds from a midnight to the start.
    start: f64,
    kinds: Vec<Kind>,
}

#[derive(Debug, Clone)]
struct Kind {
    weight: f64,
    shape: Arc<Shape>,
    body_bytes: Spread,
    output_tokens: Spread,
}

impl Generated {
    pub(super) fn compile(
        spec: &TrafficSpec,
        start: Timestamp,
        requests_max: Option<u64>,
        snapshot: &Snapshot,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let requests_max = requests_max.or(spec.requests);
        if requests_max.is_none() && spec.lasting.is_none() {
            problems.push(problem(
                "",
                "nothing says when the traffic ends; add `requests: 100000` or `for: 10m`",
            ));
        }
        let mut kinds = Vec::new();
        for (place, mix) in spec.mix.iter().enumerate() {
            let path = format!("mix[{place}]");
            let spread = |given: Option<CountsSpec>, usual, name: &str| {
                Spread::of_counts(&given.unwrap_or(usual), &format!("{path}.{name}"))
            };
            let body_bytes = spread(mix.body_bytes, BODY_BYTES, "body_bytes");
            let output_tokens = spread(mix.output_tokens, OUTPUT_TOKENS, "output_tokens");
            let shape = Shape::compile(mix, &path, snapshot, problems);
            match (shape, body_bytes, output_tokens) {
                (Some(shape), Ok(body_bytes), Ok(output_tokens)) => {
                    let weight = mix.weight.unwrap_or(1.0);
                    kinds.push(Kind { weight, shape: Arc::new(shape), body_bytes, output_tokens });
                }
                (_, body_bytes, output_tokens) => {
                    problems.extend([body_bytes.err(), output_tokens.err()].into_iter().flatten());
                }
            }
        }
        if problems.is_empty() && kinds.iter().all(|kind| kind.weight <= 0.0) {
            problems.push(problem("mix", "no kind of request has a weight above zero"));
        }
        Some(Self {
            requests_max: requests_max.unwrap_or(u64::MAX),
            lasting: spec.lasting.map_or(Duration::MAX, |lasting| lasting.0),
            rate: spec.rate,
            arrival: spec.arrival,
            swing: spec.swing.unwrap_or(SWING),
            start: start.as_second().rem_euclid(SECONDS_PER_DAY as i64) as f64,
            kinds,
        })
    }

    pub(super) fn shapes(&self) -> impl Iterator<Item = &Arc<Shape>> {
        self.kinds.iter().map(|kind| &kind.shape)
    }

    pub(super) fn requests(&self, seed: u64) -> Requests<'_> {
        Requests { traffic: self, seed, number: 0, elapsed: 0.0 }
    }

    /// The time from a request to the next, in seconds.
    fn gap(&self, elapsed: f64, luck: &mut Luck) -> f64 {
        match self.arrival {
            Arrival::Constant => 1.0 / self.rate,
            Arrival::Poisson => luck.exponential() / self.rate,
            Arrival::Diurnal => {
                let angle = TAU * (self.start + elapsed - PEAK) / SECONDS_PER_DAY;
                // A rate of nothing would end the night never.
                let share = (1.0 + self.swing * angle.cos()).max(0.001);
                luck.exponential() / (self.rate * share)
            }
        }
    }

    fn kind(&self, luck: &mut Luck) -> Option<&Kind> {
        let total: f64 = self.kinds.iter().map(|kind| kind.weight).sum();
        let mut point = luck.share() * total;
        let chosen = self.kinds.iter().find(|kind| {
            point -= kind.weight;
            point < 0.0
        });
        chosen.or(self.kinds.last())
    }
}

/// Every request in turn.
#[derive(Debug)]
pub(crate) struct Requests<'t> {
    traffic: &'t Generated,
    seed: u64,
    number: u64,
    elapsed: f64,
}

impl Iterator for Requests<'_> {
    type Item = Request;

    fn next(&mut self) -> Option<Request> {
        if self.number >= self.traffic.requests_max {
            return None;
        }
        let mut luck = Luck::of(self.seed, Purpose::Traffic, &[self.number]);
        self.elapsed += self.traffic.gap(self.elapsed, &mut luck);
        let at = seconds(self.elapsed);
        let kind = self.traffic.kind(&mut luck).filter(|_| at < self.traffic.lasting)?;
        let body_bytes = kind.body_bytes.draw(&mut luck).round() as u64;
        let request = Request {
            number: self.number,
            at,
            shape: Arc::clone(&kind.shape),
            body_bytes,
            input_tokens: estimated_tokens(body_bytes),
            output_tokens: (kind.output_tokens.draw(&mut luck).round() as u64).max(1),
        };
        self.number += 1;
        Some(request)
    }
}
