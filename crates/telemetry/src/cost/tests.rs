//! Laws of costs; the published prices of each family of providers are in `tests/families.rs`.

mod families;

use domain::price::{Component, ModelPrices, Period, Price, PriceList, Rates, Tier};
use domain::{Money, Usage};
use proptest::prelude::*;

use super::{Cost, Service, Unpriced, cost};

/// 2026-11-26 12:00 UTC, a Thursday.
const NOON: i64 = 1_795_694_400;

/// Rates as a price page lists them: `input 1.25, output 10`; a `?` for a price that varies.
fn rates(text: &str) -> Rates {
    let price = |line: &str| {
        let (name, amount) = line.trim().split_once(' ').unwrap();
        let price = if amount == "?" { Price::Varies } else { Price::Of(money(amount)) };
        (Component::from_name(name).unwrap(), price)
    };
    text.split(',').map(price).collect()
}

/// One list that holds always, with the standard rates.
fn standard(text: &str) -> ModelPrices {
    let mut list = PriceList::default();
    list.card_mut(Tier::Standard).base = rates(text);
    ModelPrices { lists: vec![list] }
}

fn money(text: &str) -> Money {
    text.parse().unwrap()
}

fn at_noon(tier: Tier) -> Service {
    Service { tier, unix_seconds: NOON }
}

fn priced(usage: &Usage, prices: &str) -> Result<Cost, Unpriced> {
    cost(usage, &standard(prices), at_noon(Tier::Standard))
}

fn missing(usage: &Usage, prices: &str) -> Unpriced {
    priced(usage, prices).unwrap_err()
}

/// A chat of 100 tokens in and 10 out.
fn chat() -> Usage {
    Usage { input_tokens: Some(100), output_tokens: Some(10), ..Usage::default() }
}

#[test]
fn the_lines_say_what_was_counted_at_which_price() {
    let usage = Usage { cached_input_tokens: Some(40), reasoning_tokens: Some(8), ..chat() };
    let cost = priced(&usage, "input 2, cached_input 0.5, output 8").unwrap();
    let lines: Vec<_> = cost.lines.iter().map(|line| (line.component, line.count, line.amount)).collect();
    assert_eq!(
        lines,
        [
            (Component::Input, 60, money("0.00012")),
            (Component::CachedInput, 40, money("0.00002")),
            (Component::Output, 10, money("0.00008")),
        ]
    );
    assert_eq!(cost.total, money("0.00022"));
}

#[test]
fn a_part_that_was_used_and_has_no_price_makes_the_whole_unpriced() {
    let used = |change: fn(&mut Usage)| {
        let mut usage = chat();
        change(&mut usage);
        missing(&usage, "input 1, output 2")
    };
    for (unpriced, component) in [
        (used(|usage| usage.cached_input_tokens = Some(1)), Component::CachedInput),
        (used(|usage| usage.cache_write_tokens = Some(1)), Component::CacheWrite),
        (used(|usage| usage.input_audio_tokens = Some(1)), Component::InputAudio),
        (used(|usage| usage.output_audio_tokens = Some(1)), Component::OutputAudio),
        (used(|usage| usage.searches = Some(1)), Component::Search),
    ] {
        assert_eq!(unpriced, Unpriced::Component(component));
    }
    let hour = Usage { cache_write_tokens: Some(5), cache_write_1h_tokens: Some(5), ..chat() };
    let unpriced = missing(&hour, "input 1, output 2, cache_write 1.25");
    assert_eq!(unpriced, Unpriced::Component(Component::CacheWrite1h));
    assert_eq!(missing(&chat(), "input 1"), Unpriced::Component(Component::Output));
    assert_eq!(missing(&chat(), "input 1, output 2, request ?"), Unpriced::Component(Component::Request));
}

#[test]
fn a_part_that_was_not_used_needs_no_price() {
    let usage =
        Usage { cached_input_tokens: Some(0), input_audio_tokens: Some(0), searches: Some(0), ..chat() };
    assert_eq!(priced(&usage, "input 1, output 2, search ?").unwrap().total, money("0.00012"));
}

#[test]
fn reasoning_and_images_cost_what_the_tokens_around_them_cost_unless_a_price_says_otherwise() {
    let usage = Usage {
        input_image_tokens: Some(50),
        reasoning_tokens: Some(4),
        output_image_tokens: Some(3),
        ..chat()
    };
    assert_eq!(priced(&usage, "input 1, output 10").unwrap().total, money("0.0002"));
    // 50 × 1 + 50 × 3 + 3 × 10 + 4 × 20 + 3 × 30, for a million each.
    let apart = "input 1, input_image 3, output 10, reasoning 20, output_image 30";
    assert_eq!(priced(&usage, apart).unwrap().total, money("0.0004"));
}

#[test]
fn how_much_of_the_cached_input_was_audio_is_never_guessed() {
    let prices = "input 1, cached_input 0.1, input_audio 5, cached_input_audio 0.5, output 2";
    let usage = Usage { cached_input_tokens: Some(30), input_audio_tokens: Some(40), ..chat() };
    assert_eq!(missing(&usage, prices), Unpriced::Component(Component::CachedInputAudio));
    let known = Usage { cached_audio_tokens: Some(10), ..usage };
    // 40 × 1 + 20 × 0.1 + 30 × 5 + 10 × 0.5 + 10 × 2, for a million each.
    assert_eq!(priced(&known, prices).unwrap().total, money("0.000217"));
    let none_cached = Usage { cached_input_tokens: Some(0), ..usage };
    assert_eq!(priced(&none_cached, prices).unwrap().total, money("0.00028"));
}

#[test]
fn counts_that_contradict_each_other_have_no_cost() {
    let prices = "input 1, cached_input 0.1, cache_write 1, input_audio 5, cached_input_audio 1, output 2, reasoning 2";
    for usage in [
        Usage { cached_input_tokens: Some(101), ..chat() },
        Usage { cached_input_tokens: Some(60), cache_write_tokens: Some(60), ..chat() },
        Usage { cache_write_tokens: Some(1), cache_write_1h_tokens: Some(2), ..chat() },
        Usage {
            input_audio_tokens: Some(1),
            cached_audio_tokens: Some(2),
            cached_input_tokens: Some(9),
            ..chat()
        },
        Usage { reasoning_tokens: Some(11), ..chat() },
        Usage { input_tokens: None, ..chat() },
        Usage { output_tokens: None, ..chat() },
        Usage::default(),
    ] {
        assert_eq!(missing(&usage, prices), Unpriced::Usage, "{usage:?}");
    }
}

#[test]
fn pieces_are_charged_where_they_have_a_price_and_covered_by_tokens_where_those_have_one() {
    let images = Usage { images: Some(2), ..Usage::default() };
    assert_eq!(priced(&images, "image 0.04").unwrap().total, money("0.08"));
    let both = Usage { images: Some(2), ..chat() };
    assert_eq!(priced(&both, "image 0.04").unwrap().total, money("0.08"));
    assert_eq!(priced(&both, "input 1, output 2").unwrap().total, money("0.00012"));
    assert_eq!(missing(&images, "input 0, output 2"), Unpriced::Usage);
    let speech = Usage { characters: Some(9), ..Usage::default() };
    assert_eq!(missing(&speech, "image 0.04"), Unpriced::Component(Component::Character));
    assert_eq!(missing(&chat(), "image 0.04"), Unpriced::Usage);
}

#[test]
fn what_is_free_costs_nothing_whatever_was_used() {
    let cost = priced(&Usage { searches: Some(3), ..chat() }, "input 0, output 0").unwrap();
    assert_eq!((cost.total, cost.lines.len()), (Money::ZERO, 0));
    assert_eq!(priced(&Usage::default(), "input 0").unwrap().total, Money::ZERO);
}

#[test]
fn a_model_a_time_or_a_tier_without_prices_is_unpriced() {
    let service = at_noon(Tier::Standard);
    assert_eq!(cost(&chat(), &ModelPrices::default(), service), Err(Unpriced::Model));
    let mut later = standard("input 1, output 2");
    later.lists[0].period = Period::parse(Some("2026-11-27"), None, None).unwrap();
    assert_eq!(cost(&chat(), &later, service), Err(Unpriced::Time));
    let flex = at_noon(Tier::Flex);
    assert_eq!(cost(&chat(), &standard("input 1, output 2"), flex), Err(Unpriced::Tier(Tier::Flex)));
}

#[test]
fn the_largest_counts_at_the_highest_price_are_still_exact() {
    let usage = Usage { input_tokens: Some(u64::MAX), output_tokens: Some(u64::MAX), ..Usage::default() };
    let cost = priced(&usage, "input 1000000, output 1000000").unwrap();
    assert_eq!(
        cost.total,
        Money::from_usd(1).times(u64::MAX, 1).unwrap().checked_add(cost.lines[1].amount).unwrap()
    );
}

proptest! {
    #[test]
    fn every_token_is_charged_once(
        fresh in 0_u64..10_000, cached in 0_u64..10_000, written in 0_u64..10_000, hour in 0_u64..10_000, half_day in 0_u64..10_000,
        audio in 0_u64..10_000, cached_audio in 0_u64..10_000, output in 0_u64..10_000, reasoning in 0_u64..10_000,
    ) {
        let usage = Usage {
            input_tokens: Some(fresh + cached + written + hour + half_day + audio + cached_audio),
            cached_input_tokens: Some(cached + cached_audio),
            cache_write_tokens: Some(written + hour + half_day),
            cache_write_1h_tokens: Some(hour),
            cache_write_12h_tokens: Some(half_day),
            input_audio_tokens: Some(audio + cached_audio),
            cached_audio_tokens: Some(cached_audio),
            output_tokens: Some(output + reasoning),
            reasoning_tokens: Some(reasoning),
            ..Usage::default()
        };
        let everywhere = "input 1, cached_input 1, cache_write 1, cache_write_1h 1, cache_write_12h 1, output 1, reasoning 1, \
                          input_audio 1, cached_input_audio 1";
        let cost = priced(&usage, everywhere).unwrap();
        let counted: u64 = cost.lines.iter().map(|line| line.count).sum();
        prop_assert_eq!(counted, usage.input_tokens.unwrap() + usage.output_tokens.unwrap());
        prop_assert_eq!(cost.total, money("1").times(counted, 1_000_000).unwrap());
    }

    #[test]
    fn no_counts_panic_and_lines_add_up(counts in prop::array::uniform17(prop::option::of(any::<u64>()))) {
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q] = counts;
        let usage = Usage {
            input_tokens: a, cached_input_tokens: b, cache_write_tokens: c, cache_write_1h_tokens: d,
            input_audio_tokens: e, cached_audio_tokens: f, input_image_tokens: g, cached_image_tokens: h,
            output_tokens: i, reasoning_tokens: j, output_audio_tokens: k, output_image_tokens: l,
            images: m, audio_milliseconds: n, characters: o, searches: p, cache_write_12h_tokens: q,
        };
        let all: Vec<String> = Component::ALL.iter().map(|component| format!("{component} 3")).collect();
        if let Ok(cost) = priced(&usage, &all.join(",")) {
            let sum = cost.lines.iter().fold(Money::ZERO, |sum, line| sum.checked_add(line.amount).unwrap());
            prop_assert_eq!(sum, cost.total);
        }
    }
}
