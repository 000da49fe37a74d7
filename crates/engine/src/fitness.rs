//! Whether a model can do what a request needs, as far as the catalogue knows. What it does not know of a model is taken
//! for granted: the provider has the last word.

use std::collections::BTreeSet;
use std::fmt;

use domain::catalog::{Capability, Modality};
use domain::{CatalogModel, Need};

/// Bytes of text that are one token at least: no text of words packs more into one on average.
const TEXT_BYTES_PER_TOKEN_MAX: u64 = 8;

/// What a request needs of a model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Demand {
    /// Abilities.
    pub needs: BTreeSet<Need>,
    /// How much text the prompt holds, in bytes.
    pub text_bytes: u64,
}

/// What a model cannot do of what a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// An ability is missing.
    Ability(Need),
    /// The prompt cannot fit.
    Context {
        /// The fewest tokens that the prompt can have.
        tokens_min: u64,
        /// The most that the model takes.
        tokens_max: u64,
    },
}

impl Lack {
    /// The label value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ability(need) => need.name(),
            Self::Context { .. } => "context",
        }
    }
}

impl fmt::Display for Lack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ability(need) => write!(formatter, "does not {}", need.verb()),
            Self::Context { tokens_min, tokens_max } => {
                write!(formatter, "takes {tokens_max} tokens, and the prompt has at least {tokens_min}")
            }
        }
    }
}

/// What `model` lacks of a demand; the first thing, abilities before length.
#[must_use]
pub fn lack(model: &CatalogModel, demand: &Demand) -> Option<Lack> {
    let missing = demand.needs.iter().copied().find(|need| is_missing(model, *need));
    missing.map(Lack::Ability).or_else(|| too_long(model, demand.text_bytes))
}

/// Whether a request of this size could meet something that `model` lacks, so that it is worth reading. `body_bytes` is the
/// whole request's size, of which its text is a part.
#[must_use]
pub fn may_lack(model: &CatalogModel, body_bytes: u64) -> bool {
    Need::ALL.into_iter().any(|need| is_missing(model, need)) || too_long(model, body_bytes).is_some()
}

fn is_missing(model: &CatalogModel, need: Need) -> bool {
    let no_capability = |wanted| model.capabilities.as_ref().is_some_and(|known| !known.contains(&wanted));
    let no_input = |wanted| !model.input.is_empty() && !model.input.contains(&wanted);
    match need {
        Need::Tools => no_capability(Capability::Tools),
        Need::Schema => no_capability(Capability::JsonSchema),
        Need::Vision => no_input(Modality::Image),
        Need::Hearing => no_input(Modality::Audio),
        Need::Video => no_input(Modality::Video),
        // A model that sees can be shown a document's pages.
        Need::Documents => no_input(Modality::Pdf) && no_input(Modality::Image),
    }
}

fn too_long(model: &CatalogModel, text_bytes: u64) -> Option<Lack> {
    let tokens_min = text_bytes / TEXT_BYTES_PER_TOKEN_MAX;
    let tokens_max = model.context_tokens.filter(|tokens_max| tokens_min > *tokens_max)?;
    Some(Lack::Context { tokens_min, tokens_max })
}

#[cfg(test)]
mod tests {
    use super::{Capability, CatalogModel, Demand, Lack, Modality, Need, lack, may_lack};
    use proptest::prelude::*;

    fn model() -> CatalogModel {
        CatalogModel::named("p".into(), "m".into())
    }

    fn demand(needs: &[Need], text_bytes: u64) -> Demand {
        Demand { needs: needs.iter().copied().collect(), text_bytes }
    }

    #[test]
    fn what_is_not_known_is_taken_for_granted() {
        assert_eq!(lack(&model(), &demand(&Need::ALL, u64::MAX)), None);
        assert!(!may_lack(&model(), u64::MAX));
    }

    #[test]
    fn each_ability_is_missed_where_the_catalogue_knows_better() {
        let bare = CatalogModel {
            input: [Modality::Text].into(),
            capabilities: Some([Capability::Streaming].into()),
            ..model()
        };
        let able = CatalogModel {
            input: [Modality::Text, Modality::Image, Modality::Audio, Modality::Video, Modality::Pdf].into(),
            capabilities: Some([Capability::Tools, Capability::JsonSchema].into()),
            ..model()
        };
        for need in Need::ALL {
            assert_eq!(lack(&bare, &demand(&[need], 0)), Some(Lack::Ability(need)));
            assert_eq!(lack(&able, &demand(&[need], 0)), None);
        }
        assert!(may_lack(&bare, 0) && !may_lack(&able, 1 << 40));
        let seeing = CatalogModel { input: [Modality::Text, Modality::Image].into(), ..model() };
        assert_eq!(lack(&seeing, &demand(&[Need::Documents], 0)), None);
    }

    #[test]
    fn a_prompt_is_too_long_only_when_it_cannot_fit() {
        let small = CatalogModel { context_tokens: Some(1_000), ..model() };
        assert_eq!(lack(&small, &demand(&[], 8_007)), None);
        let over = lack(&small, &demand(&[], 8_008)).unwrap();
        assert_eq!(over, Lack::Context { tokens_min: 1_001, tokens_max: 1_000 });
        assert_eq!(over.to_string(), "takes 1000 tokens, and the prompt has at least 1001");
        assert_eq!(Lack::Ability(Need::Vision).to_string(), "does not see images");
    }

    proptest! {
        #[test]
        fn whoever_lacks_something_was_worth_reading_for(
            tokens in proptest::option::of(0_u64..5_000), capable in any::<bool>(), text in 0_u64..60_000, more in 0_u64..9_000,
            needs in proptest::collection::btree_set(proptest::sample::select(Need::ALL.to_vec()), 0..4),
        ) {
            let capabilities = capable.then(|| [Capability::Tools].into());
            let model = CatalogModel { context_tokens: tokens, capabilities, input: [Modality::Audio].into(), ..model() };
            let found = lack(&model, &Demand { needs, text_bytes: text });
            prop_assert!(found.is_none() || may_lack(&model, text + more));
        }
    }
}
