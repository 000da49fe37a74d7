//! Signing in to providers: what goes along with a request so that the provider knows who calls.

mod aws;
mod bearer;
mod entra;
mod exchange;
#[cfg(test)]
pub(crate) mod fake;
mod google;
mod ibm;
mod ini;
mod live;
mod oauth;
mod oracle;
mod outside;
mod plan;
mod problem;
mod register;
mod rsa;
mod secret;
mod snowflake;

use std::time::SystemTime;

use domain::Credential;
use domain::ports::sign_in::{Payload, SignInProblem};
use domain::provider::{AuthScheme, BaseUrl, Proof};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Request, Uri};
use secrecy::ExposeSecret;

pub(crate) use aws::plan as plan_aws;
pub use aws::{Claim, SignedHead, VerifyProblem};
pub(crate) use entra::plan as plan_entra;
pub(crate) use exchange::{Answer, Call};
pub(crate) use google::plan as plan_google;
pub use outside::{Outside, OutsideParts, ReadFile};
pub(crate) use plan::{NO_VARIABLE, Plan, Planned, Reader, plan};
pub(crate) use problem::FetchProblem;
pub use register::SignIns;
pub(crate) use register::Startable;
pub use secret::{SecretProblem, present};

use crate::transport::OutgoingBody;

/// Adds to a request that is otherwise finished what proves who calls. `request.uri()` is path and query; `base` says
/// to which host they go. `elsewhere` is where the offer that is called wants a secret, if not where the provider does.
///
/// # Errors
/// When nothing proves it at this time; the request must not be sent then.
pub fn prove(
    request: &mut Request<OutgoingBody>,
    credential: &Credential,
    elsewhere: Option<&AuthScheme>,
    base: &BaseUrl,
    now: SystemTime,
) -> Result<(), SignInProblem> {
    if let (Some(scheme), Some(secret)) = (elsewhere, &credential.secret) {
        let presented = present(scheme, secret, credential.id.clone())
            .map_err(|problem| SignInProblem::Unsignable(problem.to_string().into()))?;
        return add(request, &presented.proof, base, now);
    }
    add(request, &credential.proof, base, now)
}

fn add(
    request: &mut Request<OutgoingBody>,
    proof: &Proof,
    base: &BaseUrl,
    now: SystemTime,
) -> Result<(), SignInProblem> {
    match proof {
        Proof::Nothing => {}
        Proof::Header(name, value) => {
            request.headers_mut().insert(name, value.clone());
        }
        Proof::Query(parameter) => add_parameter(request.uri_mut(), parameter.expose_secret()),
        Proof::SignIn(sign_in) => {
            let (mut head, body) = std::mem::take(request).into_parts();
            let payload = body.pieces().map_or(Payload::Unread, Payload::Read);
            let signed = sign_in.sign(&mut head, base, payload, now);
            *request = Request::from_parts(head, body);
            signed?;
        }
    }
    Ok(())
}

/// Both parts are valid on their own and the parameter is percent-encoded, so the whole is valid.
fn add_parameter(uri: &mut Uri, parameter: &str) {
    let separator = if uri.query().is_some() { '&' } else { '?' };
    let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
    if let Ok(with_parameter) = PathAndQuery::try_from(format!("{path}{separator}{parameter}")) {
        *uri = Uri::from(with_parameter);
    }
}

/// Host and port as the transport sends them: without the scheme's own port.
fn host_header(base: &BaseUrl) -> Option<HeaderValue> {
    let own = if base.scheme == Scheme::HTTPS { 443 } else { 80 };
    let authority = &base.authority;
    let text = if authority.port_u16() == Some(own) { authority.host() } else { authority.as_str() };
    HeaderValue::from_str(text).ok()
}

/// Bytes as hexadecimal digits in lower case.
fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests;
