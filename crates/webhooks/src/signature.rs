//! Signatures as Standard Webhooks 1.0.0 has them ("Signature scheme"): HMAC-SHA256 over the message's id, the time of the attempt and the body,
//! with full stops between.

use aws_lc_rs::hmac::{self, HMAC_SHA256};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// How a secret begins.
const PREFIX: &str = "whsec_";
/// Fewest and most bytes of a secret ("Signature scheme": at least 192 bits, 512 at most).
const BYTES_MIN: usize = 24;
const BYTES_MAX: usize = 64;

/// People copy secrets with and without the signs at the end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// What a webhook's messages are signed with. Its `Debug` text tells nothing of it.
#[derive(Debug, Clone)]
pub struct SigningSecret(hmac::Key);

/// Why a text is no secret. The text repeats nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected `{PREFIX}` and the Base64 of {BYTES_MIN} to {BYTES_MAX} random bytes, as `echo {PREFIX}$(openssl rand -base64 32)` prints"
)]
pub struct SecretProblem;

impl SigningSecret {
    /// The secret of a text.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self, SecretProblem> {
        let encoded = text.strip_prefix(PREFIX).ok_or(SecretProblem)?;
        let bytes = BASE64.decode(encoded).map_err(|_| SecretProblem)?;
        if !(BYTES_MIN..=BYTES_MAX).contains(&bytes.len()) {
            return Err(SecretProblem);
        }
        Ok(Self(hmac::Key::new(HMAC_SHA256, &bytes)))
    }

    /// The signature of a message that is sent at a time, in seconds since 1970-01-01 00:00 UTC.
    pub(crate) fn sign(&self, id: &str, unix_seconds: i64, body: &[u8]) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(format!("{id}.{unix_seconds}.").as_bytes());
        context.update(body);
        format!("v1,{}", BASE64.encode(context.sign()))
    }
}

#[cfg(test)]
mod tests {
    use super::SigningSecret;

    /// The example of the libraries of Standard Webhooks.
    #[test]
    fn the_signature_is_that_of_the_specification() {
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signature =
            secret.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_secret_has_enough_bytes_and_is_never_repeated() {
        assert!(SigningSecret::parse("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").is_ok());
        for wrong in ["", "whsec_", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_c2hvcnQ=", "whsec_!!!"] {
            let problem = SigningSecret::parse(wrong).unwrap_err().to_string();
            assert!(problem.contains("whsec_") && !problem.contains("c2hvcnQ"), "{problem}");
        }
        let secret = SigningSecret::parse("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
        assert!(!format!("{secret:?}").contains("C2FV"), "{secret:?}");
    }
}
