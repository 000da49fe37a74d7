//! What issuers publish: keys of use among others, and documents that are none.

use serde_json::{Value, json};
use testkit::TokenKey;

use super::{KEYS_MAX, KeySet, KeySetProblem, SET_BYTES_MAX};

fn read(set: &Value) -> Result<usize, KeySetProblem> {
    KeySet::read(set.to_string().into()).map(|set| set.keys.len())
}

fn changed(key: &TokenKey, name: &str, value: Value) -> Value {
    let mut published = key.published();
    published[name] = value;
    published
}

#[test]
fn keys_that_are_of_no_use_are_left_out_and_do_not_spoil_the_others() {
    let (rsa, elliptic) = (TokenKey::new("r", "RS256"), TokenKey::new("e", "ES256"));
    let useless = [
        json!({"kty": "oct", "k": "c2VjcmV0", "alg": "HS256"}),
        json!({"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"}),
        json!({"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"}),
        json!({"kty": "OKP", "crv": "X25519", "x": "AA"}),
        json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
        json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA"}),
        json!("a text"),
        json!({}),
        changed(&rsa, "use", json!("enc")),
        changed(&rsa, "key_ops", json!(["encrypt"])),
        changed(&rsa, "alg", json!("RSA-OAEP")),
        changed(&rsa, "n", json!("not base 64!".repeat(100))),
        changed(&elliptic, "alg", json!("ES384")),
    ];
    for key in &useless {
        assert_eq!(read(&json!({"keys": [key]})), Err(KeySetProblem::NoneUsable), "{key}");
    }
    let good = [
        rsa.published(),
        changed(&rsa, "alg", json!("RS512")),
        changed(&rsa, "key_ops", json!(["verify"])),
        changed(&rsa, "x5c", json!(["MIIB"])),
        elliptic.published(),
    ];
    let all: Vec<_> = useless.iter().chain(&good).collect();
    assert_eq!(read(&json!({"keys": all})), Ok(good.len()));
}

#[test]
fn what_is_no_set_or_too_large_is_refused() {
    let key = TokenKey::new("k", "EdDSA").published();
    for text in ["", "[]", "{}", "{\"keys\":{}}", "{\"keys\":[1", "<html>"] {
        assert_eq!(KeySet::read(text.into()).unwrap_err(), KeySetProblem::Form, "{text}");
    }
    assert_eq!(read(&json!({"keys": []})), Err(KeySetProblem::NoneUsable));
    assert_eq!(read(&json!({"keys": vec![&key; KEYS_MAX]})), Ok(KEYS_MAX));
    assert_eq!(read(&json!({"keys": vec![&key; KEYS_MAX + 1]})), Err(KeySetProblem::TooMany));
    let padded = format!("{}{}", json!({"keys": [key]}), " ".repeat(SET_BYTES_MAX));
    assert_eq!(KeySet::read(padded.into()).unwrap_err(), KeySetProblem::TooLong);
}
