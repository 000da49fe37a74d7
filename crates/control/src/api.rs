//! The control API: objects over HTTP, and the doors by which people come to it. Who asks is known before anything is read, what they may is asked for each object, and an answer
//! comes when what it tells of is in force.

mod admission;
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
mod scim;
mod shown;
mod sign_in;
mod spend;
mod wanted;
mod witness;
mod write;

use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use domain::ErrorCode;
use domain::ports::audit_log::AuditLog;
use domain::ports::shared_state::SharedState;
use domain::ports::spend::SpendReader;
use engine::{Denials, WrongKeys};
use futures_util::FutureExt;
use http::request::Parts;
use http::{HeaderValue, Request, Response, StatusCode, header};
use http_body::Body;
use identity::Redeem;
use jiff::Timestamp;
use serde_json::{Map, Value as Json};
use tokio::time::Instant;

use self::admission::Admitted;
use self::audit::Wished;
use self::batch::BATCH_BYTES_MAX;
pub use self::openapi::openapi;
pub use self::operation::API_ROOT;
use self::operation::{Operation, match_path};
use self::precondition::Precondition;
use self::problem::Problem;
use self::remembered::{Known, Remembered};
pub use self::scim::SCIM_ROOT;
use self::sign_in::Desk;
pub use self::sign_in::SIGN_IN_ROOT;
use self::sign_in::sessions::Sessions;
use self::wanted::Act;
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
    /// Where sessions are kept, for all replicas.
    pub shared_state: Arc<dyn SharedState>,
    /// Who knows what budgets have spent.
    pub spend: Arc<dyn SpendReader>,
    /// The way to identity providers.
    pub way: Arc<dyn Redeem>,
    /// Whether it is reached in clear text and on the machine itself, so that cookies cannot be for HTTPS alone.
    pub plain_loopback: bool,
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
    spend: Arc<dyn SpendReader>,
    desk: Desk,
    way: Arc<dyn Redeem>,
    remembered: Remembered,
    description: OnceLock<Response<Bytes>>,
    started: Instant,
    random_key: fn() -> Option<[u8; 32]>,
    wall_clock: fn() -> Timestamp,
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
            spend: parts.spend,
            desk: Desk::new(Sessions::new(parts.shared_state), parts.plain_loopback),
            way: parts.way,
            remembered: Remembered::default(),
            description: OnceLock::new(),
            started: Instant::now(),
            random_key: parts.random_key,
            wall_clock: parts.wall_clock,
        }
    }

    /// The configuration that is in force for it.
    #[must_use]
    pub fn loaded(&self) -> Arc<Loaded> {
        self.registrar.loaded()
    }

    /// Ends the sessions of users whenever they are disabled or removed, for ever: what was taken from somebody does not come back with a
    /// session of before.
    pub async fn end_sessions(self: Arc<Self>) {
        let mut reloads = self.registrar.reloads();
        let mut loaded = self.registrar.loaded();
        while reloads.changed().await.is_ok() {
            let before = std::mem::replace(&mut loaded, self.registrar.loaded());
            let gone = loaded.authority.people().gone_since(before.authority.people());
            for user in gone {
                if let Err(problem) = self.desk.sessions.end_of_user(&user).await {
                    tracing::error!(
                        user = &*user,
                        error = problem.detail(),
                        "the sessions of a user were not ended"
                    );
                }
            }
        }
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
        if !self.registrar.loaded().server.admits_to_control(client) {
            let detail = "the control plane may not be reached from this address (server.control.networks)";
            return Err(self.refuse_unseen(Problem::new(ErrorCode::NetworkNotAllowed, detail), client));
        }
        if head.uri.path().starts_with(SIGN_IN_ROOT) {
            return self.at_the_door(&head, body, client).await;
        }
        if head.uri.path().starts_with(SCIM_ROOT) {
            return Ok(self.provision(&head, body, client).await);
        }
        let operation = match_path(&head.method, head.uri.path())?;
        if operation == Operation::Describe {
            return Ok(self.describe());
        }
        let admitted = self.admit(&head, &operation, client).await?;
        let done = self.perform(&admitted, &head, operation.clone(), body).await;
        if let Some(code) = done.as_ref().err().and_then(Problem::denial) {
            witness::refused(&*self.audit_log, &admitted, operation.asked(), code).await;
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
            Operation::Spend(id) => {
                spend::of_budget(&*self.spend, admitted, &id, spend::Wished::of(head.uri.query())?).await
            }
            Operation::AllSpend => {
                spend::of_all(&*self.spend, admitted, spend::Wished::of(head.uri.query())?).await
            }
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
        let request = remembered::Request::of(&head.headers, &admitted.principal.who, head.uri.path())?;
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
}
