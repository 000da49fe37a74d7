//! A search for the few keys that metering wants, much cheaper than parsing each frame.
//!
//! A quote inside a string is escaped, so `"usage"` in the bytes is always a whole key or a whole string, never text
//! of the model.

use std::sync::LazyLock;

use memchr::memmem::Finder;

static USAGE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"usage\""));
static ERROR: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"error\""));
static FINISH: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"finish_reason\""));

/// Whether the data may report usage, an error, or a reason to stop. Says yes too often, never too rarely (unless a
/// provider escapes letters of these keys, which none does).
pub(super) fn any_in(data: &[u8]) -> bool {
    has_value(&USAGE, data) || has_value(&ERROR, data) || has_value(&FINISH, data)
}

/// Whether the string occurs other than as a key of `null`.
fn has_value(finder: &Finder<'_>, data: &[u8]) -> bool {
    finder.find_iter(data).any(|at| !is_null_after(&data[at + finder.needle().len()..]))
}

fn is_null_after(rest: &[u8]) -> bool {
    let Some(value) = rest.trim_ascii_start().strip_prefix(b":") else {
        return false;
    };
    value.trim_ascii_start().starts_with(b"null")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_values_and_model_text_are_passed_over() {
        assert!(!any_in(
            br#"{"choices":[{"delta":{"content":"\"usage\": 1"},"finish_reason" : null}],"usage":null}"#
        ));
        assert!(any_in(br#"{"choices":[{"finish_reason":null},{"finish_reason":"stop"}]}"#));
        assert!(any_in(br#"{"choices":[],"usage": {"total_tokens":1}}"#));
        assert!(any_in(br#"{"error":{"message":"x"}}"#));
        assert!(any_in(br#"{"object":"error","message":"x"}"#));
    }
}
