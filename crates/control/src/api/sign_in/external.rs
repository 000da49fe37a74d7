//! Signing in at an identity provider: the browser is sent there, comes back with a code, and whoever the code is redeemed for gets a session.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use domain::ports::shared_state::{Change, Replaced};
use domain::{ErrorCode, KeyHash};
use http::request::Parts;
use http::{HeaderValue, Response, StatusCode, header};
use identity::{
    ATTEMPT_LASTS, Attempt, RelyingParty, Returned, SignInProblem, TokenProblem, Way, is_local_path,
};

use super::cookie::Cookie;
use super::sessions::unavailable;
use super::set_cookie;
use crate::api::ControlApi;
use crate::api::problem::Problem;
use crate::api::request;
use crate::authority::People;

/// How long somebody who signs in waits for keys that their provider has only just begun to use.
const KEYS_WAIT_MAX: Duration = Duration::from_secs(2);
/// The longest query that is read.
const QUERY_BYTES_MAX: usize = 16 << 10;

impl ControlApi {
    /// `GET /auth/oidc/login`: sends a browser to the provider.
    pub(super) fn send_to_provider(&self, head: &Parts) -> Result<Response<Bytes>, Problem> {
        let loaded = self.registrar.loaded();
        let people = loaded.authority.people();
        let provider = provider(people)?;
        let [return_to] = parameters(head, ["return_to"])?;
        let return_to = return_to.unwrap_or_else(|| "/auth/session".to_owned());
        if !is_local_path(&return_to) {
            let detail = "expected `return_to` to be a path of this gateway, such as `/console`";
            return Err(Problem::new(ErrorCode::InvalidMember, detail));
        }
        let random = || (self.random_key)();
        let (Some(one), Some(two), Some(three), Some(four)) = (random(), random(), random(), random()) else {
            return Err(Problem::new(ErrorCode::Internal, "the system has no randomness to sign in with"));
        };
        let begun = provider
            .begin(&return_to, [one, two, three, four], self.now())
            .map_err(|problem| refused(&problem))?;
        let mut response = redirect(&begun.location)?;
        let sealed = (begun.sealed.as_str(), ATTEMPT_LASTS.as_secs());
        set_cookie(&mut response, Cookie::Attempt, self.desk.guard(people), sealed);
        Ok(response)
    }

    /// `GET /auth/oidc/callback`: takes a browser back.
    pub(super) async fn take_back(
        &self,
        head: &Parts,
        client: Option<IpAddr>,
    ) -> Result<Response<Bytes>, Problem> {
        let loaded = self.registrar.loaded();
        let people = loaded.authority.people();
        let provider = provider(people)?;
        let [code, state, issuer, error] = parameters(head, ["code", "state", "iss", "error"])?;
        let returned = Returned { code, state, issuer, error };
        let signed_in = match self.identified(head, people, provider, &returned).await {
            Ok(signed_in) => signed_in,
            Err(problem) => {
                self.note_failure(("IdentityProvider", provider.issuer()), client, &problem).await;
                return Err(problem);
            }
        };
        let (return_to, way, user) = signed_in;
        let (id, ..) = self.begin_session(head, people, (way, Some(user)), client).await?;
        let mut response = redirect(&return_to)?;
        self.hand_over(&mut response, people, &id);
        set_cookie(&mut response, Cookie::Attempt, self.desk.guard(people), ("", 0));
        Ok(response)
    }

    async fn identified(
        &self,
        head: &Parts,
        people: &People,
        provider: &RelyingParty,
        returned: &Returned,
    ) -> Result<(String, Way, String), Problem> {
        let sealed = Cookie::Attempt.sent(&head.headers, self.desk.guard(people));
        let ended = provider.returned(sealed, returned, self.now());
        let (attempt, redemption) = ended.map_err(|problem| refused(&problem))?;
        self.use_attempt(&attempt).await?;
        let _place = self.desk.place()?;
        let redeemed = self.way.redeem(&redemption).await.map_err(|why| {
            tracing::warn!(error = why, "an identity provider did not redeem a code");
            refused(&SignInProblem::Redemption)
        })?;
        let person = match provider.person(&redeemed, &attempt, self.now()) {
            Err(SignInProblem::Token(TokenProblem::UnknownKey)) => {
                if let Some(renewed) = provider.renewal() {
                    // What there is of keys by then, the next line finds out.
                    let _ = tokio::time::timeout(KEYS_WAIT_MAX, renewed).await;
                }
                provider.person(&redeemed, &attempt, self.now())
            }
            person => person,
        };
        let person = person.map_err(|problem| refused(&problem))?;
        let user = people.name_of(&person.user);
        let issuer = provider.issuer().to_owned();
        let way = Way::Provider { issuer, subject: person.subject, groups: person.groups };
        Ok((attempt.return_to, way, user))
    }

    /// Takes note that a sign-in has come back, so that it does so once.
    async fn use_attempt(&self, attempt: &Attempt) -> Result<(), Problem> {
        let change = Change {
            key: format!("sign-in/attempt/{}", KeyHash::of(attempt.state())).into(),
            replaces: None,
            value: Bytes::from_static(b"1"),
            expires_in: Some(ATTEMPT_LASTS),
        };
        let replaced = self.desk.sessions.state().replace(&[change]).await;
        match replaced.map_err(|error| unavailable(&error))?.what.as_slice() {
            [Replaced::Done(_)] => Ok(()),
            _ => Err(refused(&SignInProblem::NotBegun)),
        }
    }

    fn now(&self) -> SystemTime {
        (self.wall_clock)().into()
    }
}

fn provider(people: &People) -> Result<&RelyingParty, Problem> {
    let provider = people.provider.as_ref().map(|provider| &*provider.relying_party);
    let none =
        || Problem::new(ErrorCode::PathNotFound, "no identity provider is configured (control.sign_in.oidc)");
    provider.ok_or_else(none)
}

fn refused(problem: &SignInProblem) -> Problem {
    match problem {
        SignInProblem::NoProvider => Problem::new(ErrorCode::TokenKeysUnavailable, problem.to_string())
            .with_retry_after(Duration::from_secs(1)),
        _ => Problem::new(ErrorCode::ProviderSignInRefused, problem.to_string()),
    }
}

/// The parameters of a query, each of which may be there once; others are passed over (RFC 6749 section 4.1.2).
fn parameters<const COUNT: usize>(
    head: &Parts,
    names: [&str; COUNT],
) -> Result<[Option<String>; COUNT], Problem> {
    let wrong =
        || Problem::new(ErrorCode::InvalidMember, "a parameter of the query is there twice, or is not UTF-8");
    let query = head.uri.query().unwrap_or_default();
    if query.len() > QUERY_BYTES_MAX {
        return Err(wrong());
    }
    let mut values = [const { None }; COUNT];
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let Some(place) = names.iter().position(|known| *known == name) else { continue };
        let value = request::value(value).ok_or_else(wrong)?;
        match values.get_mut(place) {
            Some(empty @ None) => *empty = Some(value),
            _ => return Err(wrong()),
        }
    }
    Ok(values)
}

/// See other: the next request is a GET, whatever this one was.
fn redirect(location: &str) -> Result<Response<Bytes>, Problem> {
    let unfit = |_| Problem::new(ErrorCode::Internal, "the address cannot stand in a header");
    let location = HeaderValue::from_str(location).map_err(unfit)?;
    let mut response = Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SEE_OTHER;
    response.headers_mut().insert(header::LOCATION, location);
    // What stands in the address is nobody else's.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::parameters;
    use http::Request;

    #[test]
    fn a_parameter_is_there_once_or_not_at_all() {
        let read = |query: &str| {
            let (head, ()) =
                Request::get(format!("/auth/oidc/callback?{query}")).body(()).unwrap().into_parts();
            parameters(&head, ["code", "state"]).ok()
        };
        let both = |code: &str, state: &str| Some([Some(code.to_owned()), Some(state.to_owned())]);
        assert_eq!(read("code=a%2Fb&session_state=x&state=c+d"), both("a/b", "c d"));
        assert_eq!(read("codes=a"), Some([None, None]));
        for bad in ["code=a&code=b", "state=%ff", "code=a&state=b&code=a"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
