//! How a route changes the members of a request's body.

use std::collections::BTreeMap;

use domain::route::ParameterRules;
use serde_json::Value;

use super::inherit::Inherited;
use super::{Compiler, Place};
use crate::route::spec::RouteSpec;

/// Members that decide how the gateway itself reads the answer, so that no route may change them behind its back.
const GOVERNED: [&str; 2] = ["stream", "stream_options"];

/// Most steps of a dropped path below its top-level member.
const DROP_STEPS_MAX: usize = 16;

impl Compiler<'_> {
    pub(super) fn refine_parameters(&mut self, settings: &mut Inherited, spec: &RouteSpec, place: &Place) {
        if let Some(overrides) = &spec.override_params {
            let path = place.member("override_params");
            self.refuse_governed(overrides.keys(), &path);
            if overrides.get("model").is_some_and(|model| model.as_str().is_none_or(str::is_empty)) {
                self.report(format!("{path}.model"), "expected a text, the name of a model");
            }
            merge(&mut settings.overrides, overrides);
        }
        if let Some(defaults) = &spec.default_params {
            let path = place.member("default_params");
            self.refuse_governed(defaults.keys(), &path);
            if defaults.contains_key("model") {
                self.report(
                    format!("{path}.model"),
                    "every request names a model; write `model` on the target to set it",
                );
            }
            merge(&mut settings.defaults, defaults);
        }
        if let Some(drops) = &spec.drop_params {
            self.drops(&mut settings.drops, drops, &place.member("drop_params"));
        }
    }

    fn refuse_governed<'n>(&mut self, names: impl Iterator<Item = &'n String>, path: &str) {
        for name in names.filter(|name| GOVERNED.contains(&name.as_str())) {
            let message =
                "the client decides this, and the gateway reads the answer by it; it cannot be set here";
            self.report(format!("{path}.{name}"), message);
        }
    }

    fn drops(&mut self, drops: &mut Vec<String>, added: &[String], path: &str) {
        for (index, drop) in added.iter().enumerate() {
            let root = drop.split(['.', '[']).next().unwrap_or_default();
            if !is_member_path(drop) {
                let message =
                    format!("`{drop}` is not a path; write it as `logit_bias` or `messages[*].name`");
                self.report(format!("{path}[{index}]"), message);
            } else if GOVERNED.contains(&root) || root == "model" {
                self.report(
                    format!("{path}[{index}]"),
                    format!("`{root}` cannot be removed; the gateway works by it"),
                );
            } else if !drops.contains(drop) {
                drops.push(drop.clone());
            }
        }
    }
}

/// The rules as the data plane applies them: raw JSON by member.
pub(super) fn rules(settings: &Inherited) -> ParameterRules {
    let raw = |values: &BTreeMap<String, Value>| {
        values.iter().map(|(name, value)| (name.clone(), value.to_string().into_bytes())).collect()
    };
    ParameterRules {
        defaults: raw(&settings.defaults),
        overrides: raw(&settings.overrides),
        drops: settings.drops.clone(),
    }
}

fn merge(above: &mut BTreeMap<String, Value>, lower: &BTreeMap<String, Value>) {
    above.extend(lower.iter().map(|(name, value)| (name.clone(), value.clone())));
}

/// `name`, `name.name`, each name followed by any number of `[*]` or `[3]`: what `wire::json::Path` reads, so that a path
/// that no request could apply is refused with its route and not with each request.
fn is_member_path(text: &str) -> bool {
    let steps = text.matches(['.', '[']).count();
    steps <= DROP_STEPS_MAX
        && text.split('.').all(|segment| {
            let mut pieces = segment.split('[');
            let name = pieces.next().unwrap_or_default();
            !name.is_empty()
                && !name.contains(']')
                && pieces.all(|piece| piece.strip_suffix(']').is_some_and(is_index))
        })
}

fn is_index(text: &str) -> bool {
    text == "*" || (!text.starts_with('+') && text.parse::<usize>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::{DROP_STEPS_MAX, is_member_path};

    #[test]
    fn a_path_is_names_with_indexes_and_no_longer_than_a_request_applies() {
        let longest = format!("a{}", ".b".repeat(DROP_STEPS_MAX));
        for path in ["a", "a.b", "messages[*].name", "tools[0].x", "a[1][*].b.c[2]", &longest] {
            assert!(is_member_path(path), "{path}");
        }
        let too_long = format!("{longest}[0]");
        let no_index = "a[99999999999999999999]";
        for path in
            ["", ".a", "a.", "a..b", "[0]", "a[]", "a[x]", "a[+1]", "a[0", "a[0]b", "a]", no_index, &too_long]
        {
            assert!(!is_member_path(path), "{path}");
        }
    }
}
