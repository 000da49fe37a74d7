//! Which client headers a route may pass on.

use domain::client_header::{Withheld, withheld};
use http::HeaderName;

use super::Compiler;

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
    let name: HeaderName = text.parse().map_err(|_| format!("`{text}` is not a header name"))?;
    match withheld(&name) {
        None => Ok(name),
        Some(Withheld::Connection) => {
            Err(format!("`{name}` belongs to the connection and is set by the gateway"))
        }
        Some(Withheld::Credential) => Err(format!(
            "`{name}` carries credentials, which are never passed on; see `api_key` and `credentials`"
        )),
        Some(Withheld::Gateway) => Err(format!("`{name}` is meant for the gateway and is never passed on")),
    }
}
