//! Sign-ins whose proof is a token in `authorization`.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use domain::ports::sign_in::{Payload, Pending, SignIn, SignInProblem};
use domain::provider::BaseUrl;
use http::request::Parts;
use http::{HeaderName, HeaderValue, header};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::exchange::Answer;
use super::live::{Issued, Live, Source};
use super::outside::Outside;
use super::problem::FetchProblem;
use super::register::Startable;

/// A token, ready to be sent.
pub(super) struct Token {
    secret: SecretString,
    header: HeaderValue,
}

impl Token {
    /// `None` when no header can carry the text.
    pub(super) fn new(text: &str) -> Option<Self> {
        let mut header =
            HeaderValue::from_str(&format!("Bearer {text}")).ok().filter(|_| !text.is_empty())?;
        header.set_sensitive(true);
        Some(Self { secret: SecretString::from(text), header })
    }

    /// The text, for calls that are made with it.
    pub(super) fn expose(&self) -> &str {
        self.secret.expose_secret()
    }
}

/// A sign-in by the latest token of a source.
pub(super) struct Bearer<S: Source<Proof = Token>> {
    token: Live<S>,
    /// What goes along with every token.
    companion: Option<(HeaderName, HeaderValue)>,
}

impl<S: Source<Proof = Token>> Bearer<S> {
    pub(super) fn new(source: S) -> Self {
        Self { token: Live::new(source), companion: None }
    }

    /// Sends this header along with every token.
    pub(super) fn with_header(self, name: HeaderName, value: HeaderValue) -> Self {
        Self { companion: Some((name, value)), ..self }
    }
}

impl<S: Source<Proof = Token>> SignIn for Bearer<S> {
    fn sign(
        &self,
        head: &mut Parts,
        _: &BaseUrl,
        _: Payload<'_>,
        now: SystemTime,
    ) -> Result<(), SignInProblem> {
        let issued = self.token.current(now)?;
        head.headers.insert(header::AUTHORIZATION, issued.proof.header.clone());
        if let Some((name, value)) = &self.companion {
            head.headers.insert(name, value.clone());
        }
        Ok(())
    }

    fn secret(&self) -> Option<SecretString> {
        Some(self.token.latest()?.proof.secret.clone())
    }

    fn pending(&self) -> Option<Pending<'_>> {
        self.token.pending()
    }
}

impl<S: Source<Proof = Token>> Startable for Bearer<S> {
    fn start(&self, outside: &Outside) {
        self.token.start(outside);
    }
}

impl<S: Source<Proof = Token>> fmt::Debug for Bearer<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Bearer(hidden)")
    }
}

/// How OAuth 2.0 servers answer (RFC 6749 section 5.1), and those that are like them.
#[derive(Deserialize)]
pub(super) struct TokenAnswer {
    access_token: SecretText,
    /// How long it lives; some send it as a text.
    #[serde(default)]
    expires_in: Option<Seconds>,
    /// Since 1970; App Service says only this.
    #[serde(default)]
    expires_on: Option<Seconds>,
}

/// A secret of an answer: never printed.
#[derive(Deserialize)]
pub(super) struct SecretText(String);

#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(f64),
    Text(String),
}

impl Seconds {
    fn duration(&self) -> Option<Duration> {
        let seconds = match self {
            Self::Number(seconds) => *seconds,
            Self::Text(text) => text.trim().parse().ok()?,
        };
        Duration::try_from_secs_f64(seconds).ok()
    }
}

/// What is taken for the life of a token whose server says nothing (RFC 6749 section 5.1 lets it).
const UNSAID_LIFE: Duration = Duration::from_secs(600);
/// A longer life is not believed: it is a point in time, or a mistake.
const LIFE_MAX: Duration = Duration::from_secs(366 * 24 * 3600);

/// The token in an answer, received at `now`.
pub(super) fn token_in(answer: &Answer, now: SystemTime) -> Result<Issued<Token>, FetchProblem> {
    let TokenAnswer { access_token, expires_in, expires_on } = answer.json()?;
    let token = Token::new(access_token.0.trim());
    let life = expires_in.and_then(|seconds| seconds.duration()).filter(|life| *life <= LIFE_MAX);
    let end = expires_on.and_then(|seconds| UNIX_EPOCH.checked_add(seconds.duration()?));
    Ok(Issued {
        proof: token.ok_or_else(|| answer.unexpected("its token cannot be sent in a header"))?,
        expires: Some(life.map(|life| now + life).or(end).unwrap_or(now + UNSAID_LIFE)),
    })
}

#[cfg(test)]
mod tests;
