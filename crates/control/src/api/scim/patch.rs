//! Changes of a resource (RFC 7644 section 3.5.2), as Entra and Okta send them, too: operations in either case, without a path, with dotted
//! names in a value, and members to be removed in the value.

use identity::scim::{Filter, attribute};
use serde_json::{Map, Value as Json};

use super::problem::ScimProblem;

/// Most operations in one request.
const OPERATIONS_MAX: usize = 1_000;
/// The attributes that are lists.
const LISTS: [&str; 2] = ["emails", "members"];

/// What an operation is about.
struct Target {
    attribute: Box<str>,
    /// Which values of a list.
    filter: Option<Filter>,
    /// Which attribute of a complex one.
    part: Option<Box<str>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Operation {
    Add,
    Replace,
    Remove,
}

/// A resource after the operations of a request, of which the body's names are normalized.
pub(super) fn patched(
    mut resource: Map<String, Json>,
    mut request: Map<String, Json>,
) -> Result<Map<String, Json>, ScimProblem> {
    let Some(Json::Array(operations)) = request.remove("Operations") else {
        return Err(ScimProblem::syntax("expected a list `Operations`"));
    };
    if operations.len() > OPERATIONS_MAX {
        return Err(ScimProblem::syntax("at most 1000 operations may be sent at once"));
    }
    for operation in operations {
        let Json::Object(mut operation) = operation else {
            return Err(ScimProblem::syntax("an operation is an object with `op`, `path` and `value`"));
        };
        let op = operation.get("op").and_then(Json::as_str).unwrap_or_default().to_ascii_lowercase();
        let op = match op.as_str() {
            "add" => Operation::Add,
            "replace" => Operation::Replace,
            "remove" => Operation::Remove,
            _ => return Err(ScimProblem::syntax("`op` is `add`, `replace` or `remove`")),
        };
        let value = operation.remove("value");
        match (operation.get("path").and_then(Json::as_str), value) {
            (Some(path), value) => apply(&mut resource, op, &Target::read(path)?, value)?,
            (None, Some(Json::Object(members))) if op != Operation::Remove => {
                for (name, value) in members {
                    apply(&mut resource, op, &Target::read(&name)?, Some(value))?;
                }
            }
            (None, _) => return Err(ScimProblem::new(400, Some("noTarget"), "the operation says no `path`")),
        }
    }
    Ok(resource)
}

impl Target {
    fn read(text: &str) -> Result<Self, ScimProblem> {
        let invalid =
            || ScimProblem::new(400, Some("invalidPath"), "the path of an operation is not understood");
        let (name, filter, rest) = match text.split_once('[') {
            None => (text, None, ""),
            Some((name, rest)) => {
                let (filter, rest) = rest.rsplit_once(']').ok_or_else(invalid)?;
                (name, Some(Filter::read(filter).map_err(|_| invalid())?), rest)
            }
        };
        let mut names = attribute::path(name).ok_or_else(invalid)?.into_iter();
        let (Some(attribute), part) = (names.next(), names.next()) else { return Err(invalid()) };
        let part = match rest.strip_prefix('.') {
            None if rest.is_empty() => part,
            Some(below) if part.is_none() && filter.is_some() => {
                match attribute::path(below).ok_or_else(invalid)?.as_slice() {
                    [part] => Some(part.clone()),
                    _ => return Err(invalid()),
                }
            }
            _ => return Err(invalid()),
        };
        Ok(Self { attribute, filter, part })
    }
}

fn apply(
    resource: &mut Map<String, Json>,
    op: Operation,
    target: &Target,
    value: Option<Json>,
) -> Result<(), ScimProblem> {
    let no_value = || ScimProblem::new(400, Some("invalidValue"), "the operation has no `value`");
    let name = &*target.attribute;
    if let Some(filter) = &target.filter {
        let mut items = taken(resource, name);
        match (op, value) {
            (Operation::Remove, _) => remove_found(&mut items, filter, target.part.as_deref()),
            (_, Some(value)) => change_found(&mut items, filter, target.part.as_deref(), &value)?,
            (_, None) => return Err(no_value()),
        }
        resource.insert(name.to_owned(), items.into());
        return Ok(());
    }
    match (op, &target.part, value) {
        (Operation::Remove, None, Some(Json::Array(gone))) if LISTS.contains(&name) => {
            let id = |value: &Json| value.get("value").or(Some(value)).cloned();
            let gone: Vec<_> = gone.iter().filter_map(id).collect();
            let mut items = taken(resource, name);
            items.retain(|item| item.get("value").is_none_or(|value| !gone.contains(value)));
            resource.insert(name.to_owned(), items.into());
        }
        (Operation::Remove, None, _) => drop(resource.remove(name)),
        (Operation::Remove, Some(part), _) => {
            if let Some(Json::Object(members)) = resource.get_mut(name) {
                members.remove(&**part);
            }
        }
        (_, _, None) => return Err(no_value()),
        (_, Some(part), Some(value)) => {
            let complex = resource.entry(name).or_insert_with(|| Json::Object(Map::new()));
            match complex {
                Json::Object(members) => drop(members.insert(part.to_string(), value)),
                _ => {
                    return Err(ScimProblem::new(400, Some("invalidPath"), "the attribute has no such part"));
                }
            }
        }
        (Operation::Add, None, Some(value)) if LISTS.contains(&name) => {
            let mut items = taken(resource, name);
            add(&mut items, value);
            resource.insert(name.to_owned(), items.into());
        }
        (_, None, Some(value)) => set(resource, name, value),
    }
    Ok(())
}

/// The values of a list, taken out; what is no list has none.
fn taken(resource: &mut Map<String, Json>, name: &str) -> Vec<Json> {
    match resource.remove(name) {
        Some(Json::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// Adds values that are not there yet, by what they are told apart by.
fn add(items: &mut Vec<Json>, value: Json) {
    let more = match value {
        Json::Array(more) => more,
        one => vec![one],
    };
    for item in more {
        let is_there = |known: &Json| match item.get("value") {
            Some(value) => known.get("value") == Some(value),
            None => *known == item,
        };
        if !items.iter().any(is_there) {
            items.push(item);
        }
    }
}

/// Sets an attribute; of a complex one, the parts that are named.
fn set(resource: &mut Map<String, Json>, name: &str, value: Json) {
    match (resource.get_mut(name), value) {
        (Some(Json::Object(members)), Json::Object(more)) => members.extend(more),
        (_, value) => drop(resource.insert(name.to_owned(), value)),
    }
}

fn remove_found(items: &mut Vec<Json>, filter: &Filter, part: Option<&str>) {
    let is_found = |item: &Json| item.as_object().is_some_and(|item| filter.holds(item));
    match part {
        None => items.retain(|item| !is_found(item)),
        Some(part) => {
            for item in items.iter_mut().filter(|item| is_found(item)) {
                if let Json::Object(members) = item {
                    members.remove(part);
                }
            }
        }
    }
}

/// Changes the values that fulfil a filter; where none does, one is made that would, as Entra expects.
fn change_found(
    items: &mut Vec<Json>,
    filter: &Filter,
    part: Option<&str>,
    value: &Json,
) -> Result<(), ScimProblem> {
    let is_found = |item: &Json| item.as_object().is_some_and(|item| filter.holds(item));
    if !items.iter().any(is_found) {
        let none = || ScimProblem::new(400, Some("noTarget"), "no value is as the path says");
        items.push(Json::Object(filter.example().ok_or_else(none)?));
    }
    for item in items.iter_mut().filter(|item| is_found(item)) {
        match (item, part, value) {
            (Json::Object(members), Some(part), value) => {
                drop(members.insert(part.to_owned(), value.clone()))
            }
            (Json::Object(members), None, Json::Object(more)) => members.extend(more.clone()),
            _ => return Err(ScimProblem::new(400, Some("invalidValue"), "expected a complex value")),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::patched;
    use identity::scim::attribute::normalized;
    use proptest::prelude::*;
    use serde_json::{Map, Value as Json, json};

    fn object(json: Json) -> Map<String, Json> {
        match json {
            Json::Object(members) => members,
            other => panic!("{other} is no object"),
        }
    }

    fn after(resource: Json, operations: &Json) -> Json {
        let request = normalized(object(json!({"Operations": operations})));
        Json::Object(patched(object(resource), request).unwrap())
    }

    #[test]
    fn entra_and_okta_are_understood() {
        let ada = json!({"userName": "ada", "active": true, "emails": [{"type": "work", "value": "a@x"}]});
        for (operations, name, expected) in [
            (json!([{"op": "Replace", "path": "active", "value": "False"}]), "active", json!("False")),
            (json!([{"op": "replace", "value": {"active": false}}]), "active", json!(false)),
            (
                json!([{"op": "Add", "path": "name.givenName", "value": "Ada"}]),
                "name",
                json!({"givenName": "Ada"}),
            ),
            (json!([{"op": "Add", "value": {"name.familyName": "L"}}]), "name", json!({"familyName": "L"})),
            (
                json!([{"op": "Replace", "path": "emails[type eq \"work\"].value", "value": "b@x"}]),
                "emails",
                json!([{"type": "work", "value": "b@x"}]),
            ),
            (
                json!([{"op": "Add", "path": "emails[type eq \"home\"].value", "value": "h@x"}]),
                "emails",
                json!([{"type": "work", "value": "a@x"}, {"type": "home", "value": "h@x"}]),
            ),
            (json!([{"op": "remove", "path": "emails[type eq \"work\"]"}]), "emails", json!([])),
            (json!([{"op": "remove", "path": "emails"}]), "emails", Json::Null),
        ] {
            assert_eq!(after(ada.clone(), &operations)[name], expected, "{operations}");
        }
    }

    #[test]
    fn members_come_and_go_in_each_way_that_there_is() {
        let group = json!({"displayName": "g", "members": [{"value": "a"}, {"value": "b"}]});
        let members = |operations: Json| {
            let group = after(group.clone(), &operations);
            let items = group["members"].as_array().cloned().unwrap_or_default();
            items.iter().map(|item| item["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(
            members(json!([{"op": "add", "path": "members", "value": [{"value": "c"}, {"value": "a"}]}])),
            ["a", "b", "c"]
        );
        assert_eq!(members(json!([{"op": "Remove", "path": "members", "value": [{"value": "a"}]}])), ["b"]);
        assert_eq!(members(json!([{"op": "remove", "path": "members[value eq \"b\"]"}])), ["a"]);
        assert_eq!(members(json!([{"op": "replace", "path": "members", "value": [{"value": "c"}]}])), ["c"]);
        assert_eq!(members(json!([{"op": "replace", "value": {"members": []}}])), Vec::<String>::new());
        assert_eq!(members(json!([{"op": "remove", "path": "members"}])), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_operation_is_refused() {
        for operations in [
            json!({}),
            json!([1]),
            json!([{"op": "move", "path": "active"}]),
            json!([{"op": "add", "path": "active"}]),
            json!([{"op": "remove"}]),
            json!([{"op": "add", "value": 1}]),
            json!([{"op": "add", "path": "emails[", "value": 1}]),
            json!([{"op": "add", "path": "emails[type gt 1].value", "value": 1}]),
            json!([{"op": "add", "path": "a.b.c", "value": 1}]),
            json!([{"op": "replace", "path": "emails[type pr].value", "value": 1}]),
            json!([{"op": "add", "path": "userName.part", "value": 1}]),
        ] {
            let request = normalized(object(json!({"Operations": operations})));
            assert!(patched(object(json!({"userName": "a"})), request).is_err(), "{operations}");
        }
    }

    proptest! {
        #[test]
        fn no_operation_panics(op in "(add|replace|remove)", path in "[a-zA-Z.\\[\\]\" ]{0,20}|emails\\[type eq \"x\"\\](.value)?|members", value in prop_oneof![Just(json!("x")), Just(json!([{"value": "a"}])), Just(json!({"a": 1})), Just(Json::Null)]) {
            let request = normalized(object(json!({"Operations": [{"op": op, "path": path, "value": value}]})));
            let _ = patched(object(json!({"userName": "a", "emails": "odd", "members": [1, {"value": "a"}]})), request);
        }
    }
}
