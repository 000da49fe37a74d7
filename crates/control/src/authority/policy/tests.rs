//! What policies mean, and what none is. That they mean what Cedar says is tested with Cedar itself, in `tests/cedar`.

use super::{POLICY_BYTES_MAX, Policies};
use crate::authority::{Action, Kind, Level, Permissions, Question};

fn permissions(text: &str) -> Permissions {
    let mut policies = Policies::default();
    policies.read(text).unwrap();
    policies.permissions()
}

fn problem(text: &str) -> String {
    Policies::default().read(text).unwrap_err().to_string()
}

fn sensible(answer: impl Fn(Question) -> bool) -> Permissions {
    Permissions::of(|question| question.action.applies_to(question.kind) && answer(question))
}

#[test]
fn a_policy_is_the_questions_that_it_answers_with_yes() {
    assert_eq!(permissions("permit (principal, action, resource);"), sensible(|_| true));
    assert_eq!(
        permissions(
            r#"permit (principal, action == Action::"rotate", resource is Key) when { context.own };"#
        ),
        sensible(|question| question.action == Action::Rotate && question.own),
    );
    assert_eq!(
        permissions(
            r#"// who reads, and where
            permit (principal, action in [Action::"read", Action::"explain"], resource)
            when { context.level == "workspace" || resource is Route && !context.own }
            unless { (action == Action::"read") == (context.level == "environment") };"#
        ),
        sensible(|question| {
            let (read, explain) = (question.action == Action::Read, question.action == Action::Explain);
            let when = question.level == Level::Workspace || question.kind == Kind::Route && !question.own;
            (read || explain) && when && read == (question.level != Level::Environment)
        }),
    );
}

#[test]
fn what_is_forbidden_is_permitted_by_no_other_policy() {
    let text = r#"
        permit (principal, action, resource is Key);
        forbid (principal, action in Action::"delete", resource);
        permit (principal, action == Action::"delete", resource is Key);"#;
    assert_eq!(
        permissions(text),
        sensible(|question| question.kind == Kind::Key && question.action != Action::Delete)
    );
}

#[test]
fn a_policy_that_cannot_be_decided_beforehand_is_refused_with_what_there_is_instead() {
    for (text, told) in [
        ("", "there is no policy in it"),
        ("// nothing", "there is no policy in it"),
        ("allow (principal, action, resource);", "expected `permit` or `forbid`, found `allow`"),
        ("permit (principal, action, resource)", "it ends too early; a policy ends with `;`"),
        (r#"permit (principal == User::"ada", action, resource);"#, "write `principal` alone"),
        (
            r#"permit (principal, action == Action::"raed", resource);"#,
            "there is no action `raed`; there are `create`, `read`",
        ),
        ("permit (principal, action, resource is Kex);", "there is no kind of thing `Kex`"),
        (r#"permit (principal, action, resource == Key::"a");"#, "a policy speaks of kinds of things"),
        (
            r#"permit (principal, action, resource) when { resource == Key::"a" };"#,
            "`Key` cannot be asked for",
        ),
        (
            r#"permit (principal, action, resource) when { resource.name == "a" };"#,
            "a policy speaks of kinds of things",
        ),
        (
            r#"permit (principal, action, resource) when { context.level == "team" };"#,
            "there is no level `team`",
        ),
        (
            "permit (principal, action, resource) when { context.mine };",
            "`context` has `level` and `own`, not `mine`",
        ),
        (
            "permit (principal, action, resource) when { context.level };",
            "a value on its own is not true or false",
        ),
        ("permit (principal, action, resource) when { principal };", "`principal` cannot be asked for"),
        (
            r#"permit (principal, action, resource) when { "a" == "a" };"#,
            "these two are never equal, or always",
        ),
        ("permit (principal, action, resource) when { !!!!!true };", "at most 4 `!` may follow each other"),
        ("permit (principal, action in [], resource);", "expected `Action`, found `]`"),
        (r#"permit (principal, action, resource) when { "a };"#, "a text has no end, or has escapes"),
        ("permit (principal, action, resource) when { 1 > 2 };", "`1` cannot be asked for"),
        ("permit (principal, action, resource) when { true > false };", "`>` has no meaning here"),
    ] {
        let problem = problem(text);
        assert!(problem.contains(told), "{text}: {problem}");
    }
}

#[test]
fn a_policy_is_bounded_in_length_and_depth() {
    let nested = |depth: usize| {
        format!(
            "permit (principal, action, resource) when {{ {}true{} }};",
            "(".repeat(depth),
            ")".repeat(depth)
        )
    };
    assert_eq!(permissions(&nested(24)), sensible(|_| true));
    assert!(problem(&nested(25)).contains("at most 24 levels deep"));
    assert!(problem(&" ".repeat(POLICY_BYTES_MAX + 1)).contains("at most 16384 bytes"));
}
