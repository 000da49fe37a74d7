//! Names of attributes (RFC 7643 section 2.1): in either case, and with or without the schema that they are of. What comes in is
//! written as the schemas write it, so that nothing behind has to ask again.

use serde_json::{Map, Value as Json};

/// The schema of users.
pub const USER_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:User";
/// The schema of groups.
pub const GROUP_SCHEMA: &str = "urn:ietf:params:scim:schemas:core:2.0:Group";

/// Every attribute that is known here.
const KNOWN: [&str; 23] = [
    "schemas",
    "id",
    "externalId",
    "meta",
    "userName",
    "displayName",
    "name",
    "formatted",
    "givenName",
    "familyName",
    "emails",
    "value",
    "type",
    "primary",
    "display",
    "active",
    "members",
    "Operations",
    "op",
    "path",
    "resourceType",
    "lastModified",
    "$ref",
];

/// A name as the schemas write it.
fn canonical(name: &str) -> &str {
    let name = [USER_SCHEMA, GROUP_SCHEMA]
        .into_iter()
        .find_map(|schema| {
            name.get(..schema.len())
                .filter(|start| start.eq_ignore_ascii_case(schema))
                .and(name.get(schema.len() + 1..))
        })
        .unwrap_or(name);
    KNOWN.into_iter().find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name)
}

/// An attribute, or one of a complex attribute: one or two names.
#[must_use]
pub fn path(text: &str) -> Option<Vec<Box<str>>> {
    let whole = canonical(text);
    // The version in the name of another schema has a dot, too.
    if whole.contains(':') {
        return Some(vec![whole.into()]);
    }
    let names: Vec<Box<str>> = whole.split('.').map(|name| canonical(name).into()).collect();
    (names.len() <= 2 && names.iter().all(|name| !name.is_empty())).then_some(names)
}

/// A document whose names are written as the schemas write them. Of two that are the same then, the last counts.
#[must_use]
pub fn normalized(members: Map<String, Json>) -> Map<String, Json> {
    members.into_iter().map(|(name, value)| (canonical(&name).to_owned(), normalized_value(value))).collect()
}

fn normalized_value(value: Json) -> Json {
    match value {
        Json::Object(members) => Json::Object(normalized(members)),
        Json::Array(items) => items.into_iter().map(normalized_value).collect(),
        simple => simple,
    }
}

#[cfg(test)]
mod tests {
    use super::{normalized, path};
    use serde_json::{Value as Json, json};

    #[test]
    fn a_name_means_the_same_in_either_case_and_with_its_schema() {
        let read = |text| path(text).map(|names| names.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(read("USERNAME"), Some(vec!["userName".to_owned()]));
        let whole = "urn:ietf:params:scim:schemas:core:2.0:user:Name.givenname";
        assert_eq!(read(whole), Some(vec!["name".to_owned(), "givenName".to_owned()]));
        let other = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department";
        assert_eq!(read(other), Some(vec![other.to_owned()]));
        assert_eq!((read("a.b.c"), read("a."), read("")), (None, None, None));
        let Json::Object(members) = json!({"USERname": "a", "Emails": [{"VALUE": "b"}]}) else { panic!() };
        assert_eq!(Json::Object(normalized(members)), json!({"userName": "a", "emails": [{"value": "b"}]}));
    }
}
