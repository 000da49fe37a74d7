//! Sessions where all replicas find them.

use std::sync::Arc;

use bytes::Bytes;
use domain::ErrorCode;
use domain::ports::shared_state::{Change, Replaced, SharedState, StateError};
use identity::{Session, SessionId, SessionLimits, Use, Way, sessions_of};
use std::time::Duration;

use crate::api::problem::Problem;

/// How many sessions are ended in one step.
const STEP: usize = 100;

/// Keeps sessions in the shared state.
pub(in crate::api) struct Sessions {
    state: Arc<dyn SharedState>,
}

impl Sessions {
    pub(in crate::api) fn new(state: Arc<dyn SharedState>) -> Self {
        Self { state }
    }

    /// Where they are kept.
    pub(super) fn state(&self) -> &dyn SharedState {
        &*self.state
    }

    /// Keeps a session that begins, under an id that nobody had before.
    pub(super) async fn begin(
        &self,
        session: &Session,
        limits: SessionLimits,
        random: [u8; 32],
    ) -> Result<SessionId, Problem> {
        let id = SessionId::new(&owner(session), random);
        let change = Change {
            key: id.key(),
            replaces: None,
            value: written(session)?,
            expires_in: Some(Session::kept_first(limits)),
        };
        let replaced = self.state.replace(&[change]).await.map_err(|error| unavailable(&error))?.what;
        match replaced.as_slice() {
            [Replaced::Done(_)] => Ok(id),
            // The same 256 bits were drawn twice.
            _ => Err(Problem::new(ErrorCode::Internal, "the system's randomness repeats itself")),
        }
    }

    /// The session of an id, which counts as used now.
    pub(in crate::api) async fn find(
        &self,
        id: &SessionId,
        limits: SessionLimits,
        now_milliseconds: u64,
    ) -> Result<Option<Session>, Problem> {
        let keys = [id.key()];
        let seen = self.state.read(&keys).await.map_err(|error| unavailable(&error))?;
        let Some(found) = seen.what.into_iter().next().flatten() else { return Ok(None) };
        // What another version wrote is no session here.
        let Ok(session) = serde_json::from_slice::<Session>(&found.value) else { return Ok(None) };
        let [key] = keys;
        match session.used(limits, now_milliseconds) {
            Use::Good => Ok(Some(session)),
            Use::Over => self.put(key, found.version, Bytes::new(), Duration::ZERO).await.map(|()| None),
            Use::Renew(kept) => {
                let session = Session { seen_milliseconds: now_milliseconds, ..session };
                // Where it was used or ended elsewhere in the meantime, that stands.
                self.put(key, found.version, written(&session)?, kept).await?;
                Ok(Some(session))
            }
        }
    }

    /// Ends a session, whoever has changed it in the meantime.
    pub(super) async fn end(&self, id: &SessionId) -> Result<(), Problem> {
        self.end_all_below(&id.key()).await
    }

    /// Ends all sessions of a user.
    pub(in crate::api) async fn end_of_user(&self, user: &str) -> Result<(), Problem> {
        self.end_all_below(&sessions_of(&owner_of_user(user))).await
    }

    async fn end_all_below(&self, prefix: &str) -> Result<(), Problem> {
        loop {
            let listed = self.state.list(prefix, None, STEP).await.map_err(|error| unavailable(&error))?.what;
            if listed.is_empty() {
                return Ok(());
            }
            let gone = |listed: domain::ports::shared_state::Listed| Change {
                key: listed.key,
                replaces: Some(listed.versioned.version),
                value: Bytes::new(),
                expires_in: Some(Duration::ZERO),
            };
            let changes: Vec<_> = listed.into_iter().map(gone).collect();
            self.state.replace(&changes).await.map_err(|error| unavailable(&error))?;
        }
    }

    async fn put(&self, key: Box<str>, version: u64, value: Bytes, kept: Duration) -> Result<(), Problem> {
        let change = Change { key, replaces: Some(version), value, expires_in: Some(kept) };
        self.state.replace(&[change]).await.map(drop).map_err(|error| unavailable(&error))
    }
}

/// Whose sessions are ended together.
fn owner(session: &Session) -> String {
    match (&session.user, &session.way) {
        (Some(user), _) => owner_of_user(user),
        (None, Way::Local { name, .. }) => format!("local/{name}"),
        (None, Way::Provider { issuer, subject, .. }) => format!("provider/{issuer}/{subject}"),
    }
}

fn owner_of_user(user: &str) -> String {
    format!("user/{user}")
}

fn written(session: &Session) -> Result<Bytes, Problem> {
    let written = serde_json::to_vec(session);
    written.map(Bytes::from).map_err(|_| Problem::new(ErrorCode::Internal, "the session cannot be written"))
}

/// The shared state does not answer.
pub(super) fn unavailable(error: &StateError) -> Problem {
    tracing::error!(error = %error, "what is known of people who sign in cannot be read or written");
    let detail = "sign-ins and sessions cannot be read or written now; try again";
    Problem::new(ErrorCode::SharedStateUnavailable, detail).with_retry_after(Duration::from_secs(1))
}
