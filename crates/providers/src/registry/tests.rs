//! Laws of the data files: each is whole, and together they do not get into each other's way.

use std::collections::BTreeMap;

use domain::Endpoint;
use domain::endpoint::Task;
use domain::provider::AuthScheme;

use super::{Glance, Registry};
use crate::compile::{Compiled, compile};
use crate::definition::{Live, ProviderDefinition, QuotaEntry, Utilization};
use crate::named_path;
use crate::sign_in::SignIns;

/// How many providers are promised.
const PROVIDERS_MIN: usize = 60;

fn all() -> Vec<(String, ProviderDefinition)> {
    let registry = Registry::builtin();
    registry.names().map(|name| (name.to_owned(), registry.get(name).unwrap().unwrap())).collect()
}

#[test]
fn every_data_file_is_a_definition() {
    assert!(all().len() >= PROVIDERS_MIN, "{}", all().len());
}

#[test]
fn names_are_sorted_and_unknown_ones_are_not_there() {
    let registry = Registry::builtin();
    let names: Vec<&str> = registry.names().collect();
    assert!(names.is_sorted());
    assert!(registry.contains("openai") && !registry.contains("openai.toml"));
    assert!(registry.get("nobody").unwrap().is_none());
}

#[test]
fn every_provider_is_live_once_its_variables_are_set() {
    for (name, definition) in all() {
        let environment = |variable: &str| {
            let is_address = ["_URL", "_ENDPOINT", "_HOST"].iter().any(|part| variable.contains(part));
            Some(if is_address { "https://resource.example" } else { "secret" }.to_owned())
        };
        let compiled = compile(&name, &definition, &environment, &SignIns::default());
        let Ok(Compiled::Live(provider)) = compiled else { panic!("{name}: {compiled:?}") };
        assert!(!provider.credentials.is_empty(), "{name}");
        assert!(
            Endpoint::ALL.iter().any(|endpoint| endpoint.task() != Task::Other && provider.serves(*endpoint))
        );
    }
}

#[test]
fn no_provider_is_live_in_an_empty_environment() {
    for (name, definition) in all() {
        match compile(&name, &definition, &|_| None, &SignIns::default()) {
            Ok(Compiled::NotLive { variables }) => assert!(!variables.is_empty(), "{name}"),
            other => panic!("{name}: {other:?}"),
        }
    }
}

#[test]
fn a_glance_sees_all_that_could_make_a_provider_live_and_where_it_is_listed() {
    let registry = Registry::builtin();
    for (name, definition) in all() {
        let glance = registry.glance(&name);
        assert_eq!(glance.catalog, definition.catalog, "{name}");
        let all_others = |variable: &str| {
            (!glance.variables.iter().any(|seen| seen == variable)).then(|| "set".to_owned())
        };
        let compiled = compile(&name, &definition, &all_others, &SignIns::default());
        assert!(matches!(compiled, Ok(Compiled::NotLive { .. })), "{name}: {compiled:?}");
    }
    assert_eq!(registry.glance("nobody"), Glance::default());
}

#[test]
fn what_is_in_use_of_azures_deployments_is_told_and_nobody_goes_by_it_unasked() {
    for name in ["azure-openai", "azure-openai-deployments", "azure-foundry"] {
        let definition = Registry::builtin().get(name).unwrap().unwrap();
        let quota =
            Some(vec![QuotaEntry { utilization: Some(Utilization::default()), ..QuotaEntry::default() }]);
        let asking = ProviderDefinition { quota, ..definition.clone() };
        let environment = |variable: &str| {
            Some(if variable.ends_with("_ENDPOINT") { "https://a.example" } else { "secret" }.to_owned())
        };
        for (definition, expected) in [(definition, None), (asking, Some(80))] {
            let compiled = compile(name, &definition, &environment, &SignIns::default());
            let Ok(Compiled::Live(provider)) = compiled else { panic!("{name}: {compiled:?}") };
            assert_eq!(provider.rate_limit_headers.utilizations, ["azure-openai-deployment-utilization"]);
            let policy = provider.quota("m").and_then(|quota| quota.utilization);
            assert_eq!(policy.map(|policy| policy.batch_percent_max), expected, "{name}");
        }
    }
}

#[test]
fn every_provider_says_where_it_is_documented() {
    for (name, definition) in all() {
        assert!(definition.title.is_some_and(|title| !title.is_empty()), "{name}");
        assert!(definition.docs.is_some_and(|docs| docs.starts_with("https://")), "{name}");
    }
}

#[test]
fn credentials_leave_the_machine_only_over_tls() {
    for (name, definition) in all() {
        let base = definition.base_url.unwrap();
        if definition.live == Some(Live::WhenConfigured) {
            let default = definition.variables["base"].default.as_deref().unwrap();
            assert!(default.starts_with("http://127.0.0.1:"), "{name}: {default}");
        } else {
            let is_named = base.starts_with("${endpoint}") || base.starts_with("${host}/");
            assert!(base.starts_with("https://") || is_named, "{name}: {base}");
        }
    }
}

/// Providers that are interfaces of the same account, so that they share its variables.
const OF_ONE_ACCOUNT: [&[&str]; 2] = [
    &["bedrock", "bedrock-agent", "bedrock-mantle", "sagemaker", "anthropic-aws"],
    &["azure-openai", "azure-openai-deployments"],
];

#[test]
fn a_variable_of_the_environment_belongs_to_one_provider() {
    let mut owners: BTreeMap<String, String> = BTreeMap::new();
    for (name, definition) in all() {
        let variables = definition.variables.into_values().filter_map(|variable| variable.env);
        for variable in definition.auth.env.into_iter().chain(variables).flatten() {
            if let Some(other) = owners.insert(variable.clone(), name.clone()) {
                let is_shared = OF_ONE_ACCOUNT
                    .iter()
                    .any(|family| family.contains(&name.as_str()) && family.contains(&other.as_str()));
                assert!(is_shared, "{variable} is read by {other} and by {name}");
            }
        }
    }
}

#[test]
fn a_model_is_claimed_by_one_provider() {
    for (model, owner) in [
        ("gpt-4o-mini", "openai"),
        ("o3", "openai"),
        ("text-embedding-3-small", "openai"),
        ("claude-opus-4-5", "anthropic"),
        ("gemini-2.5-flash", "google"),
        ("mistral-large-latest", "mistral"),
        ("deepseek-chat", "deepseek"),
        ("grok-4", "xai"),
        ("command-a-03-2025", "cohere"),
        ("embed-v4.0", "cohere"),
        ("rerank-v3.5", "cohere"),
        ("voyage-3.5", "voyage"),
        ("rerank-2.5", "voyage"),
        ("jina-reranker-m0", "jina"),
        ("eleven_multilingual_v2", "elevenlabs"),
        ("nova-3", "deepgram"),
        ("aura-2-thalia-en", "deepgram"),
        ("kimi-k2.6", "moonshot"),
        ("glm-5", "zhipu"),
        ("gpt-oss-120b", "cerebras"),
    ] {
        let claims = |definition: &ProviderDefinition| {
            let models = definition.models.as_deref().unwrap_or_default();
            models.iter().any(|pattern| domain::Pattern::from(pattern.as_str()).matches(model))
        };
        let owners: Vec<String> =
            all().into_iter().filter(|(_, definition)| claims(definition)).map(|(name, _)| name).collect();
        assert_eq!(owners, [owner], "{model}");
    }
}

/// The path that a request for a model goes to, with the provider's variables as given.
fn path_of(
    name: &str,
    environment: &[(&str, &str)],
    endpoint: Endpoint,
    model: &str,
    streamed: bool,
) -> String {
    let read =
        |name: &str| environment.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
    let definition = Registry::builtin().get(name).unwrap().unwrap();
    let compiled = compile(name, &definition, &read, &SignIns::default());
    let Ok(Compiled::Live(provider)) = compiled else { panic!("{name}: {compiled:?}") };
    let Some(offer) = provider.offer(endpoint, model) else { return "not served".to_owned() };
    let path = named_path(offer.path(endpoint, streamed).unwrap(), model).unwrap();
    format!("{}{path}", provider.base.authority)
}

#[test]
fn vertex_serves_each_publisher_in_its_own_format() {
    let vertex = |location: &str, endpoint, model: &str, streamed| {
        let environment = [
            ("GOOGLE_CLOUD_PROJECT", "p"),
            ("GOOGLE_CLOUD_LOCATION", location),
            ("GOOGLE_APPLICATION_CREDENTIALS", "/f"),
        ];
        path_of("vertex", &environment, endpoint, model, streamed)
    };
    let global = "aiplatform.googleapis.com/v1/projects/p/locations/global";
    let claude = "claude-sonnet-4-5@20250929";
    for (endpoint, model, streamed, path) in [
        (
            Endpoint::Messages,
            claude,
            false,
            "/publishers/anthropic/models/claude-sonnet-4-5%4020250929:rawPredict",
        ),
        (
            Endpoint::Messages,
            claude,
            true,
            "/publishers/anthropic/models/claude-sonnet-4-5%4020250929:streamRawPredict",
        ),
        (Endpoint::CountTokens, claude, false, "/publishers/anthropic/models/count-tokens:rawPredict"),
        (
            Endpoint::GenerateContent,
            "gemini-3-pro",
            false,
            "/publishers/google/models/gemini-3-pro:generateContent",
        ),
        (
            Endpoint::StreamGenerateContent,
            "gemini-3-pro",
            true,
            "/publishers/google/models/gemini-3-pro:streamGenerateContent?alt=sse",
        ),
        (Endpoint::ChatCompletions, "gemini-3-pro", true, "/endpoints/openapi/chat/completions"),
        (Endpoint::ChatCompletions, "meta/llama-4", false, "/endpoints/openapi/chat/completions"),
        (
            Endpoint::ChatCompletions,
            "codestral-2",
            true,
            "/publishers/mistralai/models/codestral-2:streamRawPredict",
        ),
    ] {
        assert_eq!(vertex("global", endpoint, model, streamed), format!("{global}{path}"));
    }
    assert_eq!(vertex("global", Endpoint::ChatCompletions, claude, false), "not served");
    for (location, host) in [
        ("europe-west1", "europe-west1-aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ] {
        let path = vertex(location, Endpoint::ChatCompletions, "meta/llama-4", false);
        assert!(path.starts_with(&format!("{host}/v1/projects/p/locations/{location}/")), "{path}");
    }
}

#[test]
fn bedrock_serves_everything_by_converse_and_openais_models_in_their_own_formats() {
    let keys = [("AWS_REGION", "eu-central-1"), ("AWS_BEARER_TOKEN_BEDROCK", "k")];
    let bedrock = |endpoint, model| path_of("bedrock", &keys, endpoint, model, false);
    let host = "bedrock-runtime.eu-central-1.amazonaws.com";
    assert_eq!(
        bedrock(Endpoint::Converse, "eu.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        format!("{host}/model/eu.anthropic.claude-sonnet-4-5-20250929-v1%3A0/converse")
    );
    assert_eq!(
        bedrock(Endpoint::Converse, "arn:aws:bedrock:eu-central-1:1:inference-profile/x"),
        format!("{host}/model/arn%3Aaws%3Abedrock%3Aeu-central-1%3A1%3Ainference-profile%2Fx/converse")
    );
    assert_eq!(bedrock(Endpoint::ChatCompletions, "amazon.nova-lite-v1:0"), "not served");
    for model in ["openai.gpt-oss-120b-1:0", "global.openai.gpt-6-sol"] {
        assert_eq!(bedrock(Endpoint::ChatCompletions, model), format!("{host}/openai/v1/chat/completions"));
    }
    let mantle = |endpoint, model| path_of("bedrock-mantle", &keys, endpoint, model, false);
    let host = "bedrock-mantle.eu-central-1.api.aws";
    assert_eq!(
        mantle(Endpoint::Messages, "anthropic.claude-opus-5"),
        format!("{host}/anthropic/v1/messages")
    );
    assert_eq!(mantle(Endpoint::Responses, "openai.gpt-6-sol"), format!("{host}/openai/v1/responses"));
    assert_eq!(mantle(Endpoint::Responses, "openai.gpt-oss-20b"), format!("{host}/v1/responses"));
}

#[test]
fn images_and_audio_are_asked_for_where_each_provider_has_them() {
    let set = |name: &'static str| [(name, "k"), ("AWS_REGION", "us-west-2")];
    let path =
        |name: &str, key, endpoint, model, streamed| path_of(name, &set(key), endpoint, model, streamed);
    let voice =
        |streamed| path("elevenlabs", "ELEVENLABS_API_KEY", Endpoint::ElevenLabsSpeech, "v/1", streamed);
    assert_eq!(voice(false), "api.elevenlabs.io/v1/text-to-speech/v%2F1");
    assert_eq!(voice(true), "api.elevenlabs.io/v1/text-to-speech/v%2F1/stream");
    let bedrock =
        |model| path("bedrock", "AWS_BEARER_TOKEN_BEDROCK", Endpoint::StabilityImages, model, false);
    for model in [
        "stability.stable-image-ultra-v1:1",
        "us.stability.stable-image-core-v1:1",
        "stability.sd3-5-large-v1:0",
    ] {
        assert!(bedrock(model).ends_with("/invoke"), "{model}: {}", bedrock(model));
    }
    // These change a picture, which no request for a new one holds.
    assert_eq!(bedrock("us.stability.stable-image-inpaint-v1:0"), "not served");
    let fireworks = |endpoint, model| path("fireworks", "FIREWORKS_API_KEY", endpoint, model, false);
    let flux = "accounts/fireworks/models/flux-1-schnell-fp8";
    let workflows = "api.fireworks.ai/inference/v1/workflows";
    let expected = format!("{workflows}/{flux}/text_to_image");
    assert_eq!(fireworks(Endpoint::FireworksImages, flux), expected);
    let kontext = "accounts/fireworks/models/flux-kontext-pro";
    assert_eq!(fireworks(Endpoint::KontextImages, kontext), format!("{workflows}/{kontext}"));
    assert_eq!(fireworks(Endpoint::FireworksImages, kontext), "not served");
    let replicate =
        path("replicate", "REPLICATE_API_TOKEN", Endpoint::ReplicateImages, "google/imagen-4", false);
    assert_eq!(replicate, "api.replicate.com/v1/predictions");
    let gemini = path("google", "GEMINI_API_KEY", Endpoint::GeminiImages, "gemini-2.5-flash-image", false);
    assert!(gemini.ends_with("/v1beta/models/gemini-2.5-flash-image:generateContent"), "{gemini}");
}

#[test]
fn the_key_goes_where_each_interface_of_a_provider_wants_it() {
    let auth = |name: &str, endpoint, model: &str| {
        let definition = Registry::builtin().get(name).unwrap().unwrap();
        let read =
            |variable: &str| Some(if variable.contains("_ENDPOINT") { "https://h" } else { "k" }.to_owned());
        let compiled = compile(name, &definition, &read, &SignIns::default());
        let Ok(Compiled::Live(provider)) = compiled else { panic!("{name}: {compiled:?}") };
        let own = provider.auth.clone();
        provider.offer(endpoint, model).unwrap().auth.clone().unwrap_or(own)
    };
    let header = |name: &'static str| AuthScheme::Header(http::HeaderName::from_static(name));
    assert_eq!(auth("deepgram", Endpoint::DeepgramSpeech, "aura-2"), AuthScheme::Token);
    assert_eq!(auth("elevenlabs", Endpoint::ElevenLabsSpeech, "eleven_v3"), header("xi-api-key"));
    assert_eq!(auth("google", Endpoint::GenerateContent, "gemini-3-pro"), header("x-goog-api-key"));
    assert_eq!(auth("google", Endpoint::ChatCompletions, "gemini-3-pro"), AuthScheme::Bearer);
    assert_eq!(auth("azure-foundry", Endpoint::ChatCompletions, "gpt-6"), header("api-key"));
    assert_eq!(auth("azure-foundry", Endpoint::Messages, "claude-opus-5"), header("x-api-key"));
}
