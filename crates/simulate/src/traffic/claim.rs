//! What requests claim of a provider's quota, and who goes before them: by their key, and by what their description says of them.

use domain::quota::Standing;
use domain::{ApiKey, Endpoint, KeyName, Priority};
use engine::estimated_tokens;
use engine::quota::{Claimant, Cost};
use serde_json::Value;

use super::spec::MixSpec;
use crate::problem::{Problem, problem};

/// In which a request asks for a priority.
const PRIORITY_HEADER: &str = "x-tollgate-priority";
/// What a limit of the answer is called.
const OUTPUT_LIMITS: [&str; 5] = [
    "/max_tokens",
    "/max_completion_tokens",
    "/max_output_tokens",
    "/generationConfig/maxOutputTokens",
    "/inferenceConfig/maxTokens",
];

/// What requests of one kind claim.
#[derive(Debug)]
pub(crate) struct Claim {
    pub(crate) priority: Priority,
    key: KeyName,
    weight: u32,
    endpoint: Endpoint,
    output_max: Option<u64>,
    answers: Option<u64>,
}

impl Claim {
    /// What those claim that a key sends to an endpoint; a priority that they may not have is reported.
    pub(super) fn of(
        spec: &MixSpec,
        key: Option<&ApiKey>,
        endpoint: Endpoint,
        params: &Value,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Self {
        let standing = key.map_or_else(Standing::default, |key| key.standing);
        let priority = priority(spec, standing).unwrap_or_else(|message| {
            problems.push(problem(format!("{path}.headers"), message));
            standing.priority
        });
        let counts = |names: &[&str]| names.iter().filter_map(|name| params.pointer(name)?.as_u64()).max();
        Self {
            priority,
            key: spec.key.as_deref().unwrap_or_default().into(),
            weight: standing.weight,
            endpoint,
            output_max: counts(&OUTPUT_LIMITS),
            answers: counts(&["/n", "/best_of"]),
        }
    }

    /// Whose turn it is.
    pub(crate) fn claimant(&self) -> Claimant<'_> {
        Claimant { key: &self.key, weight: self.weight }
    }

    /// What a request with so long a body is thought to take.
    pub(crate) fn cost(&self, body_bytes: u64) -> Cost {
        Cost::thought(self.endpoint, estimated_tokens(body_bytes), self.output_max, self.answers)
    }
}

fn priority(spec: &MixSpec, standing: Standing) -> Result<Priority, String> {
    let asked = spec.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(PRIORITY_HEADER));
    let unknown = || format!("`{PRIORITY_HEADER}` is `realtime`, `standard` or `batch`");
    let asked = asked.map(|(_, name)| Priority::named(name).ok_or_else(unknown)).transpose()?;
    standing.priority(asked).map_err(|most| {
        format!("`{PRIORITY_HEADER}` may be `{}` at most for this key (keys[].priority_max)", most.name())
    })
}
