//! How tokens may be signed. Only with a private key that the issuer alone has: there is no variant for a shared secret or for
//! no signature, so neither can be configured nor asked for by a token.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse};
use schemars::JsonSchema;
use serde::Deserialize;

/// The digits in base 64 of an RSA modulus of 2048 bits, the shortest that RFC 7518 section 3.3 permits.
const MODULUS_DIGITS_MIN: usize = 342;

/// An algorithm of RFC 7518 section 3.1 or RFC 8037 section 3.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    #[serde(rename = "RS256")]
    Rs256,
    /// RSASSA-PKCS1-v1_5 with SHA-384.
    #[serde(rename = "RS384")]
    Rs384,
    /// RSASSA-PKCS1-v1_5 with SHA-512.
    #[serde(rename = "RS512")]
    Rs512,
    /// RSASSA-PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSASSA-PSS with SHA-384.
    #[serde(rename = "PS384")]
    Ps384,
    /// RSASSA-PSS with SHA-512.
    #[serde(rename = "PS512")]
    Ps512,
    /// ECDSA on P-256 with SHA-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384.
    #[serde(rename = "ES384")]
    Es384,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
}

impl Algorithm {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Rs256,
        Self::Rs384,
        Self::Rs512,
        Self::Ps256,
        Self::Ps384,
        Self::Ps512,
        Self::Es256,
        Self::Es384,
        Self::EdDsa,
    ];

    /// The one that a token's `alg` means; case counts.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|algorithm| algorithm.facts().0 == name)
    }

    /// The same for the library.
    pub(crate) fn of_library(self) -> jsonwebtoken::Algorithm {
        self.facts().1
    }

    /// Whether a published key is for signatures by this.
    pub(crate) fn fits(self, key: &Jwk) -> bool {
        let (_, own, name) = self.facts();
        let is_of_kind = match &key.algorithm {
            AlgorithmParameters::RSA(parameters) => {
                own.family() == jsonwebtoken::AlgorithmFamily::Rsa && parameters.n.len() >= MODULUS_DIGITS_MIN
            }
            AlgorithmParameters::EllipticCurve(parameters) => match self {
                Self::Es256 => parameters.curve == EllipticCurve::P256,
                Self::Es384 => parameters.curve == EllipticCurve::P384,
                _ => false,
            },
            AlgorithmParameters::OctetKeyPair(parameters) => {
                self == Self::EdDsa && parameters.curve == EllipticCurve::Ed25519
            }
            _ => false,
        };
        let common = &key.common;
        is_of_kind
            && common.key_algorithm.is_none_or(|only| only == name)
            && common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature)
            && common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify))
    }

    fn facts(self) -> (&'static str, jsonwebtoken::Algorithm, KeyAlgorithm) {
        use jsonwebtoken::Algorithm as Library;
        match self {
            Self::Rs256 => ("RS256", Library::RS256, KeyAlgorithm::RS256),
            Self::Rs384 => ("RS384", Library::RS384, KeyAlgorithm::RS384),
            Self::Rs512 => ("RS512", Library::RS512, KeyAlgorithm::RS512),
            Self::Ps256 => ("PS256", Library::PS256, KeyAlgorithm::PS256),
            Self::Ps384 => ("PS384", Library::PS384, KeyAlgorithm::PS384),
            Self::Ps512 => ("PS512", Library::PS512, KeyAlgorithm::PS512),
            Self::Es256 => ("ES256", Library::ES256, KeyAlgorithm::ES256),
            Self::Es384 => ("ES384", Library::ES384, KeyAlgorithm::ES384),
            Self::EdDsa => ("EdDSA", Library::EdDSA, KeyAlgorithm::EdDSA),
        }
    }
}
