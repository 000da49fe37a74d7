//! RSA keys in PEM, and what is signed with them.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest;
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject;
use serde_json::Value;

/// A private key that signs by RSASSA-PKCS1-v1_5 with SHA-256.
pub(super) struct SigningKey(RsaKeyPair);

/// What is wrong with a key, for people.
pub(super) const NOT_A_KEY: &str = "it holds no RSA private key in PEM without a passphrase";

impl SigningKey {
    /// The key in a text of PEM, PKCS#8 or PKCS#1; `None` when there is none.
    pub(super) fn from_pem(text: &str) -> Option<Self> {
        match PrivateKeyDer::from_pem_slice(text.as_bytes()).ok()? {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).ok(),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()).ok(),
            _ => None,
        }
        .map(Self)
    }

    /// The signature of a text, in base 64.
    pub(super) fn sign(&self, text: &str) -> Option<String> {
        Some(STANDARD.encode(self.signature(text)?))
    }

    /// A token of these claims (RFC 7515 section 7.1, `RS256`).
    pub(super) fn json_web_token(&self, key_id: Option<&str>, claims: &Value) -> Option<String> {
        let mut header = serde_json::json!({"alg": "RS256", "typ": "JWT"});
        if let Some(id) = key_id {
            header["kid"] = Value::from(id);
        }
        let encode = |part: &Value| URL_SAFE_NO_PAD.encode(part.to_string());
        let signed = format!("{}.{}", encode(&header), encode(claims));
        let signature = URL_SAFE_NO_PAD.encode(self.signature(&signed)?);
        Some(format!("{signed}.{signature}"))
    }

    /// SHA-256 of the public key as X.509 writes it, in base 64.
    pub(super) fn fingerprint(&self) -> Option<String> {
        let public = self.0.public_key().as_der().ok()?;
        Some(STANDARD.encode(digest::digest(&digest::SHA256, public.as_ref())))
    }

    fn signature(&self, text: &str) -> Option<Vec<u8>> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        let random = SystemRandom::new();
        self.0.sign(&RSA_PKCS1_SHA256, &random, text.as_bytes(), &mut signature).ok()?;
        Some(signature)
    }
}

/// Seconds since 1970, as tokens count time (RFC 7519 section 2).
pub(super) fn numeric_date(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
pub(super) mod tests;
