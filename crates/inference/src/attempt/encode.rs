//! From the client's request to the provider's: bytes spliced, headers chosen, credential added.

use std::borrow::Cow;

use bytes::Bytes;
use domain::endpoint::Task;
use domain::provider::{AuthScheme, BodyEdits, EndpointPath, Offer, StreamUsage};
use domain::route::{ParameterRules, Target};
use domain::{Credential, Endpoint, ErrorCode, Provider};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, header};
use providers::named_path;
use providers::sign_in::prove;
use providers::transport::OutgoingBody;
use smallvec::SmallVec;
use wire::convert::media::Unfinished;
use wire::convert::{Format, SEAL_PREFIX};
use wire::form::{Form, FormEdit};
use wire::json::{Edit, EditError, Path, Segments};

use super::failed::FailedAttempt;
use super::interpreter::Interpreter;
use super::place::Place;
use super::{Call, counting, resume, translate, upgrade};
use crate::dialect::format_of;

const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("tollgate/", env!("CARGO_PKG_VERSION")));
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A request for a provider.
pub(super) struct Encoded<'a> {
    pub(super) request: Request<OutgoingBody>,
    /// What the target takes in requests of its own, after the first.
    pub(super) further: Vec<Request<OutgoingBody>>,
    /// Where an answer is asked for that is not there at once.
    pub(super) results: Option<Results<'a>>,
    pub(super) way_back: WayBack,
    /// The members of the client's request that the provider's format does not carry, for the client.
    pub(super) dropped: Option<HeaderValue>,
}

/// How the answer finds its way back to the client.
pub(super) enum WayBack {
    /// As it comes.
    Same {
        /// Whether usage was asked for in the client's place, so that its chunk must not reach the client.
        strip_usage: bool,
    },
    /// Translated.
    Translated(Interpreter),
    /// As frames of a WebSocket.
    Upgraded,
}

/// The part of a request that depends on the target's format.
pub(super) struct Draft<'t> {
    pub(super) body: SmallVec<[Bytes; 4]>,
    pub(super) content_type: HeaderValue,
    /// The bodies of further requests, where one does not do.
    pub(super) further: Vec<SmallVec<[Bytes; 4]>>,
    pub(super) place: Place<'t>,
    /// Whether the client's query means something at this endpoint.
    pub(super) with_query: bool,
    pub(super) address: Address,
    pub(super) way_back: WayBack,
    pub(super) dropped: Option<HeaderValue>,
}

/// What of a translated request stands in its address.
#[derive(Default)]
pub(super) struct Address {
    /// What the path has in the place of the model.
    pub(super) in_path: Option<String>,
    /// Its query, percent-encoded.
    pub(super) query: Option<String>,
}

/// Builds the request of one attempt: in the client's format where the target speaks it, else translated.
///
/// # Errors
/// When the target cannot be asked for this, or the route's parameter rules cannot be applied to this body.
pub(super) fn encode<'a>(
    call: &'a Call,
    target: &'a Target,
    credential: &'a Credential,
) -> Result<Encoded<'a>, FailedAttempt> {
    let model = call.model_at(target);
    let draft = draft(call, target, model)?;
    let Draft { body, further, content_type, place, with_query, address, way_back, dropped } =
        match &call.said {
            Some(said) => resume::going_on(call, target, draft, said)?,
            None => draft,
        };
    let query = call.query.as_deref().filter(|_| with_query);
    let in_path = address.in_path.as_deref().unwrap_or(model);
    let path = path_at(target, place.path, in_path, query, address.query.as_deref())
        .ok_or_else(|| not_in_a_path(in_path))?;
    let sender = Sender { call, target, credential, auth: place.offer.auth.as_ref() };
    let request = |body| match way_back {
        WayBack::Upgraded => sender.handshake(path.clone()),
        _ => sender.post(path.clone(), body, content_type.clone()),
    };
    let further = further.into_iter().map(request).collect::<Result<_, _>>()?;
    let request = request(body)?;
    let results = place.result.map(|path| Results { sender, path, model });
    Ok(Encoded { request, further, results, way_back, dropped })
}

/// Whose requests are sent to whom.
#[derive(Clone, Copy)]
struct Sender<'a> {
    call: &'a Call,
    target: &'a Target,
    credential: &'a Credential,
    /// Where the secret goes, when that is elsewhere than for the rest of the provider.
    auth: Option<&'a AuthScheme>,
}

impl Sender<'_> {
    fn post(
        &self,
        path: PathAndQuery,
        body: SmallVec<[Bytes; 4]>,
        content_type: HeaderValue,
    ) -> Result<Request<OutgoingBody>, FailedAttempt> {
        self.request(path, OutgoingBody::from(body), |request| {
            *request.method_mut() = Method::POST;
            request.headers_mut().insert(header::CONTENT_TYPE, content_type);
        })
    }

    fn handshake(&self, path: PathAndQuery) -> Result<Request<OutgoingBody>, FailedAttempt> {
        self.request(path, OutgoingBody::default(), |request| {
            upgrade::write_handshake(request.headers_mut(), &self.call.headers);
        })
    }

    fn get(&self, path: PathAndQuery) -> Result<Request<OutgoingBody>, FailedAttempt> {
        self.request(path, OutgoingBody::default(), |_| ())
    }

    fn request(
        &self,
        path: PathAndQuery,
        body: OutgoingBody,
        complete: impl FnOnce(&mut Request<OutgoingBody>),
    ) -> Result<Request<OutgoingBody>, FailedAttempt> {
        let Self { call, target, credential, auth } = *self;
        let mut request = Request::new(body);
        *request.uri_mut() = Uri::from(path);
        request.headers_mut().reserve(12);
        write_headers(request.headers_mut(), &call.headers, target);
        complete(&mut request);
        let base = target.custom_host.as_ref().map_or(&target.provider.base, |custom| &custom.base);
        let now = call.origin.gateway.wall_clock().into();
        // After everything else, since a signature covers all of it.
        prove(&mut request, credential, auth, base, now)?;
        Ok(request)
    }
}

/// Where answers are asked for that are not there at once.
#[derive(Clone, Copy)]
pub(super) struct Results<'a> {
    sender: Sender<'a>,
    path: &'a EndpointPath,
    model: &'a str,
}

impl Results<'_> {
    /// The request for an answer that was none yet.
    ///
    /// # Errors
    /// When its id cannot be part of a path.
    pub(super) fn request(&self, unfinished: Unfinished) -> Result<Request<OutgoingBody>, FailedAttempt> {
        let Unfinished { in_path, body } = unfinished;
        let in_path = in_path.as_deref().unwrap_or(self.model);
        let path = path_at(self.sender.target, self.path, in_path, None, None);
        let path =
            path.ok_or_else(|| FailedAttempt::broken("the id of the result cannot be part of a path"))?;
        match body {
            Some(body) => self.sender.post(path, [body].into_iter().collect(), JSON),
            None => self.sender.get(path),
        }
    }
}

fn not_in_a_path(name: &str) -> FailedAttempt {
    FailedAttempt::objection(ErrorCode::InvalidMember, format!("`{name}` cannot be part of a path"))
}

fn draft<'t>(call: &Call, target: &'t Target, model: &str) -> Result<Draft<'t>, FailedAttempt> {
    if call.endpoint == Endpoint::Realtime {
        return upgrade::draft(call, target, model);
    }
    if call.endpoint.task() == Task::Counting {
        return counting::draft(call, target, model);
    }
    match same_format(call, target, model)? {
        Some(draft) => Ok(draft),
        None => translate::draft(call, target, model),
    }
}

/// The client's own bytes with a few of them replaced; none when the target does not speak the client's format or goes on with an
/// answer only in another, the answer is kept here, or the conversation holds what another format's provider has sealed and this one
/// would not take.
pub(super) fn same_format<'t>(
    call: &Call,
    target: &'t Target,
    model: &str,
) -> Result<Option<Draft<'t>>, FailedAttempt> {
    let provider = &*target.provider;
    let place = Place::of(provider, call.endpoint, model, call.facts.stream);
    let goes_on = resume::goes_on_in(call, provider, model, format_of(call.endpoint));
    let is_its_own = call.kept.is_none() && !holds_foreign_seal(call) && goes_on;
    let Some(place) = place.filter(|_| is_its_own) else { return Ok(None) };
    let offer = place.offer;
    let strip_usage = asks_for_usage(call, provider);
    let named = prefixed(offer, model);
    let (edited, content_type) = match &call.form {
        Some(sent) => (edited_form(call, &sent.form, target, &named, &offer.body), sent.content_type.clone()),
        None => (edited_body(call, target, &named, &offer.body, strip_usage), JSON),
    };
    let body =
        edited.map_err(|error| FailedAttempt::objection(ErrorCode::InvalidMember, error.to_string()))?;
    Ok(Some(Draft {
        body: body.into_iter().collect(),
        content_type,
        further: Vec::new(),
        place,
        with_query: true,
        address: Address::default(),
        way_back: WayBack::Same { strip_usage },
        dropped: None,
    }))
}

/// Whether a target speaks the format that the request is in.
pub(crate) fn speaks_clients_format(call: &Call, target: &Target) -> bool {
    Place::of(&target.provider, call.endpoint, call.model_at(target), call.facts.stream).is_some()
}

/// Whether the conversation was served by a provider of another format before, whose proofs of thinking the client was
/// given in a form that only Tollgate reads.
fn holds_foreign_seal(call: &Call) -> bool {
    let may_hold =
        matches!(format_of(call.endpoint), Some(Format::Messages | Format::Responses | Format::Gemini));
    may_hold && call.document.body().contains(SEAL_PREFIX.as_bytes())
}

/// The model as the provider wants it named.
pub(super) fn prefixed<'m>(offer: &Offer, model: &'m str) -> Cow<'m, str> {
    match &offer.body.model_prefix {
        Some(prefix) if !model.starts_with(prefix.as_str()) => Cow::Owned(format!("{prefix}{model}")),
        _ => Cow::Borrowed(model),
    }
}

/// Where the endpoint is at this target: below its custom host's prefix instead of the provider's, and with the client's
/// query unless the endpoint has one of its own (an API version), after which that of a translation follows. `None` when
/// what is named (a model, a voice) cannot be part of a path.
fn path_at(
    target: &Target,
    path: &EndpointPath,
    named: &str,
    client_query: Option<&str>,
    own_query: Option<&str>,
) -> Option<PathAndQuery> {
    let text = match path {
        EndpointPath::Fixed(path)
            if target.custom_host.is_none() && client_query.is_none() && own_query.is_none() =>
        {
            return Some(path.clone());
        }
        path => named_path(path, named)?,
    };
    let own_prefix = target.provider.base.prefix.as_str();
    let below = text.strip_prefix(own_prefix).unwrap_or(&*text);
    let prefix = target.custom_host.as_ref().map_or(own_prefix, |custom| custom.base.prefix.as_str());
    let mut whole = format!("{prefix}{below}");
    for query in client_query.filter(|_| !below.contains('?')).into_iter().chain(own_query) {
        whole.push(if whole.contains('?') { '&' } else { '?' });
        whole.push_str(query);
    }
    PathAndQuery::try_from(whole).ok()
}

/// Headers for the provider: the client's that it knows, and its own defaults.
pub(super) fn write_headers(headers: &mut HeaderMap, client: &HeaderMap, target: &Target) {
    let provider = &*target.provider;
    if !provider.forward_headers.is_empty() || !target.forward_headers.is_empty() {
        let forwarded = client
            .iter()
            .filter(|(name, _)| header_forwards(provider, name) || target.forward_headers.contains(name));
        forwarded.for_each(|(name, value)| {
            headers.append(name, value.clone());
        });
    }
    for (name, value) in &provider.default_headers {
        headers.entry(name).or_insert_with(|| value.clone());
    }
    headers.insert(header::USER_AGENT, USER_AGENT);
}

/// Whether a client's header is passed on to a provider.
fn header_forwards(provider: &Provider, name: &HeaderName) -> bool {
    provider.forward_headers.iter().any(|pattern| pattern.matches(name))
}

/// Usage is always metered. OpenAI's chat streams report it only when asked (`stream_options`, API reference "Create
/// chat completion").
fn asks_for_usage(call: &Call, provider: &Provider) -> bool {
    matches!(call.endpoint, Endpoint::ChatCompletions | Endpoint::Completions)
        && call.facts.stream
        && call.facts.include_usage != Some(true)
        && provider.stream_usage == StreamUsage::OnRequest
}

fn edited_body(
    call: &Call,
    target: &Target,
    model: &str,
    wanted: &BodyEdits,
    ask_for_usage: bool,
) -> Result<Segments, Box<dyn std::error::Error>> {
    let mut edit = Edit::new(&call.document);
    let is_asked_for = call.facts.model.as_deref() == Some(model) || model.is_empty();
    if call.endpoint.names_model_in_path() {
        // Where the path decides, a member of the same name must not say something else.
        edit.remove("model")?;
        if call.endpoint == Endpoint::BatchEmbedContents {
            // Nor may one in a request within.
            edit.set_in_each("requests", "model", &json_string(&format!("models/{model}")))?;
        }
    } else if !is_asked_for {
        edit.set("model", &json_string(model))?;
    }
    if ask_for_usage {
        wire::formats::ask_for_usage(&mut edit, &call.facts)?;
    }
    set_and_remove(&mut edit, wanted)?;
    apply(&mut edit, &target.parameters)?;
    Ok(edit.apply())
}

/// The same for a form: a field is what a member is in JSON.
fn edited_form(
    call: &Call,
    form: &Form,
    target: &Target,
    model: &str,
    wanted: &BodyEdits,
) -> Result<Segments, Box<dyn std::error::Error>> {
    let mut edit = FormEdit::new(form);
    if call.facts.model.as_deref() != Some(model) && !model.is_empty() {
        edit.set("model", &json_string(model))?;
    }
    for (member, raw) in &wanted.set {
        edit.set(member, raw)?;
    }
    wanted.remove.iter().for_each(|member| edit.remove(member));
    for (member, raw) in &target.parameters.defaults {
        edit.default(member, raw)?;
    }
    for (member, raw) in &target.parameters.overrides {
        edit.set(member, raw)?;
    }
    for path in &target.parameters.drops {
        edit.remove(&in_brackets(path));
    }
    Ok(edit.apply())
}

/// How a form names a member of an object: `svg.model` is `svg[model]`.
fn in_brackets(path: &str) -> Cow<'_, str> {
    match path.split_once('.') {
        Some((member, below)) => Cow::Owned(format!("{member}[{}]", below.replace('.', "]["))),
        None => Cow::Borrowed(path),
    }
}

/// Makes the changes that a provider wants of every body.
pub(super) fn set_and_remove(edit: &mut Edit<'_>, wanted: &BodyEdits) -> Result<(), EditError> {
    for (member, raw) in &wanted.set {
        edit.set(member, raw)?;
    }
    for member in &wanted.remove {
        edit.remove(member)?;
    }
    Ok(())
}

/// Portkey's order: defaults, overrides, drops.
pub(super) fn apply(edit: &mut Edit<'_>, rules: &ParameterRules) -> Result<(), Box<dyn std::error::Error>> {
    for (member, raw) in &rules.defaults {
        edit.default(member, raw)?;
    }
    for (member, raw) in &rules.overrides {
        edit.merge(member, raw)?;
    }
    for path in &rules.drops {
        edit.remove_path(&path.parse::<Path>()?)?;
    }
    Ok(())
}

fn json_string(text: &str) -> Vec<u8> {
    serde_json::Value::from(text).to_string().into_bytes()
}
