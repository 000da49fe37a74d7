//! Objects as the API shows them: with who manages them, and without the hashes of keys.

use domain::ErrorCode;
use serde_json::{Map, Value as Json, json};

use super::problem::Problem;
use crate::load::Loaded;
use crate::objects::{FileObject, Object, ObjectId, ObjectKind};

/// How many hexadecimal digits of a hash are shown: enough to tell one key from another.
const SHOWN_DIGITS: usize = 8;

/// An object, wherever it is managed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Found<'a> {
    File(&'a FileObject),
    Api(&'a Object),
}

/// The object of a name. What the file says goes first.
pub(super) fn find<'a>(loaded: &'a Loaded, id: &ObjectId) -> Option<Found<'a>> {
    let in_file = loaded.in_file.get(id).map(Found::File);
    in_file.or_else(|| loaded.objects.get(id).map(Found::Api))
}

/// All objects of a kind behind a name, in the order of their names.
pub(super) fn behind<'a>(
    loaded: &'a Loaded,
    kind: ObjectKind,
    after: Option<&str>,
) -> Vec<(&'a ObjectId, Found<'a>)> {
    let of_api = loaded.objects.iter().filter(|(id, _)| !loaded.in_file.contains_key(id));
    let of_api = of_api.map(|(id, object)| (id, Found::Api(object)));
    let of_file = loaded.in_file.iter().map(|(id, object)| (id, Found::File(object)));
    let wanted = |id: &ObjectId| id.kind() == kind && after.is_none_or(|after| id.name() > after);
    let mut found: Vec<_> = of_api.chain(of_file).filter(|(id, _)| wanted(id)).collect();
    found.sort_by_key(|(id, _)| *id);
    found
}

impl Found<'_> {
    /// What it says.
    pub(super) fn body(self) -> Map<String, Json> {
        let raw = match self {
            Self::File(object) => object.body.get(),
            Self::Api(object) => object.body.get(),
        };
        // It was JSON when it was kept; an entry of the file may be something else, which is wrong there.
        serde_json::from_str(raw).unwrap_or_default()
    }

    /// All that the API says about it. `hashes` are shown whole to who asks for it.
    pub(super) fn shown(self, id: &ObjectId, hashes: Hashes) -> Json {
        let mut body = self.body();
        if id.kind() == ObjectKind::Key && hashes == Hashes::Masked {
            each_hash(&mut body, |hash| *hash = masked(hash));
        }
        let mut shown = json!({"kind": id.kind().section(), "name": id.name(), "body": body});
        match self {
            Self::File(object) => {
                shown["managed_by"] = "file".into();
                shown["line"] = object.line.into();
            }
            Self::Api(object) => {
                shown["managed_by"] = "api".into();
                shown["version"] = object.version.into();
                shown["changed_at"] = format!("{:.0}", object.changed_at).into();
                if let Some(file) = &object.applied_from {
                    shown["applied_from"] = file.as_str().into();
                }
            }
        }
        shown
    }

    /// The object itself, when the API may change it.
    pub(super) fn changeable(self, id: &ObjectId) -> Result<Object, Problem> {
        match self {
            Self::Api(object) => Ok(object.clone()),
            Self::File(object) => {
                let detail = format!(
                    "`{id}` stands in the configuration file, in line {}, and is changed there",
                    object.line
                );
                Err(Problem::new(ErrorCode::ObjectOfFile, detail))
            }
        }
    }
}

/// Whether hashes are shown whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hashes {
    Masked,
    Whole,
}

/// Puts the hashes of a key back where a client sends what it was shown of them.
pub(super) fn unmask(body: &mut Map<String, Json>, before: &Map<String, Json>) {
    let mut known = Vec::new();
    each_hash(&mut before.clone(), |hash| known.push(hash.clone()));
    each_hash(body, |hash| {
        if let Some(whole) = known.iter().find(|known| masked(known) == *hash) {
            hash.clone_from(whole);
        }
    });
}

fn each_hash(body: &mut Map<String, Json>, mut act: impl FnMut(&mut String)) {
    if let Some(Json::String(hash)) = body.get_mut("hash") {
        act(hash);
    }
    for entry in body.get_mut("hashes").and_then(Json::as_array_mut).into_iter().flatten() {
        if let Some(Json::String(hash)) = entry.get_mut("hash") {
            act(hash);
        }
    }
}

fn masked(hash: &str) -> String {
    let digits = hash.strip_prefix("blake3:").unwrap_or(hash);
    format!("blake3:{}…", digits.chars().take(SHOWN_DIGITS).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::{Json, Map, each_hash, masked, unmask};
    use serde_json::json;

    #[test]
    fn a_key_can_be_sent_back_as_it_was_shown() {
        let object = |json: Json| -> Map<String, Json> { json.as_object().unwrap().clone() };
        let hash = |digit: char| format!("blake3:{}", digit.to_string().repeat(64));
        let before = object(json!({"name": "a", "hashes": [{"hash": hash('1')}, {"hash": hash('2')}]}));
        let mut shown = before.clone();
        each_hash(&mut shown, |hash| *hash = masked(hash));
        assert_eq!(shown["hashes"][1]["hash"], "blake3:22222222…");
        unmask(&mut shown, &before);
        assert_eq!(shown, before);
        let mut other = object(json!({"hash": hash('3')}));
        unmask(&mut other, &before);
        assert_eq!(other["hash"], hash('3'));
    }
}
