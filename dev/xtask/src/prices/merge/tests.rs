//! Which source counts for what.

use super::*;

fn entry(name: &str, prices: &[(Component, &str)]) -> Entry {
    let base = prices.iter().map(|(component, price)| (*component, Some(price.parse().unwrap()))).collect();
    let mut list = PriceList::default();
    list.cards.insert(Tier::Standard, Card { base, ..Card::default() });
    Entry { provider: "p", name: name.to_owned(), prices: vec![list], ..Entry::default() }
}

fn called(entry: Entry, aliases: &[&str]) -> Entry {
    Entry { aliases: aliases.iter().map(|&alias| alias.to_owned()).collect(), ..entry }
}

fn merged(checked: &[Entry], wide: &[Entry]) -> (Vec<Entry>, Vec<String>) {
    let mut report = Report::default();
    let entries = merge(checked.to_vec(), wide.to_vec(), &mut report);
    (entries, report.lines())
}

fn input(entry: &Entry) -> Option<String> {
    Some(entry.usual_rates()?.get(&Component::Input)?.as_ref()?.to_string())
}

#[test]
fn what_both_agree_on_is_filled_in_and_described() {
    let checked = called(entry("m", &[(Component::Input, "2"), (Component::Output, "8")]), &["m-*"]);
    let mut wide =
        entry("m", &[(Component::Input, "2"), (Component::InputAudio, "32"), (Component::Image, "0.04")]);
    wide.context_tokens = Some(128_000);
    let (entries, report) = merged(&[checked], &[wide]);
    let rates = entries[0].usual_rates().unwrap();
    assert!(rates.contains_key(&Component::InputAudio) && rates.contains_key(&Component::Output));
    assert!(
        !rates.contains_key(&Component::Image),
        "what is charged by the token is not charged by the piece as well"
    );
    assert_eq!((entries[0].context_tokens, entries.len(), report.len()), (Some(128_000), 1, 0));
    assert!(entries[0].aliases.contains("m-*"));
}

#[test]
fn a_small_difference_leaves_the_checked_price_and_a_large_one_none() {
    let wide = |price| entry("m", &[(Component::Input, price), (Component::CachedInput, "0.1")]);
    let checked = [entry("m", &[(Component::Input, "2")])];
    let (entries, report) = merged(&checked, &[wide("3")]);
    assert_eq!(input(&entries[0]).unwrap(), "2");
    assert!(!entries[0].usual_rates().unwrap().contains_key(&Component::CachedInput));
    assert_eq!(report, ["the sources differ: p/m: Input 2 or 3, the first counts"]);
    let (entries, report) = merged(&checked, &[wide("3.01")]);
    assert!(entries[0].prices.is_empty());
    assert_eq!(report, ["the sources differ: p/m: Input 2 or 3.01, left without prices"]);
}

#[test]
fn a_name_that_only_fits_a_part_keeps_its_own_price() {
    let checked = called(entry("a.nova", &[(Component::Input, "1")]), &["*nova*", "us.nova*"]);
    let wide =
        [entry("eu.nova", &[(Component::Input, "1.1")]), entry("us.nova-2", &[(Component::Input, "1.1")])];
    let (entries, _) = merged(&[checked], &wide);
    let prices: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), input(entry).unwrap())).collect();
    assert_eq!(
        prices,
        [("a.nova", "1".to_owned()), ("eu.nova", "1.1".to_owned()), ("us.nova-2", "1".to_owned())]
    );
}

#[test]
fn a_version_is_an_entry_of_its_own_with_the_prices_of_the_model() {
    let checked = called(entry("m", &[(Component::Input, "2")]), &["m-2026-01-01", "m-old"]);
    let mut version = entry("m-2026-01-01", &[]);
    version.deprecated = Some(Deprecation::On("2027-01-01".to_owned()));
    let (entries, _) = merged(&[checked], &[version, entry("m-20260202", &[])]);
    let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["m", "m-2026-01-01", "m-20260202"]);
    assert!(entries.iter().all(|entry| input(entry).unwrap() == "2"));
    assert!(entries[0].aliases.iter().eq(["m-old"]), "a name with an entry of its own is no other name");
    assert!(entries[1].deprecated.is_some() && entries[0].deprecated.is_none());
}

#[test]
fn the_same_figures_at_more_exact_times_are_taken() {
    let at = |daily: &str, price| {
        let mut list = entry("m", &[(Component::Input, price)]).prices.remove(0);
        list.daily = Some(daily.to_owned()).filter(|daily| !daily.is_empty());
        list
    };
    let checked = Entry { prices: vec![at("", "1"), at("01:00-04:00", "2")], ..entry("m", &[]) };
    let wide = Entry { prices: vec![at("", "2"), at("04:00-01:00", "1")], ..entry("m", &[]) };
    let (entries, report) = merged(&[checked], std::slice::from_ref(&wide));
    assert_eq!((&entries[0].prices, report.len()), (&wide.prices, 0));
}

#[test]
fn a_name_is_found_exactly_then_without_its_date_then_by_the_longest_pattern() {
    let entries = [
        called(entry("claude-5", &[]), &["claude-5-latest"]),
        called(entry("claude-5-1", &[]), &["claude-5*", "*claude-5-1-v1*"]),
    ];
    let found = |name: &str| find(&entries, name).map(|found| (found.at, found.surely));
    assert_eq!(found("Claude-5"), Some((0, true)));
    assert_eq!(found("claude-5-latest"), Some((0, true)));
    assert_eq!(found("claude-5-20260101"), Some((0, true)));
    assert_eq!(found("claude-5-1-2026-01-01"), Some((1, true)));
    assert_eq!(found("claude-5@20260101"), Some((0, true)));
    assert_eq!(found("claude-5-mini"), Some((1, true)));
    assert_eq!(found("us.claude-5-1-v1:0"), Some((1, false)));
    assert_eq!(found("gpt"), None);
}
