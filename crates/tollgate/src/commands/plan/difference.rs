//! What would have to be changed of objects for them to be what a file says.

use std::collections::BTreeMap;
use std::fmt;

use control::objects::{FileObjects, ObjectId, ObjectKind};
use serde_json::{Map, Value as Json, json};

use crate::commands::gateway::Shown;

/// A change of an object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    id: ObjectId,
    /// The version that it was compared with; 0 where there is none.
    version: u64,
    before: Option<Map<String, Json>>,
    after: Option<Map<String, Json>>,
    /// What is sent: with secrets, which are not shown.
    sent: Json,
}

/// What there is to do.
#[derive(Debug, Default)]
pub(super) struct Differences {
    pub(super) changes: Vec<Change>,
    /// What the gateway's own file has otherwise.
    pub(super) fixed: Vec<ObjectId>,
}

/// Compares the entries of a file called `label` with the objects that there are.
pub(super) fn compare(wanted: &FileObjects, there: &[(ObjectKind, Shown)], label: &str) -> Differences {
    let mut differences = Differences::default();
    let there =
        there.iter().filter_map(|(kind, shown)| Some((ObjectId::new(*kind, shown.name()).ok()?, shown)));
    let there: BTreeMap<_, _> = there.collect();
    for (id, entry) in wanted {
        let after: Map<String, Json> = serde_json::from_str(entry.body.get()).unwrap_or_default();
        let after = said(&after);
        let sent = Json::Object(said(entry.whole().as_object().unwrap_or(&Map::new())));
        let Some(shown) = there.get(id) else {
            let (id, after) = (id.clone(), Some(after));
            differences.changes.push(Change { id, version: 0, before: None, after, sent });
            continue;
        };
        let before = said(shown.body().as_object().unwrap_or(&Map::new()));
        // Whether a secret is the one that is kept there, nobody tells.
        let is_same = before == after && (!entry.has_secrets() || shown.managed_by() == "file");
        match (is_same, shown.managed_by()) {
            (true, _) => {}
            (false, "file") => differences.fixed.push(id.clone()),
            (false, _) => differences.changes.push(Change {
                id: id.clone(),
                version: shown.version(),
                before: Some(before),
                after: Some(after),
                sent,
            }),
        }
    }
    let left =
        there.iter().filter(|(id, shown)| shown.0["applied_from"] == label && !wanted.contains_key(id));
    differences.changes.extend(left.map(|(id, shown)| Change {
        id: id.clone(),
        version: shown.version(),
        before: shown.body().as_object().cloned(),
        after: None,
        sent: Json::Null,
    }));
    differences
}

/// An entry without members that say nothing, as the configuration reads it.
fn said(body: &Map<String, Json>) -> Map<String, Json> {
    body.iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

impl Change {
    /// Whether it is made, changed or deleted: `+`, `~`, `-`.
    pub(super) fn sign(&self) -> char {
        match (&self.before, &self.after) {
            (None, _) => '+',
            (Some(_), Some(_)) => '~',
            (Some(_), None) => '-',
        }
    }

    /// As one of `changes` of the API.
    pub(super) fn to_request(&self) -> Json {
        json!({"kind": self.id.kind().section(), "name": self.id.name(), "version": self.version, "body": self.sent})
    }

    /// With what it says before and after.
    pub(super) fn to_json(&self) -> Json {
        json!({
            "kind": self.id.kind().section(), "name": self.id.name(), "before": self.before, "after": self.after,
        })
    }
}

impl fmt::Display for Change {
    /// A line for the object, and one for each member that changes.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{} {}", self.sign(), self.id)?;
        let nothing = Map::new();
        let (before, after) =
            (self.before.as_ref().unwrap_or(&nothing), self.after.as_ref().unwrap_or(&nothing));
        if self.after.is_none() {
            return Ok(());
        }
        for (name, new) in after {
            match before.get(name) {
                None => writeln!(formatter, "    {name}: {new}")?,
                Some(old) if old != new => writeln!(formatter, "    {name}: {old} -> {new}")?,
                Some(_) => {}
            }
        }
        if self.before == self.after {
            writeln!(formatter, "    a secret, the same or another")?;
        }
        for (name, old) in before.iter().filter(|(name, _)| !after.contains_key(*name)) {
            writeln!(formatter, "    {name}: {old} -> nothing")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{ObjectKind, Shown, compare};
    use control::objects::read_file;
    use serde_json::json;

    #[test]
    fn what_differs_is_told_and_what_others_made_is_left_alone() {
        let file = "\
users:
  new: { service_account: true }
  same: { teams: }
  other: { teams: [w/b], metadata: { a: '1' } }
  fixed: { service_account: true }
keys: [{ name: k, hash: x }]
";
        let user = |name: &str, body: serde_json::Value, more: serde_json::Value| {
            let mut shown = json!({"name": name, "managed_by": "api", "version": 7, "body": body});
            shown.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            (ObjectKind::User, Shown(shown))
        };
        let there = [
            user("same", json!({}), json!({})),
            user("other", json!({"teams": ["w/a"], "service_account": true}), json!({})),
            user("fixed", json!({}), json!({"managed_by": "file"})),
            user("gone", json!({}), json!({"applied_from": "t.yaml"})),
            user("theirs", json!({}), json!({"applied_from": "u.yaml"})),
            user("nobodys", json!({}), json!({})),
        ];
        let found = compare(&read_file("t.yaml", file).unwrap(), &there, "t.yaml");
        let told: String = found.changes.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            "\
+ users/new
    service_account: true
~ users/other
    metadata: {\"a\":\"1\"}
    teams: [\"w/a\"] -> [\"w/b\"]
    service_account: true -> nothing
+ keys/k
    hash: \"x\"
    name: \"k\"
- users/gone
"
        );
        assert_eq!(found.fixed.iter().map(ToString::to_string).collect::<Vec<_>>(), ["users/fixed"]);
        assert_eq!(found.changes[1].to_request()["version"], 7);
        assert_eq!(found.changes[3].to_request()["body"], json!(null));
    }
}
