//! The control API: objects over HTTP. Who asks is known before anything is read, what they may is asked for each object, and an answer
//! comes when what it tells of is in force.

mod answer;
mod merge_patch;
mod operation;
mod precondition;
mod problem;
mod request;
mod resource;
mod shown;
mod wanted;

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::{ErrorCode, KeyText, Limits, Network};
use engine::WrongKeys;
use engine::route::time::TimeSpan;
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use tokio::time::Instant;

pub use self::operation::API_ROOT;
use self::operation::{Operation, match_path};
use self::precondition::Precondition;
use self::problem::Problem;
use self::request::{LIMIT_MAX, Query, bearer};
use self::resource::resource;
use self::shown::{Hashes, behind, find};
use self::wanted::{Act, Asking, Rotation, Wanted, decide, not_found, permit};
use crate::authority::{Action, Principal, Stranger};
use crate::load::Loaded;
use crate::objects::{ObjectId, ObjectKind};
use crate::registrar::{NotChanged, Registrar};

/// The longest body of one object.
const OBJECT_BYTES_MAX: usize = 256 << 10;

/// What the API is made of. Time of day and randomness come from outside.
pub struct ControlParts {
    /// Who makes the changes.
    pub registrar: Arc<Registrar>,
    /// 256 random bits for each key; none when the system has none to give.
    pub random_key: fn() -> Option<[u8; 32]>,
    /// 64 random bits per call.
    pub random: fn() -> u64,
    /// The time of day.
    pub wall_clock: fn() -> Timestamp,
}

/// The control API. Shared by all connections.
pub struct ControlApi {
    registrar: Arc<Registrar>,
    wrong_keys: WrongKeys,
    started: Instant,
    random_key: fn() -> Option<[u8; 32]>,
    wall_clock: fn() -> Timestamp,
}

/// Somebody who was let in, with what they asked for beside the body.
struct Admitted {
    principal: Arc<Principal>,
    loaded: Arc<Loaded>,
    query: Query,
    now: Timestamp,
}

impl ControlApi {
    /// One that changes objects through `parts.registrar`.
    #[must_use]
    pub fn new(parts: ControlParts) -> Self {
        Self {
            registrar: parts.registrar,
            wrong_keys: WrongKeys::new((parts.random)()),
            started: Instant::now(),
            random_key: parts.random_key,
            wall_clock: parts.wall_clock,
        }
    }

    /// The proxies whose word is taken for where a request comes from.
    #[must_use]
    pub fn trusted_proxies(&self) -> Vec<Network> {
        self.registrar.loaded().snapshot.trusted_proxies.clone()
    }

    /// Answers a request that comes from `client`. Never fails: every error is an answer.
    pub async fn serve<B>(&self, request: Request<B>, client: Option<IpAddr>) -> Response<Bytes>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let answered = AssertUnwindSafe(self.answer(request, client)).catch_unwind().await;
        let failed =
            |_| Err(Problem::new(ErrorCode::Internal, "Tollgate failed on this request; its log says where"));
        let mut response = answered.unwrap_or_else(failed).unwrap_or_else(|problem| problem.response());
        // What is told to one is nobody else's, and old a moment later.
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }

    async fn answer<B>(&self, request: Request<B>, client: Option<IpAddr>) -> Result<Response<Bytes>, Problem>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = request.into_parts();
        let operation = match_path(&head.method, head.uri.path())?;
        let admitted = self.admit(&head, client)?;
        let precondition = Precondition::of(&head.headers)?;
        let json = async || request::json(&head.headers, body, OBJECT_BYTES_MAX).await;
        match operation {
            Operation::List(kind) => list(&admitted, kind),
            Operation::Get(id) => get(&admitted, &id),
            Operation::Put(id) => self.write(&admitted, (id, precondition), Act::Put(json().await?)).await,
            Operation::Patch(id) => {
                self.write(&admitted, (id, precondition), Act::Patch(json().await?)).await
            }
            Operation::Delete(id) => self.write(&admitted, (id, precondition), Act::Delete).await,
            Operation::CreateKey => self.create_key(&admitted, json().await?).await,
            Operation::RotateKey(id) => self.rotate(&admitted, (id, precondition), &json().await?).await,
        }
    }

    /// Whose a request is. Keys that are not known are counted, as on the data plane.
    fn admit(&self, head: &Parts, client: Option<IpAddr>) -> Result<Admitted, Problem> {
        let loaded = self.registrar.loaded();
        let now = (self.wall_clock)();
        let admitted = loaded.authority.admit(bearer(&head.headers), now.into());
        let principal = admitted.cloned().map_err(|stranger| {
            let counted = match stranger {
                Stranger::Unknown | Stranger::Client => self.count(&loaded.snapshot.limits, client),
                _ => Ok(()),
            };
            counted.map_or_else(
                |wait| {
                    let detail = "too many keys that are not known came from this network (limits.wrong_keys_per_minute_max)";
                    Problem::new(ErrorCode::TooManyWrongKeys, detail).with_retry_after(wait)
                },
                |()| Problem::new(stranger.code(), stranger.to_string()),
            )
        })?;
        let query = Query::of(head.uri.query())?;
        Ok(Admitted { principal, loaded, query, now })
    }

    fn count(&self, limits: &Limits, client: Option<IpAddr>) -> Result<(), Duration> {
        self.wrong_keys.count(client, limits.wrong_keys_per_minute_max, self.started.elapsed())
    }

    async fn write(
        &self,
        admitted: &Admitted,
        (id, precondition): (ObjectId, Precondition),
        act: Act,
    ) -> Result<Response<Bytes>, Problem> {
        let is_new = admitted.loaded.objects.get(&id).is_none();
        let wanted = [Wanted { id, precondition, act }];
        let loaded = self.change(admitted, &wanted).await?;
        let [Wanted { id, .. }] = &wanted;
        let Some(found) = find(&loaded, id) else { return Ok(answer::nothing()) };
        let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
        let mut response = answer::object(status, id, found, Hashes::Masked);
        if is_new {
            answer::locate(&mut response, id);
        }
        Ok(response)
    }

    async fn create_key(
        &self,
        admitted: &Admitted,
        mut body: Map<String, Json>,
    ) -> Result<Response<Bytes>, Problem> {
        let name = body.get("name").and_then(Json::as_str);
        let id = name.and_then(|name| ObjectId::new(ObjectKind::Key, name).ok());
        let id = id.ok_or_else(|| Problem::new(ErrorCode::ObjectInvalid, "a key needs a `name`"))?;
        if body.contains_key("hash") || body.contains_key("hashes") {
            let detail = "the text of the key is made here; to bring a hash of your own, use PUT";
            return Err(Problem::new(ErrorCode::ObjectInvalid, detail));
        }
        let text = self.new_text()?;
        body.insert("hash".to_owned(), text.hash().to_string().into());
        let wanted = [Wanted { id, precondition: Precondition::Absent, act: Act::Put(body) }];
        let loaded = self.change(admitted, &wanted).await?;
        let [Wanted { id, .. }] = &wanted;
        let found = find(&loaded, id).ok_or_else(|| not_found(id))?;
        let mut response = answer::key(StatusCode::CREATED, id, found, text.reveal());
        answer::locate(&mut response, id);
        Ok(response)
    }

    async fn rotate(
        &self,
        admitted: &Admitted,
        (id, precondition): (ObjectId, Precondition),
        body: &Map<String, Json>,
    ) -> Result<Response<Bytes>, Problem> {
        let until = overlap(body)?.map(|overlap| admitted.now.checked_add(overlap).unwrap_or(Timestamp::MAX));
        let text = self.new_text()?;
        let act = Act::Rotate(Rotation { hash: text.hash().to_string(), until });
        let wanted = [Wanted { id, precondition, act }];
        let loaded = self.change(admitted, &wanted).await?;
        let [Wanted { id, .. }] = &wanted;
        let found = find(&loaded, id).ok_or_else(|| not_found(id))?;
        Ok(answer::key(StatusCode::OK, id, found, text.reveal()))
    }

    fn new_text(&self) -> Result<KeyText, Problem> {
        let random = (self.random_key)();
        let none = || Problem::new(ErrorCode::Internal, "the system has no randomness to make a key of");
        random.map(KeyText::from_random).ok_or_else(none)
    }

    async fn change(&self, admitted: &Admitted, wanted: &[Wanted]) -> Result<Arc<Loaded>, Problem> {
        let asking = Asking {
            principal: &admitted.principal,
            now: admitted.now,
            applied_from: admitted.query.applied_from.as_deref(),
        };
        let changed = self.registrar.change(|loaded| decide(wanted, loaded, asking)).await;
        changed.map_err(|not_changed| match not_changed {
            NotChanged::Refused(problem) => problem,
            NotChanged::Invalid(errors) => Problem::invalid(&errors),
            NotChanged::Unavailable(why) => {
                tracing::error!(error = why, "an object could not be changed");
                Problem::new(ErrorCode::StateUnavailable, "objects cannot be changed now; try again")
            }
        })
    }
}

fn list(admitted: &Admitted, kind: ObjectKind) -> Result<Response<Bytes>, Problem> {
    let Admitted { principal, loaded, query, .. } = admitted;
    if !principal.permits_some(Action::Read, kind.into()) {
        let detail = format!("no role of this control key permits to read a {}", kind.noun());
        return Err(Problem::new(ErrorCode::NotPermitted, detail));
    }
    let limit = query.limit.unwrap_or(LIMIT_MAX);
    let mut shown = Vec::new();
    let mut last = None;
    for (id, found) in behind(loaded, kind, query.after.as_deref()) {
        let body = found.body();
        if !principal.visible(&resource(id, &body)) {
            continue;
        }
        if shown.len() == limit {
            return Ok(answer::list(&shown, last));
        }
        shown.push(found.shown(id, hashes(admitted, id, &body)?));
        last = Some(id.name());
    }
    Ok(answer::list(&shown, None))
}

fn get(admitted: &Admitted, id: &ObjectId) -> Result<Response<Bytes>, Problem> {
    let found = find(&admitted.loaded, id).ok_or_else(|| not_found(id))?;
    let body = found.body();
    permit(&admitted.principal, Action::Read, id, &body)?;
    Ok(answer::object(StatusCode::OK, id, found, hashes(admitted, id, &body)?))
}

/// How the hashes of a key are shown: whole to whoever could replace them, when they ask for it.
fn hashes(admitted: &Admitted, id: &ObjectId, body: &Map<String, Json>) -> Result<Hashes, Problem> {
    if !admitted.query.whole_hashes || id.kind() != ObjectKind::Key {
        return Ok(Hashes::Masked);
    }
    permit(&admitted.principal, Action::Update, id, body).map(|()| Hashes::Whole)
}

/// For how long the text of a key is good beside the next one.
fn overlap(body: &Map<String, Json>) -> Result<Option<Duration>, Problem> {
    let wrong =
        || Problem::new(ErrorCode::InvalidMember, "expected nothing but `overlap`, a time such as \"1h\"");
    if body.keys().any(|name| name != "overlap") {
        return Err(wrong());
    }
    let Some(written) = body.get("overlap") else { return Ok(None) };
    let span: TimeSpan = written.as_str().and_then(|text| text.parse().ok()).ok_or_else(wrong)?;
    Ok((!span.0.is_zero()).then_some(span.0))
}
