//! What a route's form accepts and refuses.

use std::time::Duration;

use super::{StrategyMode, from_json, refusal};

#[test]
fn a_portkey_config_reads_as_it_is() {
    let spec = from_json(
        br#"{
            "strategy": {"mode": "fallback", "on_status_codes": [429, 503]},
            "retry": {"attempts": 3, "on_status_codes": [429], "use_retry_after_headers": true},
            "request_timeout": 10000,
            "strict_open_ai_compliance": false,
            "targets": [
                {"provider": "@openai", "api_key": "sk-secret", "override_params": {"model": "gpt-4o"}},
                {"strategy": {"mode": "loadbalance"}, "targets": [
                    {"provider": "anthropic", "weight": 0.7},
                    {"provider": "groq", "weight": 0.3}
                ]}
            ]
        }"#,
    )
    .unwrap();
    assert_eq!(spec.strategy.unwrap().mode, StrategyMode::Fallback);
    assert_eq!(spec.request_timeout.unwrap().duration(), Some(Duration::from_secs(10)));
    assert_eq!(spec.retry.unwrap().use_retry_after_header, Some(true));
    let targets = spec.targets.unwrap();
    assert_eq!(targets[0].provider.as_deref(), Some("@openai"));
    assert_eq!(targets[1].targets.as_ref().unwrap()[0].weight, Some(0.7));
}

#[test]
fn a_credential_is_never_shown() {
    let spec = from_json(br#"{"provider": "openai", "api_key": "sk-very-secret"}"#).unwrap();
    assert!(!format!("{spec:?}").contains("sk-very-secret"));
}

#[test]
fn a_setting_that_would_be_ignored_is_refused_by_name_and_place() {
    let problem =
        from_json(br#"{"targets": [{"provider": "openai", "cache": {"mode": "simple"}}]}"#).unwrap_err();
    assert_eq!(problem.path, "targets[0].cache");
    assert_eq!(
        problem.message,
        "`cache` of Portkey is not supported: Tollgate has no response cache yet; remove it"
    );
    let problem = from_json(br#"{"stratgy": {}}"#).unwrap_err();
    assert_eq!(problem.path, "stratgy");
    assert!(problem.message.starts_with("unknown field `stratgy`"), "{problem}");
}

#[test]
fn mistakes_of_form_carry_their_path() {
    for (json, path) in [
        (&br#"{"targets": [{}, {"retry": {"attempts": "x"}}]}"#[..], "targets[1].retry.attempts"),
        (br#"{"strategy": {"mode": "conditionl"}}"#, "strategy.mode"),
        (
            br#"{"strategy": {"mode": "conditional", "conditions": [{"query": {}}]}}"#,
            "strategy.conditions[0]",
        ),
        (
            br#"{"strategy": {"mode": "loadbalance", "sticky": {"hash_fields": ["key"], "ttl": 0}}}"#,
            "strategy.sticky.ttl",
        ),
        (br#"{"retry": {"on_status_codes": [429, 70000]}}"#, "retry.on_status_codes[1]"),
        (br#"{"idle_timeout": "0s"}"#, "idle_timeout"),
        (br#"{} {}"#, ""),
        (br#"["openai"]"#, ""),
        (br#"{"name""#, ""),
    ] {
        assert_eq!(from_json(json).unwrap_err().path, path, "{}", String::from_utf8_lossy(json));
    }
}

#[test]
fn every_unsupported_setting_has_advice_and_no_supported_one_has() {
    let schema = schemars::schema_for!(super::RouteSpec);
    let supported = schema.as_value()["properties"].as_object().unwrap();
    assert!(supported.len() > 20);
    for name in supported.keys() {
        assert_eq!(refusal(name), None);
    }
    for name in ["cache", "virtual_key", "input_guardrails", "aws_region", "cb_config", "prompt_id"] {
        assert!(refusal(name).unwrap().contains(name));
    }
}
