//! The form of a description of traffic. The doc comments are what users read.

use std::collections::BTreeMap;

use engine::route::time::TimeSpan;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::behaviour::BehaviourSpec;
use crate::problem::{Problem, problem};
use crate::spread::CountsSpec;

/// Monday, 5 January 2026: a start that is the same in every run.
const START: &str = "2026-01-05T00:00:00Z";

/// Traffic that is made up, and the providers that it meets.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TrafficSpec {
    /// How many requests there are; else `for` says when they end.
    #[schemars(range(min = 1, max = 100_000_000))]
    pub requests: Option<u64>,
    /// For how long requests come.
    #[serde(rename = "for")]
    pub lasting: Option<TimeSpan>,
    /// Requests per second, on average.
    #[schemars(range(min = 0.001, max = 1_000_000))]
    pub rate: f64,
    /// How they follow one another; `poisson` when absent.
    #[serde(default)]
    pub arrival: Arrival,
    /// For `diurnal`: by what part of the rate it rises by day and falls by night; 0.5 when absent.
    #[schemars(range(min = 0, max = 1))]
    pub swing: Option<f64>,
    /// What the clock says at the beginning, as `2026-01-05T09:00:00Z`; that Monday at midnight when absent.
    pub start: Option<String>,
    /// The kinds of requests there are; each comes as often as its weight says.
    pub mix: Vec<MixSpec>,
    /// How providers do on a usual day; the first entry that fits a target counts.
    #[serde(default)]
    pub providers: Vec<BehaviourSpec>,
}

/// How requests follow one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Arrival {
    /// At random and independently, as the requests of many people do.
    #[default]
    Poisson,
    /// Evenly.
    Constant,
    /// At random, most of them at 14:00 UTC and fewest at 2:00.
    Diurnal,
}

/// A kind of request. In texts of `metadata` and `headers`, `{1..500}` stands for one of these numbers, drawn for each request.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MixSpec {
    /// How often it comes, beside the others; 1 when absent.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub weight: Option<f64>,
    /// What it asks for: a route, `provider/model`, or a model.
    pub model: String,
    /// The endpoint; `chat_completions` when absent.
    pub endpoint: Option<String>,
    /// The path that conditions may ask for; `/v1/chat/completions` when absent.
    pub path: Option<String>,
    /// The region that it asks to be served in, or a pattern with `*`, as in the header `x-tollgate-region`.
    pub region: Option<String>,
    /// The name of its key. The regions of a key of this name in the configuration hold.
    pub key: Option<String>,
    /// Whether the answer is streamed; no when absent.
    #[serde(default)]
    pub stream: bool,
    /// What the client says about the request, for conditions and stickiness.
    #[serde(default)]
    pub metadata: BTreeMap<String, Value>,
    /// Its headers, for conditions and stickiness.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Members of its body, for conditions.
    #[serde(default)]
    pub params: BTreeMap<String, Value>,
    /// What it needs of a model: `tools`, `schema`, `vision`, `hearing`, `video`, `documents`.
    #[serde(default)]
    pub needs: Vec<String>,
    /// How long the body is, in bytes; `{p50: 4000, p99: 40000}` when absent. A quarter of it counts as tokens.
    pub body_bytes: Option<CountsSpec>,
    /// How long the answer is, in tokens; `{p50: 200, p99: 1200}` when absent.
    pub output_tokens: Option<CountsSpec>,
}

impl TrafficSpec {
    /// When the traffic begins; that of a description without one where its own is wrong, which is reported.
    pub(crate) fn start(&self, problems: &mut Vec<Problem>) -> Timestamp {
        let text = self.start.as_deref().unwrap_or(START);
        text.parse().unwrap_or_else(|_| {
            problems.push(problem("start", format!("expected a time such as `{START}`")));
            Timestamp::UNIX_EPOCH
        })
    }
}
