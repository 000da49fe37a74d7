//! Laws of keys and what they sign. The key was made for these tests by openssl and is used nowhere.

use aws_lc_rs::signature::KeyPair as _;
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::SigningKey;

/// As `openssl pkcs8 -topk8 -nocrypt` writes it.
pub(crate) const PKCS8: &str = include_str!("test_key.pem");
/// The same key as `openssl genrsa -traditional` writes it.
const PKCS1: &str = include_str!("test_key_pkcs1.pem");

#[test]
fn both_forms_of_a_key_are_read_and_are_the_same_key() {
    let sign = |pem: &str| SigningKey::from_pem(pem).unwrap().sign("text").unwrap();
    assert_eq!(sign(PKCS8), sign(PKCS1));
    assert_eq!(sign(&format!("Bag Attributes\n  friendlyName: x\n{PKCS8}")), sign(PKCS8));
}

#[test]
fn what_is_no_key_is_none() {
    let encrypted = PKCS8.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let half: String = PKCS8.lines().take(5).collect::<Vec<_>>().join("\n");
    for text in ["", "key", encrypted.as_str(), half.as_str()] {
        assert!(SigningKey::from_pem(text).is_none(), "{text}");
    }
}

#[test]
fn a_fingerprint_is_that_of_openssl() {
    // openssl rsa -in test_key.pem -pubout -outform DER | openssl dgst -sha256 -binary | base64
    let fingerprint = SigningKey::from_pem(PKCS8).unwrap().fingerprint();
    assert_eq!(fingerprint.as_deref(), Some("gA/bwCMW0+xNMKfd1WOLUUVG0gOiVJYkeP+YMTGnCR4="));
}

/// The header and the claims of a token whose signature is right.
pub(crate) fn verified(token: &str) -> (Value, Value) {
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let key = SigningKey::from_pem(PKCS8).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.0.public_key().as_ref());
    public.verify(signed.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let (header, claims) = signed.split_once('.').unwrap();
    let part = |text: &str| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    (part(header), part(claims))
}

#[test]
fn a_token_holds_its_claims_and_a_signature_that_its_public_key_verifies() {
    let key = SigningKey::from_pem(PKCS8).unwrap();
    let claims = json!({"iss": "me", "exp": 7, "text": "ä/+"});
    let (header, read) = verified(&key.json_web_token(Some("k1"), &claims).unwrap());
    assert_eq!((header, read), (json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}), claims.clone()));
    let (header, _) = verified(&key.json_web_token(None, &claims).unwrap());
    assert!(header.get("kid").is_none());
}
