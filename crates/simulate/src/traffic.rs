//! What clients ask for, and when: made up from a description, or as it was recorded.

mod claim;
mod facts;
mod generated;
mod recorded;
mod shape;
mod spec;

use std::sync::Arc;
use std::time::Duration;

use domain::{Snapshot, Usage};
use engine::ledger::Tokens;
use jiff::Timestamp;

pub(crate) use facts::RequestFacts;
pub use recorded::Replay;
pub(crate) use shape::Shape;
pub use spec::{Arrival, MixSpec, TrafficSpec};

use crate::behaviour::Behaviours;
use crate::problem::Problem;
use generated::Generated;
use recorded::Recorded;

/// Requests in the order of their time, compiled for one configuration.
#[derive(Debug, Clone)]
pub struct Traffic {
    source: Source,
    /// What the clock says when the first request may come.
    pub(crate) start: Timestamp,
}

#[derive(Debug, Clone)]
enum Source {
    Generated(Generated),
    Recorded(Recorded),
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Its place among all, from 0.
    pub(crate) number: u64,
    /// When it comes, since the start.
    pub(crate) at: Duration,
    /// What it has in common with others.
    pub(crate) shape: Arc<Shape>,
    /// How long its body is.
    pub(crate) body_bytes: u64,
    /// Tokens of its prompt.
    pub(crate) input_tokens: u64,
    /// Tokens that it is answered with.
    pub(crate) output_tokens: u64,
}

impl Request {
    /// What it uses, as its provider counts it.
    pub(crate) fn tokens(&self) -> Tokens {
        Tokens { input: self.input_tokens, output: self.output_tokens }
    }

    /// What it uses.
    pub(crate) fn usage(&self) -> Usage {
        Usage {
            input_tokens: Some(self.input_tokens),
            output_tokens: Some(self.output_tokens),
            ..Usage::default()
        }
    }
}

impl Traffic {
    /// Traffic made up from a description; `requests_max` in place of what the description says.
    ///
    /// # Errors
    /// With everything that is wrong with it, such as a model that the configuration does not know.
    pub fn generated(
        spec: &TrafficSpec,
        requests_max: Option<u64>,
        snapshot: &Snapshot,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let start = spec.start(&mut problems);
        let source = Generated::compile(spec, start, requests_max, snapshot, &mut problems);
        match source {
            Some(source) if problems.is_empty() => Ok(Self { source: Source::Generated(source), start }),
            _ => Err(problems),
        }
    }

    /// Traffic as it was recorded: a JSON object in each line, which is a request or a line of Tollgate's log about the end of one.
    ///
    /// # Errors
    /// With what is wrong, where the path of each problem is the number of its line.
    pub fn recorded(text: &str, replay: Replay<'_>, snapshot: &Snapshot) -> Result<Self, Vec<Problem>> {
        let recorded = Recorded::read(text, replay, snapshot)?;
        Ok(Self { start: recorded.start, source: Source::Recorded(recorded) })
    }

    /// How providers did when it was recorded, as far as that is known.
    pub(crate) fn behaviours(&self) -> Behaviours {
        match &self.source {
            Source::Generated(_) => Behaviours::default(),
            Source::Recorded(recorded) => recorded.behaviours.clone(),
        }
    }

    /// The kinds of requests that there are.
    pub(crate) fn shapes(&self) -> Box<dyn Iterator<Item = &Arc<Shape>> + '_> {
        match &self.source {
            Source::Generated(generated) => Box::new(generated.shapes()),
            Source::Recorded(recorded) => Box::new(recorded.shapes()),
        }
    }

    /// Every request in turn.
    pub(crate) fn requests(&self, seed: u64) -> Requests<'_> {
        match &self.source {
            Source::Generated(generated) => Box::new(generated.requests(seed)),
            Source::Recorded(recorded) => Box::new(recorded.requests()),
        }
    }
}

/// Every request in turn.
pub(crate) type Requests<'t> = Box<dyn Iterator<Item = Request> + 't>;
