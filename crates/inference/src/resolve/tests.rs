//! Laws of resolution, on providers that are never called.

use std::cell::Cell;
use std::net::SocketAddr;
use std::sync::Arc;

use domain::route::{Route, RouteNode, Target};
use domain::{ApiKey, Endpoint, ErrorCode, ModelName, Pattern, Provider, Scope, Snapshot};
use proptest::prelude::*;
use providers::compile::{Compiled, compile};
use providers::scripted;
use providers::sign_in::SignIns;

use engine::route::look_up;

use super::{Resolver, direct};
use crate::refusal::Refusal;

const CHAT: Endpoint = Endpoint::ChatCompletions;

/// A provider that serves these models; only embeddings when its name says so.
pub(crate) fn provider(name: &str, models: &[&str]) -> Arc<Provider> {
    let mut definition = scripted::definition(SocketAddr::from(([127, 0, 0, 1], 1)));
    definition.models = Some(models.iter().copied().map(Into::into).collect());
    if name.starts_with("embeds") {
        definition.endpoints.set(CHAT, "");
    }
    match compile(name, &definition, &|_| None, &SignIns::default()) {
        Ok(Compiled::Live(provider)) => Arc::from(provider),
        other => panic!("{other:?}"),
    }
}

/// `p` serves alpha, beta; `q` serves beta, org/gamma; `fast` is q/beta.
pub(crate) fn snapshot() -> Snapshot {
    let providers = vec![
        provider("embeds", &["beta"]),
        provider("p", &["alpha", "beta", "x-*"]),
        provider("q", &["beta", "org/gamma"]),
    ];
    let fast =
        Route { name: Some("fast".into()), ..direct(&providers[2], "beta".into(), &Default::default()) };
    Snapshot { routes: [("fast".into(), Arc::new(fast))].into(), providers, ..Snapshot::default() }
}

/// A key that may name these and reach these.
pub(crate) fn key(models: &[&str], providers: &[&str]) -> ApiKey {
    let patterns = |texts: &[&str]| texts.iter().map(|text| Pattern::from(*text)).collect();
    let scope = Scope { models: patterns(models), providers: patterns(providers), ..Scope::default() };
    ApiKey { scope, ..ApiKey::new("k", Arc::default()) }
}

fn target(route: &Route) -> &Target {
    match &route.root {
        RouteNode::Target(target) => target,
        other => panic!("{other:?}"),
    }
}

fn named(resolver: &Resolver, name: &str, key: &ApiKey) -> Result<String, Refusal> {
    let route = resolver.by_name(&snapshot(), CHAT, name, key)?;
    let target = target(&route);
    Ok(format!("{}/{}", target.provider.name, target.model.as_ref().map_or("", ModelName::as_str)))
}

#[test]
fn a_name_means_the_same_the_first_time_and_when_it_is_remembered() {
    let (resolver, everything) = (Resolver::new(), key(&["*"], &["*"]));
    for _ in 0..2 {
        for (name, means) in [
            ("fast", "q/beta"),
            ("alpha", "p/alpha"),
            ("beta", "p/beta"),
            ("q/beta", "q/beta"),
            ("org/gamma", "q/org/gamma"),
            ("q/org/gamma", "q/org/gamma"),
            ("p/unheard/of", "p/unheard/of"),
            ("x-7", "p/x-7"),
        ] {
            assert_eq!(named(&resolver, name, &everything).as_deref(), Ok(means), "{name}");
        }
    }
}

#[test]
fn what_one_key_resolved_is_not_permitted_to_another() {
    let resolver = Resolver::new();
    for name in ["p/alpha", "alpha", "fast"] {
        assert!(named(&resolver, name, &key(&["*"], &["*"])).is_ok());
        for (models, providers) in [(&["other"][..], &["*"][..]), (&["*"], &["other"])] {
            let refusal = named(&resolver, name, &key(models, providers)).unwrap_err();
            assert_eq!(
                (refusal.code, refusal.param.as_deref()),
                (ErrorCode::ModelNotAllowed, Some("model")),
                "{name}"
            );
        }
    }
}

#[test]
fn a_saved_route_is_permitted_by_its_name_and_its_providers_and_not_by_its_models() {
    let resolver = Resolver::new();
    assert!(named(&resolver, "fast", &key(&["fast"], &["q"])).is_ok());
    assert!(named(&resolver, "fast", &key(&["q/beta", "beta"], &["*"])).is_err());
    assert!(named(&resolver, "q/beta", &key(&["fast"], &["*"])).is_err());
}

#[test]
fn a_bare_model_goes_to_the_first_provider_that_serves_the_endpoint() {
    let snapshot = snapshot();
    let found =
        |endpoint, name| look_up(&snapshot, endpoint, name).map(|(provider, _)| provider.name.to_string());
    assert_eq!(found(CHAT, "beta").as_deref(), Some("p"));
    assert_eq!(found(Endpoint::Embeddings, "beta").as_deref(), Some("embeds"));
    assert_eq!(found(Endpoint::Models, "org/gamma").as_deref(), Some("q"));
    assert_eq!(found(CHAT, "nobody/gamma"), None);
    assert_eq!(found(CHAT, "p/"), None);
    let resolver = Resolver::new();
    let everything = key(&["*"], &["*"]);
    for endpoint in [Endpoint::Embeddings, CHAT, Endpoint::Embeddings] {
        let route = resolver.by_name(&snapshot, endpoint, "beta", &everything).unwrap();
        assert!(target(&route).provider.serves(endpoint), "each endpoint is remembered by itself");
    }
}

#[test]
fn an_unknown_name_is_answered_with_near_ones_that_the_key_may_use() {
    let resolver = Resolver::new();
    let message = |name: &str, key: &ApiKey| {
        let refusal = named(&resolver, name, key).unwrap_err();
        assert_eq!((refusal.code, refusal.param.as_deref()), (ErrorCode::ModelNotFound, Some("model")));
        refusal.message
    };
    let everything = key(&["*"], &["*"]);
    assert!(message("alpa", &everything).contains("did you mean `alpha`"));
    assert!(message("org/gama", &everything).contains("`org/gamma`"));
    assert!(message("zzz", &everything).contains("GET /v1/models"));
    assert!(!message("alpa", &key(&["fast"], &["*"])).contains("`alpha`"));
    assert!(message(&"y".repeat(10_000), &everything).len() < 400);
}

#[test]
fn an_inline_route_is_compiled_once_and_permitted_each_time() {
    let (resolver, compiled) = (Resolver::new(), Cell::new(0));
    let ask = |client_model: &str, key: &ApiKey| {
        let compile = || {
            compiled.set(compiled.get() + 1);
            let mut target =
                target(&direct(&provider("p", &[]), "unused".into(), &Default::default())).clone();
            target.model = None;
            Ok(Arc::new(Route { name: None, root: RouteNode::Target(Arc::new(target)) }))
        };
        resolver.inline("{}", client_model, key, compile).map(drop)
    };
    assert_eq!(ask("alpha", &key(&["p/alpha"], &["*"])), Ok(()));
    assert_eq!(ask("alpha", &key(&["p/alpha"], &["*"])), Ok(()));
    assert!(ask("beta", &key(&["p/alpha"], &["*"])).is_err(), "the client's own model counts");
    assert!(ask("alpha", &key(&["*"], &["q"])).is_err());
    assert_eq!(compiled.get(), 1);
}

#[test]
fn an_inline_route_that_is_wrong_is_not_remembered() {
    let resolver = Resolver::new();
    let everything = key(&["*"], &["*"]);
    let wrong = || Err(Refusal::new(ErrorCode::InvalidInlineConfig, "wrong"));
    assert!(resolver.inline("{", "m", &everything, wrong).is_err());
    let route = Arc::new(direct(&provider("p", &[]), "m".into(), &Default::default()));
    assert!(resolver.inline("{", "m", &everything, || Ok(route)).is_ok());
}

proptest! {
    #[test]
    fn no_name_is_served_that_the_key_may_not_use(name in "(p|q|nobody)?/?(alpha|beta|org/gamma|[a-z/*]{0,6})") {
        let limited = key(&["alpha", "q/org/*"], &["p", "q"]);
        if let Ok(served) = named(&Resolver::new(), &name, &limited) {
            prop_assert!(served == "p/alpha" || served == "q/alpha" || served.starts_with("q/org/"), "{} is {}", name, served);
        }
    }
}
