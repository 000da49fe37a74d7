//! Names of tools and ids of calls, made to fit: each format allows other characters and lengths, and what one side calls
//! a tool, the other may not be able to say.

use super::form::{Part, Prompt, Tool, ToolChoice};
use crate::json::Text;

/// What a format lets a name be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NameRule {
    /// The most characters.
    pub(super) characters_max: usize,
    /// What it may hold besides ASCII letters and digits.
    pub(super) also: &'static str,
    /// Whether it must begin with a letter or an underscore.
    pub(super) begins_with_letter: bool,
}

/// What a format lets tools and calls be called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct IdentifierRules {
    /// Names of tools.
    pub(super) tools: NameRule,
    /// Ids of calls; none when the format has none, or takes any.
    pub(super) calls: Option<NameRule>,
}

/// The names that were changed, and what they were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ChangedNames {
    /// What was sent, what the client says.
    pairs: Vec<(String, String)>,
}

impl ChangedNames {
    /// What the client calls a tool that the provider names.
    pub(super) fn original(&self, sent: &str) -> Option<&str> {
        self.pairs.iter().find(|(changed, _)| changed == sent).map(|(_, original)| original.as_str())
    }

    /// Whether every name was sent as it was.
    pub(super) fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The client's name for a tool.
    pub(super) fn restored<'a>(&self, name: Text<'a>) -> Text<'a> {
        if self.is_empty() {
            return name;
        }
        let original = self.original(&name.plain()).map(str::to_owned);
        original.map_or(name, Text::from)
    }
}

impl NameRule {
    fn fits(&self, name: &str) -> bool {
        let allowed = |character: char| character.is_ascii_alphanumeric() || self.also.contains(character);
        let begins = !self.begins_with_letter
            || name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        !name.is_empty() && name.len() <= self.characters_max && name.chars().all(allowed) && begins
    }

    /// A name that fits, the same for the same name: what may not stand in it is replaced, and eight digits of the name's
    /// hash keep apart what would be the same then.
    fn fitted(&self, name: &str) -> String {
        let filler = if self.also.contains('_') { '_' } else { 'x' };
        let digits = format!("{filler}{:08x}", fingerprint(name));
        let room = self.characters_max.saturating_sub(digits.len());
        let allowed = |character: char| character.is_ascii_alphanumeric() || self.also.contains(character);
        let kept = name.chars().map(|character| if allowed(character) { character } else { filler });
        let begins = |first: char| !self.begins_with_letter || first.is_ascii_alphabetic() || first == filler;
        let lead = name.chars().next().is_some_and(|first| !begins(first)).then_some(filler);
        let mut fitted: String = lead.into_iter().chain(kept).take(room).collect();
        fitted.push_str(&digits);
        fitted
    }
}

/// FNV-1a (draft-eastlake-fnv), 32 bits: not secret, only different for different names.
fn fingerprint(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Makes all names and ids of a prompt fit the format it is written in.
pub(super) fn fit(prompt: &mut Prompt<'_>, rules: IdentifierRules) -> ChangedNames {
    let mut changed = ChangedNames::default();
    for tool in &mut prompt.tools {
        if let Tool::Function { name, .. } | Tool::FreeText { name, .. } = tool {
            fit_name(name, rules.tools, &mut changed);
        }
    }
    match &mut prompt.tool_choice {
        Some(ToolChoice::Named(name)) => fit_name(name, rules.tools, &mut changed),
        Some(ToolChoice::Allowed { names, .. }) => {
            names.iter_mut().for_each(|name| fit_name(name, rules.tools, &mut changed));
        }
        _ => {}
    }
    for part in prompt.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
        fit_part(part, rules, &mut changed);
    }
    changed
}

fn fit_part(part: &mut Part<'_>, rules: IdentifierRules, changed: &mut ChangedNames) {
    let fit_id = |id: &mut Text<'_>| {
        if let Some(rule) = rules.calls
            && !rule.fits(&id.plain())
        {
            *id = Text::from(rule.fitted(&id.plain()));
        }
    };
    match part {
        Part::ToolCall(call) => {
            fit_id(&mut call.id);
            fit_name(&mut call.name, rules.tools, changed);
        }
        Part::ToolResult(result) => {
            fit_id(&mut result.call);
            if let Some(name) = &mut result.name {
                fit_name(name, rules.tools, changed);
            }
        }
        _ => {}
    }
}

fn fit_name(name: &mut Text<'_>, rule: NameRule, changed: &mut ChangedNames) {
    let original = name.plain().into_owned();
    if rule.fits(&original) {
        return;
    }
    let fitted = rule.fitted(&original);
    if changed.original(&fitted).is_none() {
        changed.pairs.push((fitted.clone(), original));
    }
    *name = Text::from(fitted);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::convert::form::Role;
    use crate::convert::form::{ToolCall, Turn};

    const RULE: NameRule = NameRule { characters_max: 64, also: "_-", begins_with_letter: true };
    const SHORT: NameRule = NameRule { characters_max: 9, also: "", begins_with_letter: false };

    #[test]
    fn a_changed_name_is_the_same_everywhere_and_finds_its_way_back() {
        let name = "files.read/all";
        let call = ToolCall {
            id: Text::from("toolu_01"),
            name: Text::from(name),
            input: Text::from("{}"),
            is_free_text: false,
            seal: None,
            cache: None,
        };
        let tool = Tool::FreeText { name: Text::from(name), description: None, grammar: None };
        let mut prompt = Prompt {
            tools: vec![tool],
            tool_choice: Some(ToolChoice::Named(Text::from(name))),
            turns: vec![Turn { role: Role::Assistant, parts: vec![Part::ToolCall(call)], name: None }],
            ..Prompt::default()
        };
        let changed = fit(&mut prompt, IdentifierRules { tools: RULE, calls: Some(SHORT) });
        let sent = prompt.tools[0].name().unwrap().plain().into_owned();
        assert!(sent.starts_with("files_read_all_") && RULE.fits(&sent), "{sent}");
        assert_eq!(changed.original(&sent), Some(name));
        assert_eq!(prompt.tool_choice, Some(ToolChoice::Named(Text::from(sent.clone()))));
        let Part::ToolCall(call) = &prompt.turns[0].parts[0] else { panic!("a call") };
        assert_eq!(call.name.plain(), sent);
        assert!(SHORT.fits(&call.id.plain()), "{:?}", call.id);
        assert_eq!(changed.restored(Text::from(sent)).plain(), name);
    }

    proptest! {
        #[test]
        fn whatever_is_fitted_fits(name in ".{0,100}") {
            for rule in [RULE, SHORT, NameRule { characters_max: 128, also: "_-.:", begins_with_letter: false }] {
                let fitted = rule.fitted(&name);
                prop_assert!(rule.fits(&fitted), "{:?} {}", rule, fitted);
            }
        }
    }
}
