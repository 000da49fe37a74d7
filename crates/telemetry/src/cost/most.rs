//! What a request costs at most, before anybody knows what it will use: each token at the dearest of the prices that it could be charged at.

use domain::Money;
use domain::price::{Component, ModelPrices, Price, RateCard, Rates, Tier};

use super::Unpriced;

/// What a request uses at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Most {
    /// Tokens of input.
    pub input_tokens: u64,
    /// Tokens of output, of all its answers together.
    pub output_tokens: u64,
    /// Images that are made.
    pub images: u64,
    /// Characters that are spoken.
    pub characters: u64,
    /// Searches.
    pub searches: u64,
    /// What it may hold besides text, and ask for besides the usual.
    pub kinds: Kinds,
}

/// What decides which prices a request may be charged at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Kinds {
    /// Whether there may be audio in it, or in its answer.
    pub audio: bool,
    /// Whether there may be images in it, or in its answer.
    pub images: bool,
    /// Whether it may write to the provider's prompt cache.
    pub cache_writes: bool,
    /// Whether it asks for another tier than the standard one; then any may serve it.
    pub other_tiers: bool,
}

/// What a request costs at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dearest {
    /// All of it.
    pub total: Money,
    /// What a million tokens of output cost at most.
    pub output: Money,
}

/// What a request costs at most, when it is served at this time.
///
/// # Errors
/// When something that it may use has no known price.
pub fn dearest(most: &Most, prices: &ModelPrices, unix_seconds: i64) -> Result<Dearest, Unpriced> {
    if prices.is_empty() {
        return Err(Unpriced::Model);
    }
    let list = prices.at(unix_seconds).ok_or(Unpriced::Time)?;
    let standard = list.card(Tier::Standard).ok_or(Unpriced::Tier(Tier::Standard))?;
    let mut dearest = of_card(most, standard)?;
    for (_, card) in list.cards().filter(|_| most.kinds.other_tiers) {
        let other = of_card(most, card)?;
        dearest = Dearest { total: dearest.total.max(other.total), output: dearest.output.max(other.output) };
    }
    Ok(dearest)
}

/// By the dearest rates of a card that a context of this length may be charged at: how long it is by the provider's count is not known.
fn of_card(most: &Most, card: &RateCard) -> Result<Dearest, Unpriced> {
    let longer = card.above().filter(|(threshold, _)| most.input_tokens > *threshold).map(|(_, rates)| rates);
    let mut dearest = Dearest { total: Money::ZERO, output: Money::ZERO };
    for rates in std::iter::once(&card.base).chain(longer) {
        let output = highest(rates, |component| is_output(component, most.kinds))?;
        dearest.total = dearest.total.max(total(most, rates, output)?);
        dearest.output = dearest.output.max(output);
    }
    Ok(dearest)
}

fn total(most: &Most, rates: &Rates, output: Money) -> Result<Money, Unpriced> {
    let per_token = Component::Input.per();
    let input = highest(rates, |component| is_input(component, most.kinds))?;
    let mut sum = up(input, most.input_tokens, per_token)?;
    sum = add(sum, up(output, most.output_tokens, per_token)?)?;
    for (component, count) in [
        (Component::Image, most.images),
        (Component::Character, most.characters),
        (Component::Search, most.searches),
        (Component::Request, 1),
    ] {
        let price = highest(rates, |priced| priced == component && count > 0)?;
        sum = add(sum, up(price, count, component.per())?)?;
    }
    Ok(sum)
}

/// What a count costs, rounded up to a pico-dollar: each of its tokens may be charged as another component, and rounded by itself.
fn up(price: Money, count: u64, per: u64) -> Result<Money, Unpriced> {
    let nearest = price.times(count, per).ok_or(Unpriced::OutOfRange)?;
    let roundings = if price == Money::ZERO || count == 0 { 0 } else { 9 };
    add(nearest, Money::from_pico_usd(roundings))
}

fn add(one: Money, other: Money) -> Result<Money, Unpriced> {
    one.checked_add(other).ok_or(Unpriced::OutOfRange)
}

/// The highest price of some components; nothing where none of them is charged.
fn highest(rates: &Rates, is_meant: impl Fn(Component) -> bool) -> Result<Money, Unpriced> {
    let mut highest = Money::ZERO;
    for (component, price) in rates.iter().filter(|(component, _)| is_meant(*component)) {
        match price {
            Price::Of(amount) => highest = highest.max(amount),
            Price::Varies => return Err(Unpriced::Component(component)),
        }
    }
    Ok(highest)
}

fn is_input(component: Component, kinds: Kinds) -> bool {
    match component {
        Component::Input | Component::CachedInput => true,
        Component::CacheWrite | Component::CacheWrite1h | Component::CacheWrite12h => kinds.cache_writes,
        Component::InputAudio | Component::CachedInputAudio => kinds.audio,
        Component::InputImage | Component::CachedInputImage => kinds.images,
        _ => false,
    }
}

fn is_output(component: Component, kinds: Kinds) -> bool {
    match component {
        Component::Output | Component::Reasoning => true,
        Component::OutputAudio => kinds.audio,
        Component::OutputImage => kinds.images,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Service, cost};
    use super::{
        Component, Dearest, Kinds, ModelPrices, Money, Most, Price, RateCard, Rates, Tier, Unpriced, dearest,
    };
    use domain::Usage;
    use domain::price::PriceList;
    use proptest::prelude::*;

    fn rates(prices: &[(Component, u32)]) -> Rates {
        prices.iter().map(|(component, usd)| (*component, Price::Of(Money::from_usd(*usd)))).collect()
    }

    fn model(card: RateCard, flex: RateCard) -> ModelPrices {
        let mut list = PriceList::default();
        *list.card_mut(Tier::Standard) = card;
        *list.card_mut(Tier::Priority) = flex;
        ModelPrices { lists: vec![list] }
    }

    fn claude() -> ModelPrices {
        use Component::{CacheWrite, CacheWrite1h, CachedInput, Input, Output, Search};
        let prices =
            [(Input, 3), (CachedInput, 1), (CacheWrite, 4), (CacheWrite1h, 6), (Output, 15), (Search, 10)];
        let mut card = RateCard::flat(rates(&prices));
        card.set_above(1_000, rates(&[(Input, 6), (CacheWrite1h, 12), (Output, 22)]));
        model(card, RateCard::flat(rates(&[(Input, 7), (Output, 30)])))
    }

    #[test]
    fn each_token_is_taken_at_its_dearest() {
        let of = |input_tokens, kinds| {
            let most =
                Most { input_tokens, output_tokens: 1_000_000, searches: 100, kinds, ..Most::default() };
            dearest(&most, &claude(), 0).unwrap()
        };
        let usd = |pico: i128| Money::from_pico_usd(pico * 1_000_000);
        let roundings = Money::from_pico_usd(27);
        let plain = of(1_000, Kinds::default());
        assert_eq!(plain.total.checked_sub(roundings), Some(usd(15_000_000 + 3_000 + 1_000_000)));
        assert_eq!(plain.output, Money::from_usd(15));
        let caching = of(1_000, Kinds { cache_writes: true, ..Kinds::default() });
        assert_eq!(caching.total.checked_sub(roundings), Some(usd(15_000_000 + 6_000 + 1_000_000)));
        let long = of(1_001, Kinds::default());
        assert_eq!(long.output, Money::from_usd(22), "a long context is dearer throughout");
        assert_eq!(of(1_000, Kinds { other_tiers: true, ..Kinds::default() }).output, Money::from_usd(30));
    }

    #[test]
    fn what_has_no_price_has_no_bound() {
        let most = Most::default();
        assert_eq!(dearest(&most, &ModelPrices::default(), 0), Err(Unpriced::Model));
        let varies = Rates::from_iter([(Component::Output, Price::Varies)]);
        let varies = model(RateCard::flat(varies), RateCard::default());
        assert_eq!(dearest(&most, &varies, 0), Err(Unpriced::Component(Component::Output)));
        let free = model(RateCard::flat(rates(&[(Component::Input, 0)])), RateCard::default());
        let nothing = Dearest { total: Money::ZERO, output: Money::ZERO };
        assert_eq!(dearest(&most, &free, 0), Ok(nothing));
    }

    proptest! {
        #[test]
        fn nothing_within_the_bounds_costs_more(
            input in 0_u64..5_000, output in 0_u64..5_000, cached in 0_u64..=100, written in 0_u64..=100, searches in 0_u64..5,
        ) {
            let cached = input * cached / 100;
            let written = (input - cached) * written / 100;
            let usage = Usage {
                input_tokens: Some(input),
                output_tokens: Some(output),
                cached_input_tokens: Some(cached),
                cache_write_tokens: Some(written),
                cache_write_1h_tokens: Some(written / 2),
                searches: Some(searches),
                ..Usage::default()
            };
            let kinds = Kinds { cache_writes: true, ..Kinds::default() };
            let most = Most { input_tokens: 5_000, output_tokens: 5_000, searches: 5, kinds, ..Most::default() };
            let service = Service { tier: Tier::Standard, unix_seconds: 0 };
            if let Ok(cost) = cost(&usage, &claude(), service) {
                prop_assert!(cost.total <= dearest(&most, &claude(), 0).unwrap().total);
            }
        }
    }
}
