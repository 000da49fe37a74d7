//! This gateway as a client of an identity provider: the code flow of OpenID Connect Core 1.0 section 3.1, with proof keys (RFC 7636) and the
//! issuer in the answer (RFC 9207). What comes back is compared with what was begun, in this order, before anything of it is used.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;

use super::attempt::{Attempt, Seal};
use super::provider::{Discovered, Proof, Provider};
use crate::algorithm::Algorithm;
use crate::claims::{ClaimPath, Claims, scalar};
use crate::issuer::{check_audience, check_times};
use crate::problem::TokenProblem;
use crate::renewed::Fetched;
use crate::tenants::check_user_name;
use crate::token::Token;

/// RFC 3986 section 2.3: what need not be encoded.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The longest code that is redeemed, and the longest of the other parts of an answer.
const PART_BYTES_MAX: usize = 4096;
/// Most groups that are kept of somebody.
const GROUPS_MAX: usize = 500;
/// The longest name of a group.
const GROUP_BYTES_MAX: usize = 256;
/// The longest `sub` (OpenID Connect Core 1.0 section 2).
const SUBJECT_BYTES_MAX: usize = 255;
/// How long a provider's clock may take between issuing a token and this gateway seeing it.
const AGE_MAX: Duration = Duration::from_secs(10 * 60);

/// A client of an identity provider.
pub struct RelyingParty {
    parts: RelyingPartyParts,
    seal: Seal,
}

/// What a client is registered with, and what it believes.
#[derive(Clone)]
pub struct RelyingPartyParts {
    /// The name of the provider, to the letter.
    pub issuer: Box<str>,
    /// What the provider calls this gateway.
    pub client_id: Box<str>,
    /// What proves to the provider that it is this gateway.
    pub client_secret: Box<str>,
    /// Where browsers come back to.
    pub redirect_url: Box<str>,
    /// What is asked for, `openid` included.
    pub scopes: Vec<Box<str>>,
    /// The claim that names the user.
    pub user_claim: ClaimPath,
    /// The claim that lists their groups.
    pub groups_claim: ClaimPath,
    /// How its tokens may be signed.
    pub algorithms: Vec<Algorithm>,
    /// How far its clock may be from ours.
    pub leeway: Duration,
    /// What it publishes.
    pub provider: Arc<Provider>,
}

/// Where a browser is sent, and what it takes along.
#[derive(Debug)]
pub struct Begun {
    /// The provider's address.
    pub location: String,
    /// What the cookie says until it comes back.
    pub sealed: String,
}

/// What a browser comes back with.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Returned {
    /// The code.
    pub code: Option<String>,
    /// What was sent along.
    pub state: Option<String>,
    /// Whose answer it is.
    pub issuer: Option<String>,
    /// Why there is no code.
    pub error: Option<String>,
}

/// A code that is to be redeemed.
pub struct Redemption {
    /// Where.
    pub url: String,
    /// The fields of the form.
    pub fields: Vec<(&'static str, String)>,
    /// What `authorization` says, where the secret is no field.
    pub authorization: Option<String>,
}

/// The way to the providers.
pub trait Redeem: Send + Sync {
    /// Redeems a code, in bounded time and for an answer of bounded length.
    fn redeem<'a>(&'a self, redemption: &'a Redemption) -> Fetched<'a>;
}

/// Who somebody is at their provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The provider's own name for them, which is never another's.
    pub subject: String,
    /// The name that is theirs here.
    pub user: String,
    /// The groups that they are in.
    pub groups: Vec<String>,
}

/// Why somebody is not signed in. No text repeats anything that came from outside, but the names of errors that standards have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignInProblem {
    /// The provider has not been reached yet.
    #[error("the identity provider could not be reached yet; try again")]
    NoProvider,
    /// It was not begun here.
    #[error("no sign-in was begun in this browser, or it took too long; begin again")]
    NotBegun,
    /// It is the answer to another sign-in.
    #[error("the answer is not to the sign-in that was begun in this browser (`state`); begin again")]
    State,
    /// It comes from somebody else.
    #[error("the answer is not from the identity provider that was asked (`iss`)")]
    Issuer,
    /// The provider says no.
    #[error("the identity provider did not sign anybody in: {0}")]
    Refused(Box<str>),
    /// It has no code.
    #[error("the answer has no usable `code`")]
    Code,
    /// The code was not redeemed.
    #[error("the identity provider did not redeem the code")]
    Redemption,
    /// What it was redeemed for is no token to sign in with.
    #[error("the identity provider's token is not believed: {0}")]
    Token(#[from] TokenProblem),
    /// The token is of another sign-in.
    #[error("the identity provider's token is of another sign-in (`nonce`)")]
    Nonce,
}

#[derive(Deserialize)]
struct Redeemed {
    id_token: String,
}

impl RelyingParty {
    /// A client; none where its secret cannot be used for a key, which every secret can.
    #[must_use]
    pub fn new(parts: RelyingPartyParts) -> Option<Self> {
        let client = format!("{} {}", parts.issuer, parts.client_id);
        let seal = Seal::of(&parts.client_secret, &client)?;
        Some(Self { parts, seal })
    }

    /// The name of the provider.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.parts.issuer
    }

    /// Begins a sign-in after which somebody wants to be at a path.
    ///
    /// # Errors
    /// While nothing is known of the provider.
    pub fn begin(
        &self,
        return_to: &str,
        [state, nonce, verifier, once]: [[u8; 32]; 4],
        now: SystemTime,
    ) -> Result<Begun, SignInProblem> {
        let provider = self.discovered()?;
        let attempt = Attempt::new(return_to, [state, nonce, verifier], now);
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, attempt.verifier.as_bytes()));
        let scope = self.parts.scopes.join(" ");
        let endpoint = &provider.metadata.authorization_endpoint;
        let fields = [
            ("response_type", "code"),
            ("client_id", &*self.parts.client_id),
            ("redirect_uri", &*self.parts.redirect_url),
            ("scope", scope.as_str()),
            ("state", attempt.state.as_str()),
            ("nonce", attempt.nonce.as_str()),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ];
        let query = fields.map(|(name, value)| format!("{name}={}", encoded(value))).join("&");
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        let sealed = self.seal.close(&attempt, once).ok_or(SignInProblem::NotBegun)?;
        Ok(Begun { location: format!("{endpoint}{joint}{query}"), sealed })
    }

    /// The sign-in that a browser comes back from, and the code that it brings.
    ///
    /// # Errors
    /// When it is another, or brings none.
    pub fn returned(
        &self,
        sealed: Option<&str>,
        returned: &Returned,
        now: SystemTime,
    ) -> Result<(Attempt, Redemption), SignInProblem> {
        let attempt = sealed.and_then(|sealed| self.seal.open(sealed, now)).ok_or(SignInProblem::NotBegun)?;
        let state = returned.state.as_deref().unwrap_or_default();
        verify_slices_are_equal(state.as_bytes(), attempt.state.as_bytes())
            .map_err(|_| SignInProblem::State)?;
        let provider = self.discovered()?;
        let must_be_said = provider.metadata.authorization_response_iss_parameter_supported;
        match returned.issuer.as_deref() {
            None if must_be_said => return Err(SignInProblem::Issuer),
            Some(issuer) if issuer != &*self.parts.issuer => return Err(SignInProblem::Issuer),
            _ => {}
        }
        if let Some(error) = &returned.error {
            return Err(SignInProblem::Refused(name_of_error(error)));
        }
        let code = returned.code.as_deref().filter(|code| (1..=PART_BYTES_MAX).contains(&code.len()));
        let redemption = self.redemption(&provider, code.ok_or(SignInProblem::Code)?, &attempt);
        Ok((attempt, redemption))
    }

    fn redemption(&self, provider: &Discovered, code: &str, attempt: &Attempt) -> Redemption {
        let RelyingPartyParts { client_id, client_secret, redirect_url, .. } = &self.parts;
        let mut fields = vec![
            ("grant_type", "authorization_code".to_owned()),
            ("code", code.to_owned()),
            ("redirect_uri", redirect_url.to_string()),
            ("code_verifier", attempt.verifier.clone()),
        ];
        let authorization = match provider.metadata.proof() {
            Some(Proof::Form) => {
                fields.push(("client_id", client_id.to_string()));
                fields.push(("client_secret", client_secret.to_string()));
                None
            }
            _ => {
                let pair = format!("{}:{}", encoded(client_id), encoded(client_secret));
                Some(format!("Basic {}", STANDARD.encode(pair)))
            }
        };
        Redemption { url: provider.metadata.token_endpoint.clone(), fields, authorization }
    }

    /// Whether the keys of the provider have to be fetched for a token that a code was redeemed for; what ends when they were.
    #[must_use]
    pub fn renewal(&self) -> Option<impl Future<Output = ()> + use<>> {
        self.parts.provider.renewal()
    }

    /// Who signed in, by what a code was redeemed for (OpenID Connect Core 1.0 section 3.1.3.7).
    ///
    /// # Errors
    /// When it is not believed.
    pub fn person(
        &self,
        redeemed: &[u8],
        attempt: &Attempt,
        now: SystemTime,
    ) -> Result<Person, SignInProblem> {
        let redeemed: Redeemed = serde_json::from_slice(redeemed).map_err(|_| SignInProblem::Redemption)?;
        let token = Token::read(&redeemed.id_token)?;
        let algorithm = token.algorithm.filter(|algorithm| self.parts.algorithms.contains(algorithm));
        let provider = self.discovered()?;
        provider.keys.verify(&token, algorithm.ok_or(TokenProblem::Algorithm)?)?;
        let claims = &token.claims;
        if claims.text("iss") != Some(&*self.parts.issuer) {
            return Err(TokenProblem::UnknownIssuer.into());
        }
        check_times(claims, self.parts.leeway, now)?;
        let issued = claims.time("iat").map_err(TokenProblem::Claim)?.ok_or(TokenProblem::Claim("iat"))?;
        if now.duration_since(issued).is_ok_and(|age| age > AGE_MAX + self.parts.leeway) {
            return Err(TokenProblem::Expired.into());
        }
        self.check_client(claims)?;
        let nonce = claims.text("nonce").unwrap_or_default();
        verify_slices_are_equal(nonce.as_bytes(), attempt.nonce.as_bytes())
            .map_err(|_| SignInProblem::Nonce)?;
        Ok(self.named(claims)?)
    }

    /// The token is for this client; where it is for others too, it says that this one asked for it.
    fn check_client(&self, claims: &Claims) -> Result<(), TokenProblem> {
        check_audience(claims, std::slice::from_ref(&self.parts.client_id))?;
        let is_shared = matches!(claims.get("aud"), Some(Value::Array(all)) if all.len() > 1);
        match claims.get("azp") {
            None if is_shared => Err(TokenProblem::Audience),
            Some(party) if party.as_str() != Some(&*self.parts.client_id) => Err(TokenProblem::Audience),
            _ => Ok(()),
        }
    }

    fn named(&self, claims: &Claims) -> Result<Person, TokenProblem> {
        let fits = |text: &&str| {
            !text.is_empty() && text.len() <= SUBJECT_BYTES_MAX && !text.contains(char::is_control)
        };
        let subject = claims.text("sub").filter(fits).ok_or(TokenProblem::Claim("sub"))?;
        let unnamed = || TokenProblem::Unfilled(self.parts.user_claim.clone());
        let user = claims.at(&self.parts.user_claim).and_then(scalar).ok_or_else(unnamed)?;
        check_user_name(&user).map_err(|_| unnamed())?;
        // Whoever may write any address into their profile would be anybody.
        if self.parts.user_claim.to_string() == "email"
            && claims.get("email_verified") == Some(&Value::Bool(false))
        {
            return Err(unnamed());
        }
        let listed = match claims.at(&self.parts.groups_claim) {
            Some(Value::Array(groups)) => groups.iter().filter_map(scalar).collect(),
            Some(one) => scalar(one).into_iter().collect(),
            None => Vec::new(),
        };
        let is_fit = |group: &String| !group.is_empty() && group.len() <= GROUP_BYTES_MAX;
        let groups = listed.into_iter().filter(is_fit).take(GROUPS_MAX).collect();
        Ok(Person { subject: subject.to_owned(), user, groups })
    }

    fn discovered(&self) -> Result<Arc<Discovered>, SignInProblem> {
        let published = self.parts.provider.current().ok_or(SignInProblem::NoProvider)?;
        Ok(Arc::clone(&published.document))
    }
}

/// The name of an error as RFC 6749 section 4.1.2.1 and OpenID Connect have them; anything else is not repeated.
fn name_of_error(error: &str) -> Box<str> {
    let is_name = error.len() <= 64 && error.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if is_name && !error.is_empty() { error.into() } else { "it does not say why".into() }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, ENCODED).to_string()
}

impl fmt::Debug for RelyingParty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RelyingParty")
            .field("issuer", &self.parts.issuer)
            .field("client_id", &self.parts.client_id)
            .finish_non_exhaustive()
    }
}
