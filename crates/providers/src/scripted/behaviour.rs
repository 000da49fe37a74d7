//! How the scripted provider behaves, chosen by the model's name, so that any client and any route can ask for it.

use std::time::Duration;

/// How long `slow-first-token` waits before anything of the body, and slow models before a whole answer.
pub const FIRST_TOKEN_PAUSE: Duration = Duration::from_secs(3);

/// How long `slow-tokens` waits before each token.
pub const TOKEN_PAUSE: Duration = Duration::from_millis(250);

/// One way to behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Answers at once.
    Echo,
    /// Answers with this error status.
    Fail(u16),
    /// Sends the head of a stream, waits [`FIRST_TOKEN_PAUSE`], then the rest; waits before all of a whole answer.
    SlowFirstToken,
    /// Waits [`TOKEN_PAUSE`] before each token of a stream; a whole answer is as slow as `slow-first-token`.
    SlowTokens,
    /// Never gets beyond the head of a stream; sends nothing at all otherwise.
    Hang,
    /// Breaks the connection off instead of answering.
    CutBeforeHead,
    /// Breaks the connection off in the middle of the body.
    CutMidstream,
    /// Answers with JSON that stops in the middle, and ends as if nothing were wrong.
    MalformedJson,
    /// Sends half a stream, then an error in it; without streaming, fails with 500.
    ErrorMidstream,
    /// Answers 200 with nothing in the body.
    Empty,
}

/// Every behaviour with the name of its model.
const MODELS: [(&str, Behaviour); 17] = [
    ("echo", Behaviour::Echo),
    ("fail-400", Behaviour::Fail(400)),
    ("fail-401", Behaviour::Fail(401)),
    ("fail-403", Behaviour::Fail(403)),
    ("fail-404", Behaviour::Fail(404)),
    ("fail-429", Behaviour::Fail(429)),
    ("fail-500", Behaviour::Fail(500)),
    ("fail-503", Behaviour::Fail(503)),
    ("fail-529", Behaviour::Fail(529)),
    ("slow-first-token", Behaviour::SlowFirstToken),
    ("slow-tokens", Behaviour::SlowTokens),
    ("hang", Behaviour::Hang),
    ("cut-before-head", Behaviour::CutBeforeHead),
    ("cut-midstream", Behaviour::CutMidstream),
    ("malformed-json", Behaviour::MalformedJson),
    ("error-midstream", Behaviour::ErrorMidstream),
    ("empty", Behaviour::Empty),
];

impl Behaviour {
    /// Every behaviour.
    pub fn all() -> impl Iterator<Item = Self> {
        MODELS.iter().map(|(_, behaviour)| *behaviour)
    }

    /// The behaviour of a model; any other name echoes.
    #[must_use]
    pub fn of_model(model: &str) -> Self {
        MODELS.iter().find(|(name, _)| *name == model).map_or(Self::Echo, |(_, behaviour)| *behaviour)
    }

    /// The name of the model that behaves so.
    #[must_use]
    pub fn model_name(self) -> &'static str {
        MODELS.iter().find(|(_, behaviour)| *behaviour == self).map_or("echo", |(name, _)| name)
    }
}
