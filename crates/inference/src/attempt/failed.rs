//! A failed attempt: the facts to decide on, and the provider's own answer in case it is relayed.

use bytes::Bytes;
use domain::{Credential, ErrorCode, Failure, FailureClass};
use http::response::Parts;
use providers::transport::SendError;
use secrecy::ExposeSecret;

/// Longest part of a provider's message that is repeated to a client.
const MESSAGE_CHARACTERS_MAX: usize = 300;

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct FailedAttempt {
    pub(crate) failure: Failure,
    /// The provider's error answer, when it gave one.
    pub(crate) answer: Option<Box<ErrorAnswer>>,
    /// What Tollgate itself objects to, when no provider was called.
    pub(crate) objection: Option<ErrorCode>,
}

/// A provider's error answer, whole.
#[derive(Debug)]
pub(crate) struct ErrorAnswer {
    pub(crate) head: Parts,
    pub(crate) body: Bytes,
}

impl FailedAttempt {
    /// The attempt was never made, because Tollgate cannot make it.
    pub(crate) fn objection(code: ErrorCode, detail: impl Into<String>) -> Self {
        let failure = Failure::without_status(FailureClass::Caller, detail);
        Self { failure, answer: None, objection: Some(code) }
    }

    /// The provider's answer broke off or is not what its format says.
    pub(crate) fn broken(detail: impl Into<String>) -> Self {
        Failure::without_status(FailureClass::Broken, detail).into()
    }
}

impl From<Failure> for FailedAttempt {
    fn from(failure: Failure) -> Self {
        Self { failure, answer: None, objection: None }
    }
}

impl From<SendError> for FailedAttempt {
    fn from(error: SendError) -> Self {
        Failure::without_status(error.failure_class(), error.to_string()).into()
    }
}

/// A provider's message, cut to a bearable length, with the credential taken out of it: some providers repeat it.
pub(crate) fn redacted(message: &str, credential: &Credential) -> String {
    let secret =
        credential.secret.as_ref().map(|secret| secret.expose_secret()).filter(|secret| secret.len() >= 4);
    let clean = secret.map_or_else(|| message.to_owned(), |secret| message.replace(secret, "[redacted]"));
    clean
        .chars()
        .take(MESSAGE_CHARACTERS_MAX)
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

/// An error answer's body with the credential taken out of it, otherwise byte for byte.
pub(super) fn redacted_body(body: Bytes, credential: &Credential) -> Bytes {
    let secret =
        credential.secret.as_ref().map(|secret| secret.expose_secret()).filter(|secret| secret.len() >= 4);
    let Some(secret) = secret else { return body };
    if !body.windows(secret.len()).any(|window| window == secret.as_bytes()) {
        return body;
    }
    Bytes::from(String::from_utf8_lossy(&body).replace(secret, "[redacted]"))
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Credential, redacted, redacted_body};

    fn credential() -> Credential {
        Credential {
            id: "p#1".into(),
            secret: Some("sk-secret".to_owned().into()),
            header: None,
            query: None,
        }
    }

    #[test]
    fn a_body_changes_only_where_it_holds_the_credential() {
        for (body, shown) in [
            (
                &b"{\"error\": \"sk-secret and sk-secret\"}"[..],
                &b"{\"error\": \"[redacted] and [redacted]\"}"[..],
            ),
            (b"sk-secre \xff t", b"sk-secre \xff t"),
            (b"", b""),
        ] {
            assert_eq!(redacted_body(Bytes::from_static(body), &credential()), shown);
        }
        let without = Credential { secret: None, ..credential() };
        assert_eq!(redacted_body(Bytes::from_static(b"sk-secret"), &without), "sk-secret");
    }

    #[test]
    fn a_credential_is_never_repeated() {
        let credential = credential();
        let message = format!("incorrect key sk-secret\nprovided{}", "x".repeat(1000));
        let shown = redacted(&message, &credential);
        assert!(shown.starts_with("incorrect key [redacted] provided"));
        assert_eq!(shown.chars().count(), 300);
    }
}
