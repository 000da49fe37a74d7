//! What this gateway can do of SCIM (RFC 7643 sections 5 to 7): for clients that ask before they begin.

use identity::scim::attribute::{GROUP_SCHEMA, USER_SCHEMA};
use serde_json::{Value as Json, json};

use super::{PAGE_MAX, ROOT};

pub(super) fn service_provider() -> Json {
    let no = json!({"supported": false});
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": true, "maxResults": PAGE_MAX},
        "changePassword": no,
        "sort": no,
        "etag": {"supported": true},
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Control key",
            "description": "A control key of Tollgate as bearer token, whose roles permit to change users and groups.",
            "primary": true,
        }],
        "meta": {"resourceType": "ServiceProviderConfig", "location": format!("{ROOT}ServiceProviderConfig")},
    })
}

pub(super) fn resource_types() -> Vec<Json> {
    let of = |name: &str, endpoint: &str, schema: &str| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:ResourceType"],
            "id": name,
            "name": name,
            "endpoint": endpoint,
            "schema": schema,
            "meta": {"resourceType": "ResourceType", "location": format!("{ROOT}ResourceTypes/{name}")},
        })
    };
    vec![of("User", "/Users", USER_SCHEMA), of("Group", "/Groups", GROUP_SCHEMA)]
}

pub(super) fn schemas() -> Vec<Json> {
    let schema = |id: &str, name: &str, attributes: Json| {
        json!({
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Schema"],
            "id": id,
            "name": name,
            "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": format!("{ROOT}Schemas/{id}")},
        })
    };
    let text = |name: &str| attribute(name, "string", false);
    let user = json!([
        with(text("userName"), &json!({"required": true, "mutability": "immutable", "uniqueness": "server"})),
        with(text("externalId"), &json!({"caseExact": true})),
        text("displayName"),
        with(
            attribute("name", "complex", false),
            &json!({"subAttributes": [text("givenName"), text("familyName")]})
        ),
        with(
            attribute("emails", "complex", true),
            &json!({"subAttributes": [text("value"), text("type"), attribute("primary", "boolean", false)]}),
        ),
        attribute("active", "boolean", false),
    ]);
    let member = [
        with(text("value"), &json!({"mutability": "immutable", "caseExact": true})),
        with(text("display"), &json!({"mutability": "readOnly"})),
        with(text("type"), &json!({"mutability": "immutable", "canonicalValues": ["User"]})),
    ];
    let group = json!([
        with(text("displayName"), &json!({"required": true, "uniqueness": "server"})),
        with(text("externalId"), &json!({"caseExact": true})),
        with(attribute("members", "complex", true), &json!({"subAttributes": member})),
    ]);
    vec![schema(USER_SCHEMA, "User", user), schema(GROUP_SCHEMA, "Group", group)]
}

fn attribute(name: &str, kind: &str, multi_valued: bool) -> Json {
    json!({
        "name": name,
        "type": kind,
        "multiValued": multi_valued,
        "required": false,
        "caseExact": false,
        "mutability": "readWrite",
        "returned": "default",
        "uniqueness": "none",
    })
}

fn with(mut attribute: Json, more: &Json) -> Json {
    for (name, value) in more.as_object().into_iter().flatten() {
        attribute[name] = value.clone();
    }
    attribute
}
