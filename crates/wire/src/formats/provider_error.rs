//! What a provider says went wrong, whichever of the many shapes it says it in.

use std::time::Duration;

use crate::json::{Kind, Value};

/// Longest message that is kept; a provider may echo a whole prompt.
const MESSAGE_BYTES_MAX: usize = 4096;

/// How long to wait at least when a day's quota is used up: Google renews it once a day ("Rate limits"), and asks for seconds
/// nevertheless.
const DAILY_QUOTA_WAIT: Duration = Duration::from_secs(3_600);

/// A provider's error. Its text is the provider's and may name the provider's account, so it is for the operator first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderError {
    /// The class of the error, such as `rate_limit_error` or `RESOURCE_EXHAUSTED`.
    pub kind: Option<String>,
    /// The code of the error, such as `context_length_exceeded` or `429`.
    pub code: Option<String>,
    /// What went wrong, in the provider's words, cut at 4 KiB.
    pub message: Option<String>,
    /// How long to wait, where the error itself says so: the `retryDelay` of a `google.rpc.RetryInfo`.
    pub retry_delay: Option<Duration>,
    /// Whether what is used up is a quota for the day: a `google.rpc.QuotaFailure` names it.
    pub is_daily_quota: bool,
}

impl ProviderError {
    /// How long the error asks to be waited.
    pub fn wait(&self) -> Option<Duration> {
        self.retry_delay.max(self.is_daily_quota.then_some(DAILY_QUOTA_WAIT))
    }

    /// Reads an error body or the data of an error event: `{"error":{…}}`, `{"error":"…"}`, `{"message":"…"}`,
    /// `{"detail":…}`, Deepgram's `{"err_code":…,"err_msg":…}`, alone or as the first element of an array. What is not understood is none.
    pub fn parse(body: &[u8]) -> Self {
        Value::parse(body).map(|value| Self::of(&value)).unwrap_or_default()
    }

    /// As [`Self::parse`], from a value that was scanned.
    pub(crate) fn of(value: &Value<'_>) -> Self {
        if value.kind() == Kind::Array {
            return value.elements().first().map(Self::of_object).unwrap_or_default();
        }
        Self::of_object(value)
    }

    fn of_object(value: &Value<'_>) -> Self {
        let mut error = Self::of_members(value);
        match value.get("error") {
            Some(inner) if inner.kind() == Kind::Object => error = Self::of_members(inner).or(error),
            Some(inner) => error.message = text_of(inner).or(error.message),
            None => {}
        }
        error
    }

    fn of_members(value: &Value<'_>) -> Self {
        let label = |keys: &[&str]| {
            keys.iter().find_map(|key| value.get(key)?.as_label().map(|text| text.into_owned()))
        };
        let message = ["message", "detail", "msg", "err_msg"].iter().find_map(|key| text_of(value.get(key)?));
        Self {
            // `"type":"error"` only says that this is an error.
            kind: label(&["type", "error_type", "status"]).filter(|kind| kind != "error"),
            code: label(&["code", "err_code"]),
            message,
            retry_delay: details(value).iter().find_map(retry_delay),
            is_daily_quota: details(value).iter().any(is_daily_quota),
        }
    }

    fn or(self, other: Self) -> Self {
        Self {
            kind: self.kind.or(other.kind),
            code: self.code.or(other.code),
            message: self.message.or(other.message),
            retry_delay: self.retry_delay.or(other.retry_delay),
            is_daily_quota: self.is_daily_quota || other.is_daily_quota,
        }
    }
}

/// What Google's errors add to their message, each with its type (AIP-193, "Details").
fn details<'v, 'a>(error: &'v Value<'a>) -> &'v [Value<'a>] {
    error.get("details").map(Value::elements).unwrap_or_default()
}

fn is_a(detail: &Value<'_>, message: &str) -> bool {
    let kind = detail.get("@type").and_then(Value::as_str);
    kind.is_some_and(|kind| kind.rsplit('/').next() == Some(message))
}

/// A duration of protocol buffers: seconds with a fraction, and an `s` (`protobuf.dev/programming-guides/json`).
fn retry_delay(detail: &Value<'_>) -> Option<Duration> {
    let text = detail.get("retryDelay").filter(|_| is_a(detail, "google.rpc.RetryInfo"))?.as_str()?;
    Duration::try_from_secs_f64(text.strip_suffix('s')?.parse().ok()?).ok()
}

/// Quotas are named for what they count, for whom and how long: `GenerateRequestsPerDayPerProjectPerModel-FreeTier`.
fn is_daily_quota(detail: &Value<'_>) -> bool {
    let violations = detail.get("violations").filter(|_| is_a(detail, "google.rpc.QuotaFailure"));
    violations.map(Value::elements).unwrap_or_default().iter().any(|violation| {
        violation.get("quotaId").and_then(Value::as_str).is_some_and(|id| id.contains("PerDay"))
    })
}

/// The text of a message: a string, or the first entry of a list of problems (`[{"msg":"…"}]`, as FastAPI has it).
fn text_of(value: &Value<'_>) -> Option<String> {
    let text = match value.kind() {
        Kind::Array => {
            let first = value.elements().first()?;
            first.get("msg").or_else(|| first.get("message")).unwrap_or(first).as_str()?.into_owned()
        }
        Kind::Object => value.get("message").or_else(|| value.get("msg"))?.as_str()?.into_owned(),
        _ => value.as_str()?.into_owned(),
    };
    Some(cut(text)).filter(|text| !text.is_empty())
}

fn cut(mut text: String) -> String {
    text.truncate(text.floor_char_boundary(MESSAGE_BYTES_MAX));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> (Option<String>, Option<String>, Option<String>) {
        let error = ProviderError::parse(body.as_bytes());
        (error.kind, error.code, error.message)
    }

    fn some(kind: &str, code: &str, message: &str) -> (Option<String>, Option<String>, Option<String>) {
        let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        (text(kind), text(code), text(message))
    }

    #[test]
    fn every_shape_in_use_is_understood() {
        let openai =
            r#"{"error":{"message":"no","type":"invalid_request_error","param":null,"code":"bad_key"}}"#;
        assert_eq!(read(openai), some("invalid_request_error", "bad_key", "no"));
        let anthropic =
            r#"{"type":"error","error":{"type":"overloaded_error","message":"busy"},"request_id":"r"}"#;
        assert_eq!(read(anthropic), some("overloaded_error", "", "busy"));
        let gemini = r#"[{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED"}}]"#;
        assert_eq!(read(gemini), some("RESOURCE_EXHAUSTED", "429", "slow"));
        let vllm = r#"{"object":"error","message":"long","type":"BadRequestError","param":null,"code":400}"#;
        assert_eq!(read(vllm), some("BadRequestError", "400", "long"));
        assert_eq!(
            read(r#"{"error":"loading","error_type":"overloaded"}"#),
            some("overloaded", "", "loading")
        );
        assert_eq!(read(r#"{"message":"throttled"}"#), some("", "", "throttled"));
        assert_eq!(read(r#"{"detail":"Not Found"}"#), some("", "", "Not Found"));
        assert_eq!(
            read(r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#),
            some("", "", "field required")
        );
        let deepgram = r#"{"err_code":"INVALID_AUTH","err_msg":"Invalid credentials.","request_id":"r"}"#;
        assert_eq!(read(deepgram), some("", "INVALID_AUTH", "Invalid credentials."));
        let responses = r#"{"type":"error","code":"ERR","message":"bad","param":null,"sequence_number":1}"#;
        assert_eq!(read(responses), some("", "ERR", "bad"));
    }

    #[test]
    fn googles_errors_say_how_long_to_wait_and_whether_the_day_is_over() {
        let limited = |details: &str| {
            let error = format!(
                r#"{{"error":{{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED","details":[{details}]}}}}"#
            );
            ProviderError::parse(error.as_bytes()).wait()
        };
        let retry = |delay: &str| {
            format!(r#"{{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"{delay}"}}"#)
        };
        let quota = |id: &str| {
            format!(
                r#"{{"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[{{"quotaId":"{id}"}}]}}"#
            )
        };
        let minute = quota("GenerateRequestsPerMinutePerProjectPerModel-FreeTier");
        let day = quota("GenerateRequestsPerDayPerProjectPerModel-FreeTier");
        assert_eq!(limited(&retry("34.074824224s")), Some(Duration::new(34, 74_824_224)));
        assert_eq!(limited(&format!("{minute},{}", retry("0s"))), Some(Duration::ZERO));
        assert_eq!(limited(&format!("{day},{}", retry("21s"))), Some(DAILY_QUOTA_WAIT));
        assert_eq!(limited(&day), Some(DAILY_QUOTA_WAIT));
        for other in [&minute, &retry("soon"), &retry("-1s"), &retry("1e30s"), &retry("7")] {
            assert_eq!(limited(other), None, "{other}");
        }
        assert_eq!(limited(r#"{"@type":"x/google.rpc.ErrorInfo","retryDelay":"7s"}"#), None);
    }

    #[test]
    fn what_is_not_understood_is_none() {
        for body in ["", "<html>", "[]", "7", "{}", r#"{"error":null}"#, r#"{"error":{"message":{"a":1}}}"#] {
            assert_eq!(read(body), some("", "", ""), "{body}");
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let error = ProviderError::parse(format!(r#"{{"message":"x{}"}}"#, "é".repeat(4000)).as_bytes());
        assert_eq!(error.message.unwrap().len(), MESSAGE_BYTES_MAX - 1);
    }
}
