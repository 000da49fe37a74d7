//! Many changes as one: all of them are made, or none is. What `tollgate apply` sends.

use domain::ErrorCode;
use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::precondition::Precondition;
use super::problem::Problem;
use super::wanted::{Act, Wanted};
use crate::objects::{ObjectId, ObjectKind};

/// The longest body, as large as a configuration file may be.
pub(super) const BATCH_BYTES_MAX: usize = 4 << 20;
/// Most changes in one.
const CHANGES_MAX: usize = 10_000;

/// Changes that are made together.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) wanted: Vec<Wanted>,
    /// Whether it is only found out what would come of them.
    pub(super) dry_run: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    changes: Vec<Change>,
    #[serde(default)]
    dry_run: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    kind: String,
    name: String,
    /// Which version has been seen; 0 where there was none. Any when absent.
    #[serde(default)]
    version: Option<u64>,
    /// What it says from now on; it goes when this is null.
    body: Option<Map<String, Json>>,
}

impl Batch {
    /// Reads changes, each of an object of its own.
    pub(super) fn of(body: Map<String, Json>) -> Result<Self, Problem> {
        let written: Result<Written, _> = serde_path_to_error::deserialize(Json::Object(body));
        let Written { changes, dry_run } = written.map_err(|error| {
            let path = error.path().to_string();
            Problem::new(ErrorCode::InvalidMember, format!("`{path}`: {}", error.inner()))
        })?;
        if changes.len() > CHANGES_MAX {
            let detail = format!("there are more than {CHANGES_MAX} changes, the most that are made as one");
            return Err(Problem::new(ErrorCode::InvalidMember, detail));
        }
        let mut wanted = changes.into_iter().map(Wanted::try_from).collect::<Result<Vec<_>, _>>()?;
        wanted.sort_by(|one, other| one.id.cmp(&other.id));
        match wanted.array_windows().find(|[one, other]| one.id == other.id) {
            Some([twice, _]) => {
                let detail = format!("`{}` is changed twice", twice.id);
                Err(Problem::new(ErrorCode::InvalidMember, detail))
            }
            None => Ok(Self { wanted, dry_run }),
        }
    }
}

impl TryFrom<Change> for Wanted {
    type Error = Problem;

    fn try_from(Change { kind, name, version, body }: Change) -> Result<Self, Problem> {
        let kind = ObjectKind::of_section(&kind).ok_or_else(|| {
            let kinds = ObjectKind::ALL.map(|kind| format!("`{}`", kind.section())).join(", ");
            Problem::new(ErrorCode::InvalidMember, format!("expected `kind` to be one of {kinds}"))
        })?;
        let id = ObjectId::new(kind, &name);
        let id = id.map_err(|refused| Problem::new(ErrorCode::InvalidMember, refused.to_string()))?;
        let precondition = match version {
            None => Precondition::Any,
            Some(0) => Precondition::Absent,
            Some(version) => Precondition::Version(version),
        };
        Ok(Self { id, precondition, act: body.map_or(Act::Delete, Act::Put) })
    }
}

#[cfg(test)]
mod tests {
    use super::{Act, Batch, Precondition};
    use serde_json::{Value as Json, json};

    fn read(json: &Json) -> Option<Batch> {
        Batch::of(json.as_object().unwrap().clone()).ok()
    }

    #[test]
    fn each_change_is_of_an_object_of_its_own() {
        let batch = read(&json!({"changes": [
            {"kind": "users", "name": "b", "version": 0, "body": {}},
            {"kind": "routes", "name": "a", "version": 7, "body": null},
            {"kind": "users", "name": "a", "body": {}},
        ]}));
        let batch = batch.unwrap();
        let shown: Vec<_> = batch.wanted.iter().map(|wanted| wanted.id.to_string()).collect();
        assert_eq!(shown, ["routes/a", "users/a", "users/b"]);
        let said: Vec<_> = batch.wanted.iter().map(|wanted| wanted.precondition).collect();
        assert_eq!(said, [Precondition::Version(7), Precondition::Any, Precondition::Absent]);
        assert!(matches!(batch.wanted[0].act, Act::Delete) && !batch.dry_run);
        let change = json!({"kind": "users", "name": "a", "body": {}});
        for wrong in [
            json!({"changes": [change, change]}),
            json!({"changes": [{"kind": "servers", "name": "a", "body": {}}]}),
            json!({"changes": [{"kind": "users", "name": "a b", "body": {}}]}),
            json!({"changes": [{"kind": "users", "name": "a", "body": []}]}),
            json!({"changes": [{"kind": "users", "name": "a", "body": {}, "force": true}]}),
            json!({"changes": [], "force": true}),
            json!({}),
        ] {
            assert!(read(&wrong).is_none(), "{wrong}");
        }
    }
}
