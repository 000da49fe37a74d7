//! Keys that sign JSON web tokens. The signatures are made here from RFC 7515 and 7518, and not by the library that verifies them.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair,
    RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// A private key, with the name that it is published under.
#[derive(Debug)]
pub struct TokenKey {
    id: String,
    pair: Pair,
}

#[derive(Debug)]
enum Pair {
    Rsa(&'static str, RsaKeyPair),
    Ec(&'static str, &'static str, EcdsaKeyPair),
    Ed(Ed25519KeyPair),
}

impl TokenKey {
    /// A new key for an algorithm: `RS256`, `PS256`, `ES256`, `ES384` or `EdDSA`.
    ///
    /// # Panics
    /// For any other.
    #[must_use]
    pub fn new(id: &str, algorithm: &str) -> Self {
        let rsa = |name| Pair::Rsa(name, RsaKeyPair::generate(KeySize::Rsa2048).unwrap());
        let pair = match algorithm {
            "RS256" => rsa("RS256"),
            "PS256" => rsa("PS256"),
            "ES256" => Pair::Ec("ES256", "P-256", elliptic(&ECDSA_P256_SHA256_FIXED_SIGNING)),
            "ES384" => Pair::Ec("ES384", "P-384", elliptic(&ECDSA_P384_SHA384_FIXED_SIGNING)),
            "EdDSA" => Pair::Ed(Ed25519KeyPair::generate().unwrap()),
            other => panic!("no key signs by {other}"),
        };
        Self { id: id.to_owned(), pair }
    }

    /// The public half as it is published (RFC 7517 section 4).
    #[must_use]
    pub fn published(&self) -> Value {
        let id = &self.id;
        match &self.pair {
            Pair::Rsa(_, pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "kid": id, "use": "sig", "n": encoded(public.n), "e": encoded(public.e)})
            }
            Pair::Ec(_, curve, pair) => {
                // One byte says that both coordinates follow.
                let point = &pair.public_key().as_ref()[1..];
                let (x, y) = point.split_at(point.len() / 2);
                json!({"kty": "EC", "kid": id, "crv": curve, "x": encoded(x), "y": encoded(y)})
            }
            Pair::Ed(pair) => {
                json!({"kty": "OKP", "kid": id, "crv": "Ed25519", "x": encoded(pair.public_key())})
            }
        }
    }

    /// A token of these claims, as an issuer makes it.
    #[must_use]
    pub fn token(&self, claims: &Value) -> String {
        self.token_with(&json!({"alg": self.algorithm(), "typ": "JWT", "kid": self.id}), &claims.to_string())
    }

    /// A token with any header and any text for claims, signed all the same.
    #[must_use]
    pub fn token_with(&self, header: &Value, claims: &str) -> String {
        let signed = format!("{}.{}", encoded(header.to_string()), encoded(claims));
        let signature = self.sign(signed.as_bytes());
        format!("{signed}.{}", encoded(signature))
    }

    /// How it signs.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        match &self.pair {
            Pair::Rsa(name, _) | Pair::Ec(name, ..) => name,
            Pair::Ed(_) => "EdDSA",
        }
    }

    fn sign(&self, text: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(name, pair) => {
                let padding: &'static dyn RsaEncoding =
                    if *name == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &random, text, &mut signature).unwrap();
                signature
            }
            Pair::Ec(_, _, pair) => pair.sign(&random, text).unwrap().as_ref().to_vec(),
            Pair::Ed(pair) => pair.sign(text).as_ref().to_vec(),
        }
    }
}

/// A token with a signature of the test's own making, or with an empty one.
#[must_use]
pub fn unsigned(header: &Value, claims: &Value, signature: &[u8]) -> String {
    format!("{}.{}.{}", encoded(header.to_string()), encoded(claims.to_string()), encoded(signature))
}

fn elliptic(algorithm: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    EcdsaKeyPair::generate(algorithm).unwrap()
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
