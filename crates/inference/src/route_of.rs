//! Which route a request takes: one written into its headers, or the one its model stands for; and whoever holds the
//! conversation that it continues goes before all others.

use std::sync::Arc;

use domain::endpoint::Task;
use domain::route::{Route, RouteNode, Target};
use domain::{Endpoint, ErrorCode};
use engine::route::{self, CompileContext, NothingLeft, Permits, RouteProblem, spec};
use fleet::canaries::{Enrolled, Enrolling};
use http::{HeaderMap, HeaderName};

use crate::attempt::Call;
use crate::facts::{Body, RequestFacts};
use crate::ingress::member;
use crate::refusal::Refusal;
use crate::region::Residence;
use crate::resolve::{MODEL_NAME_BYTES_MAX, bound_name, hidden, permit_alternative, unknown_model};
use crate::visible::Visible;

/// A route, or the name of a saved one.
const CONFIG_HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("x-tollgate-config"), HeaderName::from_static("x-portkey-config")];
/// A provider for the model as it is named.
const PROVIDER_HEADERS: [HeaderName; 2] =
    [HeaderName::from_static("x-tollgate-provider"), HeaderName::from_static("x-portkey-provider")];
/// The longest route in a header, whatever else the head may hold.
const INLINE_ROUTE_BYTES_MAX: usize = 64 * 1024;
/// What OpenAI's moderation endpoint uses when no model is named (API reference, "Create moderation").
const MODERATION_MODEL: &str = "omni-moderation-latest";

/// Finds the route, settles what the request's facts decide in it, and notes in the call the trials that it takes part in and the owner of a continued conversation.
///
/// # Errors
/// When nothing has the model's name, the key may not use it, a header is wrong, no condition holds, or every target is where the
/// request must not be served.
pub(crate) fn route_of(call: &mut Call) -> Result<Arc<Route>, Refusal> {
    bound_name(call.client_model())?;
    let route = named_route(call)?;
    permit_alternatives(call, &route)?;
    call.named = Some(Arc::clone(&route));
    let (route, enrolled) = settled(call, &route)?;
    call.enrolled = enrolled;
    let Some(previous) = call.facts.previous_response_id.as_deref() else { return Ok(route) };
    let owners = &call.origin.gateway.owners;
    if owners.is_foreign(previous, &call.origin.key.name) {
        let message = format!("no response `{previous}` was made with this key");
        return Err(Refusal::new(ErrorCode::ResponseNotFound, message).with_param("previous_response_id"));
    }
    let Some(owner) = owners.find(previous, &call.origin.key.name) else { return Ok(route) };
    let narrowed = target_of(&route, |target| target.provider.name == owner.provider);
    call.owner = Some(owner);
    Ok(narrowed.unwrap_or(route))
}

/// The saved route of a name in place of the one that was asked for, where the key may use it and something of it is left.
///
/// # Errors
/// When it may not, or nothing is.
pub(crate) fn route_named(call: &mut Call, name: &str) -> Result<Arc<Route>, Refusal> {
    let route = by_name(call, name)?;
    let (settled, enrolled) = settled(call, &route)?;
    (call.named, call.enrolled) = (Some(route), enrolled);
    Ok(settled)
}

/// What is left of a route that is settled already without some of its targets; none where that is nothing, or all of it.
pub(crate) fn without(
    call: &Call,
    route: &Arc<Route>,
    is_left_out: &dyn Fn(&Target) -> bool,
) -> Option<Arc<Route>> {
    let mut is_less = false;
    route.root.for_each_target(&mut |target| is_less |= is_left_out(target));
    let body = Body::of(call);
    let facts = RequestFacts::of(call, &body).ok().filter(|_| is_less)?;
    let permits = |target: &Target| !is_left_out(target);
    let random = || call.origin.gateway.random();
    let enrolling = Enrolling::of(&random, &call.pinned.canaries, route);
    route::settled(route, &facts, Some(&permits), &enrolling).ok()
}

/// The route as it is for this request: of its conditions the branches that are taken, of its targets those that are where the
/// request may be served, of its canaries the arm that it is in.
fn settled(call: &Call, route: &Arc<Route>) -> Result<(Arc<Route>, Enrolled), Refusal> {
    let body = Body::of(call);
    let facts = RequestFacts::of(call, &body)?;
    let residence = Residence::of(&call.headers, &call.origin.key)?;
    let key = &call.origin.key;
    let permits = |target: &Target| residence.permits(target.region.as_ref()) && !hidden(target, key);
    let is_free = residence.is_free() && key.subject.workspace.withheld.is_nothing();
    let permits: Option<Permits<'_>> = (!is_free).then_some(&permits);
    let called = |unnamed: &str| match &route.name {
        Some(name) => format!("the route `{name}`"),
        None => unnamed.to_owned(),
    };
    let random = || call.origin.gateway.random();
    let enrolling = Enrolling::of(&random, &call.pinned.canaries, route);
    let settled = route::settled(route, &facts, permits, &enrolling).map_err(|left| match left {
        // Whatever is taken out then is not there for this key.
        NothingLeft::NotPermitted if residence.is_free() => {
            unknown_model(&call.pinned.snapshot, call.client_model(), key)
        }
        NothingLeft::NotPermitted => residence.refusal(&called("the model's route")),
        NothingLeft::NoBranch => {
            let which = called("the route in the request's header");
            let message = format!("no condition of {which} holds for this request, and it has no `default`");
            Refusal::new(ErrorCode::NoBranch, message)
        }
    })?;
    Ok((settled, enrolling.into_enrolled()))
}

/// Further models that a request names are no way around what the key may use.
fn permit_alternatives(call: &Call, route: &Route) -> Result<(), Refusal> {
    let listed =
        member(&call.document, "models")?.and_then(|listed| serde_json::from_slice(&listed.raw()).ok());
    let listed: Vec<String> = listed.unwrap_or_default();
    let drawing = if call.endpoint.task() == Task::Images { drawing_model(call)? } else { None };
    listed.iter().chain(&drawing).try_for_each(|name| permit_alternative(route, name, &call.origin.key))
}

/// The second model of a request for a drawing (OpenAI API reference, "Create image": `svg.model`, in forms `svg[model]`).
fn drawing_model(call: &Call) -> Result<Option<String>, Refusal> {
    #[derive(serde::Deserialize)]
    struct Drawing {
        model: String,
    }
    let field = member(&call.document, "svg[model]")?.and_then(|field| Some(field.as_str()?.into_owned()));
    let object =
        member(&call.document, "svg")?.and_then(|svg| serde_json::from_slice::<Drawing>(&svg.raw()).ok());
    Ok(field.or(object.map(|drawing| drawing.model)))
}

fn named_route(call: &Call) -> Result<Arc<Route>, Refusal> {
    if let Some(text) = header(&call.headers, &CONFIG_HEADERS)? {
        return if text.trim_start().starts_with('{') { inline(call, text) } else { by_name(call, text) };
    }
    match named_provider(&call.headers)? {
        Some(provider) => by_name(call, &format!("{provider}/{}", model(call)?)),
        None if call.facts.model.is_none() => unnamed(call),
        None => by_name(call, model(call)?),
    }
}

/// The provider that the request's head names.
///
/// # Errors
/// When the header is not text.
pub(crate) fn named_provider(headers: &HeaderMap) -> Result<Option<&str>, Refusal> {
    Ok(header(headers, &PROVIDER_HEADERS)?.map(|provider| provider.trim_start_matches('@')))
}

fn by_name(call: &Call, name: &str) -> Result<Arc<Route>, Refusal> {
    let resolver = &call.pinned.resolver;
    let found = resolver.by_name(&call.pinned.snapshot, call.endpoint, name, &call.origin.key);
    found.map_err(|refusal| match absent_provider(call, name) {
        Some(why) if refusal.code == ErrorCode::ModelNotFound => Refusal { message: why, ..refusal },
        _ => refusal,
    })
}

/// Why the provider of `provider/model` cannot be called, when there is one of that name that is not live.
fn absent_provider(call: &Call, name: &str) -> Option<String> {
    let (provider, _) = name.split_once('/')?;
    let is_live = call.pinned.snapshot.provider(provider).is_some();
    if is_live || call.origin.key.cannot_see(provider) {
        None
    } else {
        call.pinned.directory.absence(provider)
    }
}

/// The route of a request without a model: what its endpoint uses then, or its key.
fn unnamed(call: &Call) -> Result<Arc<Route>, Refusal> {
    match call.origin.key.default_route() {
        _ if call.endpoint == Endpoint::Moderations => moderation(call),
        Some(route) => by_name(call, route.as_str()),
        None => by_name(call, model(call)?),
    }
}

/// A moderation may leave the model to its provider: the first that moderates.
fn moderation(call: &Call) -> Result<Arc<Route>, Refusal> {
    let providers = &call.pinned.snapshot.providers;
    let key = &call.origin.key;
    let mut visible = providers.iter().filter(|provider| !key.cannot_see(provider.name.as_str()));
    let provider = visible.find(|provider| provider.serves(Endpoint::Moderations));
    match provider {
        Some(provider) => by_name(call, &format!("{}/{MODERATION_MODEL}", provider.name)),
        None => by_name(call, MODERATION_MODEL),
    }
}

fn model(call: &Call) -> Result<&str, Refusal> {
    call.facts.model.as_deref().filter(|model| !model.is_empty()).ok_or_else(|| {
        let message =
            "`model` is missing; name a saved route, `provider/model`, or a model that GET /v1/models lists";
        Refusal::new(ErrorCode::InvalidMember, message).with_param("model")
    })
}

/// A whole route in the header, compiled once per text and snapshot.
fn inline(call: &Call, text: &str) -> Result<Arc<Route>, Refusal> {
    if !call.origin.key.inline_config {
        let message = format!(
            "the key `{}` may not send a route of its own; its owner can set `inline_config: true`, or save the route",
            call.origin.key.name
        );
        return Err(Refusal::new(ErrorCode::InlineConfigNotAllowed, message));
    }
    if text.len() > INLINE_ROUTE_BYTES_MAX {
        let message = format!("it is longer than {INLINE_ROUTE_BYTES_MAX} bytes; have it saved under a name");
        return Err(refuse_route(&[RouteProblem { path: String::new(), message }]));
    }
    let snapshot = &call.pinned.snapshot;
    let compile = || {
        let spec = spec::from_json(text.as_bytes()).map_err(|problem| refuse_route(&[problem]))?;
        let origin = route::Origin::Request { custom_host_allowed: snapshot.request_policy.custom_host };
        let providers = &Visible { directory: &*call.pinned.directory, key: &call.origin.key };
        let context = CompileContext { providers, defaults: &snapshot.route_defaults, origin };
        let root = route::compile(&spec, &context).map_err(|problems| refuse_route(&problems))?;
        let long = long_models(&root);
        if !long.is_empty() {
            return Err(refuse_route(&long));
        }
        Ok(Arc::new(Route { name: None, root }))
    };
    call.pinned.resolver.inline(text, call.client_model(), &call.origin.key, compile)
}

/// The targets whose model's name is longer than a client may make it.
fn long_models(root: &RouteNode) -> Vec<RouteProblem> {
    let mut problems = Vec::new();
    root.for_each_target(&mut |target| {
        if target.model.as_ref().is_some_and(|model| model.as_str().len() > MODEL_NAME_BYTES_MAX) {
            let message = format!("the model's name is longer than {MODEL_NAME_BYTES_MAX} bytes");
            problems.push(RouteProblem { path: target.path.clone(), message });
        }
    });
    problems
}

fn refuse_route(problems: &[RouteProblem]) -> Refusal {
    let code = if problems.iter().any(|problem| problem.path.ends_with("custom_host")) {
        ErrorCode::CustomHostRefused
    } else {
        ErrorCode::InvalidInlineConfig
    };
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Refusal::new(code, format!("the route in the request's header is wrong: {}", lines.join("; ")))
}

fn header<'a>(headers: &'a HeaderMap, names: &[HeaderName]) -> Result<Option<&'a str>, Refusal> {
    let found = names.iter().find_map(|name| headers.get(name).map(|value| (name, value)));
    let Some((name, value)) = found else { return Ok(None) };
    value.to_str().map(Some).map_err(|_| {
        Refusal::new(ErrorCode::InvalidHeader, format!("`{name}` holds bytes that are not visible ASCII"))
    })
}

/// A route of only the first target that fits.
fn target_of(route: &Route, fits: impl Fn(&Target) -> bool) -> Option<Arc<Route>> {
    let mut found = None;
    route.root.for_each_target(&mut |target| {
        if found.is_none() && fits(target) {
            found = Some(target.clone());
        }
    });
    found.map(|target| Arc::new(Route { name: None, root: RouteNode::Target(Arc::new(target)) }))
}

#[cfg(test)]
mod tests {
    use super::{
        CONFIG_HEADERS, ErrorCode, HeaderMap, Route, RouteNode, RouteProblem, header, refuse_route, target_of,
    };
    use crate::resolve::tests::provider;
    use domain::route::{Balance, ParameterRules, RetryPolicy, Target};
    use http::HeaderValue;
    use std::sync::Arc;

    fn target(name: &str) -> RouteNode {
        let provider = provider(name, &[]);
        RouteNode::Target(Arc::new(Target {
            path: name.to_owned(),
            credentials: provider.credentials.clone(),
            provider,
            model: None,
            custom_host: None,
            retry: RetryPolicy::default(),
            timeouts: domain::Timeouts::default(),
            parameters: ParameterRules::default(),
            forward_headers: Vec::new(),
            strict: false,
            resume: false,
            region: None,
        }))
    }

    #[test]
    fn a_route_narrows_to_the_first_target_that_fits() {
        let inner = RouteNode::LoadBalance {
            by: Balance::Weight,
            children: vec![(1, target("b")), (1, target("c"))],
        };
        let root = RouteNode::Fallback { on_status_codes: None, children: vec![target("a"), inner] };
        let route = Route { name: None, root };
        let narrowed = |name: &str| target_of(&route, |target| target.provider.name.as_str() == name);
        assert!(matches!(&narrowed("c").unwrap().root, RouteNode::Target(target) if target.path == "c"));
        assert!(narrowed("d").is_none());
    }

    #[test]
    fn tollgates_own_header_goes_before_portkeys() {
        let mut headers = HeaderMap::new();
        assert_eq!(header(&headers, &CONFIG_HEADERS), Ok(None));
        headers.insert("x-portkey-config", HeaderValue::from_static("theirs"));
        assert_eq!(header(&headers, &CONFIG_HEADERS), Ok(Some("theirs")));
        headers.insert("x-tollgate-config", HeaderValue::from_static("ours"));
        assert_eq!(header(&headers, &CONFIG_HEADERS), Ok(Some("ours")));
        headers.insert("x-tollgate-config", HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(header(&headers, &CONFIG_HEADERS).unwrap_err().code, ErrorCode::InvalidHeader);
    }

    #[test]
    fn a_refused_host_is_told_apart_from_other_mistakes() {
        let problem = |path: &str| RouteProblem { path: path.to_owned(), message: "m".to_owned() };
        let refusal = refuse_route(&[problem("targets[0].custom_host"), problem("retry")]);
        assert_eq!(refusal.code, ErrorCode::CustomHostRefused);
        assert!(refusal.message.ends_with("targets[0].custom_host: m; retry: m"), "{}", refusal.message);
        assert_eq!(refuse_route(&[problem("retry")]).code, ErrorCode::InvalidInlineConfig);
    }
}
