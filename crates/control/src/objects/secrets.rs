//! The secrets of an object, apart from what it says: a body has `(hidden …)` in their places, so nothing that shows a body can show one.

use std::collections::BTreeMap;
use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value as Json};

use super::id::ObjectKind;
use super::outside::reference;
use crate::path::{Path, Segment};

/// Secrets by where they stand in a body, as a JSON pointer (RFC 6901).
#[derive(Clone, Default)]
pub struct Secrets(BTreeMap<Box<str>, SecretString>);

/// Why a body that stands for a secret cannot have it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// There is none.
    #[error(
        "`{0}` stands for a secret that is not kept here; write the secret, or `${{env:NAME}}` or `${{file:path}}` for where it is"
    )]
    Unknown(String),
    /// It would go somewhere else than before.
    #[error(
        "the object says something else than before of where its secrets go, so they have to be written again: `{0}` does not stand for one then"
    )]
    Redirected(String),
}

/// How what stands for a secret begins, and ends.
const HIDDEN: (&str, &str) = ("(hidden", ")");
/// What may change of a provider whose secrets stay: nothing that says where they are sent, or how.
const HARMLESS: [&str; 14] = [
    "title",
    "docs",
    "live",
    "models",
    "credentials",
    "errors",
    "rate_limits",
    "quota",
    "streams",
    "chat",
    "prefill",
    "prompt_cache",
    "catalog",
    "workspaces",
];

impl Secrets {
    /// Takes the secrets out of a body and leaves what stands for them. References stay, since they say only where a secret is.
    pub(super) fn taken_from(body: &mut Json, places: &[Path]) -> Self {
        let mut secrets = BTreeMap::new();
        for place in places {
            let pointer = pointer(place);
            let Some(found) = body.pointer_mut(&pointer) else { continue };
            let text = match found {
                Json::String(text) if reference(text).is_some() || is_hidden(text) => continue,
                Json::String(text) => std::mem::take(text),
                Json::Number(number) => number.to_string(),
                Json::Bool(truth) => truth.to_string(),
                _ => continue,
            };
            *found = hidden(&pointer).into();
            secrets.insert(pointer.into(), SecretString::from(text));
        }
        Self(secrets)
    }

    /// Adds the secrets of an earlier body that a new one stands for by their places there.
    ///
    /// # Errors
    /// When there is no such secret, or it would be sent elsewhere.
    pub(super) fn keep(
        &mut self,
        kind: ObjectKind,
        body: &mut Json,
        before: Option<(&Json, &Self)>,
    ) -> Result<(), NotKept> {
        let mut standing = Vec::new();
        find_hidden(body, String::new(), &mut standing);
        for (at, text) in standing {
            if self.0.contains_key(at.as_str()) {
                continue;
            }
            let unknown = || NotKept::Unknown(text.clone());
            let (said, secrets) = before.ok_or_else(unknown)?;
            let from = stands_for(&text).ok_or_else(unknown)?;
            let secret = secrets.0.get(from).ok_or_else(unknown)?;
            if !goes_where_it_went(kind, (body, &at), (said, from)) {
                return Err(NotKept::Redirected(text));
            }
            self.0.insert(at.into(), secret.clone());
        }
        let places: Vec<_> = self.0.keys().cloned().collect();
        for place in places {
            if let Some(found) = body.pointer_mut(&place) {
                *found = hidden(&place).into();
            }
        }
        Ok(())
    }

    /// Puts them where they belong.
    pub fn put_into(&self, body: &mut Json) {
        for (pointer, secret) in &self.0 {
            if let Some(found) = body.pointer_mut(pointer) {
                *found = secret.expose_secret().into();
            }
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The place of the first, as it is written in messages.
    pub(crate) fn first_place(&self) -> Option<&str> {
        self.0.keys().next().map(|pointer| &**pointer)
    }

    /// All of them by their places.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &SecretString)> {
        self.0.iter().map(|(pointer, secret)| (&**pointer, secret))
    }
}

impl FromIterator<(Box<str>, SecretString)> for Secrets {
    fn from_iter<I: IntoIterator<Item = (Box<str>, SecretString)>>(secrets: I) -> Self {
        Self(secrets.into_iter().collect())
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// Whether a text stands for a secret.
fn is_hidden(text: &str) -> bool {
    text.starts_with(HIDDEN.0) && text.ends_with(HIDDEN.1)
}

fn hidden(pointer: &str) -> String {
    format!("{} {pointer}{}", HIDDEN.0, HIDDEN.1)
}

/// Where the secret is that a text stands for.
fn stands_for(text: &str) -> Option<&str> {
    text.strip_prefix(HIDDEN.0)?.strip_suffix(HIDDEN.1)?.strip_prefix(' ')
}

fn find_hidden(json: &Json, pointer: String, found: &mut Vec<(String, String)>) {
    match json {
        Json::String(text) if is_hidden(text) => found.push((pointer, text.clone())),
        Json::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| find_hidden(item, format!("{pointer}/{index}"), found));
        }
        Json::Object(members) => {
            for (key, json) in members {
                find_hidden(json, format!("{pointer}/{}", escaped(key)), found);
            }
        }
        _ => {}
    }
}

/// Whether a secret that is kept is sent to where it was sent before. Whoever may change an object could otherwise have it sent to
/// themselves.
fn goes_where_it_went(kind: ObjectKind, (now, at): (&Json, &str), (before, from): (&Json, &str)) -> bool {
    let directing = |body: &Json| -> Map<String, Json> {
        let members = body.as_object().into_iter().flatten();
        let is_harmless = |name: &str| kind == ObjectKind::Provider && HARMLESS.contains(&name);
        members
            .filter(|(name, _)| !is_harmless(name))
            .map(|(name, json)| (name.clone(), json.clone()))
            .collect()
    };
    directing(now) == directing(before) && entry_around(now, at) == entry_around(before, from)
}

/// The entry of a list of credentials that a secret is a part of, but for what says whom it is for; none where it is the secret itself.
fn entry_around(body: &Json, pointer: &str) -> Option<Json> {
    let mut steps = pointer.split('/').skip(1);
    let (list, index) = (steps.next()?, steps.next()?);
    let below: Vec<_> = steps.collect();
    if list != "credentials" || below.is_empty() {
        return None;
    }
    let mut entry = body.get(list)?.get(index.parse::<usize>().ok()?)?.clone();
    let place = format!("/{}", below.join("/"));
    if let Some(found) = entry.pointer_mut(&place) {
        *found = Json::Null;
    }
    if let Some(members) = entry.as_object_mut() {
        members.remove("workspaces");
        // What stands beside it for another secret of the entry has the entry's place in it.
        members.insert(String::new(), place.into());
    }
    blank(&mut entry);
    Some(entry)
}

/// Makes all that stands for secrets alike.
fn blank(json: &mut Json) {
    match json {
        Json::String(text) if is_hidden(text) => text.clear(),
        Json::Array(items) => items.iter_mut().for_each(blank),
        Json::Object(members) => members.values_mut().for_each(blank),
        _ => {}
    }
}

fn pointer(path: &Path) -> String {
    let step = |segment: &Segment| match segment {
        Segment::Key(key) => format!("/{}", escaped(key)),
        Segment::Index(index) => format!("/{index}"),
    };
    path.segments().iter().map(step).collect()
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::{Json, NotKept, ObjectKind, Path, Secrets};
    use serde_json::json;

    fn taken(mut body: Json, places: &[&str]) -> (Json, Secrets) {
        let places: Vec<_> = places.iter().map(|place| Path::root().below(place)).collect();
        let secrets = Secrets::taken_from(&mut body, &places);
        (body, secrets)
    }

    fn kept(before: Option<(&Json, &Secrets)>, mut body: Json) -> Result<Json, NotKept> {
        let mut secrets = Secrets::default();
        secrets.keep(ObjectKind::Provider, &mut body, before)?;
        let mut whole = body;
        secrets.put_into(&mut whole);
        Ok(whole)
    }

    #[test]
    fn a_body_without_its_secrets_shows_only_where_they_are() {
        let whole = json!({"credentials": ["sk-one", "${env:TWO}", 12345], "base_url": "https://a"});
        let (body, secrets) = taken(whole, &["credentials[0]", "credentials[1]", "credentials[2]", "gone"]);
        assert_eq!(
            body,
            json!({"credentials": ["(hidden /credentials/0)", "${env:TWO}", "(hidden /credentials/2)"], "base_url": "https://a"})
        );
        assert_eq!(format!("{secrets:?}"), r#"{"/credentials/0", "/credentials/2"}"#);
        let mut again = body;
        secrets.put_into(&mut again);
        assert_eq!(again, json!({"credentials": ["sk-one", "${env:TWO}", "12345"], "base_url": "https://a"}));
    }

    #[test]
    fn what_is_sent_back_as_it_was_shown_keeps_its_secrets_wherever_they_moved() {
        let (body, secrets) = taken(
            json!({"credentials": ["sk-one", "sk-two"], "base_url": "https://a"}),
            &["credentials[0]", "credentials[1]"],
        );
        let before = Some((&body, &secrets));
        assert_eq!(kept(before, body.clone()).unwrap()["credentials"], json!(["sk-one", "sk-two"]));
        let second =
            json!({"credentials": ["(hidden /credentials/1)"], "base_url": "https://a", "models": ["m"]});
        assert_eq!(kept(before, second).unwrap()["credentials"], json!(["sk-two"]));
    }

    #[test]
    fn a_secret_that_is_kept_goes_nowhere_else() {
        let (body, secrets) = taken(
            json!({
                "base_url": "https://a",
                "credentials": ["sk-one", {"aws": {"secret_access_key": "sk-two", "sts_url": "https://sts"}}],
            }),
            &["credentials[0]", "credentials[1].aws.secret_access_key"],
        );
        let before = Some((&body, &secrets));
        let changed = |pointer: &str, to: Json| {
            let mut changed = body.clone();
            *changed.pointer_mut(pointer).unwrap() = to;
            changed
        };
        for (attack, why) in [
            (changed("/base_url", json!("https://evil")), "has to be written again"),
            (changed("/credentials/1/aws/sts_url", json!("https://evil")), "written again"),
            (
                changed("/credentials/0", json!("(hidden /credentials/1/aws/secret_access_key)")),
                "written again",
            ),
            (
                changed("/credentials/1/aws/secret_access_key", json!("(hidden /credentials/0)")),
                "written again",
            ),
            (changed("/credentials/0", json!("(hidden /credentials/7)")), "not kept here"),
            (changed("/credentials/0", json!("(hidden)")), "not kept here"),
        ] {
            let told = kept(before, attack.clone()).unwrap_err().to_string();
            let part = why.strip_prefix("has to ").unwrap_or(why);
            assert!(told.contains(part), "{attack}: {told}");
        }
        let mut headers = body.clone();
        headers["headers"] = json!({"default": {"x": "y"}});
        assert!(matches!(kept(before, headers), Err(NotKept::Redirected(_))));
        assert!(matches!(kept(None, body.clone()), Err(NotKept::Unknown(_))));
    }
}
