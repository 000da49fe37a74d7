//! All objects of the API at one revision of the registry: a value that is made anew for each change.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use domain::ports::registry::{Change, Register, Registered};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value as Json;
use serde_json::value::RawValue;

use super::id::{ObjectId, ObjectKind};

/// An object of the API.
#[derive(Debug, Clone)]
pub struct Object {
    /// What it says, as JSON: its entry in the file, its name included where that is a member of it.
    pub body: Arc<RawValue>,
    /// The revision of the registry that changed it last.
    pub version: u64,
    /// When that was.
    pub changed_at: Timestamp,
    /// The file that it was last applied from.
    pub applied_from: Option<String>,
}

/// The form in which an object is kept.
#[derive(Deserialize)]
struct Kept {
    body: Box<RawValue>,
    changed_at: String,
    applied_from: Option<String>,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub struct Objects {
    revision: u64,
    objects: BTreeMap<ObjectId, Object>,
}

/// Why what the registry keeps cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` in the registry was not written by this version of Tollgate, or is damaged")]
pub struct UnreadableObject(String);

impl Objects {
    /// What the registry keeps.
    ///
    /// # Errors
    /// When it was written by somebody else, such as a newer version.
    pub fn of(register: &Register) -> Result<Self, UnreadableObject> {
        let objects = register.objects.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { revision: register.revision, objects })
    }

    /// Which revision of the registry this is.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// An object.
    #[must_use]
    pub fn get(&self, id: &ObjectId) -> Option<&Object> {
        self.objects.get(id)
    }

    /// All of them, by kind and name.
    pub fn iter(&self) -> impl Iterator<Item = (&ObjectId, &Object)> {
        self.objects.iter()
    }

    /// The next revision, with an object changed or removed; its version is the new revision.
    #[must_use]
    pub fn changed(&self, changes: impl IntoIterator<Item = (ObjectId, Option<Object>)>) -> Self {
        let mut next = Self { revision: self.revision + 1, objects: self.objects.clone() };
        for (id, object) in changes {
            next.objects.remove(&id);
            let version = next.revision;
            next.objects.extend(object.map(|object| (id, Object { version, ..object })));
        }
        next
    }

    /// What the registry has to be told about these objects, once they are as here.
    #[must_use]
    pub fn changes<'a>(&self, ids: impl IntoIterator<Item = &'a ObjectId>) -> Vec<Change> {
        let change = |id: &ObjectId| Change {
            kind: id.kind().section().into(),
            name: id.name().into(),
            value: self.objects.get(id).map(written),
        };
        ids.into_iter().map(change).collect()
    }
}

fn written(object: &Object) -> Bytes {
    let Object { body, changed_at, applied_from, .. } = object;
    let applied_from = Json::from(applied_from.as_deref());
    format!(r#"{{"body":{body},"changed_at":"{changed_at}","applied_from":{applied_from}}}"#).into()
}

fn read(registered: &Registered) -> Result<(ObjectId, Object), UnreadableObject> {
    let Registered { kind, name, revision, value } = registered;
    let unreadable = || UnreadableObject(format!("{kind}/{name}"));
    let kind = ObjectKind::of_section(kind).ok_or_else(unreadable)?;
    let id = ObjectId::new(kind, name).map_err(|_| unreadable())?;
    let Kept { body, changed_at, applied_from } = serde_json::from_slice(value).map_err(|_| unreadable())?;
    let changed_at = changed_at.parse().map_err(|_| unreadable())?;
    Ok((id, Object { body: body.into(), version: *revision, changed_at, applied_from }))
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Object, ObjectId, ObjectKind, Objects, Register, Registered, Timestamp};
    use serde_json::value::to_raw_value;

    fn key(name: &str) -> ObjectId {
        ObjectId::new(ObjectKind::Key, name).unwrap()
    }

    fn object(name: &str) -> Object {
        Object {
            body: to_raw_value(&serde_json::json!({"name": name})).unwrap().into(),
            version: 0,
            changed_at: Timestamp::UNIX_EPOCH,
            applied_from: Some("tollgate.yaml".to_owned()),
        }
    }

    #[test]
    fn what_is_told_to_the_registry_reads_back_as_it_was() {
        let objects =
            Objects::default().changed([(key("a"), Some(object("a"))), (key("b"), Some(object("b")))]);
        let registered = |change: domain::ports::registry::Change| Registered {
            kind: change.kind,
            name: change.name,
            revision: 1,
            value: change.value.unwrap(),
        };
        let kept = objects.changes([&key("a"), &key("b")]).into_iter().map(registered).collect();
        let read = Objects::of(&Register { revision: 1, objects: kept }).unwrap();
        assert_eq!(format!("{read:?}"), format!("{objects:?}"));
    }

    #[test]
    fn a_change_counts_and_marks_what_it_changed() {
        let one = Objects::default().changed([(key("a"), Some(object("a"))), (key("b"), Some(object("b")))]);
        let two = one.changed([(key("b"), Some(object("b")))]);
        let three = two.changed([(key("a"), None)]);
        let versions =
            |objects: &Objects| objects.iter().map(|(_, object)| object.version).collect::<Vec<_>>();
        assert_eq!([versions(&one), versions(&two), versions(&three)], [vec![1, 1], vec![1, 2], vec![2]]);
        assert_eq!(three.revision(), 3);
        assert_eq!(three.changes([&key("a")])[0].value, None);
    }

    #[test]
    fn what_a_newer_version_has_written_is_refused() {
        let register = |kind: &str, value: &'static str| Register {
            revision: 1,
            objects: vec![Registered {
                kind: kind.into(),
                name: "a".into(),
                revision: 1,
                value: Bytes::from_static(value.as_bytes()),
            }],
        };
        for (kind, value) in [("agents", "{}"), ("keys", "{}"), ("keys", "x")] {
            let error = Objects::of(&register(kind, value)).unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{kind}/a` in the registry")), "{error}");
        }
    }
}
