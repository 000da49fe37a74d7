//! Groups as SCIM has them (RFC 7643 section 4.2), and as entries of `groups`. Members are users.

use identity::scim::attribute::GROUP_SCHEMA;
use serde_json::{Map, Value as Json, json};

use super::problem::ScimProblem;
use super::{user_id, user_of_id};

/// The attributes of a group that can be changed.
pub(super) fn resource(name: &str, body: &Map<String, Json>) -> Map<String, Json> {
    let mut resource = Map::new();
    resource.insert("schemas".to_owned(), json!([GROUP_SCHEMA]));
    let display_name = body.get("display_name").cloned().unwrap_or_else(|| name.into());
    resource.insert("displayName".to_owned(), display_name);
    if let Some(external_id) = body.get("external_id") {
        resource.insert("externalId".to_owned(), external_id.clone());
    }
    let names = body.get("members").and_then(Json::as_array).into_iter().flatten().filter_map(Json::as_str);
    let member = |name| json!({"value": user_id(name), "display": name, "type": "User"});
    resource.insert("members".to_owned(), names.map(member).collect());
    resource
}

/// The entry that a resource makes.
pub(super) fn body(resource: &Map<String, Json>) -> Result<Map<String, Json>, ScimProblem> {
    let mut body = Map::new();
    match resource.get("displayName") {
        Some(Json::String(name)) if !name.is_empty() => {
            drop(body.insert("display_name".to_owned(), name.as_str().into()))
        }
        _ => return Err(ScimProblem::value("a group needs a `displayName`")),
    }
    match resource.get("externalId") {
        None | Some(Json::Null) => {}
        Some(Json::String(id)) => drop(body.insert("external_id".to_owned(), id.as_str().into())),
        Some(_) => return Err(ScimProblem::value("`externalId` is a text")),
    }
    let members = match resource.get("members") {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Array(members)) => members.iter().map(member).collect::<Result<_, _>>()?,
        Some(_) => return Err(ScimProblem::value("`members` is a list")),
    };
    if !members.is_empty() {
        body.insert("members".to_owned(), members.into());
    }
    Ok(body)
}

/// The name of a member.
fn member(member: &Json) -> Result<Json, ScimProblem> {
    if member
        .get("type")
        .is_some_and(|kind| kind.as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("group")))
    {
        return Err(ScimProblem::value("a member of a group is a user; groups of groups are not known here"));
    }
    let id = member.get("value").and_then(Json::as_str);
    let name = id.and_then(user_of_id);
    name.map(Json::from).ok_or_else(|| ScimProblem::value("a member's `value` is the `id` of a user"))
}

#[cfg(test)]
mod tests {
    use super::{body, resource};
    use serde_json::json;

    #[test]
    fn a_group_comes_out_as_it_went_in() {
        let group =
            json!({"display_name": "Platform Team", "external_id": "x", "members": ["ada@example.com"]});
        let group = group.as_object().unwrap();
        assert_eq!(body(&resource("g1", group)).unwrap(), *group);
        let resource = resource("platform", &serde_json::Map::new());
        assert_eq!((&resource["displayName"], &resource["members"]), (&json!("platform"), &json!([])));
    }

    #[test]
    fn members_are_users_by_their_ids() {
        for members in
            [json!("a"), json!([{"value": "no id"}]), json!([{}]), json!([{"value": "YQ", "type": "Group"}])]
        {
            let resource = json!({"displayName": "g", "members": members});
            assert!(body(resource.as_object().unwrap()).is_err(), "{resource}");
        }
        assert!(body(&serde_json::Map::new()).is_err());
    }
}
