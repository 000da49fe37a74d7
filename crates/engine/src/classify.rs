//! Whose fault a provider's error answer was: its own rules first, then what the status means everywhere.

use domain::FailureClass;
use domain::provider::ErrorRule;

/// What is known of an error answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct ErrorFacts<'a> {
    /// The HTTP status, or the one that stands for an error event in a stream.
    pub status: u16,
    /// The error's `type`.
    pub kind: Option<&'a str>,
    /// The error's `code`.
    pub code: Option<&'a str>,
    /// The error's message.
    pub message: Option<&'a str>,
}

/// The class of an error answer. The first rule of the provider that fits decides; else the status does.
#[must_use]
pub fn classify(facts: ErrorFacts<'_>, rules: &[ErrorRule]) -> FailureClass {
    rules.iter().find(|rule| fits(rule, facts)).map_or_else(|| by_status(facts.status), |rule| rule.class)
}

fn fits(rule: &ErrorRule, facts: ErrorFacts<'_>) -> bool {
    let status = rule.status.is_none_or(|status| status == facts.status);
    let code = rule.code.as_deref().is_none_or(|code| facts.code == Some(code) || facts.kind == Some(code));
    let message = rule
        .message_contains
        .as_deref()
        .is_none_or(|text| facts.message.is_some_and(|message| message.contains(text)));
    status && code && message
}

/// RFC 9110 section 15, and 529 as Anthropic's errors page defines it (overloaded).
fn by_status(status: u16) -> FailureClass {
    match status {
        401 | 403 => FailureClass::Credential,
        404 => FailureClass::ModelMissing,
        429 => FailureClass::RateLimited,
        503 | 529 => FailureClass::Overloaded,
        408 | 500.. => FailureClass::Provider,
        400..500 => FailureClass::Caller,
        _ => FailureClass::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorFacts, classify};
    use domain::FailureClass;
    use domain::provider::ErrorRule;

    #[test]
    fn the_status_decides_where_no_rule_fits() {
        for (status, class) in [
            (400, FailureClass::Caller),
            (422, FailureClass::Caller),
            (401, FailureClass::Credential),
            (403, FailureClass::Credential),
            (404, FailureClass::ModelMissing),
            (429, FailureClass::RateLimited),
            (408, FailureClass::Provider),
            (500, FailureClass::Provider),
            (503, FailureClass::Overloaded),
            (529, FailureClass::Overloaded),
            (302, FailureClass::Broken),
        ] {
            assert_eq!(classify(ErrorFacts { status, ..ErrorFacts::default() }, &[]), class, "{status}");
        }
    }

    #[test]
    fn the_first_fitting_rule_of_the_provider_wins() {
        let rule = |status, code: Option<&str>, text: Option<&str>, class| ErrorRule {
            status,
            code: code.map(str::to_owned),
            message_contains: text.map(str::to_owned),
            class,
        };
        let rules = [
            rule(Some(429), Some("insufficient_quota"), None, FailureClass::Credential),
            rule(None, None, Some("does not exist"), FailureClass::ModelMissing),
        ];
        let facts = |status, code, message| ErrorFacts { status, code, message, kind: None };
        assert_eq!(classify(facts(429, Some("insufficient_quota"), None), &rules), FailureClass::Credential);
        assert_eq!(
            classify(facts(429, Some("rate_limit_exceeded"), None), &rules),
            FailureClass::RateLimited
        );
        assert_eq!(classify(facts(400, None, Some("it does not exist")), &rules), FailureClass::ModelMissing);
        let by_type = ErrorFacts { status: 429, kind: Some("insufficient_quota"), ..ErrorFacts::default() };
        assert_eq!(classify(by_type, &rules), FailureClass::Credential);
    }
}
