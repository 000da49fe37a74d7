//! Words that choose models.

use std::str::FromStr;

use domain::catalog::{Capability, Modality, ModelKind};
use domain::price::{Component, Price, Tier};
use domain::{CatalogModel, Money, Pattern};

/// One word of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Filter {
    test: Test,
    /// Whether it must not hold.
    negated: bool,
}

/// What a word asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Word(String),
    Provider(Pattern),
    Kind(ModelKind),
    Can(Capability),
    Takes(Modality),
    Price(Component, Bound, Money),
    Context(Bound, u64),
    Unpriced,
    Deprecated,
}

/// On which side of a figure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    Below,
    AtMost,
    Above,
    AtLeast,
}

impl Bound {
    fn holds<N: Ord>(self, found: &N, figure: &N) -> bool {
        match self {
            Self::Below => found < figure,
            Self::AtMost => found <= figure,
            Self::Above => found > figure,
            Self::AtLeast => found >= figure,
        }
    }
}

impl Filter {
    /// Reads a word as it is typed.
    pub(super) fn parse(word: &str) -> Result<Self, String> {
        let (negated, word) = match word.strip_prefix("not:") {
            Some(word) => (true, word),
            None => (false, word),
        };
        Ok(Self { test: Test::parse(word)?, negated })
    }

    /// Whether a model is meant, with the prices of a time in seconds since 1970.
    pub(super) fn holds(&self, model: &CatalogModel, unix_seconds: i64) -> bool {
        self.test.holds(model, unix_seconds) != self.negated
    }
}

impl Test {
    fn parse(word: &str) -> Result<Self, String> {
        if let Some(pattern) = word.strip_prefix("provider:") {
            return Ok(Self::Provider(pattern.into()));
        }
        if let Some(kind) = word.strip_prefix("kind:") {
            let known = || ModelKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ");
            return ModelKind::from_name(kind)
                .map(Self::Kind)
                .ok_or_else(|| format!("`{kind}` is no kind of model; there are {}", known()));
        }
        if let Some((name, bound, figure)) = comparison(word) {
            return Self::parse_comparison(name, bound, figure);
        }
        if let Some(capability) = Capability::from_name(word) {
            return Ok(Self::Can(capability));
        }
        Ok(match word {
            "vision" => Self::Takes(Modality::Image),
            "audio" => Self::Takes(Modality::Audio),
            "video" => Self::Takes(Modality::Video),
            "pdf" => Self::Takes(Modality::Pdf),
            "unpriced" => Self::Unpriced,
            "deprecated" => Self::Deprecated,
            word => Self::Word(word.to_lowercase()),
        })
    }

    fn parse_comparison(name: &str, bound: Bound, figure: &str) -> Result<Self, String> {
        let component = match name {
            "price" | "input" => Component::Input,
            "output" => Component::Output,
            "context" => return Ok(Self::Context(bound, tokens(figure)?)),
            name => {
                return Err(format!("`{name}` cannot be compared; compare `price`, `output` or `context`"));
            }
        };
        let figure = Money::from_str(figure).map_err(|problem| format!("`{figure}`: {problem}"))?;
        Ok(Self::Price(component, bound, figure))
    }

    fn holds(&self, model: &CatalogModel, unix_seconds: i64) -> bool {
        match self {
            Self::Word(word) => {
                let title = model.title.as_deref().unwrap_or_default();
                let text = format!("{}/{} {title}", model.provider, model.name);
                text.to_lowercase().contains(word)
            }
            Self::Provider(pattern) => pattern.matches(model.provider.as_str()),
            Self::Kind(kind) => model.kind == *kind,
            Self::Can(capability) => {
                model.capabilities.as_ref().is_some_and(|known| known.contains(capability))
            }
            Self::Takes(modality) => model.input.contains(modality),
            Self::Price(component, bound, figure) => {
                price(model, *component, unix_seconds).is_some_and(|price| bound.holds(&price, figure))
            }
            Self::Context(bound, figure) => {
                model.context_tokens.is_some_and(|tokens| bound.holds(&tokens, figure))
            }
            Self::Unpriced => model.prices.is_empty(),
            Self::Deprecated => model.deprecation.is_some(),
        }
    }
}

/// What a component costs in the standard tier with a short prompt, at a time.
pub(super) fn price(model: &CatalogModel, component: Component, unix_seconds: i64) -> Option<Money> {
    model.prices.at(unix_seconds)?.card(Tier::Standard)?.base.price(component).and_then(Price::amount)
}

fn comparison(word: &str) -> Option<(&str, Bound, &str)> {
    let (name, rest) = word.split_at_checked(word.find(['<', '>'])?)?;
    let bounds = [("<=", Bound::AtMost), ("<", Bound::Below), (">=", Bound::AtLeast), (">", Bound::Above)];
    bounds.into_iter().find_map(|(sign, bound)| Some((name, bound, rest.strip_prefix(sign)?)))
}

/// `200000`, `200k`, `1M`.
fn tokens(text: &str) -> Result<u64, String> {
    let (digits, factor) = match text.strip_suffix(['k', 'K']) {
        Some(digits) => (digits, 1_000),
        None => text.strip_suffix('M').map_or((text, 1), |digits| (digits, 1_000_000)),
    };
    let count = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(factor));
    count.ok_or_else(|| format!("`{text}` is no number of tokens; write it as 200000, 200k or 1M"))
}

#[cfg(test)]
mod tests {
    use super::{CatalogModel, Filter};
    use domain::catalog::{Capability, Deprecation, Modality, ModelKind};
    use domain::price::{Component, Price, PriceList, Tier};

    fn model() -> CatalogModel {
        let mut list = PriceList::default();
        let base = &mut list.card_mut(Tier::Standard).base;
        base.set(Component::Input, Price::Of("2.5".parse().unwrap()));
        base.set(Component::Output, Price::Varies);
        let mut model = CatalogModel::named("openai".into(), "gpt-4o".into());
        model.title = Some("GPT 4 Omni".to_owned());
        model.context_tokens = Some(128_000);
        model.input = [Modality::Text, Modality::Image].into();
        model.capabilities = Some([Capability::Tools].into());
        model.prices.lists.push(list);
        model
    }

    fn holds(word: &str, model: &CatalogModel) -> bool {
        Filter::parse(word).unwrap().holds(model, 0)
    }

    #[test]
    fn a_word_asks_for_one_thing() {
        let model = model();
        for (yes, no) in [
            ("omni", "claude"),
            ("OPENAI/GPT", "gpt-5"),
            ("provider:open*", "provider:open"),
            ("kind:chat", "kind:embedding"),
            ("tools", "reasoning"),
            ("vision", "audio"),
            ("price<2.500001", "price<2.5"),
            ("price<=2.5", "price>2.5"),
            ("price>=2.5", "input>3"),
            ("context>127k", "context>=1M"),
            ("context<=128000", "context<128k"),
            ("not:unpriced", "unpriced"),
            ("not:deprecated", "deprecated"),
            ("not:pdf", "not:vision"),
        ] {
            assert!(holds(yes, &model), "{yes}");
            assert!(!holds(no, &model), "{no}");
        }
        assert!(!holds("output<10", &model) && !holds("output>0", &model), "what varies is neither");
    }

    #[test]
    fn what_is_not_known_of_a_model_does_not_hold() {
        let mut bare = CatalogModel::named("p".into(), "m".into());
        assert!(!holds("tools", &bare) && !holds("context>1", &bare) && !holds("price<9", &bare));
        assert!(holds("unpriced", &bare));
        bare.deprecation = Some(Deprecation::Undated);
        bare.kind = ModelKind::Rerank;
        assert!(holds("deprecated", &bare) && holds("kind:rerank", &bare));
    }

    #[test]
    fn a_comparison_that_makes_no_sense_is_refused() {
        for (word, complaint) in [
            ("cost<5", "`cost` cannot be compared; compare `price`, `output` or `context`"),
            ("price<cheap", "`cheap`: expected an amount of US dollars such as \"0.25\""),
            ("context>many", "`many` is no number of tokens; write it as 200000, 200k or 1M"),
        ] {
            assert_eq!(Filter::parse(word).unwrap_err(), complaint);
        }
        assert!(
            Filter::parse("kind:car").unwrap_err().starts_with("`car` is no kind of model; there are chat,")
        );
    }
}
