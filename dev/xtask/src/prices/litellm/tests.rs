//! The forms of LiteLLM's list, each as a small model.

use serde_json::json;

use super::*;

fn read(models: &Json) -> Vec<Entry> {
    entries(&serde_json::from_value(models.clone()).unwrap(), &mut Report::default()).unwrap()
}

fn read_one(key: &str, model: &Json) -> Entry {
    read(&json!({ key: model })).remove(0)
}

fn price(entry: &Entry, tier: Tier, above: Option<u64>, component: Component) -> Option<String> {
    let card = entry.prices.first()?.cards.get(&tier)?;
    let rates = above.map_or(Some(&card.base), |above| card.above.get(&above))?;
    Some(rates.get(&component)?.map_or_else(|| "varies".to_owned(), |price| price.to_string()))
}

#[test]
fn the_name_of_a_member_says_tier_and_length() {
    let entry = read_one(
        "gpt",
        &json!({"litellm_provider": "openai", "mode": "chat",
            "input_cost_per_token": "2.5e-06", "input_cost_per_token_above_272k_tokens": "5e-06",
            "input_cost_per_token_batches": "1.25e-06", "input_cost_per_token_above_272k_tokens_priority": "1e-05",
            "input_cost_per_token_priority": "5e-06", "cache_creation_input_token_cost_above_1hr": "4e-06",
            "input_cost_per_token_ultrafast": "1", "search_context_cost_per_query": {"low": "0.01", "high": "0.01"}}),
    );
    let input = |tier, above| price(&entry, tier, above, Component::Input).unwrap();
    assert_eq!(input(Tier::Standard, None), "2.5");
    assert_eq!(input(Tier::Standard, Some(272_000)), "5");
    assert_eq!(input(Tier::Batch, None), "1.25");
    assert_eq!(input(Tier::Priority, None), "5");
    assert_eq!(input(Tier::Priority, Some(272_000)), "10");
    assert_eq!(price(&entry, Tier::Standard, None, Component::CacheWrite1h).unwrap(), "4");
    // Tokens without a figure of the tier have no price there; a search costs what it always costs.
    assert_eq!(price(&entry, Tier::Batch, None, Component::CacheWrite1h), None);
    assert_eq!(price(&entry, Tier::Batch, None, Component::Search).unwrap(), "10");
}

#[test]
fn zeros_that_mean_nothing_are_no_prices() {
    let zeros = json!({"litellm_provider": "openai", "mode": "chat", "input_cost_per_token": "0.0", "output_cost_per_token": "0"});
    assert!(read_one("m", &zeros).prices.is_empty());
    let rerank = json!({"litellm_provider": "cohere", "mode": "rerank", "input_cost_per_query": "0.002",
        "input_cost_per_token": "0.0", "output_cost_per_token": "0.0"});
    let rerank = read_one("rerank", &rerank);
    assert_eq!(price(&rerank, Tier::Standard, None, Component::Search).unwrap(), "2");
    assert_eq!(price(&rerank, Tier::Standard, None, Component::Input).unwrap(), "0");
    assert_eq!(price(&rerank, Tier::Standard, None, Component::Output), None);
}

#[test]
fn an_image_costs_its_tokens_or_itself_but_not_both() {
    let by_piece = json!({"litellm_provider": "stability", "mode": "image_generation", "output_cost_per_image": "0.065"});
    let by_piece = read_one("stability/sd3", &by_piece);
    assert_eq!(price(&by_piece, Tier::Standard, None, Component::Image).unwrap(), "0.065");
    let by_token = json!({"litellm_provider": "gemini", "mode": "image_generation", "output_cost_per_image": "0.039",
        "output_cost_per_image_token": "3e-05"});
    let by_token = read_one("gemini/image", &by_token);
    assert_eq!(price(&by_token, Tier::Standard, None, Component::Image), None);
    assert_eq!(price(&by_token, Tier::Standard, None, Component::OutputImage).unwrap(), "30");
}

#[test]
fn audio_costs_by_the_hour_as_it_was_published_unless_it_costs_by_the_token() {
    let audio = |model: Json| price(&read_one("deepgram/a", &model), Tier::Standard, None, Component::Audio);
    let published = json!({"litellm_provider": "deepgram", "mode": "audio_transcription", "input_cost_per_second": "7.167e-05",
        "metadata": {"original_pricing_per_minute": "0.0043"}});
    assert_eq!(audio(published).unwrap(), "0.258");
    let rounded = json!({"litellm_provider": "deepgram", "mode": "audio_transcription", "input_cost_per_second": "3.083e-05"});
    assert_eq!(audio(rounded).unwrap(), "0.111");
    let by_token = json!({"litellm_provider": "deepgram", "mode": "audio_transcription", "input_cost_per_second": "0.0001",
        "input_cost_per_token": "2.5e-06"});
    assert_eq!(audio(by_token), None);
}

#[test]
fn steps_by_length_become_cards() {
    let entry = read_one(
        "dashscope/qwen",
        &json!({"litellm_provider": "dashscope", "mode": "chat", "tiered_pricing": [
            {"range": ["0", "256000.0"], "input_cost_per_token": "5e-08", "output_cost_per_token": "4e-07"},
            {"range": ["256000.0", "1000000.0"], "input_cost_per_token": "2.5e-07", "output_cost_per_token": "2e-06"}]}),
    );
    assert_eq!((entry.provider, entry.name.as_str()), ("qwen", "qwen"));
    assert_eq!(price(&entry, Tier::Standard, None, Component::Input).unwrap(), "0.05");
    assert_eq!(price(&entry, Tier::Standard, Some(256_000), Component::Output).unwrap(), "2");
}

#[test]
fn hours_off_peak_are_lists_after_the_usual_one() {
    let entry = read_one(
        "deepseek/flash",
        &json!({"litellm_provider": "deepseek", "mode": "chat", "input_cost_per_token": "3e-07", "output_cost_per_token": "1e-06",
            "off_peak_pricing": {"input_cost_per_token": "1.5e-07", "windows": [
                {"hours_utc": ["00:00-01:00", "10:00-00:00"], "weekdays": ["1", "2", "3", "4", "5"]},
                {"hours_utc": "00:00-00:00", "weekdays": ["6", "7"]}]}}),
    );
    let times: Vec<_> =
        entry.prices.iter().map(|list| (list.daily.as_deref(), list.weekdays.as_deref())).collect();
    assert_eq!(
        times,
        [
            (None, None),
            (Some("00:00-01:00"), Some("mon-fri")),
            (Some("10:00-00:00"), Some("mon-fri")),
            (None, Some("sat-sun"))
        ]
    );
    let off_peak = &entry.prices[3].cards[&Tier::Standard].base;
    assert_eq!(off_peak[&Component::Input].unwrap().to_string(), "0.15");
    assert_eq!(off_peak[&Component::Output].unwrap().to_string(), "1");
}

#[test]
fn only_models_that_a_request_can_name_are_taken() {
    let chat = |provider: &str| json!({"litellm_provider": provider, "mode": "chat", "input_cost_per_token": "1e-06"});
    let entries = read(&json!({
        "azure/eu/gpt": chat("azure"), "azure/gpt": chat("azure"), "bedrock/us-east-1/x": chat("bedrock"),
        "high/1024-x-1024/image": chat("openai"), "tavily/search": chat("tavily"), "fireworks-ai-default": chat("fireworks_ai"),
        "bing/search": {"litellm_provider": "openai", "mode": "search"},
        "gpt-latest": {"alias_of": "gpt"}, "gpt": chat("openai"),
    }));
    let names: Vec<_> = entries.iter().map(|entry| (entry.provider, entry.name.as_str())).collect();
    assert_eq!(names, [("azure-openai", "gpt"), ("openai", "gpt")]);
    assert!(entries[1].aliases.iter().eq(["gpt-latest"]));
}

#[test]
fn modalities_and_abilities_come_from_flags() {
    let entry = read_one(
        "claude",
        &json!({"litellm_provider": "anthropic", "mode": "chat", "max_input_tokens": "200000", "max_output_tokens": "64000",
            "supports_vision": true, "supports_pdf_input": true, "supports_audio_input": false,
            "supports_function_calling": true, "supports_native_streaming": false, "deprecation_date": "2027-04-08"}),
    );
    assert!(entry.input.iter().eq(&["image", "pdf", "text"]) && entry.output.iter().eq(&["text"]));
    assert!(entry.capabilities.unwrap().iter().eq(&["tools"]));
    assert_eq!((entry.context_tokens, entry.output_tokens), (Some(200_000), Some(64_000)));
    assert_eq!(entry.deprecated, Some(Deprecation::On("2027-04-08".to_owned())));
    let speech = json!({"litellm_provider": "deepgram", "input_cost_per_character": "3e-05"});
    assert!(read_one("deepgram/aura", &speech).output.iter().eq(&["audio"]));
}
