//! SCIM 2.0 (RFC 7643, RFC 7644): an identity provider keeps the users and groups that it knows in step here. They are objects as any other, so
//! that there is one registry, one check and one audit log; this is another way of writing them.

mod description;
mod group;
mod patch;
mod problem;
mod user;

use std::net::IpAddr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use domain::ErrorCode;
use http::request::Parts;
use http::{HeaderValue, Method, Response, StatusCode, header};
use http_body::Body;
use identity::scim::{Filter, FilterProblem, attribute};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value as Json, json};

use self::problem::ScimProblem;
use super::operation::Asked;
use super::precondition::{Precondition, etag};
use super::request::Query;
use super::resource::resource as resource_of;
use super::shown::{Found, behind, find};
use super::wanted::{Act, Wanted, permit, permit_reading};
use super::{Admitted, ControlApi, request, witness};
use crate::authority::{Action, Kind};
use crate::load::Loaded;
use crate::objects::{ObjectId, ObjectKind};

/// Where it is.
pub const SCIM_ROOT: &str = "/scim/v2/";
const ROOT: &str = SCIM_ROOT;

/// The longest body: a group of some thousand members.
const BODY_BYTES_MAX: usize = 2 << 20;
/// Most resources on a page.
const PAGE_MAX: usize = 200;
/// How often a change is made anew of what somebody else has changed in the meantime.
const ROUNDS_MAX: usize = 4;

/// What a path names.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// All users, or all groups.
    All(ObjectKind),
    /// One of them.
    One(ObjectId),
    /// What this gateway can do.
    Description(Vec<String>),
}

impl Place {
    fn of(path: &str) -> Result<Self, ScimProblem> {
        let rest = path.strip_prefix(ROOT).ok_or_else(none)?;
        let mut segments = rest.split('/');
        let kind = match segments.next() {
            Some("Users") => ObjectKind::User,
            Some("Groups") => ObjectKind::Group,
            Some("ServiceProviderConfig" | "ResourceTypes" | "Schemas") => {
                return Ok(Self::Description(rest.split('/').map(str::to_owned).collect()));
            }
            _ => return Err(none()),
        };
        match (segments.next(), segments.next()) {
            (None, _) => Ok(Self::All(kind)),
            (Some(id), None) => {
                let id = percent_decode_str(id).decode_utf8().map_err(|_| none())?;
                let name = match kind {
                    ObjectKind::User => user_of_id(&id).ok_or_else(none)?,
                    _ => id.into_owned(),
                };
                ObjectId::new(kind, &name).map(Self::One).map_err(|_| none())
            }
            _ => Err(none()),
        }
    }
}

/// The id of a user: one that can stand in a path whatever the name is.
fn user_id(name: &str) -> String {
    URL_SAFE_NO_PAD.encode(name)
}

fn user_of_id(id: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(id).ok()?).ok()
}

impl ControlApi {
    /// Answers what is asked for below `/scim/v2/`. Every error is an answer of SCIM's.
    pub(super) async fn provision<B>(&self, head: &Parts, body: B, client: Option<IpAddr>) -> Response<Bytes>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        self.provisioned(head, body, client).await.unwrap_or_else(|problem| problem.response())
    }

    async fn provisioned<B>(
        &self,
        head: &Parts,
        body: B,
        client: Option<IpAddr>,
    ) -> Result<Response<Bytes>, ScimProblem>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let loaded = self.registrar.loaded();
        let principal = self.holder(head, &loaded, client)?;
        let now = (self.wall_clock)();
        let mut admitted = Admitted { principal, loaded, query: Query::default(), now, client };
        let place = Place::of(head.uri.path())?;
        let done = self.at_place(&mut admitted, head, &place, body).await;
        if let Some(code) = done.as_ref().err().and_then(ScimProblem::denial) {
            witness::refused(&*self.audit_log, &admitted, asked(&head.method, &place), code).await;
        }
        done
    }

    async fn at_place<B>(
        &self,
        admitted: &mut Admitted,
        head: &Parts,
        place: &Place,
        body: B,
    ) -> Result<Response<Bytes>, ScimProblem>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let seen = precondition(head)?;
        let json = async || {
            let read = request::json_of(&head.headers, body, (BODY_BYTES_MAX, "application/scim+json")).await;
            read.map(attribute::normalized).map_err(ScimProblem::from)
        };
        match (place, head.method.as_str()) {
            (Place::Description(path), "GET") => described(path, head),
            (Place::All(kind), "GET") => list(admitted, *kind, head),
            (Place::All(kind), "POST") => self.create(admitted, *kind, &json().await?).await,
            (Place::One(id), "GET") => get(admitted, id, head),
            (Place::One(id), "PUT") => {
                let wanted = json().await?;
                self.change_resource(admitted, id, seen, |_| Ok(wanted.clone())).await
            }
            (Place::One(id), "PATCH") => {
                let request = json().await?;
                self.change_resource(admitted, id, seen, |resource| patch::patched(resource, request.clone()))
                    .await
            }
            (Place::One(id), "DELETE") => self.remove(admitted, id, seen).await,
            _ => Err(ScimProblem::new(405, None, "this resource is not for this method")),
        }
    }

    async fn create(
        &self,
        admitted: &Admitted,
        kind: ObjectKind,
        resource: &Map<String, Json>,
    ) -> Result<Response<Bytes>, ScimProblem> {
        let (name, body) = match kind {
            ObjectKind::User => (user::name(resource)?.to_owned(), user::body(resource, Map::new())?),
            _ => {
                let random = (self.random_key)().map(|bytes| URL_SAFE_NO_PAD.encode(&bytes[..16]));
                let none = || ScimProblem::new(500, None, "the system has no randomness to make an id of");
                (format!("g{}", random.ok_or_else(none)?), group::body(resource)?)
            }
        };
        let unfit = |_| {
            ScimProblem::value("a `userName` has 1 to 320 bytes, and neither spaces nor control characters")
        };
        let id = ObjectId::new(kind, &name).map_err(unfit)?;
        check_unique(&admitted.loaded, &id, resource)?;
        let wanted = [Wanted { id, precondition: Precondition::Absent, act: Act::Put(body) }];
        let loaded = self.change(admitted, &wanted).await.map_err(|problem| match problem.code() {
            ErrorCode::VersionMismatch => taken(),
            _ => problem.into(),
        })?;
        let [Wanted { id, .. }] = &wanted;
        let mut response = shown(&loaded, id, StatusCode::CREATED)?;
        if let Ok(location) = HeaderValue::from_str(&location(id)) {
            response.headers_mut().insert(header::LOCATION, location);
        }
        Ok(response)
    }

    /// Makes a resource what `become_of` makes of it. Where nobody says which version they have seen, it is made of the one that there is.
    async fn change_resource(
        &self,
        admitted: &mut Admitted,
        id: &ObjectId,
        seen: Precondition,
        become_of: impl Fn(Map<String, Json>) -> Result<Map<String, Json>, ScimProblem>,
    ) -> Result<Response<Bytes>, ScimProblem> {
        let mut round = 0;
        loop {
            admitted.loaded = self.registrar.loaded();
            let found = find(&admitted.loaded, id).ok_or_else(none)?;
            let before = found.body();
            permit(&admitted.principal, Action::Update, id, &before)?;
            let resource = become_of(editable(id, &before))?;
            let body = match id.kind() {
                ObjectKind::User => {
                    check_name(id, &resource)?;
                    user::body(&resource, before)?
                }
                _ => group::body(&resource)?,
            };
            check_unique(&admitted.loaded, id, &resource)?;
            let precondition = match (seen, found) {
                (Precondition::Unsaid, Found::Api(object)) => Precondition::Version(object.version),
                _ => seen,
            };
            let wanted = [Wanted { id: id.clone(), precondition, act: Act::Put(body) }];
            match self.change(admitted, &wanted).await.map_err(ScimProblem::from) {
                Ok(loaded) => return shown(&loaded, id, StatusCode::OK),
                Err(problem)
                    if seen == Precondition::Unsaid && problem.is_overtaken() && round < ROUNDS_MAX =>
                {
                    round += 1
                }
                Err(problem) => return Err(problem),
            }
        }
    }

    /// Takes a resource away, and with a user what is theirs: their keys, and their places in groups.
    async fn remove(
        &self,
        admitted: &Admitted,
        id: &ObjectId,
        seen: Precondition,
    ) -> Result<Response<Bytes>, ScimProblem> {
        let found = find(&admitted.loaded, id).ok_or_else(none)?;
        permit(&admitted.principal, Action::Delete, id, &found.body())?;
        let precondition = if seen == Precondition::Unsaid { Precondition::Any } else { seen };
        let mut wanted = vec![Wanted { id: id.clone(), precondition, act: Act::Delete }];
        if id.kind() == ObjectKind::User {
            wanted.extend(without_user(&admitted.loaded, id.name()));
        }
        self.change(admitted, &wanted).await?;
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Ok(response)
    }
}

/// What changes where a user is no more.
fn without_user(loaded: &Loaded, user: &str) -> Vec<Wanted> {
    let mut wanted = Vec::new();
    for (id, found) in behind(loaded, ObjectKind::Key, None) {
        if found.body().get("user").and_then(Json::as_str) == Some(user) {
            wanted.push(Wanted { id: id.clone(), precondition: Precondition::Any, act: Act::Delete });
        }
    }
    for (id, found) in behind(loaded, ObjectKind::Group, None) {
        let mut body = found.body();
        let Some(Json::Array(members)) = body.get_mut("members") else { continue };
        let before = members.len();
        members.retain(|member| member.as_str() != Some(user));
        if members.len() != before {
            wanted.push(Wanted { id: id.clone(), precondition: Precondition::Any, act: Act::Put(body) });
        }
    }
    wanted
}

fn asked<'p>(method: &Method, place: &'p Place) -> Asked<'p> {
    let action = match method.as_str() {
        "POST" => Action::Create,
        "PUT" | "PATCH" => Action::Update,
        "DELETE" => Action::Delete,
        _ => Action::Read,
    };
    match place {
        Place::One(id) => Asked { action, kind: id.kind().into(), name: Some(id.name()) },
        Place::All(kind) => Asked { action, kind: (*kind).into(), name: None },
        Place::Description(_) => Asked { action, kind: Kind::Organization, name: None },
    }
}

fn get(admitted: &Admitted, id: &ObjectId, head: &Parts) -> Result<Response<Bytes>, ScimProblem> {
    let found = find(&admitted.loaded, id).ok_or_else(none)?;
    permit(&admitted.principal, Action::Read, id, &found.body())?;
    let wished = Wished::of(head)?;
    let resource = wished.cut(whole(id, found));
    Ok(tagged(answer(StatusCode::OK, &Json::Object(resource)), found))
}

/// A page of those that a filter wants.
fn list(admitted: &Admitted, kind: ObjectKind, head: &Parts) -> Result<Response<Bytes>, ScimProblem> {
    let Admitted { principal, loaded, .. } = admitted;
    permit_reading(principal, kind)?;
    let wished = Wished::of(head)?;
    let found = behind(loaded, kind, None).into_iter();
    let visible = found.filter(|(id, found)| principal.visible(&resource_of(id, &found.body())));
    let resources = visible.map(|(id, found)| whole(id, found));
    let wanted =
        resources.filter(|resource| wished.filter.as_ref().is_none_or(|filter| filter.holds(resource)));
    let wanted: Vec<_> = wanted.collect();
    let total = wanted.len();
    let page = wanted.into_iter().skip(wished.start - 1).take(wished.count);
    let page: Vec<_> = page.map(|resource| Json::Object(wished.cut(resource))).collect();
    Ok(listed(&page, (total, wished.start)))
}

fn listed(resources: &[Json], (total, start): (usize, usize)) -> Response<Bytes> {
    let page = json!({
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": total,
        "startIndex": start,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    });
    answer(StatusCode::OK, &page)
}

fn described(path: &[String], head: &Parts) -> Result<Response<Bytes>, ScimProblem> {
    let path: Vec<_> = path.iter().map(|segment| percent_decode_str(segment).decode_utf8_lossy()).collect();
    let path: Vec<_> = path.iter().map(AsRef::as_ref).collect();
    let one = |all: Vec<Json>, id: &str| {
        let found = all.into_iter().find(|one| one["id"] == id);
        found.map(|one| answer(StatusCode::OK, &one)).ok_or_else(none)
    };
    // RFC 7644 section 4: who filters these is refused.
    if head.uri.query().is_some_and(|query| query.contains("filter=")) {
        return Err(ScimProblem::new(403, None, "descriptions are not filtered"));
    }
    let all = |all: Vec<Json>| {
        let total = all.len();
        Ok(listed(&all, (total, 1)))
    };
    match path.as_slice() {
        ["ServiceProviderConfig"] => Ok(answer(StatusCode::OK, &description::service_provider())),
        ["ResourceTypes"] => all(description::resource_types()),
        ["ResourceTypes", id] => one(description::resource_types(), id),
        ["Schemas"] => all(description::schemas()),
        ["Schemas", id] => one(description::schemas(), id),
        _ => Err(none()),
    }
}

/// What a query asks for.
struct Wished {
    filter: Option<Filter>,
    /// From 1.
    start: usize,
    count: usize,
    /// The attributes that are wanted, or else all.
    only: Option<Vec<Box<str>>>,
    without: Vec<Box<str>>,
}

impl Wished {
    fn of(head: &Parts) -> Result<Self, ScimProblem> {
        let mut wished = Self { filter: None, start: 1, count: PAGE_MAX, only: None, without: Vec::new() };
        for pair in head.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = request::value(value).ok_or_else(|| ScimProblem::syntax("the query is not UTF-8"))?;
            let number =
                || value.parse::<i64>().map_err(|_| ScimProblem::value(format!("`{name}` is a number")));
            let names = || -> Vec<Box<str>> {
                let first = |name: &str| attribute::path(name.trim())?.into_iter().next();
                value.split(',').filter_map(first).collect()
            };
            match name {
                "filter" => {
                    let invalid = |problem: FilterProblem| {
                        ScimProblem::new(400, Some("invalidFilter"), problem.to_string())
                    };
                    wished.filter = Some(Filter::read(&value).map_err(invalid)?);
                }
                // RFC 7644 section 3.4.2.4: what is less than the least means the least.
                "startIndex" => wished.start = usize::try_from(number()?).unwrap_or(1).max(1),
                "count" => wished.count = usize::try_from(number()?).unwrap_or(0).min(PAGE_MAX),
                "attributes" => wished.only = Some(names()),
                "excludedAttributes" => wished.without = names(),
                // Sorting is not offered, and who asks for it all the same gets what there is.
                _ => {}
            }
        }
        Ok(wished)
    }

    /// A resource without what was not asked for; its schemas and its id are always there.
    fn cut(&self, mut resource: Map<String, Json>) -> Map<String, Json> {
        let stays = |name: &str| {
            let is_wanted = self.only.as_ref().is_none_or(|only| only.iter().any(|wanted| **wanted == *name));
            let is_unwanted = self.without.iter().any(|unwanted| **unwanted == *name);
            matches!(name, "schemas" | "id") || (is_wanted && !is_unwanted)
        };
        resource.retain(|name, _| stays(name));
        resource
    }
}

/// The attributes that can be changed.
fn editable(id: &ObjectId, body: &Map<String, Json>) -> Map<String, Json> {
    match id.kind() {
        ObjectKind::User => user::resource(id.name(), body),
        _ => group::resource(id.name(), body),
    }
}

/// A resource as it is shown.
fn whole(id: &ObjectId, found: Found<'_>) -> Map<String, Json> {
    let mut resource = editable(id, &found.body());
    let (kind, own) = match id.kind() {
        ObjectKind::User => ("User", user_id(id.name())),
        _ => ("Group", id.name().to_owned()),
    };
    resource.insert("id".to_owned(), own.into());
    let mut meta = json!({"resourceType": kind, "location": location(id)});
    if let Found::Api(object) = found {
        meta["lastModified"] = format!("{:.0}", object.changed_at).into();
        meta["version"] = format!("W/{}", etag(object.version)).into();
    }
    resource.insert("meta".to_owned(), meta);
    resource
}

fn shown(loaded: &Loaded, id: &ObjectId, status: StatusCode) -> Result<Response<Bytes>, ScimProblem> {
    let found = find(loaded, id).ok_or_else(none)?;
    Ok(tagged(answer(status, &Json::Object(whole(id, found))), found))
}

fn location(id: &ObjectId) -> String {
    match id.kind() {
        ObjectKind::User => format!("{ROOT}Users/{}", user_id(id.name())),
        _ => format!("{ROOT}Groups/{}", id.name()),
    }
}

fn answer(status: StatusCode, body: &Json) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body.to_string()));
    *response.status_mut() = status;
    let scim = HeaderValue::from_static("application/scim+json");
    response.headers_mut().insert(header::CONTENT_TYPE, scim);
    response
}

fn tagged(mut response: Response<Bytes>, found: Found<'_>) -> Response<Bytes> {
    if let Found::Api(object) = found
        && let Ok(tag) = HeaderValue::from_str(&format!("W/{}", etag(object.version)))
    {
        response.headers_mut().insert(header::ETAG, tag);
    }
    response
}

/// Which version somebody has seen. SCIM's examples have weak tags, which are the same versions.
fn precondition(head: &Parts) -> Result<Precondition, ScimProblem> {
    let mut headers = head.headers.clone();
    let strong =
        head.headers.get(header::IF_MATCH).and_then(|tag| tag.to_str().ok()?.trim().strip_prefix("W/"));
    if let Some(strong) = strong.and_then(|strong| HeaderValue::from_str(strong).ok()) {
        headers.insert(header::IF_MATCH, strong);
    }
    headers.remove(header::IF_NONE_MATCH);
    Ok(Precondition::of(&headers)?)
}

/// A user keeps their name: keys, budgets and the audit log know them by it.
fn check_name(id: &ObjectId, resource: &Map<String, Json>) -> Result<(), ScimProblem> {
    if user::name(resource)?.eq_ignore_ascii_case(id.name()) {
        return Ok(());
    }
    let detail = "a user keeps their `userName`; make another user, and take this one away";
    Err(ScimProblem::new(400, Some("mutability"), detail))
}

/// Names are told apart without regard to case, so that nobody comes in beside a name that is disabled.
fn check_unique(loaded: &Loaded, id: &ObjectId, resource: &Map<String, Json>) -> Result<(), ScimProblem> {
    let attribute = if id.kind() == ObjectKind::User { "userName" } else { "displayName" };
    let wanted = resource.get(attribute).and_then(Json::as_str).unwrap_or_default();
    let is_same = |other: &ObjectId, found: Found<'_>| {
        let there = editable(other, &found.body());
        there.get(attribute).and_then(Json::as_str).is_some_and(|name| name.eq_ignore_ascii_case(wanted))
    };
    let mut others = behind(loaded, id.kind(), None).into_iter().filter(|(other, _)| *other != id);
    if others.any(|(other, found)| is_same(other, found)) { Err(taken()) } else { Ok(()) }
}

fn taken() -> ScimProblem {
    ScimProblem::new(409, Some("uniqueness"), "there is one of this name already")
}

fn none() -> ScimProblem {
    ScimProblem::not_found("there is no such resource")
}
