//! What an answer cost: what its provider reported, at the prices that the catalogue knows of its model.

use domain::endpoint::Task;
use domain::{CatalogModel, Endpoint, Money};
use jiff::Timestamp;
use telemetry::cost::{Service, Unpriced, cost};
use wire::formats::Usage;

use crate::dialect::{tier_of, usage_of};

/// A cost, or why it is not known.
pub(crate) type Charge = Result<Money, Unpriced>;

/// Whether a provider charges for an operation. Nobody charges for lists of models or for counting tokens (Claude docs,
/// "Token counting"; Google Cloud docs, "Count tokens" of Claude; Gemini API docs, "Billing", on GetTokens; Bedrock user
/// guide, "Counting tokens").
pub(crate) fn is_charged(endpoint: Endpoint) -> bool {
    endpoint.task() != Task::Counting && endpoint != Endpoint::Models
}

/// What an answer cost that was complete at this time.
///
/// # Errors
/// With what is missing.
pub(crate) fn charge(used: &Usage, model: Option<&CatalogModel>, now: Timestamp) -> Charge {
    let model = model.ok_or(Unpriced::Model)?;
    let service =
        Service { tier: tier_of(used).ok_or(Unpriced::UnknownTier)?, unix_seconds: now.as_second() };
    cost(&usage_of(used), &model.prices, service).map(|cost| cost.total)
}

#[cfg(test)]
mod tests {
    use domain::price::{Component, ModelPrices, Price, PriceList, RateCard, Rates, Tier};
    use wire::formats::ServiceTier;

    use super::*;

    fn model() -> CatalogModel {
        let card = |input: u32, output: u32| {
            let prices = [(Component::Input, input), (Component::Output, output)];
            let prices = prices.map(|(component, usd)| (component, Price::Of(Money::from_usd(usd))));
            RateCard::flat(Rates::from_iter(prices))
        };
        let mut list = PriceList::default();
        *list.card_mut(Tier::Standard) = card(2, 8);
        *list.card_mut(Tier::Flex) = card(1, 4);
        let prices = ModelPrices { lists: vec![list] };
        CatalogModel { prices, ..CatalogModel::named("p".into(), "m".into()) }
    }

    fn charged(tier: Option<ServiceTier>) -> Result<String, &'static str> {
        let used = Usage { input_tokens: Some(1_000_000), output_tokens: Some(1), tier, ..Usage::default() };
        let charged = charge(&used, Some(&model()), Timestamp::UNIX_EPOCH);
        charged.map(|cost| cost.to_string()).map_err(Unpriced::name)
    }

    #[test]
    fn the_tier_is_the_one_that_the_provider_served_in() {
        assert_eq!(charged(None), Ok("2.000008".to_owned()));
        assert_eq!(charged(Some(ServiceTier::Standard)), charged(None));
        assert_eq!(charged(Some(ServiceTier::Flex)), Ok("1.000004".to_owned()));
        assert_eq!(charged(Some(ServiceTier::Batch)), Err("batch"));
        assert_eq!(charged(Some(ServiceTier::Other)), Err("tier"));
    }

    #[test]
    fn what_is_not_known_has_no_cost() {
        let silent = Usage::default();
        let charged = |model| charge(&silent, model, Timestamp::UNIX_EPOCH);
        assert_eq!(charged(None), Err(Unpriced::Model));
        assert_eq!(charged(Some(&model())), Err(Unpriced::Usage));
    }

    #[test]
    fn what_nobody_charges_for_has_no_cost_to_tell() {
        assert!(is_charged(Endpoint::ChatCompletions) && is_charged(Endpoint::Embeddings));
        assert!(!is_charged(Endpoint::CountTokens) && !is_charged(Endpoint::Models));
        assert!(!is_charged(Endpoint::InputTokens) && !is_charged(Endpoint::GeminiCountTokens));
    }
}
