//! Methods and paths to what is asked for. All that follows is computed from what is matched here, never from the path again.

use domain::ErrorCode;
use http::Method;
use percent_encoding::percent_decode_str;

use super::problem::Problem;
use crate::authority::{Action, Kind};
use crate::objects::{ObjectId, ObjectKind};

/// Where the API is.
pub const API_ROOT: &str = "/api/v1/";

/// Where many changes are made as one.
const CHANGES: &str = "changes";
/// Where secrets are sealed anew.
const REWRAP: &str = "secrets/rewrap";
/// Where all of this is described.
const DESCRIPTION: &str = "openapi.json";

/// Where it is told who did what.
const AUDIT: &str = "audit";

/// Where it is told what all budgets have spent.
const SPEND: &str = "spend";

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operation {
    /// `GET /api/v1/{kind}`.
    List(ObjectKind),
    /// `POST /api/v1/keys`: a key whose text is made here.
    CreateKey,
    /// `GET /api/v1/{kind}/{name}`.
    Get(ObjectId),
    /// `PUT /api/v1/{kind}/{name}`.
    Put(ObjectId),
    /// `PATCH /api/v1/{kind}/{name}`.
    Patch(ObjectId),
    /// `DELETE /api/v1/{kind}/{name}`.
    Delete(ObjectId),
    /// `POST /api/v1/keys/{name}/rotate`.
    RotateKey(ObjectId),
    /// `POST /api/v1/changes`.
    Change,
    /// `POST /api/v1/secrets/rewrap`.
    Rewrap,
    /// `GET /api/v1/audit`.
    Audit,
    /// `GET /api/v1/budgets/{name}/spend`.
    Spend(ObjectId),
    /// `GET /api/v1/spend`.
    AllSpend,
    /// `GET /api/v1/openapi.json`.
    Describe,
}

impl Operation {
    /// What is done by it as a policy says it, to what kind of thing, and to which.
    pub(super) fn asked(&self) -> Asked<'_> {
        let of = |action, id: &'_ ObjectId| (action, Kind::from(id.kind()));
        let (action, kind) = match self {
            Self::List(kind) => (Action::Read, Kind::from(*kind)),
            Self::CreateKey => (Action::Create, Kind::Key),
            Self::Change | Self::Rewrap => (Action::Update, Kind::Organization),
            Self::Audit => (Action::ReadAudit, Kind::Organization),
            Self::AllSpend => (Action::ReadSpend, Kind::Budget),
            Self::Describe => (Action::Read, Kind::Organization),
            Self::Get(id) => of(Action::Read, id),
            Self::Put(id) | Self::Patch(id) => of(Action::Update, id),
            Self::Delete(id) => of(Action::Delete, id),
            Self::RotateKey(id) => of(Action::Rotate, id),
            Self::Spend(id) => of(Action::ReadSpend, id),
        };
        let name = match self {
            Self::Get(id)
            | Self::Put(id)
            | Self::Patch(id)
            | Self::Delete(id)
            | Self::RotateKey(id)
            | Self::Spend(id) => Some(id.name()),
            Self::List(_)
            | Self::CreateKey
            | Self::Change
            | Self::Rewrap
            | Self::Audit
            | Self::AllSpend
            | Self::Describe => None,
        };
        Asked { action, kind, name }
    }
}

/// What somebody wants to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) action: Action,
    /// To what kind of thing.
    pub(super) kind: Kind,
    /// To which, where it is one.
    pub(super) name: Option<&'a str>,
}

/// Finds what is asked for.
pub(super) fn match_path(method: &Method, path: &str) -> Result<Operation, Problem> {
    let not_found = || Problem::new(ErrorCode::PathNotFound, "the control API has no such path");
    let rest = path.strip_prefix(API_ROOT).ok_or_else(not_found)?;
    match (rest, method.as_str()) {
        (CHANGES, "POST") => return Ok(Operation::Change),
        (CHANGES, _) => return Err(other_method("POST")),
        (REWRAP, "POST") => return Ok(Operation::Rewrap),
        (REWRAP, _) => return Err(other_method("POST")),
        (DESCRIPTION, "GET") => return Ok(Operation::Describe),
        (AUDIT, "GET") => return Ok(Operation::Audit),
        (SPEND, "GET") => return Ok(Operation::AllSpend),
        (DESCRIPTION | AUDIT | SPEND, _) => return Err(other_method("GET")),
        _ => {}
    }
    let mut segments = rest.split('/');
    let kind = segments.next().and_then(ObjectKind::of_section).ok_or_else(not_found)?;
    let segments: Vec<_> = segments.collect();
    match (kind, segments.as_slice(), method.as_str()) {
        // The data plane's, for clients; there is none of it where this plane is served alone.
        (ObjectKind::Route, ["explain"], "POST") => Err(not_found()),
        (_, [], "GET") => Ok(Operation::List(kind)),
        (ObjectKind::Key, [], "POST") => Ok(Operation::CreateKey),
        (ObjectKind::Key, [], _) => Err(other_method("GET, POST")),
        (_, [], _) => Err(other_method("GET")),
        (_, [name], "GET") => Ok(Operation::Get(id(kind, name)?)),
        (_, [name], "PUT") => Ok(Operation::Put(id(kind, name)?)),
        (_, [name], "PATCH") => Ok(Operation::Patch(id(kind, name)?)),
        (_, [name], "DELETE") => Ok(Operation::Delete(id(kind, name)?)),
        (_, [_], _) => Err(other_method("GET, PUT, PATCH, DELETE")),
        (ObjectKind::Key, [name, "rotate"], "POST") => Ok(Operation::RotateKey(id(kind, name)?)),
        (ObjectKind::Key, [_, "rotate"], _) => Err(other_method("POST")),
        (ObjectKind::Budget, [name, SPEND], "GET") => Ok(Operation::Spend(id(kind, name)?)),
        (ObjectKind::Budget, [_, SPEND], _) => Err(other_method("GET")),
        _ => Err(not_found()),
    }
}

fn other_method(allowed: &'static str) -> Problem {
    Problem::new(ErrorCode::MethodNotAllowed, format!("this path is for {allowed}")).allowing(allowed)
}

/// The object of a segment, whose slashes and other special characters are percent-encoded.
fn id(kind: ObjectKind, segment: &str) -> Result<ObjectId, Problem> {
    let name = percent_decode_str(segment).decode_utf8().ok();
    let id = name.and_then(|name| ObjectId::new(kind, &name).ok());
    id.ok_or_else(|| Problem::new(ErrorCode::ObjectNotFound, format!("no {} has such a name", kind.noun())))
}

#[cfg(test)]
mod tests {
    use super::{Method, ObjectId, ObjectKind, Operation, match_path};

    fn code(method: &str, path: &str) -> String {
        let problem = match_path(&Method::from_bytes(method.as_bytes()).unwrap(), path).unwrap_err();
        problem.response().headers()["x-tollgate-error"].to_str().unwrap().to_owned()
    }

    #[test]
    fn a_path_names_an_object_or_all_of_a_kind() {
        let user = |name| ObjectId::new(ObjectKind::User, name).unwrap();
        for (method, path, operation) in [
            ("GET", "/api/v1/users", Operation::List(ObjectKind::User)),
            ("GET", "/api/v1/users/ada%40example.com", Operation::Get(user("ada@example.com"))),
            ("PUT", "/api/v1/users/a%2Fb", Operation::Put(user("a/b"))),
            ("PATCH", "/api/v1/users/%C3%A4", Operation::Patch(user("ä"))),
            ("DELETE", "/api/v1/users/a", Operation::Delete(user("a"))),
            ("POST", "/api/v1/keys", Operation::CreateKey),
            ("POST", "/api/v1/changes", Operation::Change),
            ("GET", "/api/v1/spend", Operation::AllSpend),
            (
                "GET",
                "/api/v1/budgets/b/spend",
                Operation::Spend(ObjectId::new(ObjectKind::Budget, "b").unwrap()),
            ),
        ] {
            assert_eq!(match_path(&Method::from_bytes(method.as_bytes()).unwrap(), path).unwrap(), operation);
        }
    }

    #[test]
    fn tricks_with_paths_lead_nowhere() {
        for path in [
            "/api/v1/",
            "/api/v1/server",
            "/api/v1//users",
            "/api/v1/users/",
            "/api/v1/users/..",
            "/api/v1/users/%2e%2e",
            "/api/v1/users/%2E",
            "/api/v1/users/a%0d%0ax:%20y",
            "/api/v1/users/%ff",
            "/api/v1/users/a%00",
            "/api/v1/users/a/b",
            "/api/v1/users/a/rotate",
            "/api/v1/users/a/spend",
            "/api/v1/budgets/a/spend/",
            "/api/v1/USERS/a",
            "/api/v1/users;x/a",
            "/api/v2/users",
            "/api/v1/keys/a/rotate/",
        ] {
            assert!(["TG1008", "TG2016"].contains(&code("GET", path).as_str()), "{path}");
        }
        for (method, path) in [
            ("POST", "/api/v1/users"),
            ("POST", "/api/v1/users/a"),
            ("TRACE", "/api/v1/keys/a"),
            ("GET", "/api/v1/keys/a/rotate"),
            ("PUT", "/api/v1/budgets/a/spend"),
            ("POST", "/api/v1/spend"),
        ] {
            assert_eq!(code(method, path), "TG1007", "{method} {path}");
        }
    }
}
