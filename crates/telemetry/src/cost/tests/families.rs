//! What requests cost by the prices that each family of providers published, worked out by hand beside every row.
//! Where a row names a page, its prices and its rule are that page's, as of November 2026.

use domain::Usage;
use domain::price::{Component, ModelPrices, Period, PriceList, Tier};

use super::{NOON, at_noon, cost, missing, money, priced, rates, standard};
use crate::cost::{Service, Unpriced};

/// What is charged for a token is published for a million of them.
fn assert_cost(usage: &Usage, prices: &ModelPrices, tier: Tier, expected: &str) {
    let cost = cost(usage, prices, at_noon(tier)).unwrap();
    assert_eq!(cost.total.to_string(), expected, "{:?}", cost.lines);
}

/// Standard rates, and those beyond a threshold.
fn long(base: &str, threshold: u64, above: &str) -> ModelPrices {
    let mut prices = standard(base);
    prices.lists[0].card_mut(Tier::Standard).set_above(threshold, rates(above));
    prices
}

fn with_tier(mut prices: ModelPrices, tier: Tier, text: &str) -> ModelPrices {
    prices.lists[0].card_mut(tier).base = rates(text);
    prices
}

fn tokens(input: u64, output: u64) -> Usage {
    Usage { input_tokens: Some(input), output_tokens: Some(output), ..Usage::default() }
}

/// The usage of OpenAI's own example of a cached prompt, with reasoning, which is part of the output
/// (<https://developers.openai.com/api/docs/guides/prompt-caching>).
fn cached_prompt() -> Usage {
    Usage { cached_input_tokens: Some(1_920), reasoning_tokens: Some(256), ..tokens(2_006, 300) }
}

#[test]
fn openai_charges_cached_input_less_and_reasoning_as_output_in_each_tier() {
    // GPT-5, https://developers.openai.com/api/docs/pricing (standard, batch, flex, priority)
    let mut prices = standard("input 1.25, cached_input 0.125, output 10");
    prices = with_tier(prices, Tier::Batch, "input 0.625, cached_input 0.0625, output 5");
    prices = with_tier(prices, Tier::Flex, "input 0.625, cached_input 0.0625, output 5");
    prices = with_tier(prices, Tier::Priority, "input 2.5, cached_input 0.25, output 20");
    for (tier, expected) in [
        // 86 × 1.25 + 1920 × 0.125 + 300 × 10 = 107.5 + 240 + 3000
        (Tier::Standard, "0.0033475"),
        // 86 × 0.625 + 1920 × 0.0625 + 300 × 5 = 53.75 + 120 + 1500
        (Tier::Batch, "0.00167375"),
        (Tier::Flex, "0.00167375"),
        // 86 × 2.5 + 1920 × 0.25 + 300 × 20 = 215 + 480 + 6000
        (Tier::Priority, "0.006695"),
    ] {
        assert_cost(&cached_prompt(), &prices, tier, expected);
    }
}

#[test]
fn openai_prices_a_prompt_above_272k_tokens_higher_as_a_whole() {
    // GPT-5.4: "prompts with >272K input tokens are priced at 2x input and 1.5x output for the full session",
    // https://developers.openai.com/api/docs/models/gpt-5.4-pro
    let prices =
        long("input 2.5, cached_input 0.25, output 15", 272_000, "input 5, cached_input 0.5, output 22.5");
    let cached = |usage: Usage| Usage { cached_input_tokens: Some(100_000), ..usage };
    // 172000 × 2.5 + 100000 × 0.25 + 1000 × 15 = 430000 + 25000 + 15000
    assert_cost(&cached(tokens(272_000, 1_000)), &prices, Tier::Standard, "0.47");
    // 172001 × 5 + 100000 × 0.5 + 1000 × 22.5 = 860005 + 50000 + 22500
    assert_cost(&cached(tokens(272_001, 1_000)), &prices, Tier::Standard, "0.932505");
}

#[test]
fn openai_charges_cache_writes_of_its_newest_models() {
    // GPT-6 Luna: "Cache reads cost 10% of input; cache writes cost 1.25x",
    // https://developers.openai.com/api/docs/models/gpt-6-luna
    let prices = standard("input 0.1, cached_input 0.01, cache_write 0.125, output 0.5");
    let usage =
        Usage { cached_input_tokens: Some(1_000), cache_write_tokens: Some(2_000), ..tokens(3_500, 40) };
    // 500 × 0.1 + 1000 × 0.01 + 2000 × 0.125 + 40 × 0.5 = 50 + 10 + 250 + 20
    assert_cost(&usage, &prices, Tier::Standard, "0.00033");
    // GPT-6 Astra, kept for twelve hours: 2.5x, https://developers.openai.com/api/docs/pricing
    let prices = standard("input 10, cached_input 1, cache_write 12.5, cache_write_12h 25, output 50");
    let usage = Usage { cache_write_12h_tokens: Some(1_500), ..usage };
    // 500 × 10 + 1000 × 1 + 500 × 12.5 + 1500 × 25 + 40 × 50 = 5000 + 1000 + 6250 + 37500 + 2000
    assert_cost(&usage, &prices, Tier::Standard, "0.05175");
}

#[test]
fn openai_charges_audio_tokens_apart_from_text() {
    // gpt-audio, https://developers.openai.com/api/docs/pricing (audio tokens)
    let prices = standard("input 2.5, output 10, input_audio 32, output_audio 64");
    let usage = Usage { input_audio_tokens: Some(47), output_audio_tokens: Some(120), ..tokens(60, 150) };
    // 13 × 2.5 + 30 × 10 + 47 × 32 + 120 × 64 = 32.5 + 300 + 1504 + 7680
    assert_cost(&usage, &prices, Tier::Standard, "0.0095165");
    // gpt-realtime, https://developers.openai.com/api/docs/models/gpt-realtime: text, audio and images, each cached too
    let prices = standard(
        "input 4, cached_input 0.4, output 16, input_audio 32, cached_input_audio 0.4, output_audio 64, \
         input_image 5, cached_input_image 0.5",
    );
    let usage = Usage {
        cached_input_tokens: Some(160),
        input_audio_tokens: Some(200),
        cached_audio_tokens: Some(64),
        input_image_tokens: Some(100),
        cached_image_tokens: Some(32),
        output_audio_tokens: Some(75),
        ..tokens(400, 100)
    };
    // text 36 × 4 + 64 × 0.4, audio 136 × 32 + 64 × 0.4, images 68 × 5 + 32 × 0.5, output 25 × 16 + 75 × 64
    // = 144 + 25.6 + 4352 + 25.6 + 340 + 16 + 400 + 4800
    assert_cost(&usage, &prices, Tier::Standard, "0.0101032");
}

#[test]
fn anthropic_charges_cache_writes_by_how_long_they_live_and_reads_a_tenth() {
    // Claude Sonnet 4.5, https://platform.claude.com/docs/en/build-with-claude/prompt-caching#pricing: 5 minutes 1.25 ×,
    // an hour 2 ×, reads 0.1 ×; in a batch half of each, https://platform.claude.com/docs/en/about-claude/pricing
    let mut prices =
        standard("input 3, cached_input 0.3, cache_write 3.75, cache_write_1h 6, output 15, search 10");
    prices = with_tier(
        prices,
        Tier::Batch,
        "input 1.5, cached_input 0.15, cache_write 1.875, cache_write_1h 3, output 7.5, search 10",
    );
    let usage = Usage {
        cached_input_tokens: Some(8_000),
        cache_write_tokens: Some(3_000),
        cache_write_1h_tokens: Some(1_000),
        searches: Some(2),
        ..tokens(12_000, 500)
    };
    // 1000 × 3 + 8000 × 0.3 + 2000 × 3.75 + 1000 × 6 + 500 × 15 = 26400; 2 searches at 10 for a thousand = 0.02
    assert_cost(&usage, &prices, Tier::Standard, "0.0464");
    // half of the tokens, searches as ever: 13200 and 0.02
    assert_cost(&usage, &prices, Tier::Batch, "0.0332");
}

#[test]
fn anthropic_prices_a_long_prompt_higher_as_a_whole_and_counts_the_cache_into_its_length() {
    // Claude Haiku 4.5's successor 5.5: "every token in a request whose prompt exceeds 100,000 tokens",
    // https://platform.claude.com/docs/en/about-claude/pricing#long-context-pricing
    let prices = long(
        "input 0.1, cached_input 0.01, cache_write 0.125, cache_write_1h 0.2, output 0.5",
        100_000,
        "input 0.5, cached_input 0.05, cache_write 0.625, cache_write_1h 1, output 2.5",
    );
    let usage = |input| Usage {
        cached_input_tokens: Some(90_000),
        cache_write_tokens: Some(9_000),
        ..tokens(input, 1_000)
    };
    // 1000 × 0.1 + 90000 × 0.01 + 9000 × 0.125 + 1000 × 0.5 = 100 + 900 + 1125 + 500
    assert_cost(&usage(100_000), &prices, Tier::Standard, "0.002625");
    // 1001 × 0.5 + 90000 × 0.05 + 9000 × 0.625 + 1000 × 2.5 = 500.5 + 4500 + 5625 + 2500
    assert_cost(&usage(100_001), &prices, Tier::Standard, "0.0131255");
}

#[test]
fn bedrock_charges_a_tenth_more_for_a_region() {
    // Claude Sonnet 4.5 as `us.anthropic…`, https://aws.amazon.com/bedrock/pricing/
    let prices = standard("input 3.3, cached_input 0.33, cache_write 4.125, cache_write_1h 6.6, output 16.5");
    let usage = Usage { cached_input_tokens: Some(7), cache_write_tokens: Some(11), ..tokens(21, 5) };
    // 3 × 3.3 + 7 × 0.33 + 11 × 4.125 + 5 × 16.5 = 9.9 + 2.31 + 45.375 + 82.5
    assert_cost(&usage, &prices, Tier::Standard, "0.000140085");
}

#[test]
fn gemini_charges_thinking_as_output_and_a_long_prompt_higher_as_a_whole() {
    // Gemini 2.5 Pro, https://ai.google.dev/gemini-api/docs/pricing#gemini-2.5-pro: prompts ≤ 200k and > 200k;
    // one price for text, image, video and audio
    let prices = long(
        "input 1.25, cached_input 0.125, output 10, input_audio 1.25, cached_input_audio 0.125",
        200_000,
        "input 2.5, cached_input 0.25, output 15, input_audio 2.5, cached_input_audio 0.25",
    );
    // promptTokenCount 11500, cachedContentTokenCount 10000, candidatesTokenCount 1000, thoughtsTokenCount 10000
    let usage =
        Usage { cached_input_tokens: Some(10_000), reasoning_tokens: Some(10_000), ..tokens(11_500, 11_000) };
    // 1500 × 1.25 + 10000 × 0.125 + 11000 × 10 = 1875 + 1250 + 110000
    assert_cost(&usage, &prices, Tier::Standard, "0.113125");
    let usage = Usage { cached_input_tokens: Some(200_000), ..tokens(200_001, 1) };
    // 1 × 2.5 + 200000 × 0.25 + 1 × 15
    assert_cost(&usage, &prices, Tier::Standard, "0.0500175");
}

#[test]
fn gemini_flash_charges_audio_more_cached_or_not() {
    // Gemini 2.5 Flash, https://ai.google.dev/gemini-api/docs/pricing#gemini-2.5-flash: input 0.30 (text, image, video),
    // 1.00 (audio), caching 0.03 and 0.10; the batch tab halves input and output and leaves caching as it is
    let mut prices =
        standard("input 0.3, cached_input 0.03, output 2.5, input_audio 1, cached_input_audio 0.1");
    prices = with_tier(
        prices,
        Tier::Batch,
        "input 0.15, cached_input 0.03, output 1.25, input_audio 0.5, cached_input_audio 0.1",
    );
    let usage = Usage {
        cached_input_tokens: Some(3_000),
        input_audio_tokens: Some(1_600),
        cached_audio_tokens: Some(1_000),
        input_image_tokens: Some(258),
        ..tokens(5_000, 200)
    };
    // 1400 × 0.3 + 2000 × 0.03 + 600 × 1 + 1000 × 0.1 + 200 × 2.5 = 420 + 60 + 600 + 100 + 500
    assert_cost(&usage, &prices, Tier::Standard, "0.00168");
    // 1400 × 0.15 + 2000 × 0.03 + 600 × 0.5 + 1000 × 0.1 + 200 × 1.25 = 210 + 60 + 300 + 100 + 250
    assert_cost(&usage, &prices, Tier::Batch, "0.00092");
}

#[test]
fn deepseek_charges_a_cache_hit_next_to_nothing_and_half_outside_of_its_busy_hours() {
    // deepseek-flash, https://api-docs.deepseek.com/quick_start/pricing: peak 01:00-04:00 and 06:00-10:00 UTC, Monday to
    // Friday; the hour at which the answer is complete counts
    let list = |daily, days, text: &str| {
        let mut list = PriceList::new(Period::parse(None, daily, days).unwrap());
        list.card_mut(Tier::Standard).base = rates(text);
        list
    };
    let peak = |hours| list(Some(hours), Some("mon-fri"), "input 0.3, cached_input 0.006, output 1.2");
    let off_peak = list(None, None, "input 0.15, cached_input 0.003, output 0.6");
    let prices = ModelPrices { lists: vec![off_peak, peak("01:00-04:00"), peak("06:00-10:00")] };
    let usage = Usage { cached_input_tokens: Some(1_024), ..tokens(1_100, 77) };
    let at = |unix_seconds| {
        let service = Service { tier: Tier::Standard, unix_seconds };
        cost(&usage, &prices, service).unwrap().total
    };
    let day = NOON - 12 * 3_600;
    // 76 × 0.15 + 1024 × 0.003 + 77 × 0.6 = 11.4 + 3.072 + 46.2
    let (off_peak, peak) = (money("0.000060672"), money("0.000121344"));
    assert_eq!([at(NOON), at(day), at(day + 4 * 3_600), at(day + 6 * 3_600 - 1)], [off_peak; 4]);
    assert_eq!([at(day + 3_600), at(day + 6 * 3_600), at(day + 10 * 3_600 - 1)], [peak; 3]);
    let saturday = day + 2 * 86_400;
    assert_eq!(at(saturday + 3_600), off_peak);
}

#[test]
fn xai_charges_the_higher_rates_from_200k_tokens_on() {
    // Grok 4.7: "Long context >= 200k tokens", https://docs.x.ai/developers/pricing
    let prices = long("input 2, cached_input 0.5, output 6", 199_999, "input 4, cached_input 1, output 12");
    // 199999 × 2 + 10 × 6, and 200000 × 4 + 10 × 12
    assert_cost(&tokens(199_999, 10), &prices, Tier::Standard, "0.400058");
    assert_cost(&tokens(200_000, 10), &prices, Tier::Standard, "0.80012");
}

#[test]
fn embeddings_have_no_output() {
    // text-embedding-3-small, https://developers.openai.com/api/docs/pricing
    let usage = Usage { input_tokens: Some(8), ..Usage::default() };
    assert_cost(&usage, &standard("input 0.02"), Tier::Standard, "0.00000016");
    // voyage-4, https://docs.voyageai.com/docs/pricing; a batch is a third less
    let prices = with_tier(standard("input 0.06"), Tier::Batch, "input 0.0402");
    assert_cost(&usage, &prices, Tier::Batch, "0.0000003216");
}

#[test]
fn rerankers_charge_units_of_search_or_tokens() {
    // rerank-v3.5: $2 for 1,000 searches, https://cohere.com/pricing
    let usage = Usage { searches: Some(3), ..Usage::default() };
    assert_cost(&usage, &standard("input 0, output 0, search 2"), Tier::Standard, "0.006");
    // jina-reranker-m0, https://api.jina.ai/v1/models
    let usage = Usage { input_tokens: Some(815), ..Usage::default() };
    assert_cost(&usage, &standard("input 0.05, output 0"), Tier::Standard, "0.00004075");
}

#[test]
fn images_cost_by_the_piece_or_by_the_token() {
    // sd3.5-large: 6.5 credits of a cent, https://platform.stability.ai/pricing
    let usage = Usage { images: Some(3), ..Usage::default() };
    assert_cost(&usage, &standard("image 0.065"), Tier::Standard, "0.195");
    // gpt-image-2, https://developers.openai.com/api/docs/models/gpt-image-2: text and image input, image output
    let prices = standard("input 5, cached_input 1.25, output 30, input_image 8, cached_input_image 2");
    let usage = Usage { input_image_tokens: Some(323), images: Some(1), ..tokens(373, 1_056) };
    // 50 × 5 + 323 × 8 + 1056 × 30 = 250 + 2584 + 31680
    assert_cost(&usage, &prices, Tier::Standard, "0.034514");
    // Gemini 2.5 Flash Image: 1290 tokens an image at 30, https://ai.google.dev/gemini-api/docs/pricing
    let usage = Usage { output_image_tokens: Some(1_290), ..tokens(20, 1_300) };
    // 20 × 0.3 + 10 × 2.5 + 1290 × 30 = 6 + 25 + 38700
    assert_cost(&usage, &standard("input 0.3, output 2.5, output_image 30"), Tier::Standard, "0.038731");
}

#[test]
fn audio_costs_by_its_length_to_the_millisecond() {
    let heard = |milliseconds| Usage { audio_milliseconds: Some(milliseconds), ..Usage::default() };
    // whisper-1: $0.006 a minute, https://developers.openai.com/api/docs/models/whisper-1
    assert_cost(&heard(27_000), &standard("audio 0.36"), Tier::Standard, "0.0027");
    // nova-3: $0.0043 a minute, https://deepgram.com/pricing
    assert_cost(&heard(60_000), &standard("audio 0.258"), Tier::Standard, "0.0043");
    // whisper-large-v3: $0.111 an hour, https://console.groq.com/docs/model/whisper-large-v3; 12.345 s do not come out even
    assert_cost(&heard(12_345), &standard("audio 0.111"), Tier::Standard, "0.0003806375");
    assert_cost(&heard(10_001), &standard("audio 0.111"), Tier::Standard, "0.000308364167");
}

#[test]
fn speech_costs_by_the_character() {
    // tts-1: $15 for 1M characters, https://developers.openai.com/api/docs/pricing
    let usage = Usage { characters: Some(43), ..Usage::default() };
    assert_cost(&usage, &standard("character 15"), Tier::Standard, "0.000645");
}

#[test]
fn searches_cost_by_the_piece_beside_the_tokens() {
    // Gemini 3.1 Pro: $14 for 1,000 search queries, https://ai.google.dev/gemini-api/docs/pricing
    let usage = Usage { searches: Some(3), ..tokens(1_000, 100) };
    // 1000 × 2 + 100 × 12 = 3200; 3 × 14 for a thousand
    assert_cost(&usage, &standard("input 2, output 12, search 14"), Tier::Standard, "0.0452");
}

#[test]
fn perplexity_charges_a_request_by_how_much_was_searched_for_it_which_no_figure_says() {
    // sonar-pro: $6, $10 or $14 for 1,000 requests by the size of the search context,
    // https://docs.perplexity.ai/docs/agent-api/migrate-from-sonar/overview
    let unpriced = missing(&tokens(10, 10), "input 3, output 15, request ?");
    assert_eq!(unpriced, Unpriced::Component(Component::Request));
    assert_eq!(priced(&tokens(10, 10), "input 3, output 15, request 6").unwrap().total, money("0.00618"));
}
