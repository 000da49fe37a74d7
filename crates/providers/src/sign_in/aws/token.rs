//! Bearer tokens that are made from keys, for services that take no signature: a signed URL, written in base 64.
//!
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-openai-compatible.html>; the form is that of
//! `sagemaker.core.token_generator` in AWS's own SDK.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings};
use aws_sigv4::sign::v4;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::keys::KeySource;
use super::signature::Scope;
use crate::percent;
use crate::sign_in::bearer::Token;
use crate::sign_in::live::{Issued, Source};
use crate::sign_in::outside::Outside;
use crate::sign_in::problem::FetchProblem;

/// The longest life that is granted to such a token.
const LIFE: Duration = Duration::from_secs(12 * 3600);
const ACTION: &str = "Action=CallWithBearerToken";
const VERSION: &str = "Version=1";

/// Tokens made from the keys of a source.
pub(super) struct TokenSource {
    pub(super) keys: KeySource,
    pub(super) scope: Scope,
    pub(super) prefix: String,
}

impl Source for TokenSource {
    type Proof = Token;

    async fn fetch(&self, outside: &Outside) -> Result<Issued<Token>, FetchProblem> {
        let keys = self.keys.fetch(outside).await?;
        let now = outside.now();
        let unusable = || FetchProblem::unusable("the keys", "no token can be made from them");
        let token = self.token(&keys.proof, now).ok_or_else(unusable)?;
        let end = now + LIFE;
        // A token dies with the keys that it was made from.
        let expires = keys.expires.map_or(end, |expires| expires.min(end));
        Ok(Issued { proof: Token::new(&token).ok_or_else(unusable)?, expires: Some(expires) })
    }
}

impl TokenSource {
    fn token(&self, keys: &Credentials, now: SystemTime) -> Option<String> {
        let host = format!("{}.amazonaws.com", self.scope.service);
        let url = format!("{host}/?{ACTION}");
        let headers = std::iter::once(("host", host.as_str()));
        let request =
            SignableRequest::new("POST", format!("https://{url}"), headers, SignableBody::Bytes(b"")).ok()?;
        let identity = keys.clone().into();
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(LIFE);
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.scope.region)
            .name(&self.scope.service)
            .time(now)
            .settings(settings)
            .build()
            .ok()?;
        let signed = aws_sigv4::http_request::sign(request, &parameters.into()).ok()?;
        let added = signed.into_parts().0.into_parts().1;
        let added = added.iter().map(|(name, value)| format!("&{name}={}", percent::encode(value)));
        let whole = format!("{url}{}&{VERSION}", added.collect::<String>());
        Some(format!("{}{}", self.prefix, STANDARD.encode(whole)))
    }
}

#[cfg(test)]
mod tests;
