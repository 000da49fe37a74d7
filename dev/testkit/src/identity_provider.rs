//! An identity provider on a free port: it describes itself, publishes its keys, hands out codes to whoever the test sends there, and redeems
//! each once for whoever proves to have asked for it. The test says what its tokens claim, and how it misbehaves.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::TokenKey;
use crate::task::OwnedTask;

/// What the provider calls its client.
const CLIENT: &str = "tollgate";
/// What its client proves itself with.
const SECRET: &str = "a-secret-of-the-client";

/// A provider. Ends when dropped.
pub struct IdentityProvider {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    _serving: OwnedTask,
}

struct Shared {
    issuer: String,
    key: TokenKey,
    published: Vec<Value>,
    /// Over what a token claims otherwise; `null` takes a claim away.
    claims: Value,
    /// Over what the description says otherwise.
    metadata: Value,
    /// A token in place of the provider's own.
    token: Option<String>,
    codes: HashMap<String, Asked>,
    redeemed: usize,
}

#[derive(Clone)]
struct Asked {
    nonce: String,
    challenge: String,
    redirect_url: String,
}

impl IdentityProvider {
    /// Begins to serve, signing with a key.
    pub async fn start(key: TokenKey) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Mutex::new(Shared {
            issuer: format!("http://{address}"),
            published: vec![key.published()],
            key,
            claims: json!({}),
            metadata: json!({}),
            token: None,
            codes: HashMap::new(),
            redeemed: 0,
        }));
        let served = Arc::clone(&shared);
        let serving = OwnedTask::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&served);
                let service = service_fn(move |request| answer(Arc::clone(&shared), request));
                let builder = hyper::server::conn::http1::Builder::new();
                tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
            }
        });
        Self { address, shared, _serving: serving }
    }

    /// Its name.
    #[must_use]
    pub fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What its client is configured with, for a gateway that browsers reach at an address.
    #[must_use]
    pub fn registration(&self, gateway: &str) -> Value {
        json!({
            "issuer": self.issuer(), "client_id": CLIENT, "client_secret": SECRET,
            "redirect_url": format!("{gateway}/auth/oidc/callback"),
        })
    }

    /// Has tokens claim this over what they claim otherwise; `null` takes a claim away.
    pub fn claim(&self, claims: Value) {
        self.shared.lock().claims = claims;
    }

    /// Has the description say this over what it says otherwise.
    pub fn describe(&self, metadata: Value) {
        self.shared.lock().metadata = metadata;
    }

    /// Has a code be redeemed for this text.
    pub fn redeem_for(&self, token: Option<String>) {
        self.shared.lock().token = token;
    }

    /// Signs with another key from now on, and publishes it beside the others or not.
    pub fn sign_with(&self, key: TokenKey, published: bool) {
        let mut shared = self.shared.lock();
        if published {
            shared.published.push(key.published());
        }
        shared.key = key;
    }

    /// How many codes were redeemed.
    #[must_use]
    pub fn redeemed(&self) -> usize {
        self.shared.lock().redeemed
    }

    /// Signs somebody in whom a client has sent here: what the browser is sent back with, by name.
    ///
    /// # Panics
    /// When they were not sent as the standards say.
    #[must_use]
    pub fn sign_in(&self, location: &str) -> HashMap<String, String> {
        let query = location.strip_prefix(&format!("{}/authorize?", self.issuer())).unwrap();
        let asked = form(query);
        assert_eq!((&*asked["response_type"], &*asked["client_id"]), ("code", CLIENT));
        assert_eq!(&*asked["code_challenge_method"], "S256");
        assert!(asked["scope"].split(' ').any(|scope| scope == "openid"));
        let mut shared = self.shared.lock();
        let code = format!("code-{}", shared.codes.len());
        let kept = Asked {
            nonce: asked["nonce"].clone(),
            challenge: asked["code_challenge"].clone(),
            redirect_url: asked["redirect_uri"].clone(),
        };
        shared.codes.insert(code.clone(), kept);
        [("code", code), ("state", asked["state"].clone()), ("iss", self.issuer())]
            .map(|(name, value)| (name.to_owned(), value))
            .into()
    }
}

async fn answer(
    shared: Arc<Mutex<Shared>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let mut shared = shared.lock();
    let (status, told) = match head.uri.path() {
        "/.well-known/openid-configuration" => (200, shared.description()),
        "/keys" => (200, json!({"keys": shared.published})),
        "/token" => {
            let authorization = head.headers.get("authorization").map(|value| value.to_str().unwrap());
            shared.redeem(authorization, &form(std::str::from_utf8(&body).unwrap()))
        }
        _ => (404, json!({})),
    };
    let mut response = Response::new(Full::new(Bytes::from(told.to_string())));
    *response.status_mut() = status.try_into().unwrap();
    Ok(response)
}

impl Shared {
    fn description(&self) -> Value {
        let at = |path: &str| format!("{}/{path}", self.issuer);
        let description = json!({
            "issuer": self.issuer, "authorization_endpoint": at("authorize"), "token_endpoint": at("token"),
            "jwks_uri": at("keys"), "authorization_response_iss_parameter_supported": true,
        });
        over(description, &self.metadata)
    }

    /// RFC 6749 section 4.1.3 and RFC 7636 section 4.6.
    fn redeem(&mut self, authorization: Option<&str>, form: &HashMap<String, String>) -> (u16, Value) {
        let expected = format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{SECRET}")));
        let in_form = form.get("client_secret").is_some_and(|secret| secret == SECRET);
        if authorization != Some(&expected) && !in_form {
            return (401, json!({"error": "invalid_client"}));
        }
        let field = |name: &str| form.get(name).cloned().unwrap_or_default();
        let Some(asked) = self.codes.get(&field("code")).cloned() else {
            return (400, json!({"error": "invalid_grant"}));
        };
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, field("code_verifier").as_bytes()));
        let is_good = field("grant_type") == "authorization_code"
            && field("redirect_uri") == asked.redirect_url
            && challenge == asked.challenge;
        if !is_good {
            return (400, json!({"error": "invalid_grant"}));
        }
        self.codes.remove(&field("code"));
        self.redeemed += 1;
        let now = jiff::Timestamp::now().as_second();
        let claims = json!({
            "iss": self.issuer, "aud": CLIENT, "sub": "248289761001", "iat": now, "exp": now + 300,
            "nonce": asked.nonce, "preferred_username": "grace@example.com", "groups": ["platform"],
        });
        let token = self.token.clone().unwrap_or_else(|| self.key.token(&over(claims, &self.claims)));
        (200, json!({"access_token": "opaque", "token_type": "Bearer", "id_token": token}))
    }
}

fn over(mut value: Value, changes: &Value) -> Value {
    for (name, change) in changes.as_object().into_iter().flatten() {
        value[name] = change.clone();
    }
    value.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    value
}

/// The fields of a form or a query.
fn form(text: &str) -> HashMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), decoded(value))).collect()
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8().unwrap().into_owned()
}
