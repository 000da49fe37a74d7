//! What the fake provider shall do, written in the path of its base URL so that any gateway can be configured to reach it.

use std::time::Duration;

/// The most chunks one stream may have.
pub(crate) const CHUNKS_MAX: u32 = 100_000;

/// The body formats that the fake provider answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Format {
    /// OpenAI chat completions.
    Chat,
    /// Anthropic messages.
    Messages,
    /// Gemini.
    Gemini,
    /// Bedrock Converse.
    Converse,
}

impl Format {
    /// All of them.
    pub(crate) const ALL: [Self; 4] = [Self::Chat, Self::Messages, Self::Gemini, Self::Converse];

    /// Its name in rows and configurations.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Messages => "messages",
            Self::Gemini => "gemini",
            Self::Converse => "converse",
        }
    }

    /// The path of the endpoint below a base URL that ends in `/v1`; `{model}` stands for the model.
    pub(crate) fn endpoint(self) -> &'static str {
        match self {
            Self::Chat => "/chat/completions",
            Self::Messages => "/messages",
            Self::Gemini => "/models/{model}:generateContent",
            Self::Converse => "/model/{model}/converse",
        }
    }

    /// The same, for streams.
    pub(crate) fn stream_endpoint(self) -> &'static str {
        match self {
            Self::Chat | Self::Messages => self.endpoint(),
            Self::Gemini => "/models/{model}:streamGenerateContent",
            Self::Converse => "/model/{model}/converse-stream",
        }
    }

    /// The format that a path ends in.
    pub(crate) fn from_path(path: &str) -> Self {
        let ends = |format: &Self| {
            let ending = |endpoint: &'static str| endpoint.rsplit('}').next().unwrap_or(endpoint);
            [format.endpoint(), format.stream_endpoint()].into_iter().any(|it| path.ends_with(ending(it)))
        };
        Self::ALL.into_iter().find(ends).unwrap_or(Self::Chat)
    }
}

/// One behaviour of the fake provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scenario {
    /// A whole answer at once.
    Whole,
    /// Always 503.
    Failing,
    /// A stream with one chunk that then stays open until the caller leaves.
    Held,
    /// A stream of `chunks` chunks, one each `interval`; back to back when that is zero.
    Streamed { chunks: u32, interval: Duration },
}

impl Scenario {
    /// The base path of this behaviour: `/v1`, `/failing/v1`, `/held/v1`, `/streamed-500-0/v1` (chunks, then microseconds).
    pub(crate) fn base_path(self) -> String {
        if self == Self::Whole { "/v1".to_owned() } else { format!("/{}/v1", self.name()) }
    }

    /// A name that can stand in a configuration as part of an id.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Whole => "whole".to_owned(),
            Self::Failing => "failing".to_owned(),
            Self::Held => "held".to_owned(),
            Self::Streamed { chunks, interval } => format!("streamed-{chunks}-{}", interval.as_micros()),
        }
    }

    /// Reads the behaviour from a request's path.
    pub(crate) fn from_path(path: &str) -> Option<Self> {
        let first = path.strip_prefix('/')?.split('/').next()?;
        match first {
            "v1" => Some(Self::Whole),
            "failing" => Some(Self::Failing),
            "held" => Some(Self::Held),
            other => {
                let (chunks, micros) = other.strip_prefix("streamed-")?.split_once('-')?;
                let chunks = chunks.parse().ok().filter(|chunks| (1..=CHUNKS_MAX).contains(chunks))?;
                Some(Self::Streamed { chunks, interval: Duration::from_micros(micros.parse().ok()?) })
            }
        }
    }

    /// Whether the answer is a stream, which the request has to ask for.
    pub(crate) fn is_stream(self) -> bool {
        matches!(self, Self::Held | Self::Streamed { .. })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_without_a_known_behaviour_has_none() {
        for path in
            ["", "/", "/v2/x", "/streamed-/v1", "/streamed-0-0/v1", "/streamed-5/v1", "/streamed-5-x/v1"]
        {
            assert_eq!(Scenario::from_path(path), None, "{path}");
        }
    }

    proptest! {
        #[test]
        fn a_base_path_leads_back_to_its_behaviour(chunks in 1..=CHUNKS_MAX, micros in 0_u64..1_000_000) {
            let streamed = Scenario::Streamed { chunks, interval: Duration::from_micros(micros) };
            for scenario in [Scenario::Whole, Scenario::Failing, Scenario::Held, streamed] {
                for format in Format::ALL {
                    let path = format!("{}{}", scenario.base_path(), format.stream_endpoint());
                    prop_assert_eq!(Format::from_path(&path), format);
                    prop_assert_eq!(Scenario::from_path(&path), Some(scenario));
                }
            }
        }
    }
}
