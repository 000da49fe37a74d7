//! Signing in to providers: what goes along with a request so that the provider knows who calls.

use std::time::SystemTime;

use domain::Credential;
use domain::ports::sign_in::{Payload, SignInProblem};
use domain::provider::{BaseUrl, Proof};
use http::uri::PathAndQuery;
use http::{Request, Uri};
use secrecy::ExposeSecret;

use crate::transport::OutgoingBody;

/// Adds to a request that is otherwise finished what proves who calls. `request.uri()` is path and query; `base` says
/// to which host they go.
///
/// # Errors
/// When nothing proves it at this time; the request must not be sent then.
pub fn prove(
    request: &mut Request<OutgoingBody>,
    credential: &Credential,
    base: &BaseUrl,
    now: SystemTime,
) -> Result<(), SignInProblem> {
    match &credential.proof {
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
