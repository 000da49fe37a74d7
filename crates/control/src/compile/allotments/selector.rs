//! Which requests a limit or a budget is for.

use std::collections::BTreeMap;

use domain::Pattern;
use domain::allotment::{Attribute, GROUPS_MAX_DEFAULT, Selector};
use engine::route::near;

use super::super::Problems;
use crate::path::Path;

/// What is written of it.
pub(super) struct Asked<'s> {
    pub(super) matching: &'s BTreeMap<String, Vec<String>>,
    pub(super) group_by: &'s [String],
    pub(super) groups_max: Option<u32>,
}

pub(super) fn compile(asked: &Asked<'_>, path: &Path, problems: &mut Problems) -> Selector {
    let mut tests = Vec::new();
    for (name, patterns) in asked.matching {
        let path = path.key("match").key(name);
        if patterns.is_empty() {
            problems.push((
                path.clone(),
                "nothing matches an empty list; leave it out for everything".to_owned(),
            ));
        }
        for (index, _) in patterns.iter().enumerate().filter(|(_, pattern)| pattern.is_empty()) {
            problems.push((path.index(index), "the pattern is empty; write `*` for everything".to_owned()));
        }
        let patterns = patterns.iter().map(|pattern| Pattern::from(pattern.as_str())).collect();
        tests.extend(attribute(name, &path, problems).map(|attribute| (attribute, patterns)));
    }
    let mut group_by: Vec<Attribute> = Vec::new();
    for (index, name) in asked.group_by.iter().enumerate() {
        let path = path.key("group_by").index(index);
        let attribute = attribute(name, &path, problems);
        if attribute.as_ref().is_some_and(|attribute| group_by.contains(attribute)) {
            problems.push((path, format!("`{name}` is there already")));
        }
        group_by.extend(attribute);
    }
    if asked.groups_max.is_some() && group_by.is_empty() {
        problems.push((path.key("groups_max"), "it needs `group_by`".to_owned()));
    }
    let groups_max = asked.groups_max.and_then(|most| usize::try_from(most).ok());
    Selector { tests, group_by, groups_max: groups_max.unwrap_or(GROUPS_MAX_DEFAULT) }
}

fn attribute(name: &str, path: &Path, problems: &mut Problems) -> Option<Attribute> {
    let attribute = Attribute::named(name);
    if attribute.is_none() {
        let suggestion = near::suggestion(name, Attribute::names());
        let known: Vec<_> = Attribute::names().map(|name| format!("`{name}`")).collect();
        let known = known.join(", ");
        problems.push((
            path.clone(),
            format!("requests have no `{name}`{suggestion}; they have {known} and `metadata.NAME`"),
        ));
    }
    attribute
}
