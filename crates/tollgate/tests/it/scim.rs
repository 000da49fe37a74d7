//! An identity provider keeps users and groups in step: what Entra and Okta send, what becomes of those who leave, and what is refused.

use domain::KeyText;
use http::Method;
use serde_json::{Value, json};
use testkit::Answer;

use crate::gateway::{Setup, TestGateway};

const POLICIES: &str = "permit (principal, action, resource is User); permit (principal, action, resource is Group); \
                        permit (principal, action == Action::\"delete\", resource is Key);";

fn control_key(number: u8) -> KeyText {
    KeyText::control_from_random([number; 32])
}

/// A gateway with keys 1 of an owner, 2 of a provisioner and 3 of an administrator.
async fn gateway() -> TestGateway {
    let key = |number: u8, role: &str| json!({"name": format!("control-{number}"), "hash": control_key(number).hash().to_string(), "roles": [{"role": role}]});
    let configuration = json!({
        "control": {"keys": [key(1, "owner"), key(2, "provisioner"), key(3, "admin")]},
        "roles": {"provisioner": {"policies": [POLICIES]}},
        "users": {"of-file@example.com": {}},
    });
    Setup::new().start(configuration).await
}

async fn send(gateway: &TestGateway, method: &str, path: &str, body: &Value) -> Answer {
    send_as(gateway, 2, method, path, body).await
}

async fn send_as(gateway: &TestGateway, number: u8, method: &str, path: &str, body: &Value) -> Answer {
    let method: Method = method.parse().unwrap();
    let client = gateway.anybody().with_key(control_key(number).reveal());
    let call = client.send(method, &format!("/scim/v2/{path}"), body.to_string());
    call.header("content-type", "application/scim+json").answer().await
}

async fn get(gateway: &TestGateway, path: &str) -> Value {
    let answer = send(gateway, "GET", path, &Value::Null).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("content-type")),
        (200, "application/scim+json"),
        "{}",
        answer.text()
    );
    answer.json()
}

/// A user as Entra makes one.
fn grace() -> Value {
    json!({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"],
        "externalId": "0a21f0f2", "userName": "grace@example.com", "active": true, "displayName": "Grace Hopper",
        "emails": [{"primary": true, "type": "work", "value": "grace@example.com"}],
        "name": {"formatted": "Grace Hopper", "familyName": "Hopper", "givenName": "Grace"},
        "title": "Rear Admiral",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Navy"},
    })
}

async fn made(gateway: &TestGateway, kind: &str, body: &Value) -> String {
    let answer = send(gateway, "POST", kind, body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(answer.header("location"), format!("/scim/v2/{kind}/{id}"));
    id
}

fn operations(operations: Value) -> Value {
    let mut request = json!({"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]});
    request["Operations"] = operations;
    request
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, scim_type: Option<&str>) {
    let told = answer.json();
    assert_eq!((answer.status.as_u16(), told["scimType"].as_str()), (status, scim_type), "{told}");
    assert_eq!(told["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:Error"]));
    assert_eq!(told["status"], status.to_string());
    assert_eq!(answer.header("content-type"), "application/scim+json");
}

#[tokio::test]
async fn a_user_is_made_found_changed_and_is_one_of_the_gateways_users() {
    let gateway = gateway().await;
    let id = made(&gateway, "Users", &grace()).await;
    for filter in [
        r#"userName eq "GRACE@example.com""#,
        r#"externalId eq "0a21f0f2""#,
        r#"displayName eq "Grace Hopper""#,
    ] {
        let filter = filter.replace(' ', "%20").replace('"', "%22");
        let found = get(&gateway, &format!("Users?filter={filter}")).await;
        assert_eq!(
            (&found["totalResults"], &found["Resources"][0]["id"]),
            (&json!(1), &json!(id)),
            "{filter}"
        );
    }
    let nobody = get(&gateway, "Users?filter=userName+eq+%22nobody%22").await;
    assert_eq!((&nobody["totalResults"], &nobody["Resources"]), (&json!(0), &json!([])));
    let shown = get(&gateway, &format!("Users/{id}")).await;
    assert_eq!((&shown["name"]["familyName"], &shown["active"]), (&json!("Hopper"), &json!(true)));
    let change = operations(json!([
        {"op": "Replace", "path": "displayName", "value": "Amazing Grace"},
        {"op": "Add", "path": "emails[type eq \"work\"].value", "value": "hopper@example.com"},
        {"op": "Add", "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "value": "R&D"},
    ]));
    let changed = send(&gateway, "PATCH", &format!("Users/{id}"), &change).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    let object = gateway
        .anybody()
        .with_key(control_key(1).reveal())
        .get("/api/v1/users/grace@example.com")
        .answer()
        .await;
    assert_eq!(
        object.json()["body"],
        json!({
            "display_name": "Amazing Grace", "email": "hopper@example.com", "external_id": "0a21f0f2",
            "family_name": "Hopper", "given_name": "Grace",
        })
    );
    let replaced =
        send(&gateway, "PUT", &format!("Users/{id}"), &json!({"userName": "grace@example.com"})).await;
    assert_eq!(replaced.json().get("displayName"), None);
}

#[tokio::test]
async fn whoever_leaves_is_refused_at_once_with_all_of_their_keys() {
    let gateway = gateway().await;
    let id = made(&gateway, "Users", &grace()).await;
    let owner = gateway.anybody().with_key(control_key(1).reveal());
    let body = json!({"name": "of-grace", "user": "grace@example.com"}).to_string();
    let key = owner.post("/api/v1/keys", body).answer().await.json()["key"].as_str().unwrap().to_owned();
    let status = async || gateway.anybody().with_key(&key).get("/v1/models").answer().await.status.as_u16();
    assert_eq!(status().await, 200);
    for (operation, expected) in [
        (json!([{"op": "Replace", "path": "active", "value": "False"}]), 401),
        (json!([{"op": "replace", "value": {"active": true}}]), 200),
        (json!([{"op": "replace", "value": {"active": false}}]), 401),
    ] {
        assert_eq!(send(&gateway, "PATCH", &format!("Users/{id}"), &operations(operation)).await.status, 200);
        assert_eq!(status().await, expected);
    }
    let group = made(&gateway, "Groups", &json!({"displayName": "g", "members": [{"value": id}]})).await;
    assert_eq!(send(&gateway, "DELETE", &format!("Users/{id}"), &Value::Null).await.status, 204);
    assert_eq!(get(&gateway, &format!("Groups/{group}")).await["members"], json!([]));
    assert_eq!(owner.get("/api/v1/keys/of-grace").answer().await.status, 404);
    assert_refused(&send(&gateway, "GET", &format!("Users/{id}"), &Value::Null).await, 404, None);
    assert_eq!(status().await, 401);
}

#[tokio::test]
async fn groups_are_kept_with_their_members() {
    let gateway = gateway().await;
    let (grace, of_file) = (made(&gateway, "Users", &grace()).await, "b2YtZmlsZUBleGFtcGxlLmNvbQ");
    let group = made(&gateway, "Groups", &json!({"displayName": "Platform Team", "externalId": "g-1"})).await;
    let change = async |operation: Value| {
        let answer = send(&gateway, "PATCH", &format!("Groups/{group}"), &operations(operation)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let members = answer.json()["members"].as_array().unwrap().clone();
        members.iter().map(|member| member["value"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let both = json!([{"op": "Add", "path": "members", "value": [{"value": grace}, {"value": of_file}]}]);
    assert_eq!(change(both).await, [grace.as_str(), of_file]);
    assert_eq!(
        change(json!([{"op": "Remove", "path": "members", "value": [{"value": grace}]}])).await,
        [of_file]
    );
    let remove = json!([{"op": "remove", "path": format!("members[value eq \"{of_file}\"]")}]);
    assert_eq!(change(remove).await, Vec::<String>::new());
    let without =
        get(&gateway, "Groups?filter=displayName+eq+%22platform+team%22&excludedAttributes=members").await;
    assert_eq!(
        (&without["Resources"][0]["externalId"], without["Resources"][0].get("members")),
        (&json!("g-1"), None)
    );
    assert_eq!(send(&gateway, "DELETE", &format!("Groups/{group}"), &Value::Null).await.status, 204);
}

#[tokio::test]
async fn lists_come_in_pages_that_begin_with_one() {
    let gateway = gateway().await;
    for number in 0..5 {
        made(&gateway, "Users", &json!({"userName": format!("u{number}")})).await;
    }
    for (query, start, count, total) in [
        ("", 1, 6, 6),
        ("?startIndex=2&count=2", 2, 2, 6),
        ("?startIndex=6&count=10", 6, 1, 6),
        ("?startIndex=99", 99, 0, 6),
        ("?startIndex=0", 1, 6, 6),
        ("?startIndex=-5&count=1", 1, 1, 6),
        ("?count=0", 1, 0, 6),
        ("?count=-1", 1, 0, 6),
    ] {
        let page = get(&gateway, &format!("Users{query}")).await;
        let figures = [&page["startIndex"], &page["itemsPerPage"], &page["totalResults"]];
        assert_eq!(figures, [&json!(start), &json!(count), &json!(total)], "{query}");
        assert_eq!(page["Resources"].as_array().unwrap().len(), count);
    }
}

#[tokio::test]
async fn a_version_that_is_not_the_last_changes_nothing() {
    let gateway = gateway().await;
    let id = made(&gateway, "Users", &grace()).await;
    let path = format!("/scim/v2/Users/{id}");
    let client = gateway.anybody().with_key(control_key(2).reveal());
    let tag = client.get(&path).answer().await.header("etag").to_owned();
    assert!(tag.starts_with("W/\""), "{tag}");
    let put = async |tag: &str| {
        let body = json!({"userName": "grace@example.com"}).to_string();
        client.send(Method::PUT, &path, body).header("if-match", tag).answer().await
    };
    assert_eq!(put(&tag).await.status, 200);
    assert_refused(&put(&tag).await, 412, None);
    assert_eq!(put("*").await.status, 200);
}

#[tokio::test]
async fn what_cannot_be_done_is_refused_in_the_words_of_scim() {
    let gateway = gateway().await;
    let id = made(&gateway, "Users", &grace()).await;
    made(&gateway, "Groups", &json!({"displayName": "g"})).await;
    let one = format!("Users/{id}");
    let long = format!("Users?filter={}", "(".repeat(200));
    for (method, path, body, status, scim_type) in [
        ("POST", "Users", grace(), 409, Some("uniqueness")),
        ("POST", "Users", json!({"userName": "GRACE@example.com"}), 409, Some("uniqueness")),
        ("POST", "Groups", json!({"displayName": "G"}), 409, Some("uniqueness")),
        ("POST", "Users", json!({}), 400, Some("invalidValue")),
        ("POST", "Users", json!({"userName": "two words"}), 400, Some("invalidValue")),
        ("POST", "Users", json!({"userName": ["a"]}), 400, Some("invalidValue")),
        ("POST", "Users", json!("ada"), 400, Some("invalidSyntax")),
        (
            "POST",
            "Groups",
            json!({"displayName": "h", "members": [{"value": "bm9ib2R5"}]}),
            400,
            Some("invalidValue"),
        ),
        ("PUT", &one, json!({"userName": "other@example.com"}), 400, Some("mutability")),
        (
            "PATCH",
            &one,
            operations(json!([{"op": "replace", "path": "userName", "value": "x"}])),
            400,
            Some("mutability"),
        ),
        (
            "PATCH",
            &one,
            operations(json!([{"op": "replace", "path": "a[", "value": "x"}])),
            400,
            Some("invalidPath"),
        ),
        ("PATCH", &one, operations(json!([{"op": "copy"}])), 400, Some("invalidSyntax")),
        ("PATCH", &one, json!({}), 400, Some("invalidSyntax")),
        (
            "PUT",
            "Users/b2YtZmlsZUBleGFtcGxlLmNvbQ",
            json!({"userName": "of-file@example.com"}),
            409,
            Some("mutability"),
        ),
        ("GET", "Users?filter=userName+gt+1", Value::Null, 400, Some("invalidFilter")),
        ("GET", &long, Value::Null, 400, Some("invalidFilter")),
        ("GET", "Users?count=x", Value::Null, 400, Some("invalidValue")),
        ("GET", "Users/nobody", Value::Null, 404, None),
        ("GET", "Users/%ff", Value::Null, 404, None),
        ("GET", "Me", Value::Null, 404, None),
        ("DELETE", "Users", Value::Null, 405, None),
        ("PATCH", "Groups/nothing", operations(json!([])), 404, None),
    ] {
        assert_refused(&send(&gateway, method, path, &body).await, status, scim_type);
    }
}

#[tokio::test]
async fn only_a_control_key_whose_role_permits_it_provisions() {
    let gateway = gateway().await;
    let nobody = gateway.anybody().get("/scim/v2/Users").answer().await;
    assert_refused(&nobody, 401, None);
    assert_eq!((nobody.header("x-tollgate-error"), nobody.header("www-authenticate")), ("TG2030", "Bearer"));
    let client = gateway.client().get("/scim/v2/Users").answer().await;
    assert_refused(&client, 401, None);
    // Whoever may fill groups may give any role, which an administrator may not.
    let refused = send_as(&gateway, 3, "POST", "Groups", &json!({"displayName": "owners"})).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    let owner = gateway.anybody().with_key(control_key(1).reveal());
    let told = owner.get("/api/v1/audit?who=control-3").answer().await.json();
    assert_eq!(told["records"][0]["entry"]["outcome"], json!({"denied": "TG2031"}));
    assert_eq!(send_as(&gateway, 1, "GET", "Groups", &Value::Null).await.json()["totalResults"], 0);
}

#[tokio::test]
async fn it_is_said_what_can_be_asked_for() {
    let gateway = gateway().await;
    let able = get(&gateway, "ServiceProviderConfig").await;
    assert_eq!((&able["patch"]["supported"], &able["bulk"]["supported"]), (&json!(true), &json!(false)));
    assert_eq!(get(&gateway, "ResourceTypes").await["totalResults"], 2);
    assert_eq!(
        get(&gateway, "ResourceTypes/Group").await["schema"],
        "urn:ietf:params:scim:schemas:core:2.0:Group"
    );
    let schema = get(&gateway, "Schemas/urn:ietf:params:scim:schemas:core:2.0:User").await;
    assert_eq!(schema["attributes"][0]["name"], "userName");
    assert_refused(&send(&gateway, "GET", "Schemas/x", &Value::Null).await, 404, None);
}
