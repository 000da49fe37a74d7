//! What a Gemini model of some generation takes. The generation is read from the model's name, whoever serves it.

use crate::convert::form::Effort;

/// A generation: `2.5` is `(2, 5)`.
type Version = (u32, u32);

/// Models think since 2.5, and are told how much in tokens until 3.
const THINKING_SINCE: Version = (2, 5);
/// Since 3, thinking has levels, calls of tools must be proven, tools may give media, and there is one answer ("Gemini 3
/// developer guide").
const LEVELS_SINCE: Version = (3, 0);
/// Sampling parameters are ignored since 3.6 and by 3.5 Flash-Lite, to be refused later ("What's new in Gemini 3.6 Flash and 3.5
/// Flash-Lite", "Sampling parameters").
const SAMPLING_UNTIL: Version = (3, 6);
const SAMPLING_OF_LITE_UNTIL: Version = (3, 5);
/// `MINIMAL` is a level of Flash until 3.6 and of Flash-Lite ("Thinking", "Thinking levels").
const MINIMAL_UNTIL: Version = (3, 7);
/// `MEDIUM` is a level of Pro since 3.1.
const MEDIUM_OF_PRO_SINCE: Version = (3, 1);

/// What a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Generation {
    /// How it is told how much to think.
    pub(super) thinking: Thinking,
    /// Whether it takes `temperature`, `topP` and `topK`.
    pub(super) takes_sampling: bool,
    /// Whether it is of the third generation or later.
    pub(super) is_third: bool,
}

/// How a model is told how much to think.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Thinking {
    /// It is not.
    Unasked,
    /// In tokens ("Thinking", "Thinking budgets").
    Tokens {
        /// The fewest.
        min: u64,
        /// The most.
        max: u64,
        /// Whether it can be told not to.
        may_be_off: bool,
    },
    /// By a level.
    Level {
        /// Whether `MINIMAL` is one.
        has_minimal: bool,
        /// Whether `MEDIUM` is one.
        has_medium: bool,
    },
}

impl Generation {
    /// What a model takes, by its name. One without a number (`gemini-flash-latest`) is taken for a new one; one that is no
    /// Gemini by its name, such as a tuned model's endpoint, for one that takes what every generation does.
    pub(super) fn of(model: &str) -> Self {
        let Some((_, name)) = model.split_once("gemini") else {
            let thinking = Thinking::Tokens { min: 1, max: 24_576, may_be_off: true };
            return Self { thinking, takes_sampling: true, is_third: false };
        };
        let version = version(name).unwrap_or((u32::MAX, 0));
        let sampling_until = if name.contains("lite") { SAMPLING_OF_LITE_UNTIL } else { SAMPLING_UNTIL };
        Self {
            thinking: Thinking::of(name, version),
            takes_sampling: version < sampling_until,
            is_third: version >= LEVELS_SINCE,
        }
    }
}

impl Thinking {
    fn of(name: &str, version: Version) -> Self {
        let (is_pro, is_lite) = (name.contains("pro"), name.contains("lite"));
        if version < THINKING_SINCE || name.contains("image") || name.contains("tts") {
            return Self::Unasked;
        }
        if version >= LEVELS_SINCE {
            return Self::Level {
                has_minimal: !is_pro && (is_lite || version < MINIMAL_UNTIL),
                has_medium: !is_pro || version >= MEDIUM_OF_PRO_SINCE,
            };
        }
        match (is_pro, is_lite) {
            (true, _) => Self::Tokens { min: 128, max: 32_768, may_be_off: false },
            (false, true) => Self::Tokens { min: 512, max: 24_576, may_be_off: true },
            (false, false) => Self::Tokens { min: 1, max: 24_576, may_be_off: true },
        }
    }

    /// The nearest level to an effort, where there are levels.
    pub(super) fn level(self, effort: Effort) -> Option<&'static str> {
        let Self::Level { has_minimal, has_medium } = self else { return None };
        Some(match effort {
            Effort::None | Effort::Minimal if has_minimal => "MINIMAL",
            Effort::None | Effort::Minimal | Effort::Low => "LOW",
            Effort::Medium if has_medium => "MEDIUM",
            Effort::Medium | Effort::High | Effort::ExtraHigh | Effort::Max => "HIGH",
        })
    }
}

/// The number after `gemini-`: `gemini-2.5-pro`, `publishers/google/models/gemini-3-flash-preview`.
fn version(name: &str) -> Option<Version> {
    let number = name.strip_prefix('-')?.split(['-', '@', ':']).next()?;
    let (major, minor) = number.split_once('.').unwrap_or((number, "0"));
    Some((major.parse().ok()?, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_generation_is_read_from_every_style_of_name() {
        for (model, thinking, takes_sampling, is_third) in [
            ("gemini-2.0-flash-001", Thinking::Unasked, true, false),
            ("gemini-2.5-flash-image", Thinking::Unasked, true, false),
            (
                "google/gemini-2.5-pro",
                Thinking::Tokens { min: 128, max: 32_768, may_be_off: false },
                true,
                false,
            ),
            (
                "models/gemini-2.5-flash-lite-preview-09-2025",
                Thinking::Tokens { min: 512, max: 24_576, may_be_off: true },
                true,
                false,
            ),
            ("gemini-3-pro-preview", Thinking::Level { has_minimal: false, has_medium: false }, true, true),
            ("gemini-3.1-pro-preview", Thinking::Level { has_minimal: false, has_medium: true }, true, true),
            ("gemini-3.5-flash", Thinking::Level { has_minimal: true, has_medium: true }, true, true),
            ("gemini-3.5-flash-lite", Thinking::Level { has_minimal: true, has_medium: true }, false, true),
            ("gemini-3.8-flash", Thinking::Level { has_minimal: false, has_medium: true }, false, true),
            ("gemini-flash-latest", Thinking::Level { has_minimal: false, has_medium: true }, false, true),
            (
                "projects/1/locations/l/endpoints/2",
                Thinking::Tokens { min: 1, max: 24_576, may_be_off: true },
                true,
                false,
            ),
        ] {
            let expected = Generation { thinking, takes_sampling, is_third };
            assert_eq!(Generation::of(model), expected, "{model}");
        }
    }

    #[test]
    fn an_effort_becomes_the_nearest_level_that_there_is() {
        let levels = |model| Effort::ALL.map(|effort| Generation::of(model).thinking.level(effort));
        let some = |levels: [&'static str; 7]| levels.map(Some);
        assert_eq!(
            levels("gemini-3-flash-preview"),
            some(["MINIMAL", "MINIMAL", "LOW", "MEDIUM", "HIGH", "HIGH", "HIGH"])
        );
        assert_eq!(
            levels("gemini-3-pro-preview"),
            some(["LOW", "LOW", "LOW", "HIGH", "HIGH", "HIGH", "HIGH"])
        );
        assert_eq!(levels("gemini-2.5-pro"), [None; 7]);
    }
}
