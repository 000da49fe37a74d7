//! A provider's own words with its credential taken out: some providers repeat what they were sent.

use bytes::Bytes;
use domain::Credential;
use http::{HeaderMap, HeaderName};
use secrecy::{ExposeSecret, SecretString};

const SHOWN_INSTEAD: &str = "[redacted]";
/// A shorter secret is no secret, and taking it out would tear texts apart.
const SECRET_BYTES_MIN: usize = 4;
/// Longest part of a provider's message that is repeated to a client.
const MESSAGE_CHARACTERS_MAX: usize = 300;

/// What is taken out of a provider's words.
#[derive(Debug, Clone)]
pub(crate) struct Redaction(Option<SecretString>);

impl Redaction {
    /// Takes out this credential.
    pub(crate) fn of(credential: &Credential) -> Self {
        let long_enough = |secret: &SecretString| secret.expose_secret().len() >= SECRET_BYTES_MIN;
        Self(credential.secret_sent().filter(long_enough))
    }

    /// A message on one line, cut to a bearable length.
    pub(crate) fn message(&self, message: &str) -> String {
        let clean =
            self.secret().map_or_else(|| message.to_owned(), |secret| message.replace(secret, SHOWN_INSTEAD));
        clean
            .chars()
            .take(MESSAGE_CHARACTERS_MAX)
            .map(|letter| if letter.is_control() { ' ' } else { letter })
            .collect()
    }

    /// A body or an event, byte for byte where it does not hold the credential.
    pub(crate) fn bytes(&self, bytes: Bytes) -> Bytes {
        match self.secret().filter(|secret| holds(&bytes, secret)) {
            Some(secret) => Bytes::from(String::from_utf8_lossy(&bytes).replace(secret, SHOWN_INSTEAD)),
            None => bytes,
        }
    }

    /// Removes headers that hold the credential.
    pub(crate) fn headers(&self, headers: &mut HeaderMap) {
        let Some(secret) = self.secret() else { return };
        let repeating = headers.iter().filter(|(_, value)| holds(value.as_bytes(), secret));
        let names: Vec<HeaderName> = repeating.map(|(name, _)| name.clone()).collect();
        for name in names {
            headers.remove(name);
        }
    }

    fn secret(&self) -> Option<&str> {
        self.0.as_ref().map(SecretString::expose_secret)
    }
}

fn holds(bytes: &[u8], secret: &str) -> bool {
    bytes.windows(secret.len()).any(|window| window == secret.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Credential, HeaderMap, Redaction};
    use domain::provider::Proof;
    use http::HeaderValue;

    fn of_secret(secret: &str) -> Redaction {
        let secret = Some(secret.to_owned().into());
        Redaction::of(&Credential { id: "p#1".into(), secret, proof: Proof::Nothing })
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
            assert_eq!(of_secret("sk-secret").bytes(Bytes::from_static(body)), shown);
        }
        assert_eq!(of_secret("abc").bytes(Bytes::from_static(b"abc")), "abc", "too short to be a secret");
    }

    #[test]
    fn a_credential_is_never_repeated() {
        let message = format!("incorrect key sk-secret\nprovided{}", "x".repeat(1000));
        let shown = of_secret("sk-secret").message(&message);
        assert!(shown.starts_with("incorrect key [redacted] provided"));
        assert_eq!(shown.chars().count(), 300);
    }

    #[test]
    fn a_header_that_holds_the_credential_goes() {
        let mut headers = HeaderMap::new();
        headers.insert("x-debug", HeaderValue::from_static("Bearer sk-secret"));
        headers.insert("x-kept", HeaderValue::from_static("sk-other"));
        of_secret("sk-secret").headers(&mut headers);
        assert_eq!(headers.keys().map(|name| name.as_str()).collect::<Vec<_>>(), ["x-kept"]);
    }
}
