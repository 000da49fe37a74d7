//! Traffic as it was recorded: lines of JSON, each a request as somebody wrote it down, or a line of Tollgate's own log or journal.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use domain::Snapshot;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use engine::estimated_tokens;
use engine::token_estimate::BYTES_PER_TOKEN;

use super::{MixSpec, Request, Shape};
use crate::behaviour::Behaviours;
use crate::problem::{Problem, problem};
use crate::spread::Spread;

/// The line of the log that is about a whole request.
const REQUEST_ENDED: &str = "request ended";
/// The record of the journal that is.
const RECORDED_REQUEST: &str = "request";
/// After so many problems there is likely one in all lines.
const PROBLEMS_MAX: usize = 20;
/// Fewer answers say nothing of how a provider does.
const ANSWERS_MIN: usize = 20;
/// The tokens of an answer that nobody counted.
const OUTPUT_TOKENS: u64 = 200;

/// A line: a request, or what the log or the journal says of one when it has ended.
#[derive(Debug, Deserialize)]
struct Line {
    /// When it came.
    at: Option<String>,
    /// When it came, after the beginning.
    at_ms: Option<u64>,
    model: Option<String>,
    #[serde(alias = "operation")]
    endpoint: Option<String>,
    path: Option<String>,
    key: Option<String>,
    region: Option<String>,
    stream: Option<bool>,
    #[serde(default)]
    metadata: BTreeMap<String, Value>,
    #[serde(default)]
    headers: BTreeMap<String, String>,
    #[serde(default)]
    params: BTreeMap<String, Value>,
    #[serde(default)]
    needs: Vec<String>,
    body_bytes: Option<u64>,
    input_tokens: Option<u64>,
    output_tokens: Option<u64>,
    // Of the log:
    message: Option<String>,
    timestamp: Option<String>,
    provider: Option<String>,
    status: Option<u16>,
    duration_ms: Option<u64>,
    first_token_ms: Option<u64>,
    // Of the journal:
    kind: Option<String>,
    served_by: Option<Served>,
}

/// Whose answer a request had.
#[derive(Debug, Deserialize)]
struct Served {
    provider: String,
    model: Option<String>,
}

impl Line {
    /// Whether it is about a whole request.
    fn is_request(&self) -> bool {
        let is = |said: &Option<String>, expected| said.as_deref().is_none_or(|said| said == expected);
        is(&self.message, REQUEST_ENDED) && is(&self.kind, RECORDED_REQUEST)
    }

    /// The provider and the model that answered.
    fn answered(&self) -> Option<(&str, &str)> {
        match &self.served_by {
            Some(served) => Some((&served.provider, served.model.as_deref()?)),
            None => Some((self.provider.as_deref()?, self.model.as_deref()?)),
        }
    }
}

/// Requests in the order of their time.
#[derive(Debug, Clone)]
pub(super) struct Recorded {
    requests: Vec<Request>,
    shapes: Vec<Arc<Shape>>,
    /// How providers did, by what the log says of whole answers.
    pub(super) behaviours: Behaviours,
    pub(super) start: Timestamp,
}

/// How many of the requests are taken, and what they ask for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Replay<'a> {
    /// No more than so many, from the first on.
    pub requests_max: Option<u64>,
    /// A model for all of them, in place of their own.
    pub model: Option<&'a str>,
}

impl Recorded {
    /// Reads lines; paths of problems are their numbers.
    pub(super) fn read(text: &str, replay: Replay<'_>, snapshot: &Snapshot) -> Result<Self, Vec<Problem>> {
        let mut reader =
            Reader { snapshot, model: replay.model, shapes: HashMap::new(), problems: Vec::new() };
        let mut heard = Heard::default();
        let mut moments = Vec::new();
        for (place, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            moments.extend(reader.line(line, &(place + 1).to_string(), &mut heard));
            if reader.problems.len() >= PROBLEMS_MAX {
                break;
            }
        }
        if moments.is_empty() && reader.problems.is_empty() {
            reader
                .problems
                .push(problem("", "no line is a request, or the end of one in Tollgate's log or journal"));
        }
        if !reader.problems.is_empty() {
            return Err(reader.problems);
        }
        let mut shapes: Vec<_> = reader.shapes.into_values().flatten().collect();
        shapes.sort_by_key(|(number, _)| *number);
        let shapes = shapes.into_iter().map(|(_, shape)| shape).collect();
        moments.sort_by_key(|(at, request)| (*at, request.number));
        let start = moments.first().map_or(Timestamp::UNIX_EPOCH, |(at, _)| *at);
        let requests_max = usize::try_from(replay.requests_max.unwrap_or(u64::MAX)).unwrap_or(usize::MAX);
        let requests =
            moments.into_iter().take(requests_max).enumerate().map(|(number, (at, request))| Request {
                number: number as u64,
                at: Duration::try_from(at.duration_since(start)).unwrap_or_default(),
                ..request
            });
        Ok(Self { requests: requests.collect(), shapes, behaviours: heard.behaviours(), start })
    }

    pub(super) fn shapes(&self) -> impl Iterator<Item = &Arc<Shape>> {
        self.shapes.iter()
    }

    pub(super) fn requests(&self) -> impl Iterator<Item = Request> + '_ {
        self.requests.iter().cloned()
    }
}

struct Reader<'a> {
    snapshot: &'a Snapshot,
    model: Option<&'a str>,
    /// By what they are made of, with the number in which they came up; none for what is wrong.
    shapes: HashMap<String, Option<(usize, Arc<Shape>)>>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    /// The request of a line, when it has one.
    fn line(&mut self, text: &str, number: &str, heard: &mut Heard) -> Option<(Timestamp, Request)> {
        let line: Line = match serde_json::from_str(text) {
            Ok(line) => line,
            Err(error) => {
                self.problems.push(problem(number, format!("expected a request as a JSON object: {error}")));
                return None;
            }
        };
        // A pass-through names no model, and goes through no route.
        if !line.is_request() || (line.kind.is_some() && line.model.is_none()) {
            return None;
        }
        heard.line(&line);
        let Some(at) = came(&line) else {
            let message = "nothing says when it came; add `at_ms`, or `at` as `2026-01-05T09:00:00Z`";
            self.problems.push(problem(number, message));
            return None;
        };
        let shape = self.shape(&line, number)?;
        let input_tokens = line.input_tokens.or(line.body_bytes.map(estimated_tokens));
        let input_tokens = input_tokens.unwrap_or(0);
        let request = Request {
            number: number.parse().unwrap_or(0),
            at: Duration::ZERO,
            shape,
            body_bytes: line.body_bytes.unwrap_or(input_tokens.saturating_mul(BYTES_PER_TOKEN)),
            input_tokens,
            output_tokens: line.output_tokens.unwrap_or(OUTPUT_TOKENS).max(1),
        };
        Some((at, request))
    }

    /// What the request has in common with others, made once.
    fn shape(&mut self, line: &Line, number: &str) -> Option<Arc<Shape>> {
        let spec = self.spec(line);
        let identity = format!("{spec:?}");
        if let Some(known) = self.shapes.get(&identity) {
            return known.as_ref().map(|(_, shape)| Arc::clone(shape));
        }
        let mut problems = Vec::new();
        let shape = Shape::compile(&spec, "", self.snapshot, &mut problems);
        let members = problems.into_iter().map(|found| Problem { path: number.to_owned(), ..found });
        self.problems.extend(members);
        let made = shape.map(|shape| (self.shapes.len(), self.with_known_route(shape)));
        self.shapes.insert(identity, made.clone());
        made.map(|(_, shape)| shape)
    }

    /// The shape with the route that others of its model and endpoint have, so that there is one of each.
    fn with_known_route(&self, mut shape: Shape) -> Arc<Shape> {
        let known = self.shapes.values().flatten().map(|(_, known)| known);
        let mut alike = known.filter(|known| known.model == shape.model && known.endpoint == shape.endpoint);
        if let Some(alike) = alike.next() {
            shape.route = Arc::clone(&alike.route);
        }
        Arc::new(shape)
    }

    fn spec(&self, line: &Line) -> MixSpec {
        let asked = line.model.clone().unwrap_or_default();
        let own = match &line.provider {
            Some(provider) => format!("{provider}/{asked}"),
            None => asked,
        };
        MixSpec {
            weight: None,
            model: self.model.map_or(own, str::to_owned),
            endpoint: line.endpoint.clone(),
            path: line.path.clone(),
            region: line.region.clone(),
            key: line.key.clone(),
            stream: line.stream.unwrap_or(line.first_token_ms.is_some()),
            metadata: line.metadata.clone(),
            headers: line.headers.clone(),
            params: line.params.clone(),
            needs: line.needs.clone(),
            body_bytes: None,
            output_tokens: None,
        }
    }
}

/// When a request came: the log says when it ended.
fn came(line: &Line) -> Option<Timestamp> {
    let read = |text: Option<&String>| text?.parse::<Timestamp>().ok();
    let after_beginning = || Timestamp::UNIX_EPOCH.checked_add(Duration::from_millis(line.at_ms?)).ok();
    let before_end =
        || read(line.timestamp.as_ref())?.checked_sub(Duration::from_millis(line.duration_ms?)).ok();
    read(line.at.as_ref()).or_else(after_beginning).or_else(before_end)
}

/// What the log says of how fast targets answered.
#[derive(Debug, Default)]
struct Heard(BTreeMap<String, Times>);

/// In seconds.
#[derive(Debug, Default)]
struct Times {
    first_token: Vec<f64>,
    per_token: Vec<f64>,
}

impl Heard {
    fn line(&mut self, line: &Line) {
        let (Some((provider, model)), Some(whole)) = (line.answered(), line.duration_ms) else { return };
        let (Some(first), Some(tokens)) = (line.first_token_ms, line.output_tokens) else { return };
        if tokens < 2 || line.status.is_none_or(|status| status >= 400) {
            return;
        }
        let times = self.0.entry(format!("{provider}/{model}")).or_default();
        times.first_token.push(first as f64 / 1e3);
        times.per_token.push(whole.saturating_sub(first) as f64 / 1e3 / (tokens - 1) as f64);
    }

    fn behaviours(self) -> Behaviours {
        let mut behaviours = Behaviours::default();
        for (target, mut times) in self.0 {
            if times.first_token.len() >= ANSWERS_MIN {
                behaviours.learn(&target, spread(&mut times.first_token), spread(&mut times.per_token));
            }
        }
        behaviours
    }
}

/// The distribution with the median and the p99 of some amounts.
fn spread(amounts: &mut [f64]) -> Spread {
    amounts.sort_by(f64::total_cmp);
    let at = |part: f64| amounts[((amounts.len() - 1) as f64 * part).round() as usize];
    Spread::new(at(0.5), at(0.99))
}
