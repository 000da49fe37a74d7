//! Which client headers a route may pass on.

use http::HeaderName;

use super::Compiler;

/// Headers that describe one connection or one message on it: RFC 9110 section 7.6.1, and what the gateway sets itself.
const OF_THE_CONNECTION: [&str; 14] = [
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "trailers",
    "transfer-encoding",
    "upgrade",
];

/// Headers that carry the client's credential for this gateway, or the provider's from it.
const OF_CREDENTIALS: [&str; 8] = [
    "api-key",
    "authorization",
    "cookie",
    "proxy-authenticate",
    "proxy-authorization",
    "set-cookie",
    "x-api-key",
    "x-goog-api-key",
];

impl Compiler<'_> {
    /// The headers to pass on, without duplicates.
    pub(super) fn forward_headers(&mut self, names: &[String], path: &str) -> Vec<HeaderName> {
        let mut headers = Vec::with_capacity(names.len());
        for (index, text) in names.iter().enumerate() {
            match checked(text) {
                Ok(header) if headers.contains(&header) => {}
                Ok(header) => headers.push(header),
                Err(message) => self.report(format!("{path}[{index}]"), message),
            }
        }
        headers
    }
}

fn checked(text: &str) -> Result<HeaderName, String> {
    let header: HeaderName = text.parse().map_err(|_| format!("`{text}` is not a header name"))?;
    let name = header.as_str();
    if OF_THE_CONNECTION.contains(&name) {
        return Err(format!("`{name}` belongs to the connection and is set by the gateway"));
    }
    if OF_CREDENTIALS.contains(&name) {
        return Err(format!(
            "`{name}` carries credentials, which are never passed on; see `api_key` and `credentials`"
        ));
    }
    if name.starts_with("x-tollgate-") || name.starts_with("x-portkey-") {
        return Err(format!("`{name}` is meant for the gateway and is never passed on"));
    }
    Ok(header)
}
