//! The values of `${name}` in a definition.

use std::collections::{BTreeMap, BTreeSet};

use super::{Environment, Problems};
use crate::definition::{ProviderDefinition, Variable};

/// The variables of one definition, as far as they have values.
#[derive(Debug)]
pub(super) struct Values {
    /// By name; `None` where nothing is set, which is no mistake but keeps the provider from being live.
    values: BTreeMap<String, Option<String>>,
    /// Whether one was set by the operator or in the environment, and not by default.
    pub(super) any_is_set: bool,
    /// Environment variables of those without a value.
    pub(super) missing: Vec<String>,
    /// All environment variables that are looked at.
    pub(super) names: Vec<String>,
}

impl Values {
    pub(super) fn resolve(
        definition: &ProviderDefinition,
        environment: Environment<'_>,
        problems: &mut Problems,
    ) -> Self {
        let mut resolved =
            Self { values: BTreeMap::new(), any_is_set: false, missing: Vec::new(), names: Vec::new() };
        let used = used_names(definition);
        for (name, variable) in &definition.variables {
            let env = variable.env.as_deref().unwrap_or_default();
            let set = set_value(variable, environment);
            resolved.any_is_set |= set.is_some();
            resolved.names.extend_from_slice(env);
            let value = set.or_else(|| variable.default.clone());
            if value.is_none() && used.contains(name.as_str()) {
                if env.is_empty() {
                    problems.add(format!("variables.{name}"), "it has no value; give it `value` or `env`");
                }
                resolved.missing.extend_from_slice(env);
            }
            resolved.values.insert(name.clone(), value.map(|value| tidy(&value, variable)));
        }
        resolved
    }

    /// The text with each `${name}` replaced, or `None` when one has no value or is wrong.
    pub(super) fn fill(&self, path: &str, text: &str, problems: &mut Problems) -> Option<String> {
        let mut filled = String::with_capacity(text.len());
        let mut complete = true;
        for piece in pieces(text) {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Variable(name) => match self.values.get(name) {
                    Some(Some(value)) => filled.push_str(value),
                    Some(None) => complete = false,
                    None => {
                        problems.add(
                            path,
                            format!("`${{{name}}}` is not known; describe it in `variables.{name}`"),
                        );
                        complete = false;
                    }
                },
                Piece::Unclosed => {
                    problems.add(path, "a `${` is not closed; add the `}`");
                    complete = false;
                }
            }
        }
        complete.then_some(filled)
    }
}

/// What the operator or the environment says, blank values counting as none.
fn set_value(variable: &Variable, environment: Environment<'_>) -> Option<String> {
    let present = |text: &String| !text.trim().is_empty();
    let from_environment = || {
        let env = variable.env.as_deref().unwrap_or_default();
        env.iter().filter_map(|name| environment(name)).find(present)
    };
    variable.value.clone().filter(present).or_else(from_environment).map(|value| value.trim().to_owned())
}

/// The value without closing slashes and without the ending that the variable strips.
fn tidy(value: &str, variable: &Variable) -> String {
    let value = value.trim_end_matches('/');
    let stripped = variable.strip.as_deref().and_then(|ending| value.strip_suffix(ending));
    stripped.unwrap_or(value).trim_end_matches('/').to_owned()
}

fn used_names(definition: &ProviderDefinition) -> BTreeSet<&str> {
    let base = definition.base_url.as_deref();
    let paths = domain::Endpoint::ALL.into_iter().filter_map(|endpoint| definition.endpoints.path(endpoint));
    let headers = definition.headers.default.values().map(String::as_str);
    let texts = base.into_iter().chain(paths).chain(headers);
    let names = |text| {
        pieces(text).filter_map(|piece| match piece {
            Piece::Variable(name) => Some(name),
            Piece::Text(_) | Piece::Unclosed => None,
        })
    };
    texts.flat_map(names).collect()
}

/// A part of a text with variables in it.
enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str),
    Unclosed,
}

fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    let mut in_variable = false;
    std::iter::from_fn(move || {
        if in_variable {
            in_variable = false;
            let Some((name, after)) = rest.split_once('}') else {
                rest = "";
                return Some(Piece::Unclosed);
            };
            rest = after;
            return Some(Piece::Variable(name));
        }
        if rest.is_empty() {
            return None;
        }
        let Some((before, after)) = rest.split_once("${") else {
            return Some(Piece::Text(std::mem::take(&mut rest)));
        };
        rest = after;
        in_variable = true;
        Some(Piece::Text(before))
    })
}
