//! Whom messages go to: an address of the operator's own, with what its messages are signed with.

use std::fmt;

use bytes::Bytes;
use domain::client_header::{Withheld, withheld};
use domain::name::check_name;
use domain::provider::BaseUrl;
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};

use crate::message::Message;
use crate::port::Outgoing;
use crate::signature::SigningSecret;

/// The headers that say which message it is, when it is sent, and that it is genuine ("Webhook headers").
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const SENDER: HeaderValue = HeaderValue::from_static("tollgate");

/// What is written of a webhook.
#[derive(Debug, Clone, Copy)]
pub struct WebhookParts<'a> {
    /// Its name.
    pub name: &'a str,
    /// Where its messages go.
    pub url: &'a str,
    /// What they are signed with.
    pub secret: &'a str,
    /// What they are signed with besides, until the receiver knows the new secret.
    pub previous_secret: Option<&'a str>,
}

/// Whom messages go to.
#[derive(Clone)]
pub struct Webhook {
    name: Box<str>,
    base: BaseUrl,
    path: PathAndQuery,
    secrets: Vec<SigningSecret>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// What is wrong with a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookProblem {
    /// Which part.
    pub part: &'static str,
    /// What is wrong. It repeats no secret.
    pub why: String,
}

impl Webhook {
    /// The webhook of these parts.
    ///
    /// # Errors
    /// With everything that is wrong with them.
    pub fn new(parts: WebhookParts<'_>) -> Result<Self, Vec<WebhookProblem>> {
        let mut problems = Vec::new();
        let mut wrong = |part, why: String| problems.push(WebhookProblem { part, why });
        if let Err(problem) = check_name(parts.name) {
            wrong("name", problem.to_string());
        }
        let target = target(parts.url).map_err(|why| wrong("url", why.to_owned())).ok();
        let written = [("secret", Some(parts.secret)), ("previous_secret", parts.previous_secret)];
        let mut secrets = Vec::new();
        for (part, text) in written {
            match text.map(SigningSecret::parse).transpose() {
                Ok(secret) => secrets.extend(secret),
                Err(problem) => wrong(part, problem.to_string()),
            }
        }
        match target {
            Some((base, path)) if problems.is_empty() => {
                Ok(Self { name: parts.name.into(), base, path, secrets, headers: Vec::new() })
            }
            _ => Err(problems),
        }
    }

    /// Adds a header that goes with every message.
    ///
    /// # Errors
    /// When nothing can be called so, it is not for a configuration to say, or no header can have the value. The text does not repeat the value.
    pub fn with_header(&mut self, name: &str, value: &str) -> Result<(), String> {
        let parsed: HeaderName = name.parse().map_err(|_| format!("`{name}` is no name of a header"))?;
        if [ID, TIMESTAMP, SIGNATURE].contains(&parsed) || withheld(&parsed) == Some(Withheld::Connection) {
            return Err(format!("`{name}` is written by Tollgate itself"));
        }
        let mut value =
            HeaderValue::from_str(value).map_err(|_| "no header can have this value".to_owned())?;
        value.set_sensitive(true);
        self.headers.push((parsed, value));
        Ok(())
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A text without the values of its headers.
    #[must_use]
    pub fn redacted(&self, text: &str) -> String {
        let values = self.headers.iter().filter_map(|(_, value)| value.to_str().ok());
        let parts = values.flat_map(|value| std::iter::once(value).chain(value.split_whitespace().skip(1)));
        parts
            .filter(|part| !part.is_empty())
            .fold(text.to_owned(), |text, part| text.replace(part, "[redacted]"))
    }

    /// A message to it, as it is sent at a time, in seconds since 1970-01-01 00:00 UTC.
    #[must_use]
    pub fn outgoing(&self, message: &Message, unix_seconds: i64) -> Outgoing {
        let Message { id, body } = message;
        let mut request = Request::new(Bytes::copy_from_slice(body.as_bytes()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = Uri::from(self.path.clone());
        let signatures: Vec<_> =
            self.secrets.iter().map(|secret| secret.sign(id, unix_seconds, body.as_bytes())).collect();
        let headers = request.headers_mut();
        headers.insert(header::CONTENT_TYPE, JSON);
        headers.insert(header::USER_AGENT, SENDER);
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        let said =
            [(ID, id.to_string()), (TIMESTAMP, unix_seconds.to_string()), (SIGNATURE, signatures.join(" "))];
        for (name, text) in said {
            // Digits, letters and signs of Base64, all of which a header can have.
            headers.extend(HeaderValue::try_from(text).ok().map(|value| (name, value)));
        }
        Outgoing { base: self.base.clone(), request }
    }
}

/// A URL may have a secret in its path, so of it only the host is shown.
impl fmt::Debug for Webhook {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.base.authority.as_str();
        formatter
            .debug_struct("Webhook")
            .field("name", &self.name)
            .field("host", &host)
            .finish_non_exhaustive()
    }
}

fn target(url: &str) -> Result<(BaseUrl, PathAndQuery), &'static str> {
    const FORM: &str = "expected a URL such as `https://hooks.example.com/tollgate`";
    let parts = url.parse::<Uri>().map_err(|_| FORM)?.into_parts();
    let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else { return Err(FORM) };
    if (scheme != Scheme::HTTP && scheme != Scheme::HTTPS) || authority.host().is_empty() {
        return Err(FORM);
    }
    if authority.as_str().contains('@') {
        return Err("put the user and password under `headers`, as `authorization`");
    }
    let path = parts.path_and_query.unwrap_or_else(|| PathAndQuery::from_static("/"));
    Ok((BaseUrl { scheme, authority, prefix: String::new() }, path))
}

#[cfg(test)]
mod tests {
    use super::{Message, Webhook, WebhookParts};

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const PARTS: WebhookParts<'_> = WebhookParts {
        name: "finance",
        url: "https://hooks.example.com/t/secret-path?x=1",
        secret: SECRET,
        previous_secret: None,
    };

    fn message() -> Message {
        Message { id: "msg_1".into(), body: "{}".into() }
    }

    #[test]
    fn a_message_says_what_it_is_and_has_the_operators_headers() {
        let mut webhook = Webhook::new(PARTS).unwrap();
        webhook.with_header("Authorization", "Bearer topsecret").unwrap();
        let outgoing = webhook.outgoing(&message(), 7);
        let request = outgoing.request;
        assert_eq!(
            (outgoing.base.to_string(), request.uri().to_string()),
            ("https://hooks.example.com".to_owned(), "/t/secret-path?x=1".to_owned())
        );
        let header = |name: &str| request.headers()[name].to_str().unwrap();
        assert_eq!(
            [header("webhook-id"), header("webhook-timestamp"), header("authorization")],
            ["msg_1", "7", "Bearer topsecret"]
        );
        assert_eq!(
            (header("content-type"), request.method().as_str(), &**request.body()),
            ("application/json", "POST", &b"{}"[..])
        );
        assert!(header("webhook-signature").starts_with("v1,") && !header("webhook-signature").contains(' '));
        assert!(!format!("{webhook:?}").contains("secret-path"));
        assert_eq!(
            webhook.redacted("you said Bearer topsecret, topsecret"),
            "you said [redacted], [redacted]"
        );
    }

    #[test]
    fn while_a_secret_changes_both_sign() {
        let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let of = |secret, previous_secret| {
            let webhook = Webhook::new(WebhookParts { secret, previous_secret, ..PARTS }).unwrap();
            webhook.outgoing(&message(), 7).request.headers()["webhook-signature"]
                .to_str()
                .unwrap()
                .to_owned()
        };
        assert_eq!(of(other, Some(SECRET)), format!("{} {}", of(other, None), of(SECRET, None)));
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_and_no_secret_is_repeated() {
        let wrong =
            WebhookParts { name: "a b", url: "ftp://h", secret: "hunter2", previous_secret: Some("hunter3") };
        let problems = Webhook::new(wrong).unwrap_err();
        let parts: Vec<_> = problems.iter().map(|problem| problem.part).collect();
        assert_eq!(parts, ["name", "url", "secret", "previous_secret"]);
        assert!(problems.iter().all(|problem| !problem.why.contains("hunter")), "{problems:?}");
        for url in ["", "hooks.example.com/x", "https://", "/x", "https://u:p@h/x"] {
            assert_eq!(Webhook::new(WebhookParts { url, ..PARTS }).unwrap_err()[0].part, "url", "{url}");
        }
        let mut webhook = Webhook::new(PARTS).unwrap();
        for name in ["webhook-id", "Host", "content-length", "a b", "content-type"] {
            assert!(webhook.with_header(name, "x").is_err(), "{name}");
        }
        let problem = webhook.with_header("x-token", "hunter2\n").unwrap_err();
        assert!(!problem.contains("hunter2"), "{problem}");
    }
}
