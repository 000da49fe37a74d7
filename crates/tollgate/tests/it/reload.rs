//! The configuration changes while requests are served.

use std::time::Duration;

use serde_json::json;
use testkit::{EventStream, FakeProvider, scripts};

use crate::configuration::{key_entry, one, two};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

async fn status_of(gateway: &TestGateway, number: u8) -> u16 {
    gateway.client_of(number).get("/v1/models").answer().await.status.as_u16()
}

#[tokio::test]
async fn a_new_key_works_and_an_old_one_does_not() {
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    let mut gateway = TestGateway::start(configuration.clone()).await;
    assert_eq!((status_of(&gateway, 1).await, status_of(&gateway, 2).await), (200, 401));
    configuration["keys"] = json!([key_entry(2, json!({}))]);
    gateway.reconfigure(configuration).await;
    assert_eq!((status_of(&gateway, 1).await, status_of(&gateway, 2).await), (401, 200));
}

#[tokio::test]
async fn a_route_moves_to_another_provider() {
    let (first, second) = (FakeProvider::start().await, FakeProvider::start().await);
    let mut configuration = two(first.base_url(), second.base_url());
    configuration["routes"]["r"] = json!({"target": "p/echo"});
    let mut gateway = TestGateway::start(configuration.clone()).await;
    assert_eq!(gateway.chat("r").await.header("x-tollgate-provider"), "p");
    configuration["routes"]["r"] = json!({"target": "q/echo"});
    gateway.reconfigure(configuration).await;
    assert_eq!(gateway.chat("r").await.header("x-tollgate-provider"), "q");
    // One more when the change of the file is noticed by itself, too.
    assert!(gateway.metric("tollgate_config_generation").await >= 2.0);
}

#[tokio::test]
async fn a_provider_that_moved_is_found_at_its_new_address() {
    let (first, second) = (FakeProvider::start().await, FakeProvider::start().await);
    let mut gateway = TestGateway::before(&first).await;
    assert_eq!(gateway.chat("p/echo").await.status, 200);
    gateway.reconfigure(one(&second)).await;
    assert_eq!(gateway.chat("p/echo").await.status, 200);
    assert_eq!((first.asked(), second.asked()), (1, 1));
}

#[tokio::test]
async fn a_wrong_file_changes_nothing_and_a_right_one_afterwards_does() {
    let fake = FakeProvider::start().await;
    let mut gateway = TestGateway::before(&fake).await;
    for wrong in ["providers: [", "unknown: 1", "keys: [{name: x, hash: wrong}]", "\u{0}"] {
        gateway.reconfigure_wrongly(wrong).await;
        assert_eq!(gateway.chat("p/echo").await.status, 200, "{wrong}");
    }
    assert_eq!(gateway.metric("tollgate_config_generation").await, 1.0);
    let mut configuration = one(&fake);
    configuration["keys"] = json!([key_entry(2, json!({}))]);
    gateway.reconfigure(configuration).await;
    assert_eq!((status_of(&gateway, 1).await, status_of(&gateway, 2).await), (401, 200));
}

#[tokio::test]
async fn a_stream_under_way_keeps_the_configuration_that_it_began_with() {
    let events = scripts::stream(CHAT, &["before", "after"]);
    let (first, second) = (FakeProvider::always(events.paused_before(2)).await, FakeProvider::start().await);
    let mut gateway = TestGateway::before(&first).await;
    let mut answer = gateway.ask_streamed(CHAT, "p/m").open().await;
    let begun = answer.until("before").await;
    let mut configuration = one(&second);
    configuration["keys"] = json!([key_entry(2, json!({}))]);
    gateway.reconfigure(configuration).await;
    first.clock().waits_begun(1).await;
    first.clock().advance(Duration::from_secs(1));
    let rest = answer.rest().await;
    rest.assert_ends_cleanly(CHAT);
    assert_eq!(begun + rest.text(), events.text());
    assert_eq!(status_of(&gateway, 1).await, 401);
}

#[tokio::test]
async fn limits_of_requests_follow_the_file() {
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    let mut gateway = TestGateway::start(configuration.clone()).await;
    let body =
        json!({"model": "p/echo", "messages": [{"role": "user", "content": "x".repeat(5_000)}]}).to_string();
    assert_eq!(gateway.post_chat(body.clone()).answer().await.status, 200);
    configuration["limits"] = json!({"body_bytes_max": "4KiB"});
    gateway.reconfigure(configuration).await;
    assert_eq!(gateway.post_chat(body).answer().await.status, 413);
}

#[tokio::test]
async fn a_file_that_is_empty_for_a_moment_locks_nobody_out() {
    let fake = FakeProvider::start().await;
    let mut gateway = TestGateway::before(&fake).await;
    gateway.reconfigure_wrongly(" \n").await;
    assert_eq!(status_of(&gateway, 1).await, 200);
}
