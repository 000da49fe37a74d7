//! All objects of the API at one revision of the registry: a value that is made anew for each change.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use domain::ports::registry::{Change, Register, Registered};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value as Json};

use super::id::{ObjectId, ObjectKind};
use super::merge::secret_places;
use super::secrets::{NotKept, Secrets};
use crate::schema::config_schema;
use crate::sealing::{KeyRing, NotSealed, Sealed};

/// An object of the API.
#[derive(Debug, Clone)]
pub struct Object {
    /// What it says, as JSON: its entry in the file, its name included where that is a member of it. What stands for its secrets is in their
    /// places.
    pub body: Arc<RawValue>,
    /// Its secrets.
    pub secrets: Arc<Secrets>,
    /// The key that the registry has them sealed with; none where it has none, or has them as they are.
    pub sealed_by: Option<Arc<str>>,
    /// The revision of the registry that changed it last.
    pub version: u64,
    /// When that was.
    pub changed_at: Timestamp,
    /// The file that it was last applied from.
    pub applied_from: Option<String>,
}

/// The form in which an object is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    body: Box<RawValue>,
    /// The secrets; none where the body has none, or an earlier version left them there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sealed: Option<Sealed>,
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

/// Why what the registry keeps is not there.
#[derive(Debug, thiserror::Error)]
pub enum NotOpened {
    /// It was written by somebody else, such as a newer version.
    #[error(transparent)]
    Unreadable(#[from] UnreadableObject),
    /// Its secrets cannot be had.
    #[error("the secrets of `{0}` cannot be opened: {1}")]
    Sealed(String, NotSealed),
}

impl Object {
    /// An object of what somebody says, which stands for secrets of `before` where it has been shown them.
    ///
    /// # Errors
    /// When it stands for secrets that are not there, or would be sent elsewhere.
    pub fn new(
        id: &ObjectId,
        body: &Map<String, Json>,
        before: Option<&Self>,
        changed_at: Timestamp,
    ) -> Result<Self, NotKept> {
        let mut body = Json::Object(body.clone());
        let places = secret_places(id, &body, &config_schema());
        let mut secrets = Secrets::taken_from(&mut body, &places);
        // It was JSON when it was put there.
        let said = before.map(|before| serde_json::from_str(before.body.get()).unwrap_or_default());
        secrets.keep(id.kind(), &mut body, said.as_ref().zip(before.map(|before| &*before.secrets)))?;
        Ok(Self {
            // An object of texts and numbers is always JSON.
            body: to_raw_value(&body).unwrap_or_default().into(),
            secrets: Arc::new(secrets),
            sealed_by: None,
            version: 0,
            changed_at,
            applied_from: None,
        })
    }

    /// What it says, its secrets included: for whoever puts it in force.
    pub(crate) fn whole(&self) -> Json {
        // It was JSON when it was put there.
        let mut body = serde_json::from_str(self.body.get()).unwrap_or_default();
        self.secrets.put_into(&mut body);
        body
    }
}

impl Objects {
    /// What the registry keeps. What is `known` at the same version is not opened again.
    ///
    /// # Errors
    /// When it was written by somebody else, or its secrets cannot be had.
    pub async fn open(register: &Register, known: &Self, ring: &KeyRing) -> Result<Self, NotOpened> {
        let mut objects = BTreeMap::new();
        for registered in &register.objects {
            let id = id_of(registered)?;
            let same = known.objects.get(&id).filter(|object| object.version == registered.revision);
            let object = match same {
                Some(object) => object.clone(),
                None => read(&id, registered, ring).await?,
            };
            objects.insert(id, object);
        }
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
    ///
    /// # Errors
    /// When their secrets cannot be sealed.
    pub async fn changes(
        &self,
        ids: impl IntoIterator<Item = &ObjectId>,
        ring: &KeyRing,
    ) -> Result<Vec<Change>, NotSealed> {
        let mut changes = Vec::new();
        for id in ids {
            let value = match self.objects.get(id) {
                Some(object) => Some(written(id, object, ring).await?),
                None => None,
            };
            changes.push(Change { kind: id.kind().section().into(), name: id.name().into(), value });
        }
        Ok(changes)
    }

    /// These objects, as they are once the registry has them sealed with the key of a ring.
    #[must_use]
    pub fn sealed<'a>(mut self, ids: impl IntoIterator<Item = &'a ObjectId>, ring: &KeyRing) -> Self {
        for id in ids {
            if let Some(object) = self.objects.get_mut(id).filter(|object| !object.secrets.is_empty()) {
                object.sealed_by = ring.sealing_key().map(Into::into);
            }
        }
        self
    }
}

async fn written(id: &ObjectId, object: &Object, ring: &KeyRing) -> Result<Bytes, NotSealed> {
    let sealed = match object.secrets.is_empty() {
        true => None,
        false => Some(ring.seal(&object.secrets, &id.to_string()).await?),
    };
    let kept = Kept {
        body: to_raw_value(&*object.body).unwrap_or_default(),
        sealed,
        changed_at: object.changed_at.to_string(),
        applied_from: object.applied_from.clone(),
    };
    // Texts are always JSON.
    Ok(serde_json::to_vec(&kept).unwrap_or_default().into())
}

fn unreadable(Registered { kind, name, .. }: &Registered) -> UnreadableObject {
    UnreadableObject(format!("{kind}/{name}"))
}

fn id_of(registered: &Registered) -> Result<ObjectId, UnreadableObject> {
    let kind = ObjectKind::of_section(&registered.kind).ok_or_else(|| unreadable(registered))?;
    ObjectId::new(kind, &registered.name).map_err(|_| unreadable(registered))
}

async fn read(id: &ObjectId, registered: &Registered, ring: &KeyRing) -> Result<Object, NotOpened> {
    let kept = serde_json::from_slice(&registered.value);
    let Kept { body, sealed, changed_at, applied_from } = kept.map_err(|_| unreadable(registered))?;
    let changed_at = changed_at.parse().map_err(|_| unreadable(registered))?;
    let (body, secrets, sealed_by) = match sealed {
        Some(sealed) => {
            let secrets = ring.open(&sealed, &id.to_string()).await;
            let secrets = secrets.map_err(|why| NotOpened::Sealed(id.to_string(), why))?;
            (body, secrets, Some(sealed.key.into()))
        }
        None => {
            // An earlier version did not seal what it let stand there.
            let mut said = serde_json::from_str(body.get()).map_err(|_| unreadable(registered))?;
            let secrets = match id.kind() {
                ObjectKind::Provider | ObjectKind::Route => {
                    let places = secret_places(id, &said, &config_schema());
                    Secrets::taken_from(&mut said, &places)
                }
                _ => Secrets::default(),
            };
            let body = if secrets.is_empty() { body } else { to_raw_value(&said).unwrap_or_default() };
            (body, secrets, None)
        }
    };
    let (body, secrets) = (body.into(), Arc::new(secrets));
    Ok(Object { body, secrets, sealed_by, version: registered.revision, changed_at, applied_from })
}

#[cfg(test)]
mod tests;
