//! Client keys by hash, each name and each hash once.

use std::collections::HashMap;
use std::sync::Arc;

use domain::name::check_name;
use domain::quota::Standing;
use domain::{ApiKey, KeyHash, Pattern, Priority, Scope};

use super::Problems;
use crate::file::{KeySection, PriorityName};
use crate::path::Path;

pub(super) fn compile(sections: &[KeySection], problems: &mut Problems) -> HashMap<KeyHash, Arc<ApiKey>> {
    let mut keys = HashMap::new();
    let mut names = HashMap::new();
    for (index, section) in sections.iter().enumerate() {
        let path = Path::root().key("keys").index(index);
        if let Err(problem) = check_name(&section.name) {
            problems.push((path.key("name"), problem.to_string()));
        }
        if let Some(first) = names.insert(section.name.as_str(), index) {
            problems.push((path.key("name"), format!("`keys[{first}]` is named `{}` already", section.name)));
        }
        let Standing { priority, priority_max, .. } = standing(section);
        if priority_max < priority {
            let message = format!("it is lower than `priority`, which is {}", priority.name());
            problems.push((path.key("priority_max"), message));
        }
        match section.hash.parse::<KeyHash>() {
            Err(problem) => problems.push((path.key("hash"), problem.to_string())),
            Ok(hash) if keys.contains_key(&hash) => {
                problems.push((path.key("hash"), "another key has this hash already".to_owned()));
            }
            Ok(hash) => {
                keys.insert(hash, Arc::new(key(section)));
            }
        }
        check_patterns(section.models.as_deref(), &path.key("models"), problems);
        check_patterns(section.providers.as_deref(), &path.key("providers"), problems);
        check_patterns(section.regions.as_deref(), &path.key("regions"), problems);
    }
    keys
}

fn key(section: &KeySection) -> ApiKey {
    let scope = Scope {
        models: patterns(section.models.as_deref()),
        providers: patterns(section.providers.as_deref()),
        regions: patterns(section.regions.as_deref()),
    };
    ApiKey {
        scope,
        passthrough: section.passthrough.unwrap_or(false),
        inline_config: section.inline_config.unwrap_or(false),
        explain: section.explain.unwrap_or(false),
        sees_budgets: section.sees_budgets.unwrap_or(false),
        standing: standing(section),
        ..ApiKey::new(section.name.as_str(), Arc::default())
    }
}

fn standing(section: &KeySection) -> Standing {
    let priority = section.priority.map_or(Priority::Standard, priority);
    let priority_max = section.priority_max.map_or(priority, self::priority);
    Standing { priority, priority_max, weight: section.weight.unwrap_or(1) }
}

fn priority(name: PriorityName) -> Priority {
    match name {
        PriorityName::Realtime => Priority::Realtime,
        PriorityName::Standard => Priority::Standard,
        PriorityName::Batch => Priority::Batch,
    }
}

/// Everything when nothing is written; nothing when an empty list is.
fn patterns(texts: Option<&[String]>) -> Vec<Pattern> {
    texts.map_or_else(
        || vec![Pattern::any()],
        |texts| texts.iter().map(|text| Pattern::from(text.as_str())).collect(),
    )
}

fn check_patterns(texts: Option<&[String]>, path: &Path, problems: &mut Problems) {
    for (index, _) in texts.unwrap_or_default().iter().enumerate().filter(|(_, text)| text.is_empty()) {
        problems.push((path.index(index), "the pattern is empty; write `*` for everything".to_owned()));
    }
}
