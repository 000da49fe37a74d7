//! Users as SCIM has them (RFC 7643 section 4.1), and as entries of `users`. What has no place in an entry is passed over, as the standard
//! permits.

use identity::scim::attribute::USER_SCHEMA;
use serde_json::{Map, Value as Json, json};

use super::problem::ScimProblem;

/// The attributes of a user that can be changed.
pub(super) fn resource(name: &str, body: &Map<String, Json>) -> Map<String, Json> {
    let mut resource = Map::new();
    resource.insert("schemas".to_owned(), json!([USER_SCHEMA]));
    resource.insert("userName".to_owned(), name.into());
    let mut copy = |from: &str, to: &str| {
        if let Some(value) = body.get(from) {
            resource.insert(to.to_owned(), value.clone());
        }
    };
    copy("external_id", "externalId");
    copy("display_name", "displayName");
    let parts = [("given_name", "givenName"), ("family_name", "familyName")];
    let parts = parts.into_iter().filter_map(|(from, to)| Some((to.to_owned(), body.get(from)?.clone())));
    let parts: Map<_, _> = parts.collect();
    if !parts.is_empty() {
        resource.insert("name".to_owned(), parts.into());
    }
    if let Some(email) = body.get("email") {
        let emails = json!([{"value": email, "type": "work", "primary": true}]);
        resource.insert("emails".to_owned(), emails);
    }
    let disabled = body.get("disabled").and_then(Json::as_bool).unwrap_or(false);
    resource.insert("active".to_owned(), (!disabled).into());
    resource
}

/// The name that a resource says.
pub(super) fn name(resource: &Map<String, Json>) -> Result<&str, ScimProblem> {
    let name = resource.get("userName").and_then(Json::as_str);
    name.filter(|name| !name.is_empty()).ok_or_else(|| ScimProblem::value("a user needs a `userName`"))
}

/// The entry that a resource makes of what there was: what SCIM does not know of stays.
pub(super) fn body(
    resource: &Map<String, Json>,
    mut before: Map<String, Json>,
) -> Result<Map<String, Json>, ScimProblem> {
    let name = resource.get("name").and_then(Json::as_object);
    let formatted = name.and_then(|name| name.get("formatted"));
    let email = match resource.get("emails") {
        None | Some(Json::Null) => None,
        Some(Json::Array(emails)) => {
            let is_primary = |email: &&Json| email.get("primary") == Some(&Json::Bool(true));
            let email = emails.iter().find(is_primary).or_else(|| emails.first());
            email.and_then(|email| email.get("value"))
        }
        Some(_) => return Err(ScimProblem::value("`emails` is a list")),
    };
    let texts = [
        ("external_id", resource.get("externalId")),
        ("display_name", resource.get("displayName").or(formatted)),
        ("given_name", name.and_then(|name| name.get("givenName"))),
        ("family_name", name.and_then(|name| name.get("familyName"))),
        ("email", email),
    ];
    for (member, value) in texts {
        match value {
            None | Some(Json::Null) => drop(before.remove(member)),
            Some(Json::String(text)) if text.is_empty() => drop(before.remove(member)),
            Some(Json::String(text)) => drop(before.insert(member.to_owned(), text.as_str().into())),
            Some(_) => return Err(ScimProblem::value(format!("`{member}` of a user is a text"))),
        }
    }
    match active(resource.get("active"))? {
        true => drop(before.remove("disabled")),
        false => drop(before.insert("disabled".to_owned(), true.into())),
    }
    Ok(before)
}

/// Whether a user is active, who is when nothing is said. Entra writes it as a text.
fn active(value: Option<&Json>) -> Result<bool, ScimProblem> {
    match value {
        None | Some(Json::Null) => Ok(true),
        Some(Json::Bool(active)) => Ok(*active),
        Some(Json::String(text)) if text.eq_ignore_ascii_case("true") => Ok(true),
        Some(Json::String(text)) if text.eq_ignore_ascii_case("false") => Ok(false),
        Some(_) => Err(ScimProblem::value("`active` is true or false")),
    }
}

#[cfg(test)]
mod tests {
    use super::{body, resource};
    use serde_json::{Map, Value as Json, json};

    fn object(json: Json) -> Map<String, Json> {
        match json {
            Json::Object(members) => members,
            other => panic!("{other} is no object"),
        }
    }

    #[test]
    fn a_user_comes_out_as_it_went_in_and_keeps_what_scim_does_not_know() {
        let before = object(json!({
            "teams": ["a/b"], "disabled": true, "external_id": "x", "display_name": "Ada", "given_name": "A",
            "family_name": "L", "email": "ada@example.com",
        }));
        assert_eq!(body(&resource("ada", &before), before.clone()).unwrap(), before);
        let replaced = body(&object(json!({"userName": "ada"})), before).unwrap();
        assert_eq!(replaced, object(json!({"teams": ["a/b"]})));
    }

    #[test]
    fn active_is_a_truth_value_or_the_word_of_one() {
        let disabled = |active: Json| {
            body(&object(json!({"active": active})), Map::new())
                .map(|body| body.contains_key("disabled"))
                .ok()
        };
        for (active, expected) in [
            (json!(true), Some(false)),
            (json!("True"), Some(false)),
            (json!(null), Some(false)),
            (json!(false), Some(true)),
            (json!("False"), Some(true)),
            (json!("no"), None),
            (json!(0), None),
        ] {
            assert_eq!(disabled(active.clone()), expected, "{active}");
        }
        for wrong in [json!({"emails": "a"}), json!({"displayName": 7}), json!({"externalId": ["x"]})] {
            assert!(body(&object(wrong.clone()), Map::new()).is_err(), "{wrong}");
        }
    }
}
