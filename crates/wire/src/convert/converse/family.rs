//! What the models of one maker take beside what all of Bedrock's models take. The maker is read from the model's id, or
//! from the ARN that holds it; an ARN of an application's own profile names none.

use crate::convert::messages::generation::{self, Generation};

/// A maker's models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// Anthropic's.
    Claude(Generation),
    /// Amazon's.
    Nova {
        /// Whether they think when asked to, as those since Nova 2 do.
        thinks: bool,
    },
    /// OpenAI's open models.
    GptOss,
    /// All others.
    Other,
}

impl Family {
    /// The family of a model.
    pub(super) fn of(model: &str) -> Self {
        if model.contains("claude") {
            return Self::Claude(generation::of(model));
        }
        if model.contains("amazon.nova-") {
            return Self::Nova { thinks: !is_first_nova(model) };
        }
        if model.contains("openai.gpt-oss") {
            return Self::GptOss;
        }
        Self::Other
    }

    /// The generation of a Claude model.
    pub(super) fn claude(self) -> Option<Generation> {
        match self {
            Self::Claude(generation) => Some(generation),
            Self::Nova { .. } | Self::GptOss | Self::Other => None,
        }
    }

    /// Whether prompts are kept up to where a request says (Bedrock user guide, "Prompt caching").
    pub(super) fn takes_cache_points(self) -> bool {
        matches!(self, Self::Claude(_) | Self::Nova { .. })
    }

    /// Whether a tool's input may have to follow its schema to the letter (Bedrock user guide, "Get validated JSON results
    /// from models"). A model that cannot do so refuses the whole request.
    pub(super) fn takes_strict_tools(self) -> bool {
        match self {
            Self::Claude(generation) => generation.is_strict_in_converse,
            Self::GptOss => true,
            Self::Nova { .. } | Self::Other => false,
        }
    }

    /// Whether a result may say that its tool failed (API reference, `ToolResultBlock`).
    pub(super) fn takes_status(self) -> bool {
        matches!(self, Self::Claude(_) | Self::Nova { .. })
    }
}

/// Whether a Nova model is of the first generation, which does not think (Amazon Nova user guide, "Extended thinking").
fn is_first_nova(model: &str) -> bool {
    ["nova-micro", "nova-lite", "nova-pro", "nova-premier"].iter().any(|name| model.contains(name))
}

#[cfg(test)]
mod tests {
    use super::Family;

    #[test]
    fn the_family_is_read_from_ids_profiles_and_arns() {
        for (model, claude) in [
            ("anthropic.claude-opus-4-6-v1", true),
            ("eu.anthropic.claude-sonnet-4-5-20250929-v1:0", true),
            ("arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-opus-4-6-v1", true),
            ("arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2c3", false),
            ("mistral.mistral-large-2407-v1:0", false),
        ] {
            assert_eq!(Family::of(model).claude().is_some(), claude, "{model}");
        }
        assert_eq!(Family::of("us.amazon.nova-2-lite-v1:0"), Family::Nova { thinks: true });
        assert_eq!(Family::of("amazon.nova-pro-v1:0"), Family::Nova { thinks: false });
        assert_eq!(Family::of("openai.gpt-oss-120b-1:0"), Family::GptOss);
        assert_eq!(Family::of("openai.gpt-5.6"), Family::Other);
    }

    #[test]
    fn claude_is_known_with_its_generation() {
        let generation = Family::of("us.anthropic.claude-opus-4-6-v1").claude().unwrap();
        assert!(generation.thinks_adaptively && generation.takes_budgets);
    }
}
