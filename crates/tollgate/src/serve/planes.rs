//! Who answers a request: the data plane, or the control plane for what is below its paths.

use std::net::IpAddr;
use std::sync::Arc;

use control::api::{API_ROOT, ControlApi, SCIM_ROOT, SIGN_IN_ROOT};
use http::{Method, Request, Response};
use hyper::body::Incoming;
use inference::{AnswerBody, Gateway, client_address};

/// The one path below the API's that is the data plane's: it takes a client's key, and is about that client's requests.
const EXPLAIN: &str = "/api/v1/routes/explain";

/// Both planes. They share a listener and nothing else.
pub(super) struct Planes {
    pub(super) gateway: Arc<Gateway>,
    pub(super) control: Arc<ControlApi>,
}

impl Planes {
    /// Answers one request of a connection from `peer`.
    pub(super) async fn serve(&self, request: Request<Incoming>, peer: IpAddr) -> Response<AnswerBody> {
        if !is_for_control(request.method(), request.uri().path()) {
            return inference::serve(Arc::clone(&self.gateway), request, peer).await;
        }
        let client = client_address(peer, request.headers(), &self.control.trusted_proxies());
        let control = Arc::clone(&self.control);
        // A client that leaves must not leave half a change behind.
        let answering = tokio::spawn(async move { control.serve(request, client).await });
        match answering.await {
            Ok(answer) => answer.map(|body| AnswerBody::whole([body])),
            // It panicked where no answer was left to give, so it does here; nothing cancels it.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

fn is_for_control(method: &Method, path: &str) -> bool {
    (path.starts_with(API_ROOT) && !(path == EXPLAIN && method == Method::POST))
        || path.starts_with(SIGN_IN_ROOT)
        || path.starts_with(SCIM_ROOT)
}

#[cfg(test)]
mod tests {
    use super::{Method, is_for_control};

    #[test]
    fn only_what_is_below_the_paths_of_the_control_plane_is_for_the_control_plane() {
        for (method, path) in [
            (Method::GET, "/api/v1/keys"),
            (Method::PUT, "/api/v1/routes/explain"),
            (Method::GET, "/api/v1/"),
            (Method::POST, "/auth/login"),
        ] {
            assert!(is_for_control(&method, path), "{path}");
        }
        for (method, path) in [
            (Method::POST, "/api/v1/routes/explain"),
            (Method::GET, "/v1/models"),
            (Method::GET, "/api/v1"),
            (Method::GET, "/auth"),
            (Method::GET, "/v1/../api/v1/keys"),
        ] {
            assert!(!is_for_control(&method, path), "{path}");
        }
    }
}
