//! What many requests have in common: the model that they ask for, and what conditions may ask about them.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::condition::{Fact, Step};
use domain::race;
use domain::{ApiKey, Endpoint, Need, Pattern, RegionName, Route, Snapshot, Target};
use engine::route::{direct, look_up};
use http::HeaderName;
use serde_json::{Map, Value};

use super::claim::Claim;
use super::spec::MixSpec;
use crate::problem::{Problem, problem};

/// The path of the endpoint that most clients call.
const PATH: &str = "/v1/chat/completions";

/// What many requests have in common.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) model: String,
    /// The route that the model means.
    pub(crate) route: Arc<Route>,
    pub(crate) endpoint: Endpoint,
    pub(crate) path: String,
    pub(crate) key: Option<String>,
    /// Where its key and the request itself allow it to be served.
    residence: Residence,
    pub(crate) is_stream: bool,
    /// An object.
    pub(crate) metadata: Value,
    pub(crate) headers: Vec<(HeaderName, String)>,
    /// An object: the members of the body.
    pub(crate) params: Value,
    pub(crate) needs: BTreeSet<Need>,
    /// What it claims of quotas.
    pub(crate) claim: Claim,
    /// Whether it may be asked twice where its route races.
    pub(crate) may_be_doubled: bool,
}

/// Where a request may be served.
#[derive(Debug)]
struct Residence {
    key: Option<Arc<ApiKey>>,
    asked: Option<Pattern>,
}

impl Shape {
    /// `None` when something is wrong, which is reported then.
    pub(crate) fn compile(
        spec: &MixSpec,
        path: &str,
        snapshot: &Snapshot,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let found = problems.len();
        let endpoint = endpoint(spec.endpoint.as_deref(), path, problems);
        let route = route_of(&spec.model, endpoint, snapshot);
        if route.is_none() {
            let message = format!(
                "the configuration has no route, provider or model called `{}`; name a route or `provider/model`",
                spec.model
            );
            problems.push(problem(format!("{path}.model"), message));
        }
        let headers = headers(spec, path, problems);
        let needs = needs(&spec.needs, path, problems);
        let params = object(&spec.params);
        let key = spec.key.as_deref().and_then(|name| snapshot.key(name)).cloned();
        let claim = Claim::of(spec, key.as_deref(), endpoint, &params, path, problems);
        let route = route.filter(|_| problems.len() == found)?;
        Some(Self {
            model: spec.model.clone(),
            route,
            endpoint,
            path: spec.path.clone().unwrap_or_else(|| PATH.to_owned()),
            key: spec.key.clone(),
            residence: Residence { key, asked: spec.region.as_deref().map(Pattern::from) },
            is_stream: spec.stream,
            metadata: object(&spec.metadata),
            headers,
            may_be_doubled: may_be_doubled(endpoint, &params),
            params,
            needs,
            claim,
        })
    }

    /// What is known of whose key it is, which goes before its metadata.
    pub(crate) fn label(&self, steps: &[Step]) -> Option<&str> {
        let [Step::Member(name)] = steps else { return None };
        self.residence.key.as_ref()?.subject.labels.get(name)
    }

    /// The name of its key's workspace, team, user or environment.
    pub(crate) fn named(&self, fact: &Fact) -> Option<&str> {
        self.residence.key.as_ref()?.subject.named(fact)
    }

    /// What binds it to regions: what it asks for itself, else what its key is bound to.
    pub(crate) fn regions(&self) -> impl Iterator<Item = &str> {
        let Residence { key, asked } = &self.residence;
        let of_key = key.as_ref().filter(|_| asked.is_none()).map(|key| key.bound_to());
        asked.iter().chain(of_key.unwrap_or_default()).map(Pattern::as_str)
    }

    /// Whether it may be sent to a target, by where that is.
    pub(crate) fn permits(&self, target: &Target) -> bool {
        let Residence { key, asked } = &self.residence;
        let name = target.region.as_ref().map_or("", RegionName::as_str);
        key.as_ref().is_none_or(|key| key.allows_region(target.region.as_ref()))
            && asked.as_ref().is_none_or(|asked| asked.matches(name))
    }
}

/// Whether asking twice does no harm. What goes on from what is kept is bound, and what may be a form is taken for one.
fn may_be_doubled(endpoint: Endpoint, params: &Value) -> bool {
    let has = |name| params.get(name).is_some_and(|value| !value.is_null());
    let is_bound = endpoint.takes_form() || has("previous_response_id") || has("conversation");
    let is_stored = || params.get("store").and_then(Value::as_bool).unwrap_or(true);
    race::may_be_doubled(endpoint, is_bound, is_stored)
}

fn object(members: &std::collections::BTreeMap<String, Value>) -> Value {
    Value::Object(members.clone().into_iter().collect::<Map<_, _>>())
}

fn endpoint(name: Option<&str>, path: &str, problems: &mut Vec<Problem>) -> Endpoint {
    let Some(name) = name else { return Endpoint::ChatCompletions };
    Endpoint::named(name).unwrap_or_else(|| {
        let message = format!("no endpoint is called `{name}`; one is `chat_completions`");
        problems.push(problem(format!("{path}.endpoint"), message));
        Endpoint::ChatCompletions
    })
}

/// What the server would make of the name.
fn route_of(model: &str, endpoint: Endpoint, snapshot: &Snapshot) -> Option<Arc<Route>> {
    if let Some(route) = snapshot.routes.get(model) {
        return Some(Arc::clone(route));
    }
    let (provider, model) = look_up(snapshot, endpoint, model)?;
    Some(Arc::new(direct(provider, model.into(), &snapshot.route_defaults)))
}

fn headers(spec: &MixSpec, path: &str, problems: &mut Vec<Problem>) -> Vec<(HeaderName, String)> {
    let mut headers = Vec::new();
    for (name, value) in &spec.headers {
        match HeaderName::try_from(name.as_str()) {
            Ok(header) => headers.push((header, value.clone())),
            Err(_) => {
                problems.push(problem(format!("{path}.headers"), format!("`{name}` is no name of a header")));
            }
        }
    }
    headers
}

fn needs(names: &[String], path: &str, problems: &mut Vec<Problem>) -> BTreeSet<Need> {
    let mut needs = BTreeSet::new();
    for (place, name) in names.iter().enumerate() {
        match Need::ALL.into_iter().find(|need| need.name() == name) {
            Some(need) => {
                needs.insert(need);
            }
            None => {
                let known: Vec<_> = Need::ALL.iter().map(|need| need.name()).collect();
                let message = format!("no need is called `{name}`; there are {}", known.join(", "));
                problems.push(problem(format!("{path}.needs[{place}]"), message));
            }
        }
    }
    needs
}
