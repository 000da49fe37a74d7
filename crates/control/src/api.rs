//! The control API: objects over HTTP. Who asks is known before anything is read, what they may is asked for each object, and an answer
//! comes when what it tells of is in force.

mod answer;
mod audit;
mod batch;
mod merge_patch;
mod openapi;
mod operation;
mod precondition;
mod problem;
mod read;
mod remembered;
mod request;
mod resource;
mod shown;
mod wanted;
mod witness;
mod write;

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use domain::ports::audit_log::AuditLog;
use domain::{ErrorCode, Limits, Network};
use engine::{Denial, Denials, WrongKeys};
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use tokio::time::Instant;

use self::audit::Wished;
use self::batch::BATCH_BYTES_MAX;
pub use self::openapi::openapi;
pub use self::operation::API_ROOT;
use self::operation::{Operation, match_path};
use self::precondition::Precondition;
use self::problem::Problem;
use self::remembered::{Known, Remembered};
use self::request::{Query, bearer};
use self::wanted::Act;
use crate::authority::{Principal, Stranger};
use crate::load::Loaded;
use crate::registrar::Registrar;

/// The longest body of one object.
const OBJECT_BYTES_MAX: usize = 256 << 10;

/// What the API is made of. Time of day and randomness come from outside.
pub struct ControlParts {
    /// Who makes the changes.
    pub registrar: Arc<Registrar>,
    /// Who is told of every change and every refusal.
    pub audit_log: Arc<dyn AuditLog>,
    /// Where refusals to those who are not known are counted, until the log is told.
    pub denials: Arc<Denials>,
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
    audit_log: Arc<dyn AuditLog>,
    denials: Arc<Denials>,
    wrong_keys: WrongKeys,
    remembered: Remembered,
    description: OnceLock<Response<Bytes>>,
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
    /// From where they asked.
    client: Option<IpAddr>,
}

impl ControlApi {
    /// One that changes objects through `parts.registrar`.
    #[must_use]
    pub fn new(parts: ControlParts) -> Self {
        Self {
            registrar: parts.registrar,
            audit_log: parts.audit_log,
            denials: parts.denials,
            wrong_keys: WrongKeys::new((parts.random)()),
            remembered: Remembered::default(),
            description: OnceLock::new(),
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
        if operation == Operation::Describe {
            return Ok(self.describe());
        }
        let admitted = self.admit(&head, &operation, client)?;
        let done = self.perform(&admitted, &head, operation.clone(), body).await;
        if let Some(code) = done.as_ref().err().and_then(Problem::denial) {
            let entry = witness::refusal(&admitted, operation.asked(), code);
            if let Err(error) = self.audit_log.append(vec![entry]).await {
                tracing::error!(error = %error, "a refusal was not written down");
            }
        }
        done
    }

    async fn perform<B>(
        &self,
        admitted: &Admitted,
        head: &Parts,
        operation: Operation,
        body: B,
    ) -> Result<Response<Bytes>, Problem>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let precondition = Precondition::of(&head.headers)?;
        let bytes_max = if operation == Operation::Change { BATCH_BYTES_MAX } else { OBJECT_BYTES_MAX };
        let json = async || request::json(&head.headers, body, bytes_max).await;
        match operation {
            Operation::Describe => Ok(self.describe()),
            Operation::Audit => audit::page(&*self.audit_log, admitted, Wished::of(head.uri.query())?).await,
            Operation::List(kind) => read::list(admitted, kind),
            Operation::Get(id) => read::get(admitted, &id),
            Operation::Put(id) => self.write(admitted, (id, precondition), Act::Put(json().await?)).await,
            Operation::Patch(id) => self.write(admitted, (id, precondition), Act::Patch(json().await?)).await,
            Operation::Delete(id) => self.write(admitted, (id, precondition), Act::Delete).await,
            Operation::Rewrap => self.rewrap(admitted).await,
            Operation::CreateKey | Operation::RotateKey(_) | Operation::Change => {
                self.post(admitted, head, (operation, precondition), json().await?).await
            }
        }
    }

    /// The description, made once: anybody may ask for it.
    fn describe(&self) -> Response<Bytes> {
        self.description.get_or_init(|| answer::told(StatusCode::OK, &openapi())).clone()
    }

    /// What may come again because its answer was lost.
    async fn post(
        &self,
        admitted: &Admitted,
        head: &Parts,
        (operation, precondition): (Operation, Precondition),
        body: Map<String, Json>,
    ) -> Result<Response<Bytes>, Problem> {
        let request = remembered::Request::of(&head.headers, &admitted.principal.name, head.uri.path())?;
        let text = Json::Object(body.clone()).to_string();
        let making = match self.remembered.ask(request, &text, Instant::now())? {
            Known::Answered(answer) => return Ok(answer),
            Known::New(making) => making,
        };
        let answer = match operation {
            Operation::RotateKey(id) => self.rotate(admitted, (id, precondition), &body).await?,
            Operation::Change => self.change_many(admitted, body).await?,
            _ => self.create_key(admitted, body).await?,
        };
        making.done(&answer);
        Ok(answer)
    }

    /// Whose a request is. Keys that are not known are counted, as on the data plane.
    fn admit(
        &self,
        head: &Parts,
        operation: &Operation,
        client: Option<IpAddr>,
    ) -> Result<Admitted, Problem> {
        let loaded = self.registrar.loaded();
        let now = (self.wall_clock)();
        let admitted = loaded.authority.admit(bearer(&head.headers), now.into());
        let principal = admitted.cloned().map_err(|stranger| {
            let counted = match stranger {
                Stranger::Unknown | Stranger::Client => self.count(&loaded.snapshot.limits, client),
                _ => Ok(()),
            };
            let code = if counted.is_ok() { stranger.code() } else { ErrorCode::TooManyWrongKeys };
            let at_milliseconds = now.as_millisecond().try_into().unwrap_or(0);
            self.denials.count(&Denial { key: None, address: client, code, request_id: None, at_milliseconds });
            counted.map_or_else(
                |wait| {
                    let detail = "too many keys that are not known came from this network (limits.wrong_keys_per_minute_max)";
                    Problem::new(code, detail).with_retry_after(wait)
                },
                |()| Problem::new(code, stranger.to_string()),
            )
        })?;
        let query = match operation {
            Operation::Audit => Query::default(),
            _ => Query::of(head.uri.query())?,
        };
        Ok(Admitted { principal, loaded, query, now, client })
    }

    fn count(&self, limits: &Limits, client: Option<IpAddr>) -> Result<(), Duration> {
        self.wrong_keys.count(client, limits.wrong_keys_per_minute_max, self.started.elapsed())
    }
}
