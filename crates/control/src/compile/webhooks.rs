//! Whom budgets tell.

use std::collections::BTreeSet;
use std::sync::Arc;

use providers::definition::Secret;
use webhooks::{Webhook, WebhookParts};

use super::Problems;
use crate::file::{ConfigFile, WebhookSection};
use crate::path::Path;

/// Most webhooks.
const WEBHOOKS_MAX: usize = 100;
/// Most webhooks that one budget tells.
const NOTIFIED_MAX: usize = 8;

pub(super) fn compile(file: &ConfigFile, problems: &mut Problems) -> Vec<Arc<Webhook>> {
    let section = Path::root().key("webhooks");
    let mut names = BTreeSet::new();
    let mut webhooks = Vec::new();
    for (index, written) in file.webhooks.iter().enumerate() {
        let path = section.index(index);
        if !names.insert(written.name.as_str()) {
            problems.push((path.key("name"), format!("another webhook is named `{}` already", written.name)));
        }
        webhooks.extend(webhook(written, &path, problems).map(Arc::new));
    }
    if file.webhooks.len() > WEBHOOKS_MAX {
        problems.push((section, format!("there are at most {WEBHOOKS_MAX}")));
    }
    for (index, budget) in file.budgets.iter().enumerate() {
        let path = Path::root().key("budgets").index(index).key("notify");
        for (place, name) in budget.notify.iter().enumerate() {
            if !names.contains(name.as_str()) {
                problems.push((path.index(place), format!("there is no webhook `{name}`")));
            }
            if budget.notify.iter().take(place).any(|before| before == name) {
                problems.push((path.index(place), format!("`{name}` stands here twice")));
            }
        }
        if budget.notify.len() > NOTIFIED_MAX {
            problems.push((path, format!("a budget tells at most {NOTIFIED_MAX}")));
        }
    }
    webhooks
}

fn webhook(section: &WebhookSection, path: &Path, problems: &mut Problems) -> Option<Webhook> {
    let webhook = Webhook::new(WebhookParts {
        name: &section.name,
        url: &section.url,
        secret: section.secret.expose(),
        previous_secret: section.previous_secret.as_ref().map(Secret::expose),
    });
    let mut webhook = webhook
        .map_err(|wrong| problems.extend(wrong.into_iter().map(|wrong| (path.key(wrong.part), wrong.why))))
        .ok()?;
    for (name, value) in &section.headers {
        if let Err(why) = webhook.with_header(name, value.expose()) {
            problems.push((path.key("headers").key(name), why));
        }
    }
    Some(webhook)
}
