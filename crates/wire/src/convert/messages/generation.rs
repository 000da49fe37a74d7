//! What a Claude model of some generation takes (Anthropic's migration guide): the ways to ask for thinking changed twice,
//! and sampling parameters went away. The generation is read from the model's name, whoever serves it.

/// A generation: `4.6` is `(4, 6)`.
type Version = (u32, u32);

/// Thinking is adaptive since 4.6, though tokens may still be given.
const ADAPTIVE_SINCE: Version = (4, 6);
/// Thinking is only adaptive, and sampling parameters are refused, since 4.7.
const SAMPLING_UNTIL: Version = (4, 7);
/// Converse makes tools strict from 4.5 (Bedrock user guide, "Get validated JSON results from models") up to before 4.7, for
/// which it refuses the word (`tools.0.custom.strict: Extra inputs are not permitted`).
const STRICT_IN_CONVERSE: std::ops::Range<Version> = (4, 5)..(4, 7);

/// What a model takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::convert) struct Generation {
    /// Whether thinking is asked for by `adaptive` and an effort.
    pub(in crate::convert) thinks_adaptively: bool,
    /// Whether thinking may be asked for in tokens.
    pub(in crate::convert) takes_budgets: bool,
    /// Whether it takes `temperature`, `top_p` and `top_k`.
    pub(in crate::convert) takes_sampling: bool,
    /// Whether tools may be strict when Bedrock is asked by Converse.
    pub(in crate::convert) is_strict_in_converse: bool,
}

/// What a model takes, by its name. One that is not known is taken for a new one.
pub(in crate::convert) fn of(model: &str) -> Generation {
    let version = version(model).unwrap_or((u32::MAX, 0));
    Generation {
        thinks_adaptively: version >= ADAPTIVE_SINCE,
        takes_budgets: version < SAMPLING_UNTIL,
        takes_sampling: version < SAMPLING_UNTIL,
        is_strict_in_converse: STRICT_IN_CONVERSE.contains(&version),
    }
}

/// The first numbers after `claude`: `claude-3-7-sonnet-20250219`, `us.anthropic.claude-opus-4-6-v1:0`,
/// `anthropic/claude-4.7-opus`. A number of more than two digits is a date.
fn version(model: &str) -> Option<Version> {
    let (_, name) = model.split_once("claude")?;
    let mut numbers = name
        .split(|character: char| !character.is_ascii_alphanumeric())
        .skip_while(|word| !is_number(word))
        .map_while(|word| is_number(word).then(|| word.parse::<u32>().ok()).flatten());
    Some((numbers.next()?, numbers.next().unwrap_or(0)))
}

fn is_number(word: &str) -> bool {
    matches!(word.len(), 1 | 2) && word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{of, version};

    #[test]
    fn the_generation_is_read_from_every_style_of_name() {
        for (model, expected) in [
            ("claude-3-7-sonnet-20250219", (3, 7)),
            ("claude-sonnet-4-20250514", (4, 0)),
            ("claude-haiku-4-5-20251001", (4, 5)),
            ("us.anthropic.claude-opus-4-6-v1:0", (4, 6)),
            ("anthropic/claude-4.7-opus", (4, 7)),
            ("claude-opus-4-5@20251101", (4, 5)),
            ("claude-opus-5-5", (5, 5)),
            ("claude-sonnet-5", (5, 0)),
        ] {
            assert_eq!(version(model), Some(expected), "{model}");
        }
        assert_eq!(version("my-deployment"), None);
    }

    #[test]
    fn tools_are_strict_in_converse_for_two_generations() {
        for (model, expected) in [
            ("anthropic.claude-sonnet-4-20250514-v1:0", false),
            ("anthropic.claude-haiku-4-5-20251001-v1:0", true),
            ("us.anthropic.claude-opus-4-6-v1", true),
            ("anthropic.claude-opus-4-7", false),
            ("anthropic.claude-sonnet-5", false),
        ] {
            assert_eq!(of(model).is_strict_in_converse, expected, "{model}");
        }
    }

    #[test]
    fn what_a_model_takes_follows_from_its_generation() {
        let facts = |model| {
            let generation = of(model);
            (generation.thinks_adaptively, generation.takes_budgets, generation.takes_sampling)
        };
        assert_eq!(facts("claude-haiku-4-5"), (false, true, true));
        assert_eq!(facts("claude-opus-4-6"), (true, true, true));
        assert_eq!(facts("claude-opus-4-7"), (true, false, false));
        assert_eq!(facts("somebody-elses"), (true, false, false));
    }
}
