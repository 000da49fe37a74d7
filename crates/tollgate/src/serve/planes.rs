//! Who answers a request: the data plane, or the control plane for what is below its paths. Where each has a listener of its own, neither
//! shows that there is the other.

use std::net::IpAddr;
use std::sync::Arc;

use control::api::{API_ROOT, ControlApi, SCIM_ROOT, SIGN_IN_ROOT};
use http::{Method, Request, Response};
use hyper::body::Incoming;
use inference::{AnswerBody, Gateway, client_address};

/// The one path below the API's that is the data plane's: it takes a client's key, and is about that client's requests.
const EXPLAIN: &str = "/api/v1/routes/explain";
/// What orchestrators ask for, wherever they can.
const PROBES: [&str; 2] = ["/healthz", "/readyz"];
/// What goes on in the gateway, without a key: no client's affair where clients are kept apart.
const METRICS: &str = "/metrics";

/// Which planes a listener is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Both, since there is no other listener.
    Both,
    /// What applications ask for.
    Data,
    /// What administrators ask for.
    Control,
}

/// Both planes, as one listener reaches them. They share their listeners at most.
pub(super) struct Planes {
    pub(super) gateway: Arc<Gateway>,
    pub(super) control: Arc<ControlApi>,
    pub(super) reach: Reach,
}

/// Who answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answering {
    Data,
    Control,
    /// The data plane, but to those whom the control plane would answer.
    Metrics,
    /// The data plane, which says that there is no such thing.
    Nobody,
}

impl Planes {
    /// Answers one request of a connection from `peer`.
    pub(super) async fn serve(&self, request: Request<Incoming>, peer: IpAddr) -> Response<AnswerBody> {
        let answering = answering(self.reach, request.method(), request.uri().path());
        match answering {
            Answering::Data => return inference::serve(Arc::clone(&self.gateway), request, peer).await,
            Answering::Nobody => return inference::answer_unknown(&self.gateway, &request),
            Answering::Control | Answering::Metrics => {}
        }
        let loaded = self.control.loaded();
        let client = client_address(peer, request.headers(), &loaded.snapshot.trusted_proxies);
        if answering == Answering::Metrics && loaded.server.admits_to_control(client) {
            return inference::serve(Arc::clone(&self.gateway), request, peer).await;
        }
        let control = Arc::clone(&self.control);
        // A client that leaves must not leave half a change behind.
        let answered = tokio::spawn(async move { control.serve(request, client).await });
        match answered.await {
            Ok(answer) => answer.map(|body| AnswerBody::whole([body])),
            // It panicked where no answer was left to give, so it does here; nothing cancels it.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}

fn answering(reach: Reach, method: &Method, path: &str) -> Answering {
    match reach {
        Reach::Both if is_for_control(method, path) => Answering::Control,
        Reach::Both => Answering::Data,
        Reach::Data if path == METRICS => Answering::Nobody,
        // Of what is below the control plane's paths it knows nothing but its own.
        Reach::Data => Answering::Data,
        Reach::Control if PROBES.contains(&path) => Answering::Data,
        Reach::Control if path == METRICS => Answering::Metrics,
        Reach::Control => Answering::Control,
    }
}

fn is_for_control(method: &Method, path: &str) -> bool {
    (path.starts_with(API_ROOT) && !(path == EXPLAIN && method == Method::POST))
        || path.starts_with(SIGN_IN_ROOT)
        || path.starts_with(SCIM_ROOT)
}

#[cfg(test)]
mod tests {
    use super::{Answering, Method, Reach, answering, is_for_control};

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

    #[test]
    fn a_plane_with_a_listener_of_its_own_is_found_on_no_other() {
        for (path, on_data, on_control) in [
            ("/v1/models", Answering::Data, Answering::Control),
            ("/api/v1/keys", Answering::Data, Answering::Control),
            ("/api/v1/routes/explain", Answering::Data, Answering::Control),
            ("/auth/login", Answering::Data, Answering::Control),
            ("/metrics", Answering::Nobody, Answering::Metrics),
            ("/metrics/", Answering::Data, Answering::Control),
            ("/healthz", Answering::Data, Answering::Data),
            ("/readyz", Answering::Data, Answering::Data),
        ] {
            for method in [Method::GET, Method::POST] {
                assert_eq!(answering(Reach::Data, &method, path), on_data, "{path}");
                assert_eq!(answering(Reach::Control, &method, path), on_control, "{path}");
            }
        }
    }
}
