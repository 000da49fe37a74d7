//! A provider's error for a client of another format: the provider's words and status, in the client's shape.

use wire::formats::{ProviderError, WireError};

/// The status of an error that came without one.
const BAD_GATEWAY: u16 = 502;

/// A provider's error with `message`, from which the credential was taken out. `status` is the answer's, when the error is
/// one.
pub(crate) fn error_in<'a>(error: &'a ProviderError, status: Option<u16>, message: &'a str) -> WireError<'a> {
    let status = status.or_else(|| status_in(error)).unwrap_or(BAD_GATEWAY);
    let code = error.code.as_deref().or(error.kind.as_deref()).unwrap_or("provider_error");
    WireError {
        status,
        code,
        kind: open_ai_type(status),
        message,
        param: None,
        request_id: None,
        retry_after: error.wait(),
    }
}

/// Providers that put a status into an error event put it into its code (OpenRouter's errors page).
pub(crate) fn status_in(error: &ProviderError) -> Option<u16> {
    error.code.as_deref()?.parse().ok().filter(|status| (400..600).contains(status))
}

/// OpenAI's type for a status (API reference, "Error codes").
fn open_ai_type(status: u16) -> &'static str {
    match status {
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        429 => "rate_limit_error",
        400..=499 => "invalid_request_error",
        _ => "server_error",
    }
}

#[cfg(test)]
mod tests {
    use super::error_in;
    use wire::formats::ProviderError;

    #[test]
    fn the_status_is_the_answers_or_the_one_in_the_code_or_a_bad_gateway() {
        let error =
            |code: Option<&str>| ProviderError { code: code.map(str::to_owned), ..ProviderError::default() };
        assert_eq!(error_in(&error(Some("429")), None, "m").status, 429);
        assert_eq!(error_in(&error(Some("429")), Some(400), "m").status, 400);
        let unknown = error(None);
        let told = error_in(&unknown, None, "m");
        assert_eq!((told.status, told.kind, told.code), (502, "server_error", "provider_error"));
    }
}
