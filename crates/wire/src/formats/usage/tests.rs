//! What each provider's report means, in its own words.

use super::*;

#[test]
fn openai_names_of_both_generations_are_read() {
    let chat = br#"{"prompt_tokens":20,"completion_tokens":9,"total_tokens":29,
        "prompt_tokens_details":{"cached_tokens":16,"audio_tokens":1,"cache_write_tokens":2},
        "completion_tokens_details":{"reasoning_tokens":4,"audio_tokens":3}}"#;
    let responses = br#"{"input_tokens":20,"output_tokens":9,"total_tokens":29,
        "input_tokens_details":{"cached_tokens":16,"audio_tokens":1,"cache_write_tokens":2},
        "output_tokens_details":{"reasoning_tokens":4,"audio_tokens":3}}"#;
    let usage = usage_of_body(RequestKind::Chat, chat).unwrap();
    assert_eq!(usage_of_body(RequestKind::Responses, responses), Some(usage));
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(20), Some(9)));
    assert_eq!((usage.cached_input_tokens, usage.cache_write_tokens), (Some(16), Some(2)));
    assert_eq!((usage.reasoning_tokens, usage.input_audio_tokens), (Some(4), Some(1)));
    assert_eq!(usage.output_audio_tokens, Some(3));
}

#[test]
fn anthropic_input_is_the_sum_of_fresh_read_and_written() {
    let raw = br#"{"input_tokens":3,"cache_read_input_tokens":100,"cache_creation_input_tokens":20,
        "cache_creation":{"ephemeral_5m_input_tokens":5,"ephemeral_1h_input_tokens":15},"output_tokens":1}"#;
    let usage = usage_of_body(RequestKind::Messages, raw).unwrap();
    assert_eq!(usage.input_tokens, Some(123));
    assert_eq!((usage.cached_input_tokens, usage.cache_write_tokens), (Some(100), Some(20)));
    assert_eq!(usage.cache_write_1h_tokens, Some(15));
}

#[test]
fn a_later_report_replaces_only_what_it_repeats() {
    let mut usage = usage_of_body(
        RequestKind::Messages,
        br#"{"input_tokens":3,"cache_read_input_tokens":100,"cache_creation_input_tokens":0,"output_tokens":1}"#,
    )
    .unwrap();
    usage.merge(&usage_of_body(RequestKind::Messages, br#"{"output_tokens":50}"#).unwrap());
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(103), Some(50)));
    usage.merge(&usage_of_body(RequestKind::Messages, br#"{"input_tokens":3,"output_tokens":60}"#).unwrap());
    assert_eq!((usage.input_tokens, usage.output_tokens), (Some(103), Some(60)));
    usage.merge(
        &usage_of_body(RequestKind::Messages, br#"{"input_tokens":4,"cache_read_input_tokens":90}"#).unwrap(),
    );
    assert_eq!((usage.input_tokens, usage.cached_input_tokens), (Some(94), Some(90)));
}

#[test]
fn cohere_is_metered_by_what_it_charges() {
    let read = |raw: &str| {
        let usage = usage_of_body(RequestKind::Cohere, raw.as_bytes()).unwrap();
        (usage.input_tokens, usage.output_tokens, usage.cached_input_tokens)
    };
    let recorded = r#"{"billed_units":{"input_tokens":5.0,"output_tokens":2},
        "tokens":{"input_tokens":500,"output_tokens":5},"cached_tokens":448}"#;
    assert_eq!(read(recorded), (Some(5), Some(2), None));
    let same = r#"{"billed_units":{"input_tokens":20,"output_tokens":2},
        "tokens":{"input_tokens":20.0,"output_tokens":2},"cached_tokens":16}"#;
    assert_eq!(read(same), (Some(20), Some(2), Some(16)));
    let seen = r#"{"tokens":{"input_tokens":20,"output_tokens":2},"cached_tokens":16}"#;
    assert_eq!(read(seen), (Some(20), Some(2), Some(16)));
    assert_eq!(read(r#"{"billed_units":{"input_tokens":"5"}}"#), (None, None, None));
}

#[test]
fn what_was_not_reported_is_none_and_what_is_odd_is_skipped() {
    assert_eq!(usage_of_body(RequestKind::Chat, b"{}"), Some(Usage::default()));
    assert_eq!(usage_of_body(RequestKind::Chat, b"null"), None);
    assert_eq!(usage_of_body(RequestKind::Chat, b"{"), None);
    let odd = usage_of_body(RequestKind::Chat, br#"{"prompt_tokens":"7","completion_tokens":-1}"#).unwrap();
    assert_eq!(odd, Usage::default());
    let deepseek = br#"{"prompt_tokens":9,"prompt_cache_hit_tokens":5,"prompt_tokens_details":null}"#;
    assert_eq!(usage_of_body(RequestKind::Chat, deepseek).unwrap().cached_input_tokens, Some(5));
}

fn answer(kind: RequestKind, body: &'static str) -> Usage {
    usage_of_answer(kind, &Document::parse(body.into(), crate::json::ScanLimits::default()).unwrap()).unwrap()
}

#[test]
fn reasoning_beside_the_output_is_added_and_reasoning_within_it_is_not() {
    // xAI: 32 + 50 + 300 = 382 (docs.x.ai, "Reasoning"; the same at Vertex AI).
    let apart = br#"{"prompt_tokens":32,"completion_tokens":50,"total_tokens":382,
        "completion_tokens_details":{"reasoning_tokens":300}}"#;
    let usage = usage_of_body(RequestKind::Chat, apart).unwrap();
    assert_eq!((usage.output_tokens, usage.reasoning_tokens), (Some(350), Some(300)));
    let within = br#"{"prompt_tokens":32,"completion_tokens":350,"total_tokens":382,
        "completion_tokens_details":{"reasoning_tokens":300}}"#;
    assert_eq!(usage_of_body(RequestKind::Chat, within).unwrap().output_tokens, Some(350));
    let without_total = br#"{"prompt_tokens":32,"completion_tokens":50,"reasoning_tokens":3}"#;
    assert_eq!(usage_of_body(RequestKind::Chat, without_total).unwrap().output_tokens, Some(50));
}

#[test]
fn what_is_charged_apart_is_counted_apart() {
    let openai = br#"{"input_tokens":9,"output_tokens":1,"input_tokens_details":{"cache_write_tokens":8,
        "cache_write_tokens_details":{"ttl_30m_tokens":3,"ttl_12h_tokens":5}}}"#;
    let usage = usage_of_body(RequestKind::Responses, openai).unwrap();
    assert_eq!((usage.cache_write_tokens, usage.cache_write_12h_tokens), (Some(8), Some(5)));
    let anthropic = br#"{"input_tokens":9,"output_tokens":1,"server_tool_use":{"web_search_requests":2}}"#;
    assert_eq!(usage_of_body(RequestKind::Messages, anthropic).unwrap().searches, Some(2));
    let cohere = br#"{"billed_units":{"input_tokens":9.0,"search_units":1.0}}"#;
    assert_eq!(usage_of_body(RequestKind::Cohere, cohere).unwrap().searches, Some(1));
    let gemini = br#"{"promptTokenCount":9,"cachedContentTokenCount":4,"candidatesTokenCount":2,
        "promptTokensDetails":[{"modality":"TEXT","tokenCount":5},{"modality":"AUDIO","tokenCount":4}],
        "cacheTokensDetails":[{"modality":"TEXT","tokenCount":4}],
        "candidatesTokensDetails":[{"modality":"IMAGE","tokenCount":2}]}"#;
    let usage = usage_of_body(RequestKind::Gemini, gemini).unwrap();
    assert_eq!((usage.input_audio_tokens, usage.cached_audio_tokens), (Some(4), Some(0)));
    assert_eq!((usage.output_image_tokens, usage.output_audio_tokens), (Some(2), Some(0)));
    let silent = usage_of_body(RequestKind::Gemini, br#"{"promptTokenCount":9}"#).unwrap();
    assert_eq!(silent.cached_audio_tokens, None);
}

#[test]
fn the_tier_is_the_one_that_the_provider_names_wherever_it_names_it() {
    for (kind, body, tier) in [
        (RequestKind::Chat, r#"{"service_tier":"default","usage":{}}"#, Some(ServiceTier::Standard)),
        (RequestKind::Responses, r#"{"usage":{},"service_tier":"flex"}"#, Some(ServiceTier::Flex)),
        (RequestKind::Chat, r#"{"service_tier":"scale","usage":{}}"#, Some(ServiceTier::Other)),
        (RequestKind::Chat, r#"{"service_tier":"on_demand","usage":{}}"#, Some(ServiceTier::Standard)),
        (RequestKind::Chat, r#"{"usage":{"service_tier":"priority"}}"#, Some(ServiceTier::Priority)),
        (RequestKind::Chat, r#"{"service_tier":null,"usage":{}}"#, None),
        (RequestKind::Messages, r#"{"usage":{"service_tier":"batch"}}"#, Some(ServiceTier::Batch)),
        (
            RequestKind::Messages,
            r#"{"usage":{"service_tier":"standard","speed":"fast"}}"#,
            Some(ServiceTier::Fast),
        ),
        (
            RequestKind::Messages,
            r#"{"usage":{"service_tier":"priority","speed":"standard"}}"#,
            Some(ServiceTier::Priority),
        ),
        (
            RequestKind::Gemini,
            r#"{"usageMetadata":{"trafficType":"ON_DEMAND_FLEX"}}"#,
            Some(ServiceTier::Flex),
        ),
        (
            RequestKind::Gemini,
            r#"{"usageMetadata":{"trafficType":"PROVISIONED_THROUGHPUT"}}"#,
            Some(ServiceTier::Other),
        ),
        (RequestKind::Gemini, r#"{"usageMetadata":{"serviceTier":"priority"}}"#, Some(ServiceTier::Priority)),
        (
            RequestKind::Converse,
            r#"{"usage":{},"serviceTier":{"type":"reserved"}}"#,
            Some(ServiceTier::Other),
        ),
        (
            RequestKind::Converse,
            r#"{"usage":{},"serviceTier":{"type":"default"},"performanceConfig":{"latency":"optimized"}}"#,
            Some(ServiceTier::Fast),
        ),
        (
            RequestKind::Converse,
            r#"{"usage":{},"performanceConfig":{"latency":"standard"},"serviceTier":{"type":"flex"}}"#,
            Some(ServiceTier::Flex),
        ),
        (RequestKind::Cohere, r#"{"usage":{}}"#, None),
    ] {
        assert_eq!(answer(kind, body).tier, tier, "{body}");
    }
}

#[test]
fn searches_of_the_web_are_counted_where_they_stand() {
    let responses = r#"{"usage":{},"output":[{"type":"web_search_call","action":{"type":"search","query":"a"}},
        {"type":"web_search_call","action":{"type":"open_page"}},{"type":"web_search_call"},{"type":"message"}]}"#;
    assert_eq!(answer(RequestKind::Responses, responses).searches, Some(2));
    assert_eq!(answer(RequestKind::Responses, r#"{"usage":{},"output":[]}"#).searches, None);
    let gemini = r#"{"usageMetadata":{},"candidates":[{"groundingMetadata":{"webSearchQueries":["a","","b","c","a"]}}]}"#;
    assert_eq!(answer(RequestKind::Gemini, gemini).searches, Some(3));
    let perplexity = br#"{"prompt_tokens":1,"num_search_queries":7}"#;
    assert_eq!(usage_of_body(RequestKind::Chat, perplexity).unwrap().searches, Some(7));
}

#[test]
fn a_later_report_keeps_the_tier_and_the_searches_of_an_earlier_one() {
    let mut usage = usage_of_body(
        RequestKind::Messages,
        br#"{"input_tokens":1,"service_tier":"priority","server_tool_use":{"web_search_requests":1}}"#,
    )
    .unwrap();
    usage.merge(&usage_of_body(RequestKind::Messages, br#"{"output_tokens":5}"#).unwrap());
    assert_eq!(
        (usage.tier, usage.searches, usage.output_tokens),
        (Some(ServiceTier::Priority), Some(1), Some(5))
    );
}
