//! The reference of roles as Markdown, made from what decides, so that it cannot say anything else.

use std::fmt::Write;

use super::permissions::{Permissions, Question};
use super::policy::PolicyProblem;
use super::role::BUILT_IN_ROLES;
use super::vocabulary::{Action, Kind, Level};

/// The page: what can be asked, and what each built-in role permits.
///
/// # Errors
/// When the policies of a built-in role are none.
pub fn markdown() -> Result<String, PolicyProblem> {
    let mut text = String::from(HEAD);
    words("action", &Action::ALL.map(|word| (word.name(), word.about())), &mut text);
    words("kind of thing", &Kind::ALL.map(|word| (word.name(), word.about())), &mut text);
    words("`context.level`", &Level::ALL.map(|word| (word.name(), word.about())), &mut text);
    for role in BUILT_IN_ROLES {
        let _ = write!(text, "\n## {}\n\n```cedar\n{}```\n", role.name, role.policies);
        table(&role.permissions()?, &mut text);
    }
    Ok(text)
}

const HEAD: &str = "\
# Roles

<!-- Made from the roles that are built in; change `crates/control/src/authority/roles` instead. -->

What a role permits is written in Cedar and compiled when the configuration is loaded. Roles of your own are written with the same words
([guide](../guide/roles.md)). `context.own` is whether a thing belongs to the user whose control key it is.
";

fn words(title: &str, words: &[(&str, &str)], text: &mut String) {
    let _ = write!(text, "\n| {title} | |\n|---|---|\n");
    for (name, about) in words {
        let _ = writeln!(text, "| `{name}` | {about} |");
    }
}

/// A row for each kind of thing of which the role may do something.
fn table(permissions: &Permissions, text: &mut String) {
    let head = columns(|action| format!(" `{}`", action.name()));
    let _ = write!(text, "\n| |{head}\n|---|{}\n", "---|".repeat(Action::ALL.len()));
    for kind in Kind::ALL {
        let cells = columns(|action| cell(permissions, action, kind));
        if cells.contains(char::is_alphabetic) {
            let _ = writeln!(text, "| {} |{cells}", kind.name());
        }
    }
}

fn columns(cell: impl Fn(Action) -> String) -> String {
    Action::ALL.into_iter().map(|action| cell(action) + " |").collect()
}

/// When an action is permitted: `yes`, where the role has to be held, or only with what is one's own.
fn cell(permissions: &Permissions, action: Action, kind: Kind) -> String {
    let permitted = |level, own| permissions.permit(Question { action, kind, level, own });
    let levels = |own| Level::ALL.into_iter().filter(move |level| permitted(*level, own));
    let always: Vec<_> = levels(false).map(Level::name).collect();
    let only_own = levels(true).filter(|level| !permitted(*level, false)).count();
    match (always.len(), only_own) {
        (0, 0) => String::new(),
        (_, 0) if always.len() == Level::ALL.len() => " yes".to_owned(),
        (0, _) => " own".to_owned(),
        (_, 0) => format!(" {}", always.join(", ")),
        (_, _) => format!(" {}; own", always.join(", ")),
    }
}
