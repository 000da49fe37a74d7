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
        let (derived, own): (Vec<_>, Vec<_>) =
            definition.variables.iter().partition(|(_, variable)| variable.of.is_some());
        // What another variable is made from comes first.
        for (name, variable) in own.into_iter().chain(derived) {
            let place = Place { name, is_used: used.contains(name.as_str()) };
            let set = set_value(variable, environment);
            resolved.any_is_set |= set.is_some();
            resolved.names.extend(variable.env.iter().flatten().cloned());
            let value = match set {
                Some(set) => Some(set),
                None => resolved.unset_value(&place, variable, problems),
            };
            resolved.values.insert(name.clone(), value.map(|value| tidy(&value, variable)));
        }
        resolved
    }

    /// What a variable is when nobody set it: another variable's value, else its default.
    fn unset_value(
        &mut self,
        place: &Place<'_>,
        variable: &Variable,
        problems: &mut Problems,
    ) -> Option<String> {
        let path = format!("variables.{}", place.name);
        let other = variable.of.as_deref().map(|of| self.values.get(of));
        if let Some(None) = other {
            problems.add(format!("{path}.of"), "it names no variable that has a value of its own");
        }
        let value = other.flatten().cloned().flatten().or_else(|| variable.default.clone());
        if value.is_none() && place.is_used {
            let env = variable.env.as_deref().unwrap_or_default();
            if env.is_empty() && variable.of.is_none() {
                problems.add(path, "it has no value; give it `value` or `env`");
            }
            self.missing.extend_from_slice(env);
        }
        value
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

/// The value as the variable wants it written: without closing slashes and the ending that it strips, and as its cases say.
fn tidy(value: &str, variable: &Variable) -> String {
    let value = value.trim_end_matches('/');
    let stripped = variable.strip.as_deref().and_then(|ending| value.strip_suffix(ending));
    let value = stripped.unwrap_or(value).trim_end_matches('/');
    match (variable.cases.get(value), &variable.otherwise) {
        (Some(written), _) => written.clone(),
        (None, Some(form)) => form.replace("{}", value),
        (None, None) => value.to_owned(),
    }
}

/// The variables that are needed, those that others are made from included.
fn used_names(definition: &ProviderDefinition) -> BTreeSet<&str> {
    let mut used: BTreeSet<&str> = texts(definition).flat_map(variable_names).collect();
    let sources = definition.variables.iter().filter(|(name, _)| used.contains(name.as_str()));
    let sources: Vec<&str> = sources.filter_map(|(_, variable)| variable.of.as_deref()).collect();
    used.extend(sources);
    used
}

/// The texts of a definition that may hold variables.
fn texts(definition: &ProviderDefinition) -> impl Iterator<Item = &str> {
    let variants = definition.variants.iter().flatten();
    let bodies = variants.clone().map(|variant| &variant.body).chain([&definition.body]);
    let prefixes = bodies.filter_map(|body| body.model_prefix.as_deref());
    let of_variants = variants
        .flat_map(|variant| [&variant.endpoints, &variant.stream_endpoints, &variant.result_endpoints]);
    let endpoints = [&definition.endpoints, &definition.stream_endpoints, &definition.result_endpoints];
    let endpoints = endpoints.into_iter().chain(of_variants);
    let paths = endpoints
        .flat_map(|paths| domain::Endpoint::ALL.into_iter().filter_map(|endpoint| paths.path(endpoint)));
    let headers = definition.headers.default.values().map(String::as_str);
    let headers = headers.chain(definition.sign_in.texts());
    definition.base_url.as_deref().into_iter().chain(paths).chain(prefixes).chain(headers)
}

fn variable_names(text: &str) -> impl Iterator<Item = &str> {
    pieces(text).filter_map(|piece| match piece {
        Piece::Variable(name) => Some(name),
        Piece::Text(_) | Piece::Unclosed => None,
    })
}

/// A variable that is looked at.
struct Place<'a> {
    name: &'a str,
    /// Whether anything is made of it.
    is_used: bool,
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
