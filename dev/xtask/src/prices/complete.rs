//! Says in figures what the vendors' pages say in words, and says nothing twice.

use super::decimal::Decimal;
use super::entry::{Card, Component, Entry, PriceList, Rates, Tier};

/// Completes every entry.
pub(super) fn complete(entries: &mut [Entry]) {
    for entry in entries {
        complete_free(entry);
        complete_audio(entry);
        complete_cache_writes(entry);
        withdraw_uncounted_searches(entry);
        entry.cards_mut().flat_map(Card::all_rates_mut).for_each(leave_out_repeated);
    }
}

/// OpenRouter's `:free` variants and OpenAI's moderation cost nothing (<https://openrouter.ai/docs/faq>,
/// <https://developers.openai.com/api/docs/guides/moderation>).
fn complete_free(entry: &mut Entry) {
    let is_free = match entry.provider {
        "openrouter" => entry.name.ends_with(":free"),
        "openai" => entry.kind == Some("moderation"),
        _ => false,
    };
    if is_free && entry.prices.is_empty() {
        let free = Rates::from(
            [Component::Input, Component::Output].map(|component| (component, Some(Decimal::ZERO))),
        );
        let mut list = PriceList::default();
        list.cards.insert(Tier::Standard, Card { base: free, ..Card::default() });
        entry.prices.push(list);
    }
}

/// One price for text, images, video and audio is what Gemini's page says wherever audio has no line of its own
/// (<https://ai.google.dev/gemini-api/docs/pricing>). What a speech model generates is audio.
fn complete_audio(entry: &mut Entry) {
    let is_gemini = matches!(entry.provider, "google" | "vertex") && entry.name.starts_with("gemini-");
    let hears = is_gemini && matches!(entry.kind, None | Some("chat"));
    let usual = entry.usual_rates().cloned().unwrap_or_default();
    let as_text = hears
        && usual.get(&Component::InputAudio).is_none_or(|price| usual.get(&Component::Input) == Some(price));
    let speaks = entry.kind == Some("speech");
    for rates in entry.cards_mut().flat_map(Card::all_rates_mut) {
        if as_text {
            same(rates, Component::InputAudio, Component::Input);
            same(rates, Component::CachedInputAudio, Component::CachedInput);
        }
        if speaks {
            same(rates, Component::OutputAudio, Component::Output);
        }
    }
}

/// "Cache writes have no additional fee on models before the GPT-5.6 family"
/// (<https://developers.openai.com/api/docs/guides/prompt-caching>), at Azure neither; later ones have a price for them.
fn complete_cache_writes(entry: &mut Entry) {
    let is_openai = matches!(entry.provider, "openai" | "azure-openai");
    let usual = entry.usual_rates();
    let has = |component| usual.is_some_and(|rates| rates.contains_key(&component));
    if is_openai && has(Component::CachedInput) && !has(Component::CacheWrite) {
        let rates = entry.cards_mut().flat_map(Card::all_rates_mut);
        rates.for_each(|rates| same(rates, Component::CacheWrite, Component::Input));
    }
}

/// What is charged for searches that no answer counts has no one price. Gemini up to 2.5 charges for a prompt however often
/// it is searched for, $35 per 1,000; later ones, at $14, for each search that an answer lists
/// (<https://ai.google.dev/gemini-api/docs/google-search>). OpenAI's search models search for every request without
/// saying so (<https://developers.openai.com/api/docs/pricing>).
fn withdraw_uncounted_searches(entry: &mut Entry) {
    let is_gemini = matches!(entry.provider, "google" | "vertex");
    let always_searches =
        matches!(entry.provider, "openai" | "azure-openai") && entry.name.contains("-search-");
    let by_prompt: Option<Decimal> = "35".parse().ok();
    for rates in entry.cards_mut().flat_map(Card::all_rates_mut) {
        let Some(search) = rates.get(&Component::Search).copied() else { continue };
        if is_gemini && search == by_prompt {
            rates.insert(Component::Search, None);
        }
        if always_searches {
            rates.remove(&Component::Search);
            rates.insert(Component::Request, None);
        }
    }
}

/// Gives a component that has no price the price of another.
fn same(rates: &mut Rates, component: Component, other: Component) {
    if let Some(price) = rates.get(&other).copied() {
        rates.entry(component).or_insert(price);
    }
}

/// Images in tokens and reasoning cost what the tokens around them cost unless a price says otherwise.
fn leave_out_repeated(rates: &mut Rates) {
    let is_same = |rates: &Rates, one, other| rates.get(&one) == rates.get(&other);
    let cached_alike = is_same(rates, Component::CachedInputImage, Component::CachedInput)
        || !rates.contains_key(&Component::CachedInputImage);
    if is_same(rates, Component::InputImage, Component::Input) && cached_alike {
        rates.remove(&Component::InputImage);
        rates.remove(&Component::CachedInputImage);
    }
    for component in [Component::OutputImage, Component::Reasoning] {
        if is_same(rates, component, Component::Output) {
            rates.remove(&component);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(prices: &[(Component, &str)]) -> Rates {
        prices.iter().map(|(component, price)| (*component, Some(price.parse().unwrap()))).collect()
    }

    fn completed(provider: &'static str, name: &str, prices: &[(Component, &str)]) -> Rates {
        let mut list = PriceList::default();
        list.cards.insert(Tier::Standard, Card { base: rates(prices), ..Card::default() });
        let mut entries = [Entry { provider, name: name.to_owned(), prices: vec![list], ..Entry::default() }];
        complete(&mut entries);
        entries[0].usual_rates().unwrap().clone()
    }

    #[test]
    fn audio_without_a_price_costs_what_text_costs_at_gemini_and_nowhere_else() {
        let prices =
            [(Component::Input, "1.25"), (Component::CachedInput, "0.125"), (Component::Output, "10")];
        let audio = [(Component::InputAudio, "1.25"), (Component::CachedInputAudio, "0.125")];
        assert_eq!(
            completed("google", "gemini-2.5-pro", &prices),
            rates(&[&prices[..], &audio[..]].concat())
        );
        assert_eq!(completed("groq", "gpt-oss", &prices), rates(&prices));
        let apart =
            [(Component::Input, "0.3"), (Component::InputAudio, "1"), (Component::CachedInput, "0.03")];
        assert_eq!(completed("vertex", "gemini-2.5-flash", &apart), rates(&apart));
    }

    #[test]
    fn writing_to_the_cache_costs_what_input_costs_before_it_had_a_price() {
        let before = [(Component::Input, "2.5"), (Component::CachedInput, "1.25")];
        let with_writes = [&before[..], &[(Component::CacheWrite, "2.5")]].concat();
        assert_eq!(completed("openai", "gpt-4o", &before), rates(&with_writes));
        assert_eq!(completed("groq", "gpt-oss", &before), rates(&before));
        let later =
            [(Component::Input, "10"), (Component::CachedInput, "1"), (Component::CacheWrite, "12.5")];
        assert_eq!(completed("openai", "gpt-6", &later), rates(&later));
    }

    #[test]
    fn searches_that_no_answer_counts_have_no_price() {
        let searched = |provider, name, price| {
            let completed = completed(provider, name, &[(Component::Search, price)]);
            completed.into_iter().next().unwrap()
        };
        let fourteen = Some("14".parse().unwrap());
        assert_eq!(searched("google", "gemini-2.5-pro", "35"), (Component::Search, None));
        assert_eq!(searched("vertex", "gemini-3-pro", "14"), (Component::Search, fourteen));
        assert_eq!(searched("xai", "grok", "14"), (Component::Search, fourteen));
        assert_eq!(searched("openai", "gpt-4o-search-preview", "14"), (Component::Request, None));
        assert_eq!(searched("openai", "gpt-5", "14"), (Component::Search, fourteen));
    }

    #[test]
    fn what_repeats_another_price_is_left_out() {
        let prices = [
            (Component::Input, "2"),
            (Component::InputImage, "2"),
            (Component::Output, "4"),
            (Component::Reasoning, "4"),
        ];
        assert_eq!(
            completed("xai", "grok", &prices),
            rates(&[(Component::Input, "2"), (Component::Output, "4")])
        );
        let cached_apart = [
            (Component::Input, "2"),
            (Component::InputImage, "2"),
            (Component::CachedInput, "1"),
            (Component::CachedInputImage, "0.5"),
        ];
        assert_eq!(completed("xai", "grok", &cached_apart), rates(&cached_apart));
    }

    #[test]
    fn only_what_its_vendor_calls_free_is_free() {
        let entry = |provider, name: &str| Entry { provider, name: name.to_owned(), ..Entry::default() };
        let mut entries =
            [entry("openrouter", "a/b:free"), entry("openrouter", "a/b"), entry("mistral", "b:free")];
        complete(&mut entries);
        assert!(entries[0].usual_rates().unwrap().values().all(|price| *price == Some(Decimal::ZERO)));
        assert!(entries[1].prices.is_empty() && entries[2].prices.is_empty());
    }
}
