//! Objects as the things that roles speak of: of what kind, and whose.

use serde_json::{Map, Value as Json};

use crate::authority::{Kind, Resource};
use crate::objects::{ObjectId, ObjectKind};

/// The workspace of keys that name none.
use domain::tenant::IMPLIED;

impl From<ObjectKind> for Kind {
    fn from(kind: ObjectKind) -> Self {
        match kind {
            ObjectKind::Provider => Self::Provider,
            ObjectKind::Route => Self::Route,
            ObjectKind::Workspace => Self::Workspace,
            ObjectKind::User => Self::User,
            ObjectKind::Group => Self::Group,
            ObjectKind::Key => Self::Key,
            ObjectKind::RateLimit => Self::RateLimit,
            ObjectKind::Webhook => Self::Webhook,
            ObjectKind::Budget => Self::Budget,
        }
    }
}

/// Whose an object is that says `body`.
pub(super) fn resource<'a>(id: &'a ObjectId, body: &'a Map<String, Json>) -> Resource<'a> {
    let text = |name: &str| body.get(name).and_then(Json::as_str);
    let of_organization = Resource::of_organization(id.kind().into());
    match id.kind() {
        ObjectKind::Provider | ObjectKind::Route | ObjectKind::Group | ObjectKind::Webhook => of_organization,
        ObjectKind::Workspace => Resource { workspace: Some(id.name()), ..of_organization },
        ObjectKind::User => {
            Resource { workspace: workspace_of_teams(body), owner: Some(id.name()), ..of_organization }
        }
        ObjectKind::Key => Resource {
            workspace: Some(text("workspace").unwrap_or(IMPLIED)),
            environment: text("environment"),
            owner: text("user"),
            ..of_organization
        },
        ObjectKind::RateLimit | ObjectKind::Budget => Resource {
            workspace: matched(body, "workspace"),
            environment: matched(body, "environment"),
            owner: matched(body, "user"),
            ..of_organization
        },
    }
}

/// The only workspace that somebody is in; they belong to the organisation when there are several, or none.
fn workspace_of_teams(body: &Map<String, Json>) -> Option<&str> {
    let teams = body.get("teams").and_then(Json::as_array)?;
    let mut workspaces =
        teams.iter().map(|team| team.as_str()?.split_once('/').map(|(workspace, _)| workspace));
    let first = workspaces.next()??;
    workspaces.all(|workspace| workspace == Some(first)).then_some(first)
}

/// The only thing of a name that a limit or a budget is for.
fn matched<'a>(body: &'a Map<String, Json>, name: &str) -> Option<&'a str> {
    match body.get("match")?.get(name)?.as_array()?.as_slice() {
        [Json::String(only)] if !only.contains('*') => Some(only),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, ObjectId, ObjectKind, Resource, resource};
    use serde_json::{Value as Json, json};

    fn workspace(kind: ObjectKind, body: &Json) -> Option<String> {
        let body = body.as_object().unwrap().clone();
        resource(&ObjectId::new(kind, "n").unwrap(), &body).workspace.map(str::to_owned)
    }

    #[test]
    fn an_object_belongs_to_a_workspace_only_if_it_touches_no_other() {
        let limit =
            |workspaces: Json| workspace(ObjectKind::Budget, &json!({"match": {"workspace": workspaces}}));
        assert_eq!(limit(json!(["a"])).as_deref(), Some("a"));
        for wide in [json!(["a", "b"]), json!(["a*"]), json!([]), json!("a")] {
            assert_eq!(limit(wide), None);
        }
        let user = |teams: Json| workspace(ObjectKind::User, &json!({"teams": teams}));
        assert_eq!(user(json!(["a/x", "a/y"])).as_deref(), Some("a"));
        for wide in [json!(["a/x", "b/y"]), json!(["x"]), json!([]), json!(["a/x", 7])] {
            assert_eq!(user(wide), None);
        }
        assert_eq!(workspace(ObjectKind::Key, &json!({"workspace": "a"})).as_deref(), Some("a"));
        assert_eq!(workspace(ObjectKind::Key, &json!({})).as_deref(), Some("default"));
        assert_eq!(workspace(ObjectKind::Workspace, &json!({})).as_deref(), Some("n"));
        assert_eq!(workspace(ObjectKind::Route, &json!({"workspace": "a"})), None);
    }

    #[test]
    fn a_key_is_that_of_who_uses_it() {
        let body = json!({"user": "ada", "environment": "dev"}).as_object().unwrap().clone();
        let id = ObjectId::new(ObjectKind::Key, "k").unwrap();
        let whose = Resource {
            kind: Kind::Key,
            workspace: Some("default"),
            environment: Some("dev"),
            owner: Some("ada"),
        };
        assert_eq!(resource(&id, &body), whose);
    }
}
