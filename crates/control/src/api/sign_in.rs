//! People sign in, ask who they are, and sign out: `/auth/…`. A session is a cookie with 256 random bits, made anew at each sign-in, and
//! what it opens is the control API with the person's roles.

pub(super) mod cookie;
mod external;
pub(super) mod origin;
mod pace;
mod proof;
pub(super) mod sessions;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use domain::ErrorCode;
use domain::audit::{AuditEntry, AuditedResource, Outcome, Who};
use domain::ports::shared_state::{Change, Replaced};
use engine::{Denial, neighbourhood};
use http::request::Parts;
use http::{HeaderName, Method, Response, StatusCode, header};
use http_body::Body;
use identity::{PasswordHash, STEP, Session, SessionId, Way};
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::{Semaphore, SemaphorePermit};

use self::cookie::{Cookie, Guard};
use self::origin::Origin;
use self::pace::Pace;
use self::proof::Credentials;
use self::sessions::{Sessions, unavailable};
use super::problem::Problem;
use super::{ControlApi, answer, request};
use crate::authority::{LocalAdmin, People, Principal};

/// Where people sign in.
pub const SIGN_IN_ROOT: &str = "/auth/";

/// What a request that changes something has to send besides the cookie.
const CSRF_TOKEN: HeaderName = HeaderName::from_static("x-csrf-token");
/// The longest body with a name, a password and a code.
const BODY_BYTES_MAX: usize = 8 << 10;
/// How many passwords are compared at once: each takes a core and some 20 MiB for as long.
const COMPARED_MAX: usize = 2;
/// How many wait for it.
const WAITING_MAX: usize = 32;
/// For how long it is remembered which code was used last: longer than any code is good.
const CODE_REMEMBERED: Duration = STEP.saturating_mul(10);

/// What is asked for below `/auth/`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// `POST /auth/login`: with a password and a code.
    LogIn,
    /// `POST /auth/logout`.
    LogOut,
    /// `GET /auth/session`: who am I?
    Session,
    /// `GET /auth/oidc/login`: to the identity provider.
    ToProvider,
    /// `GET /auth/oidc/callback`: back from it.
    FromProvider,
}

impl Door {
    /// What a method and a path ask for.
    pub(super) fn of(method: &Method, path: &str) -> Result<Self, Problem> {
        let (door, only) = match path.strip_prefix(SIGN_IN_ROOT) {
            Some("login") => (Self::LogIn, "POST"),
            Some("logout") => (Self::LogOut, "POST"),
            Some("session") => (Self::Session, "GET"),
            Some("oidc/login") => (Self::ToProvider, "GET"),
            Some("oidc/callback") => (Self::FromProvider, "GET"),
            _ => {
                return Err(Problem::new(
                    ErrorCode::PathNotFound,
                    "there is nothing to sign in at on this path",
                ));
            }
        };
        if method.as_str() == only {
            return Ok(door);
        }
        Err(Problem::new(ErrorCode::MethodNotAllowed, format!("this path is for {only}")).allowing(only))
    }
}

/// What sign-ins need beside the configuration.
pub(super) struct Desk {
    pub(super) sessions: Sessions,
    /// Whether it is reached in clear text and on the machine itself.
    pub(super) plain_loopback: bool,
    comparing: Semaphore,
    waiting: Semaphore,
}

impl Desk {
    pub(super) fn new(sessions: Sessions, plain_loopback: bool) -> Self {
        let (comparing, waiting) = (Semaphore::new(COMPARED_MAX), Semaphore::new(COMPARED_MAX + WAITING_MAX));
        Self { sessions, plain_loopback, comparing, waiting }
    }

    /// How cookies are guarded.
    pub(super) fn guard(&self, people: &People) -> Guard {
        match &people.public_url {
            Some(public) if public.is_https => Guard::Secure,
            _ if self.plain_loopback => Guard::Plain,
            _ => Guard::Secure,
        }
    }

    /// The session whose cookie a head has.
    pub(super) fn sent(&self, head: &Parts, people: &People) -> Option<SessionId> {
        Cookie::Session.sent(&head.headers, self.guard(people)).and_then(SessionId::read)
    }

    /// A place among those who sign in at this moment.
    fn place(&self) -> Result<SemaphorePermit<'_>, Problem> {
        self.waiting.try_acquire().map_err(|_| {
            let detail = "too many people sign in at this moment; try again";
            Problem::new(ErrorCode::Overloaded, detail).with_retry_after(Duration::from_secs(1))
        })
    }

    /// Compares a password on a thread that may be busy, after those that were there before.
    async fn compare(&self, hash: PasswordHash, password: String) -> Result<bool, Problem> {
        let _place = self.place()?;
        let ended = |_| Problem::new(ErrorCode::Internal, "nobody compares passwords any more");
        let _turn = self.comparing.acquire().await.map_err(ended)?;
        let compared = tokio::task::spawn_blocking(move || hash.is_of(&password)).await;
        compared.map_err(|_| Problem::new(ErrorCode::Internal, "the password could not be compared"))
    }

    /// Takes note that a code was used, unless it or a later one was before.
    async fn use_code(&self, name: &str, step: u64) -> Result<bool, Problem> {
        let keys = [format!("sign-in/code/{name}").into()];
        let state = self.sessions.state();
        let seen = state.read(&keys).await.map_err(|error| unavailable(&error))?;
        let found = seen.what.into_iter().next().flatten();
        let last = found.as_ref().and_then(|found| serde_json::from_slice::<u64>(&found.value).ok());
        if last.is_some_and(|last| step <= last) {
            return Ok(false);
        }
        let [key] = keys;
        let change = Change {
            key,
            replaces: found.map(|found| found.version),
            value: step.to_string().into(),
            expires_in: Some(CODE_REMEMBERED),
        };
        let replaced = state.replace(&[change]).await.map_err(|error| unavailable(&error))?.what;
        // Whoever was faster has used it.
        Ok(matches!(replaced.as_slice(), [Replaced::Done(_)]))
    }
}

impl ControlApi {
    /// Answers what is asked for below `/auth/`.
    pub(super) async fn at_the_door<B>(
        &self,
        head: &Parts,
        body: B,
        client: Option<IpAddr>,
    ) -> Result<Response<Bytes>, Problem>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        match Door::of(&head.method, head.uri.path())? {
            Door::LogIn => self.log_in(head, body, client).await,
            Door::LogOut => self.log_out(head, client).await,
            Door::ToProvider => self.send_to_provider(head),
            Door::FromProvider => self.take_back(head, client).await,
            Door::Session => {
                let loaded = self.registrar.loaded();
                let (session, principal) = self.person(head, loaded.authority.people()).await?;
                Ok(told(&session, &principal, loaded.authority.people()))
            }
        }
    }

    async fn log_in<B>(
        &self,
        head: &Parts,
        body: B,
        client: Option<IpAddr>,
    ) -> Result<Response<Bytes>, Problem>
    where
        B: Body<Data = Bytes> + Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let loaded = self.registrar.loaded();
        let people = loaded.authority.people();
        if Origin::of(&head.headers, &head.uri, people.public_url.as_ref()) == Origin::Other {
            return Err(self.refuse_unseen(cross_site(), client));
        }
        let credentials = Credentials::of(request::json(&head.headers, body, BODY_BYTES_MAX).await?)?;
        let pace = Pace::of(&credentials.name, client);
        let begun = pace.begin(self.desk.sessions.state()).await;
        begun.map_err(|problem| self.refuse_unseen(problem, client))?;
        let known = people.local_admins.get_key_value(credentials.name.as_str());
        let resource = known.map(|(name, _)| name.clone()).unwrap_or_default();
        let Some(admin) = self.prove(people, credentials).await? else {
            let detail = "name, password or code is wrong, or the code was used before";
            let problem = Problem::new(ErrorCode::SignInRefused, detail);
            self.note_failure(("LocalAdmin", &resource), client, &problem).await;
            return Err(problem);
        };
        let way = Way::Local { name: resource.to_string(), proof: admin.proof.to_string() };
        let user = admin.principal.user.as_ref().map(ToString::to_string);
        let (id, session, principal) = self.begin_session(head, people, (way, user), client).await?;
        pace.forget(self.desk.sessions.state()).await;
        let mut response = told(&session, &principal, people);
        self.hand_over(&mut response, people, &id);
        Ok(response)
    }

    /// Whoever has name, password and code.
    async fn prove<'p>(
        &self,
        people: &'p People,
        credentials: Credentials,
    ) -> Result<Option<&'p LocalAdmin>, Problem> {
        let now = SystemTime::from((self.wall_clock)());
        let password = credentials.password.clone();
        let compare = async |hash| self.desk.compare(hash, password).await;
        let Some((admin, step)) = credentials.owner(people, now, compare).await? else { return Ok(None) };
        Ok(self.desk.use_code(&credentials.name, step).await?.then_some(admin))
    }

    /// Begins a session under a new id, so that none that somebody else put into the browser becomes this person's; writes it down first.
    pub(super) async fn begin_session(
        &self,
        head: &Parts,
        people: &People,
        (way, user): (Way, Option<String>),
        client: Option<IpAddr>,
    ) -> Result<(SessionId, Session, Arc<Principal>), Problem> {
        let now = self.now_milliseconds();
        let (Some(random), Some(token)) = ((self.random_key)(), (self.random_key)()) else {
            let detail = "the system has no randomness to make a session of";
            return Err(Problem::new(ErrorCode::Internal, detail));
        };
        let session = Session {
            way,
            user,
            csrf_token: URL_SAFE_NO_PAD.encode(token),
            began_milliseconds: now,
            seen_milliseconds: now,
        };
        let Some(principal) = people.of(&session) else {
            let detail = "whoever this is may not sign in here: no group of theirs has a role, or they are disabled or not listed";
            let problem = Problem::new(ErrorCode::ProviderSignInRefused, detail);
            self.note_failure(("User", session.user.as_deref().unwrap_or_default()), client, &problem).await;
            return Err(problem);
        };
        self.write_down(entry(&principal.who, "sign_in", client, now)).await?;
        if let Some(before) = self.desk.sent(head, people) {
            self.desk.sessions.end(&before).await?;
        }
        let id = self.desk.sessions.begin(&session, people.limits, random).await?;
        Ok((id, session, principal))
    }

    /// Gives a browser the session that began.
    pub(super) fn hand_over(&self, response: &mut Response<Bytes>, people: &People, id: &SessionId) {
        let seconds = people.limits.longest.as_secs();
        set_cookie(response, Cookie::Session, self.desk.guard(people), (id.reveal(), seconds));
    }

    async fn log_out(&self, head: &Parts, client: Option<IpAddr>) -> Result<Response<Bytes>, Problem> {
        let loaded = self.registrar.loaded();
        let people = loaded.authority.people();
        let (session, principal) = self.person(head, people).await?;
        let meant = check_intent(head, &session, people);
        meant.map_err(|problem| self.refuse_unseen(problem, client))?;
        self.write_down(entry(&principal.who, "sign_out", client, self.now_milliseconds())).await?;
        if let Some(id) = self.desk.sent(head, people) {
            self.desk.sessions.end(&id).await?;
        }
        let mut response = answer::nothing();
        set_cookie(&mut response, Cookie::Session, self.desk.guard(people), ("", 0));
        Ok(response)
    }

    /// Whose session a head has.
    pub(super) async fn person(
        &self,
        head: &Parts,
        people: &People,
    ) -> Result<(Session, Arc<Principal>), Problem> {
        let nobody = |detail| Problem::new(ErrorCode::ControlKeyRefused, detail);
        let id = self.desk.sent(head, people);
        let id = id.ok_or_else(|| nobody("nobody is signed in here; no session was sent"))?;
        let found = self.desk.sessions.find(&id, people.limits, self.now_milliseconds()).await?;
        let session = found.ok_or_else(|| nobody("this session has ended; sign in again"))?;
        match people.of(&session) {
            Some(principal) => Ok((session, principal)),
            None => {
                // What was taken from somebody does not come back with a session of before.
                self.desk.sessions.end(&id).await?;
                Err(nobody("this session has ended; sign in again"))
            }
        }
    }

    /// Has the audit log know; what it cannot is not done.
    async fn write_down(&self, entry: AuditEntry) -> Result<(), Problem> {
        self.audit_log.append(vec![entry]).await.map(drop).map_err(|error| {
            tracing::error!(error = %error, "nobody signs in or out");
            Problem::new(
                ErrorCode::AuditUnavailable,
                "nobody signs in that cannot be written down; try again",
            )
        })
    }

    /// Writes down that somebody failed to sign in: from where, and as whom where there is somebody of that name.
    async fn note_failure(&self, (kind, name): (&str, &str), client: Option<IpAddr>, problem: &Problem) {
        let who = client.map(|client| Who::Network(neighbourhood(client).to_string().into()));
        let resource = AuditedResource { kind: kind.into(), name: name.into(), workspace: None };
        let failed = AuditEntry {
            resource: Some(resource).filter(|resource| !resource.name.is_empty()),
            outcome: Outcome::Denied(problem.code().code().into()),
            ..entry(&who.unwrap_or(Who::Others), "sign_in", client, self.now_milliseconds())
        };
        if let Err(error) = self.audit_log.append(vec![failed]).await {
            tracing::error!(error = %error, "a failed sign-in was not written down");
        }
    }

    /// Counts a refusal to somebody who is not known; the log is told of them a minute at a time.
    pub(super) fn refuse_unseen(&self, problem: Problem, client: Option<IpAddr>) -> Problem {
        let at_milliseconds = self.now_milliseconds();
        let code = problem.code();
        self.denials.count(&Denial { key: None, address: client, code, request_id: None, at_milliseconds });
        problem
    }

    pub(super) fn now_milliseconds(&self) -> u64 {
        (self.wall_clock)().as_millisecond().try_into().unwrap_or(0)
    }
}

/// Whether a request that changes something was meant by the person whose session it has: made by a page of this gateway, which alone
/// can know the session's token.
pub(super) fn check_intent(head: &Parts, session: &Session, people: &People) -> Result<(), Problem> {
    if matches!(head.method, Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    if Origin::of(&head.headers, &head.uri, people.public_url.as_ref()) != Origin::Same {
        return Err(cross_site());
    }
    let token = head.headers.get(CSRF_TOKEN).map(http::HeaderValue::as_bytes).unwrap_or_default();
    verify_slices_are_equal(token, session.csrf_token.as_bytes()).map_err(|_| {
        let detail = "a request with a session that changes something needs the session's token in `x-csrf-token` (`GET /auth/session` tells it)";
        Problem::new(ErrorCode::CrossSiteRefused, detail)
    })
}

fn cross_site() -> Problem {
    let detail = "the browser does not say that a page of this gateway made the request (`origin`, `sec-fetch-site`; control.sign_in.public_url)";
    Problem::new(ErrorCode::CrossSiteRefused, detail)
}

/// Who somebody is, what they may do, and what they need to do it.
fn told(session: &Session, principal: &Principal, people: &People) -> Response<Bytes> {
    let role = |held: &crate::authority::HeldRole| {
        let mut role = json!({"role": &*held.role});
        if let Some(workspace) = &held.workspace {
            role["workspace"] = workspace.as_str().into();
        }
        if let Some(environment) = &held.environment {
            role["environment"] = environment.as_str().into();
        }
        role
    };
    let ends = Duration::from_millis(session.began_milliseconds).saturating_add(people.limits.longest);
    let ends = Timestamp::UNIX_EPOCH.checked_add(ends).unwrap_or(Timestamp::MAX);
    let mut told = json!({
        "who": &principal.who,
        "roles": principal.roles.iter().map(role).collect::<Vec<_>>(),
        "csrf_token": session.csrf_token,
        "ends_at": format!("{ends:.0}"),
        "idle_seconds": people.limits.idle.as_secs(),
    });
    if let Some(user) = &principal.user {
        told["user"] = user.as_str().into();
    }
    answer::told(StatusCode::OK, &told)
}

fn entry(who: &Who, act: &str, client: Option<IpAddr>, at_milliseconds: u64) -> AuditEntry {
    AuditEntry {
        at_milliseconds,
        who: who.clone(),
        act: act.into(),
        resource: None,
        before: None,
        after: None,
        from: client,
        request_id: None,
        outcome: Outcome::Done,
        times: 1,
    }
}

/// Adds a cookie to an answer.
pub(super) fn set_cookie(
    response: &mut Response<Bytes>,
    cookie: Cookie,
    guard: Guard,
    (value, seconds): (&str, u64),
) {
    // Ids are letters and digits, which can always stand in a header.
    if let Some(value) = cookie.set(guard, value, seconds) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

#[cfg(test)]
mod tests {
    use super::{Credentials, Door};
    use http::Method;
    use serde_json::json;

    #[test]
    fn a_door_is_found_by_method_and_path() {
        for (method, path, door) in [
            ("POST", "/auth/login", Some(Door::LogIn)),
            ("POST", "/auth/logout", Some(Door::LogOut)),
            ("GET", "/auth/oidc/login", Some(Door::ToProvider)),
            ("GET", "/auth/oidc/callback", Some(Door::FromProvider)),
            ("POST", "/auth/oidc/callback", None),
            ("GET", "/auth/session", Some(Door::Session)),
            ("GET", "/auth/login", None),
            ("GET", "/auth/logout", None),
            ("POST", "/auth/login/", None),
            ("POST", "/auth/../auth/login", None),
            ("GET", "/auth/", None),
        ] {
            let method = Method::from_bytes(method.as_bytes()).unwrap();
            assert_eq!(Door::of(&method, path).ok(), door, "{method} {path}");
        }
    }

    #[test]
    fn name_password_and_code_are_texts_and_all_there_is() {
        let read = |body: serde_json::Value| Credentials::of(body.as_object().unwrap().clone()).is_ok();
        assert!(read(json!({"name": "a", "password": "b", "code": "c"})));
        for body in [
            json!({}),
            json!({"name": "a", "password": "b"}),
            json!({"name": "a", "password": "b", "code": 123_456}),
            json!({"name": ["a"], "password": "b", "code": "c"}),
            json!({"name": "a", "password": "b", "code": "c", "remember": true}),
        ] {
            assert!(!read(body.clone()), "{body}");
        }
    }
}
