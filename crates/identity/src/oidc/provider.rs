//! What an identity provider publishes of itself: where people are sent, where codes are redeemed, and the keys that it signs with
//! (OpenID Connect Discovery 1.0 section 4). Both documents are fetched together, so that no request sees one without the other.

use bytes::Bytes;
use serde::Deserialize;

use crate::key_set::KeySet;
use crate::renewed::{Document, Fetch, FetchedDocument, Renewed, Sources};

/// The longest description of a provider that is read.
const METADATA_BYTES_MAX: usize = 256 << 10;
/// Where a provider describes itself, behind its name.
const WELL_KNOWN: &str = "/.well-known/openid-configuration";

/// A provider as it describes itself, renewed in the background.
pub type Provider = Renewed<Discovered>;

/// The providers of a process.
pub type ProviderSources = Sources<Discovered>;

/// What a provider publishes.
#[derive(Debug)]
pub struct Discovered {
    pub(super) metadata: Metadata,
    pub(super) keys: KeySet,
    text: Bytes,
}

/// What is read of a provider's description.
#[derive(Debug, Deserialize)]
pub(super) struct Metadata {
    issuer: String,
    pub(super) authorization_endpoint: String,
    pub(super) token_endpoint: String,
    jwks_uri: String,
    /// OpenID Connect Discovery 1.0 section 3: `client_secret_basic` when absent.
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    /// RFC 9207 section 3.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
}

impl Metadata {
    /// Reads the description of the provider of a name, which has to be its own, and nothing of which may be less safe than the way to it.
    fn read(text: &[u8], issuer: &str) -> Result<Self, String> {
        if text.len() > METADATA_BYTES_MAX {
            return Err(format!("its description is longer than {METADATA_BYTES_MAX} bytes"));
        }
        let wrong = |_| "its description is not that of an identity provider".to_owned();
        let metadata: Self = serde_json::from_slice(text).map_err(wrong)?;
        if metadata.issuer != issuer {
            return Err("it says that it is another issuer".to_owned());
        }
        let is_https = |url: &str| url.starts_with("https://");
        for url in [&metadata.authorization_endpoint, &metadata.token_endpoint, &metadata.jwks_uri] {
            let has_form = (is_https(url) || url.starts_with("http://")) && !url.contains(['#', ' ']);
            if !has_form || (is_https(issuer) && !is_https(url)) {
                return Err("one of its addresses is not `https://…`".to_owned());
            }
        }
        if metadata.proof().is_none() {
            return Err("it takes neither `client_secret_basic` nor `client_secret_post`".to_owned());
        }
        Ok(metadata)
    }

    /// How a client proves who it is: whether in a header, else in the form.
    pub(super) fn proof(&self) -> Option<Proof> {
        let Some(methods) = &self.token_endpoint_auth_methods_supported else { return Some(Proof::Header) };
        let has = |name: &str| methods.iter().any(|method| method == name);
        match (has("client_secret_basic"), has("client_secret_post")) {
            (true, _) => Some(Proof::Header),
            (false, true) => Some(Proof::Form),
            (false, false) => None,
        }
    }
}

/// Where a client's secret is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Proof {
    /// In `authorization` (RFC 6749 section 2.3.1).
    Header,
    /// In the form.
    Form,
}

impl Document for Discovered {
    const WHAT: &'static str = "identity provider";

    fn fetch<'a>(issuer: &'a str, way: &'a dyn Fetch) -> FetchedDocument<'a, Self> {
        Box::pin(async move {
            let url = format!("{}{WELL_KNOWN}", issuer.trim_end_matches('/'));
            let text = way.get(&url).await?;
            let metadata = Metadata::read(&text, issuer)?;
            let keys = way.get(&metadata.jwks_uri).await?;
            let keys = KeySet::read(keys).map_err(|problem| problem.to_string())?;
            Ok(Self { metadata, keys, text })
        })
    }

    fn is_same(&self, other: &Self) -> bool {
        self.text == other.text && self.keys.is_same(&other.keys)
    }
}

#[cfg(test)]
mod tests {
    use super::{Metadata, Proof};
    use serde_json::{Value, json};

    fn read(changes: &Value) -> Result<Metadata, String> {
        let mut document = json!({
            "issuer": "https://idp.example", "authorization_endpoint": "https://idp.example/authorize",
            "token_endpoint": "https://idp.example/token", "jwks_uri": "https://keys.example/jwks",
        });
        for (name, value) in changes.as_object().unwrap() {
            document[name] = value.clone();
        }
        Metadata::read(document.to_string().as_bytes(), "https://idp.example")
    }

    #[test]
    fn a_provider_that_says_it_is_another_or_leads_out_of_https_is_not_believed() {
        assert!(read(&json!({})).is_ok());
        for changes in [
            json!({"issuer": "https://evil.example"}),
            json!({"issuer": "https://idp.example/"}),
            json!({"token_endpoint": "http://idp.example/token"}),
            json!({"jwks_uri": "file:///etc/passwd"}),
            json!({"authorization_endpoint": "javascript:alert(1)"}),
            json!({"authorization_endpoint": "https://idp.example/a#b"}),
            json!({"jwks_uri": null}),
            json!({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}),
        ] {
            assert!(read(&changes).is_err(), "{changes}");
        }
        assert!(Metadata::read(b"[]", "https://idp.example").is_err());
        assert!(Metadata::read(&vec![b' '; 1 << 20], "https://idp.example").is_err());
    }

    #[test]
    fn a_secret_is_sent_as_the_provider_wants_it() {
        let proof = |methods: Value| {
            read(&json!({"token_endpoint_auth_methods_supported": methods})).unwrap().proof()
        };
        assert_eq!(read(&json!({})).unwrap().proof(), Some(Proof::Header));
        assert_eq!(proof(json!(["client_secret_post", "client_secret_basic"])), Some(Proof::Header));
        assert_eq!(proof(json!(["private_key_jwt", "client_secret_post"])), Some(Proof::Form));
    }
}
