//! What a route means, what it inherits, and what is refused with which path.

mod trials;

use std::sync::Arc;
use std::time::Duration;

use domain::provider::{
    AuthScheme, BaseUrl, Credential, HttpVersion, Offer, Proof, Provider, RateLimitHeaders, StreamUsage,
};
use domain::race::Patience;
use domain::route::{RouteNode, Target};
use domain::{CredentialId, ThroughputMin};
use http::{HeaderName, HeaderValue};
use proptest::prelude::*;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use super::{CompileContext, Defaults, Origin, ProviderDirectory, compile, defaults};
use crate::route::RouteProblem;
use crate::route::spec::{RouteSpec, from_json};

const CLIENT: Origin = Origin::Request { custom_host_allowed: true };

/// `openai` and `local` are live (`local` without a secret), `groq` lacks its credential.
struct Directory(Vec<Arc<Provider>>);

impl Directory {
    fn new() -> Self {
        let secret = |text: &str| Some(SecretString::from(text));
        Self(vec![provider("openai", secret("sk-operator")), provider("local", None)])
    }
}

impl ProviderDirectory for Directory {
    fn live(&self, name: &str) -> Option<Arc<Provider>> {
        self.0.iter().find(|provider| provider.name.as_str() == name).cloned()
    }

    fn bare(&self, name: &str) -> Option<Arc<Provider>> {
        if name == "groq" { Some(provider("groq", None)) } else { self.live(name) }
    }

    fn credential(
        &self,
        _: &Provider,
        secret: &SecretString,
        id: CredentialId,
    ) -> Result<Credential, String> {
        let value = HeaderValue::from_str(secret.expose_secret())
            .map_err(|_| "a header cannot hold it".to_owned())?;
        let proof = Proof::Header(HeaderName::from_static("authorization"), value);
        Ok(Credential { id, secret: Some(secret.clone()), proof })
    }

    fn absence(&self, name: &str) -> Option<String> {
        (name == "groq").then(|| "provider `groq` has no credential; set GROQ_API_KEY".to_owned())
    }

    fn names(&self) -> Vec<String> {
        ["openai", "local", "groq"].map(str::to_owned).into()
    }
}

fn provider(name: &str, secret: Option<SecretString>) -> Arc<Provider> {
    let id = CredentialId::from(format!("{name}#1"));
    Arc::new(Provider {
        name: name.into(),
        base: BaseUrl::parse("https://example.com/v1").unwrap(),
        offer: Offer::default(),
        variants: Vec::new(),
        default_headers: Vec::new(),
        forward_headers: Vec::new(),
        error_rules: Vec::new(),
        rate_limit_headers: RateLimitHeaders::default(),
        quotas: vec![],
        models: Vec::new(),
        credentials: [Credential { id, secret, proof: Proof::Nothing }].into(),
        auth: AuthScheme::Bearer,
        http_version: HttpVersion::default(),
        region: None,
        stream_usage: StreamUsage::default(),
        chat: domain::provider::ChatHabits::default(),
        prefills: Vec::new(),
        prompt_cache: domain::provider::PromptCache::default(),
    })
}

fn compiled(route: &serde_json::Value, origin: Origin) -> Result<RouteNode, Vec<RouteProblem>> {
    let spec = from_json(route.to_string().as_bytes()).unwrap();
    let context = CompileContext { providers: &Directory::new(), defaults: &Defaults::default(), origin };
    compile(&spec, &context)
}

/// A route of the operator's own that is right.
pub(crate) fn compiled_by_operator(route: &serde_json::Value) -> RouteNode {
    compiled(route, Origin::Operator).unwrap()
}

pub(crate) fn problems(route: &serde_json::Value, origin: Origin) -> Vec<String> {
    compiled(route, origin).unwrap_err().iter().map(ToString::to_string).collect()
}

fn targets(root: &RouteNode) -> Vec<&Target> {
    let mut targets = Vec::new();
    root.for_each_target(&mut |target| targets.push(target));
    targets
}

#[test]
fn a_target_may_be_written_in_three_ways() {
    for route in [
        json!({"target": "openai/gpt-4o"}),
        json!({"provider": "@openai", "model": "gpt-4o"}),
        json!({"provider": "openai", "override_params": {"model": "gpt-4o"}}),
    ] {
        let root = compiled(&route, Origin::Operator).unwrap();
        let target = targets(&root)[0];
        assert_eq!(target.provider.name.as_str(), "openai");
        assert_eq!(target.model.as_ref().unwrap().as_str(), "gpt-4o");
        assert!(target.parameters.is_empty(), "the model is no parameter any more");
        assert_eq!(target.path, "");
    }
}

#[test]
fn a_model_name_keeps_its_own_slashes() {
    let root = compiled(&json!({"target": "local/meta-llama/Llama-3.3-70B"}), Origin::Operator).unwrap();
    assert_eq!(targets(&root)[0].model.as_ref().unwrap().as_str(), "meta-llama/Llama-3.3-70B");
}

#[test]
fn settings_are_inherited_unless_set_lower_and_parameters_merge() {
    let route = json!({
        "strategy": {"mode": "fallback"},
        "retry": {"attempts": 2, "on_status_codes": [500]},
        "idle_timeout": "7s",
        "request_timeout": 9000,
        "custom_host": "https://proxy.example.com/v1",
        "forward_headers": ["X-Team", "x-team", "x-user"],
        "override_params": {"temperature": 0, "user": "root", "model": "shared"},
        "default_params": {"max_tokens": 10},
        "drop_params": ["logit_bias"],
        "targets": [
            {"provider": "openai"},
            {"provider": "local", "model": "own", "retry": {"attempts": 5}, "total_timeout": "none", "idle_timeout": "1m",
             "custom_host": "http://127.0.0.1:9/x", "forward_headers": [],
             "override_params": {"user": "leaf"}, "default_params": {"n": 1}, "drop_params": ["messages[*].name", "logit_bias"]},
        ],
    });
    let root = compiled(&route, Origin::Operator).unwrap();
    let targets = targets(&root);
    let [upper, lower] = targets[..] else { panic!("two targets") };

    assert_eq!((upper.path.as_str(), lower.path.as_str()), ("targets[0]", "targets[1]"));
    assert_eq!(upper.retry.attempts, 2);
    assert_eq!(upper.retry.on_status_codes, [500].into());
    assert_eq!(lower.retry.attempts, 5);
    assert!(lower.retry.on_status_codes.contains(&429), "a lower retry replaces the upper one as a whole");

    assert_eq!(upper.timeouts.idle, Some(Duration::from_secs(7)));
    assert_eq!(upper.timeouts.first_token, Some(Duration::from_secs(9)));
    assert_eq!(lower.timeouts.idle, Some(Duration::from_secs(60)));
    assert_eq!(lower.timeouts.first_token, Some(Duration::from_secs(9)));
    assert_eq!(lower.timeouts.total, None);

    assert_eq!(upper.custom_host.as_ref().unwrap().base.to_string(), "https://proxy.example.com/v1");
    assert_eq!(lower.custom_host.as_ref().unwrap().base.to_string(), "http://127.0.0.1:9/x");
    assert!(!upper.custom_host.as_ref().unwrap().from_request);
    assert_eq!(upper.forward_headers, ["x-team", "x-user"]);
    assert!(lower.forward_headers.is_empty());

    assert_eq!(upper.model.as_ref().unwrap().as_str(), "shared");
    assert_eq!(lower.model.as_ref().unwrap().as_str(), "own");
    let text = |rules: &[(String, Vec<u8>)]| -> Vec<String> {
        rules.iter().map(|(name, raw)| format!("{name}={}", String::from_utf8_lossy(raw))).collect()
    };
    assert_eq!(text(&upper.parameters.overrides), ["temperature=0", "user=\"root\""]);
    assert_eq!(text(&lower.parameters.overrides), ["temperature=0", "user=\"leaf\""]);
    assert_eq!(text(&lower.parameters.defaults), ["max_tokens=10", "n=1"]);
    assert_eq!(lower.parameters.drops, ["logit_bias", "messages[*].name"]);
}

#[test]
fn weights_keep_their_ratio_whole_or_with_decimals() {
    let weights = |route: &serde_json::Value| match compiled(route, Origin::Operator).unwrap() {
        RouteNode::LoadBalance { children, .. } => {
            children.into_iter().map(|(weight, _)| weight).collect::<Vec<_>>()
        }
        other => panic!("{other:?}"),
    };
    let two = |first: serde_json::Value, second: serde_json::Value| {
        json!({"strategy": {"mode": "loadbalance"}, "targets": [
            {"provider": "openai", "weight": first}, {"provider": "local", "weight": second}
        ]})
    };
    assert_eq!(weights(&two(json!(3), json!(null))), [3, 1]);
    assert_eq!(weights(&two(json!(0.7), json!(0.3))), [700, 300]);
    assert_eq!(weights(&two(json!(0), json!(10_000))), [0, 10_000]);
    let refused = |first, second| problems(&two(first, second), Origin::Operator);
    assert_eq!(refused(json!(0), json!(0)), ["targets: all weights are 0, so nothing can be chosen"]);
    assert_eq!(
        refused(json!(-1), json!(0.0001)),
        [
            "targets[0].weight: a weight is 0 to 10000",
            "targets[1].weight: a weight above 0 is at least 0.001",
        ]
    );
}

#[test]
fn one_target_needs_no_strategy_and_several_do() {
    let lone = compiled(&json!({"targets": [{"provider": "openai"}]}), Origin::Operator).unwrap();
    assert!(matches!(lone, RouteNode::Single(_)));
    let several = json!({"targets": [{"provider": "openai"}, {"provider": "local"}]});
    assert_eq!(
        problems(&several, Origin::Operator),
        [
            "strategy: say how to choose among the targets: `strategy: {mode: fallback}`, `race`, `loadbalance`, `conditional`, `classifier` or `canary`"
        ]
    );
}

#[test]
fn fallback_statuses_may_stand_beside_the_strategy() {
    let route = json!({"strategy": {"mode": "fallback"}, "on_status_codes": [429], "targets": [{"provider": "openai"}]});
    match compiled(&route, Origin::Operator).unwrap() {
        RouteNode::Fallback { on_status_codes, .. } => assert_eq!(on_status_codes, Some([429].into())),
        other => panic!("{other:?}"),
    }
}

#[test]
fn everything_that_is_wrong_is_reported_at_once_with_its_path() {
    let route = json!({
        "strategy": {"mode": "loadbalance", "on_status_codes": [429]},
        "provider": "openai",
        "retry": {"attempts": 11, "on_status_codes": [99, 600], "backoff_first": "30s", "backoff_max": "1s"},
        "request_timeout": 5, "first_token_timeout": 6, "connect_timeout": 0,
        "custom_host": "ftp://example.com",
        "forward_headers": ["authorization", "x-portkey-config", "Connection", "b ad"],
        "override_params": {"stream": true, "model": 4},
        "default_params": {"model": "x", "stream_options": {}},
        "drop_params": ["stream", "a..b", "messages[x]", "model"],
        "targets": [
            {"provider": "opnai"},
            {"provider": "groq"},
            {"target": "openai"},
            {"target": "openai/a", "model": "b"},
            {},
            {"strategy": {"mode": "single"}, "provider": "openai"},
            {"targets": []},
        ],
    });
    assert_eq!(
        problems(&route, Origin::Operator),
        [
            "retry.attempts: expected at most 10 retries",
            "retry.on_status_codes[0]: 99 is not an HTTP status; expected 100 to 599",
            "retry.on_status_codes[1]: 600 is not an HTTP status; expected 100 to 599",
            "retry.backoff_first: the first wait is longer than `backoff_max`",
            "request_timeout: `first_token_timeout` says the same; write only one of them",
            "connect_timeout: expected a time above zero",
            "custom_host: `ftp://example.com` is not a base URL: it must start with http:// or https://",
            "forward_headers[0]: `authorization` carries credentials, which are never passed on; see `api_key` and `credentials`",
            "forward_headers[1]: `x-portkey-config` is meant for the gateway and is never passed on",
            "forward_headers[2]: `connection` belongs to the connection and is set by the gateway",
            "forward_headers[3]: `b ad` is not a header name",
            "override_params.stream: the client decides this, and the gateway reads the answer by it; it cannot be set here",
            "override_params.model: expected a text, the name of a model",
            "default_params.stream_options: the client decides this, and the gateway reads the answer by it; it cannot be set here",
            "default_params.model: every request names a model; write `model` on the target to set it",
            "drop_params[0]: `stream` cannot be removed; the gateway works by it",
            "drop_params[1]: `a..b` is not a path; write it as `logit_bias` or `messages[*].name`",
            "drop_params[2]: `messages[x]` is not a path; write it as `logit_bias` or `messages[*].name`",
            "drop_params[3]: `model` cannot be removed; the gateway works by it",
            "provider: a node with `targets` calls nobody itself; write this on its targets",
            "strategy.on_status_codes: statuses move on to the next target only with `mode: fallback`; for retries write `retry.on_status_codes`",
            "targets[0].provider: no provider is named `opnai`; did you mean `openai`?",
            "targets[1].provider: provider `groq` has no credential; set GROQ_API_KEY",
            "targets[2].target: write it as `provider/model`, or use `provider` alone",
            "targets[3].model: `target` names it already; write only one of them",
            "targets[4]: names no provider and has no targets; write `provider` and `model`, or `targets`",
            "targets[5].strategy: a strategy needs `targets` to choose from",
            "targets[6].targets: there must be at least one target",
        ]
    );
}

#[test]
fn a_choice_that_leads_nowhere_or_somewhere_unnamed_is_refused() {
    let target = |name: &str| json!({"name": name, "provider": "openai"});
    let choice = |strategy: serde_json::Value, targets: serde_json::Value| {
        problems(&json!({"strategy": strategy, "targets": targets}), Origin::Operator)
    };
    let query = json!({"key": "ops"});
    let found = choice(
        json!({
            "mode": "conditional",
            "conditions": [{"query": query, "then": "smal"}, {"query": {"kye": "x"}, "then": "large"}],
            "default": "none",
        }),
        json!([target("small"), target("large"), target("small")]),
    );
    assert_eq!(found[0], "targets[2].name: `small` is the name of targets[0] already");
    assert!(found[1].starts_with("strategy.conditions[0].then: none of the targets beside this strategy"));
    assert!(found[1].ends_with("has the name `smal`; did you mean `small`?"), "{}", found[1]);
    assert!(
        found[2].starts_with("strategy.conditions[1].query.kye: there is no fact `kye`; did you mean `key`?")
    );
    assert!(found[3].starts_with("strategy.default: none of the targets"), "{}", found[3]);
    assert_eq!(found.len(), 4);

    let one = json!({"mode": "conditional", "conditions": [{"query": query, "then": "small"}]});
    let found = choice(one, json!([target("small"), {"provider": "openai"}]));
    assert_eq!(
        found,
        [
            "targets[1]: nothing leads here, nor does `default`; give it a `name` and name it there, or remove it"
        ]
    );
    let twice = json!({"mode": "conditional", "conditions": [
        {"query": query, "then": "small"}, {"query": {"key": "dev"}, "then": "small"}, {"query": query, "then": "large"},
    ]});
    assert_eq!(
        choice(twice, json!([target("small"), target("large")])),
        ["strategy.conditions[2].query: conditions[0] asks the same, so this one never decides"]
    );
    assert_eq!(
        choice(json!({"mode": "single"}), json!([target("small"), target("large")])),
        ["targets[1]: `mode: single` never comes here; remove it, or write `mode: fallback`"]
    );
    let found = choice(json!({"mode": "conditional"}), json!([target("small"), target("large")]));
    assert!(found[0].starts_with("strategy.conditions: a `conditional` strategy needs"), "{found:?}");
}

#[test]
fn a_race_says_when_and_how_often_or_takes_what_is_usual() {
    let targets = json!([{"target": "openai/a"}, {"target": "local/b"}]);
    let race = |strategy| match compiled_by_operator(&json!({"strategy": strategy, "targets": targets})) {
        RouteNode::Race { race, children } => (race.after, race.share_percent_max, children.len()),
        other => panic!("{other:?}"),
    };
    assert_eq!(race(json!({"mode": "race"})), (Patience::P95, 10, 2));
    let after = Patience::Fixed(Duration::from_millis(800));
    assert_eq!(race(json!({"mode": "race", "after": "800ms", "share_max": "5%"})), (after, 5, 2));
}

#[test]
fn a_race_that_cannot_be_one_is_refused() {
    let lone = json!({"strategy": {"mode": "race"}, "targets": [{"target": "openai/a"}]});
    assert_eq!(problems(&lone, Origin::Operator), ["targets: a race needs at least two targets"]);
    let strategy = json!({"mode": "fallback", "after": "1s", "share_max": "5%"});
    let targets = json!([{"target": "openai/a"}, {"target": "local/b"}]);
    assert_eq!(
        problems(&json!({"strategy": strategy, "targets": targets}), Origin::Operator),
        ["strategy.after: only `mode: race` has this", "strategy.share_max: only `mode: race` has this"]
    );
}

#[test]
fn a_part_of_a_strategy_that_its_mode_would_ignore_is_refused() {
    let targets = json!([{"name": "a", "provider": "openai"}, {"name": "b", "provider": "local"}]);
    let sticky = json!({"hash_fields": ["metadata.user", "time.yaer"]});
    let strategy = json!({"mode": "fallback", "conditions": [], "default": "a", "sticky": sticky});
    assert_eq!(
        problems(&json!({"strategy": strategy, "targets": targets}), Origin::Operator),
        [
            "strategy.conditions: only `mode: conditional` has this",
            "strategy.default: only `mode: conditional` or `mode: classifier` has this",
            "strategy.sticky: only `mode: loadbalance` or `mode: canary` has this",
        ]
    );
    let strategy = json!({"mode": "loadbalance", "sticky": sticky});
    let found = problems(&json!({"strategy": strategy, "targets": targets}), Origin::Operator);
    assert!(
        found[0].starts_with("strategy.sticky.hash_fields[1]: there is no fact `time.yaer`"),
        "{found:?}"
    );
    let strategy = json!({"mode": "loadbalance", "sticky": {"hash_fields": []}});
    let found = problems(&json!({"strategy": strategy, "targets": targets}), Origin::Operator);
    assert!(found[0].starts_with("strategy.sticky.hash_fields: name at least one fact"), "{found:?}");
}

#[test]
fn a_route_compares_a_bounded_number_of_values() {
    let queries: Vec<_> = (0..201).map(|n| json!({"metadata.n": n})).collect();
    let route = json!({
        "strategy": {"mode": "conditional", "conditions": [{"query": {"$or": queries}, "then": "a"}]},
        "targets": [{"name": "a", "provider": "openai"}],
    });
    let found = problems(&route, Origin::Operator);
    assert_eq!(found, ["strategy: all conditions of a route compare at most 200 values, these 201"]);
}

/// The identities of the children of a sticky node.
fn identities(targets: &serde_json::Value) -> Vec<u64> {
    let strategy = json!({"mode": "loadbalance", "sticky": {"hash_fields": ["key"], "ttl": 60}});
    match compiled_by_operator(&json!({"strategy": strategy, "targets": targets})) {
        RouteNode::Sticky(sticky) => {
            assert_eq!(sticky.ttl, Some(Duration::from_secs(60)));
            sticky.children.iter().map(|child| child.identity).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_sticky_child_is_known_by_its_name_or_by_whom_it_calls() {
    let [a, b] = [json!({"target": "openai/a"}), json!({"target": "openai/b"})];
    let before = identities(&json!([a, b, a]));
    assert_eq!(identities(&json!([b, a, a])), [before[1], before[0], before[2]]);
    assert_ne!(before[0], before[2], "two of a kind are told apart");
    let named = identities(&json!([{"name": "n", "target": "openai/a"}, b]));
    assert_eq!(identities(&json!([{"name": "n", "target": "openai/c"}, b])), named);
    assert_ne!(named[0], before[0]);
}

#[test]
fn the_least_that_a_stream_has_to_say_is_checked_and_may_be_lifted_below() {
    let least = |least: serde_json::Value| {
        let root = compiled(&json!({"target": "openai/a", "throughput_min": least}), Origin::Operator);
        root.map(|root| targets(&root)[0].timeouts.throughput_min)
    };
    let [window, hold] = [Duration::from_secs(10), Duration::from_secs(2)];
    let usual = ThroughputMin { tokens_per_second: 5, window, hold: None };
    assert_eq!(least(json!({"tokens_per_second": 5})).unwrap(), Some(usual));
    let held = json!({"tokens_per_second": 5, "hold": "2s"});
    assert_eq!(least(held).unwrap(), Some(ThroughputMin { hold: Some(hold), ..usual }));
    for (wrong, path) in [
        (json!({"tokens_per_second": 10_001}), "throughput_min.tokens_per_second"),
        (json!({"tokens_per_second": 5, "window": "99ms"}), "throughput_min.window"),
        (json!({"tokens_per_second": 5, "hold": "11s"}), "throughput_min.hold"),
    ] {
        assert_eq!(least(wrong.clone()).unwrap_err()[0].path, path, "{wrong}");
    }
    let route = json!({
        "strategy": {"mode": "fallback"},
        "throughput_min": {"tokens_per_second": 5},
        "targets": [{"target": "openai/a"}, {"target": "openai/b", "throughput_min": {"tokens_per_second": 0}}],
    });
    let root = compiled(&route, CLIENT).unwrap();
    let targets: Vec<_> = targets(&root).iter().map(|target| target.timeouts.throughput_min).collect();
    assert_eq!(targets, [Some(usual), None]);
}

#[test]
fn stickiness_that_is_switched_off_is_none() {
    let sticky = json!({"enabled": false, "hash_fields": ["key"]});
    let route = json!({
        "strategy": {"mode": "loadbalance", "sticky": sticky},
        "targets": [{"target": "openai/a"}, {"target": "openai/b"}],
    });
    assert!(matches!(compiled_by_operator(&route), RouteNode::LoadBalance { .. }));
}

#[test]
fn the_operators_defaults_hold_where_a_route_says_nothing() {
    let spec = serde_json::from_value(json!({"retry": {"attempts": 4}, "idle_timeout": "none"})).unwrap();
    let defaults = defaults(&spec).unwrap();
    let context = CompileContext { providers: &Directory::new(), defaults: &defaults, origin: CLIENT };
    let spec = from_json(br#"{"provider": "openai", "retry": {"on_status_codes": [500]}}"#).unwrap();
    let root = compile(&spec, &context).unwrap();
    let target = targets(&root)[0];
    assert_eq!((target.retry.attempts, target.timeouts.idle), (4, None));
    assert_eq!(target.retry.on_status_codes, [500].into());

    let wrong = serde_json::from_value(json!({"retry": {"attempts": 40}})).unwrap();
    assert_eq!(super::defaults(&wrong).unwrap_err()[0].path, "retry.attempts");
}

#[test]
fn the_rules_of_retry_budgets_are_checked_one_by_one() {
    let spec = serde_json::from_value(json!({"retry_budget": {"percent": 20}})).unwrap();
    let usual = domain::RetryBudgetPolicy::default();
    let expected = domain::RetryBudgetPolicy { percent: 20, ..usual };
    assert_eq!(defaults(&spec).unwrap().retry_budget, expected);

    let wrong = json!({"retry_budget": {"percent": 1001, "per_second": 100_001, "window": "999ms"}});
    let problems = defaults(&serde_json::from_value(wrong).unwrap()).unwrap_err();
    let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
    assert_eq!(paths, ["retry_budget.percent", "retry_budget.per_second", "retry_budget.window"]);
}

#[test]
fn a_route_may_bring_a_credential_to_a_provider_that_has_none() {
    let route = json!({"provider": "groq", "api_key": "gsk-one"});
    let root = compiled(&route, CLIENT).unwrap();
    let one = targets(&root)[0].credentials[0].clone();
    assert_eq!(one.secret.as_ref().unwrap().expose_secret(), "gsk-one");
    assert!(!one.id.as_str().contains("gsk-one"));

    let other = compiled(&json!({"provider": "groq", "api_key": "gsk-two"}), CLIENT).unwrap();
    assert_ne!(
        targets(&other)[0].credentials[0].id,
        one.id,
        "one client's bad credential must not rest another's"
    );
    assert_eq!(
        problems(&json!({"provider": "groq", "api_key": "a\nb"}), CLIENT),
        ["api_key: a header cannot hold it"]
    );
}

#[test]
fn a_host_chosen_by_a_request_never_sees_the_operators_credential() {
    let host = "https://evil.example.com";
    let lone = |provider: &str| json!({"provider": provider, "custom_host": host});
    assert!(problems(&lone("openai"), CLIENT)[0].starts_with("custom_host: a request that chooses the host"));
    let inherited = json!({"custom_host": host, "targets": [{"provider": "openai"}]});
    assert!(problems(&inherited, CLIENT)[0].starts_with("targets[0].custom_host: a request that chooses"));
    assert!(
        problems(&lone("local"), Origin::Request { custom_host_allowed: false })[0]
            .starts_with("custom_host: this gateway does not let requests choose a host")
    );

    let own = json!({"provider": "openai", "custom_host": host, "api_key": "sk-own"});
    let root = compiled(&own, CLIENT).unwrap();
    assert!(targets(&root)[0].custom_host.as_ref().unwrap().from_request);
    assert!(compiled(&lone("local"), CLIENT).is_ok(), "there is no secret to lose");
    assert!(compiled(&lone("openai"), Origin::Operator).is_ok(), "the operator sends it where they like");
}

#[test]
fn depth_and_number_of_targets_are_bounded() {
    let nested =
        |depth: usize| (1..depth).fold(json!({"provider": "openai"}), |inner, _| json!({"targets": [inner]}));
    assert!(compiled(&nested(16), Origin::Operator).is_ok());
    let refused = problems(&nested(60), Origin::Operator);
    assert_eq!(refused.len(), 1);
    assert!(refused[0].ends_with("a route is at most 16 levels deep"), "{refused:?}");

    let wide = |count: usize| json!({"strategy": {"mode": "fallback"}, "targets": vec![json!({"provider": "openai"}); count]});
    assert!(compiled(&wide(100), Origin::Operator).is_ok());
    assert_eq!(
        problems(&wide(101), Origin::Operator),
        ["targets: a route has at most 100 targets, this one 101"]
    );
}

fn any_spec() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(json!({"provider": "openai"})),
        Just(json!({"target": "local/m", "weight": 2})),
        Just(json!({"provider": "nobody"})),
        Just(json!({"provider": "openai", "drop_params": ["a[*].b"], "retry": {"attempts": 3}})),
        Just(json!({})),
    ];
    leaf.prop_recursive(6, 40, 4, |inner| {
        let mode = prop_oneof![Just("single"), Just("fallback"), Just("loadbalance")];
        (mode, prop::collection::vec(inner, 0..4))
            .prop_map(|(mode, targets)| json!({"strategy": {"mode": mode}, "targets": targets}))
    })
}

proptest! {
    #[test]
    fn a_route_compiles_with_every_target_in_place_or_says_why_not(route in any_spec()) {
        fn leaves(spec: &RouteSpec) -> usize {
            spec.targets.as_ref().map_or(1, |targets| targets.iter().map(leaves).sum())
        }
        let spec = from_json(route.to_string().as_bytes()).unwrap();
        match compiled(&route, Origin::Operator) {
            Err(problems) => prop_assert!(!problems.is_empty()),
            Ok(root) => {
                let found = targets(&root);
                prop_assert_eq!(found.len(), leaves(&spec));
                let mut paths: Vec<_> = found.iter().map(|target| &target.path).collect();
                paths.dedup();
                prop_assert_eq!(paths.len(), found.len());
            }
        }
    }
}
