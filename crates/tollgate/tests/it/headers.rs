//! Which headers reach whom.

use serde_json::{Value, json};
use testkit::{Answer, EventStream, FakeProvider, ScriptedRequest, closed_address, scripts};

use crate::configuration::{SECRET, key, one, provider, two};
use crate::gateway::TestGateway;

const CHAT: EventStream = EventStream::Chat;

fn sent<'a>(request: &'a ScriptedRequest, name: &str) -> &'a str {
    request.headers.get(name).map_or("", |value| value.to_str().unwrap())
}

fn assert_request_id(answer: &Answer) {
    let id = answer.header("x-tollgate-request-id");
    assert!(id.starts_with("req_") && id.len() == 36, "{id:?}");
}

#[tokio::test]
async fn an_answer_says_who_served_it_and_what_it_cost_in_time() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    for stream in scripts::STREAMS_BY_BODY {
        for call in [gateway.ask(stream, "p/echo"), gateway.ask_streamed(stream, "p/echo")] {
            let answer = call.answer().await;
            assert_eq!(answer.status, 200);
            assert_request_id(&answer);
            assert_eq!(answer.header("x-tollgate-provider"), "p");
            assert_eq!(answer.header("x-tollgate-model"), "echo");
            assert_eq!(answer.header("x-tollgate-attempts"), "1");
            assert!(answer.header("x-tollgate-overhead-us").parse::<u64>().unwrap() < 10_000_000);
        }
    }
}

#[tokio::test]
async fn a_rescued_request_says_who_served_it_in_the_end() {
    let (first, second) =
        (FakeProvider::always(scripts::error(500, "down")).await, FakeProvider::start().await);
    let gateway = TestGateway::start(two(first.base_url(), second.base_url())).await;
    let answer = gateway.chat("r").await;
    assert_eq!((answer.header("x-tollgate-provider"), answer.header("x-tollgate-attempts")), ("q", "2"));
}

#[tokio::test]
async fn a_providers_refusal_says_whose_it_is() {
    let fake = FakeProvider::always(scripts::error(400, "wrong")).await;
    let gateway = TestGateway::before(&fake).await;
    let answer = gateway.chat("p/m").await;
    assert_eq!(answer.status, 400);
    assert_request_id(&answer);
    assert_eq!(answer.header("x-tollgate-provider"), "p");
}

#[tokio::test]
async fn a_failure_says_who_was_tried_last_and_how_often() {
    let down = FakeProvider::always(scripts::error(500, "down")).await;
    let gateway = TestGateway::start(two(down.base_url(), down.base_url())).await;
    for call in [gateway.ask(CHAT, "r"), gateway.ask_streamed(CHAT, "r")] {
        let answer = call.answer().await;
        assert_eq!(answer.status, 502);
        assert_request_id(&answer);
        assert_eq!((answer.header("x-tollgate-provider"), answer.header("x-tollgate-model")), ("q", "m"));
        assert_eq!(answer.header("x-tollgate-attempts"), "2");
        assert!(answer.header("x-tollgate-overhead-us").parse::<u64>().is_ok());
    }
}

#[tokio::test]
async fn every_error_of_tollgates_own_has_a_request_id_and_no_two_are_the_same() {
    let fake = FakeProvider::always(scripts::error(500, "down")).await;
    let gateway = TestGateway::before(&fake).await;
    let answers = [
        gateway.chat("p/m").await,
        gateway.chat("unknown").await,
        gateway.anybody().get("/v1/models").answer().await,
        gateway.anybody().get("/nowhere").answer().await,
    ];
    answers.iter().for_each(assert_request_id);
    let ids: std::collections::BTreeSet<_> =
        answers.iter().map(|answer| answer.header("x-tollgate-request-id")).collect();
    assert_eq!(ids.len(), answers.len());
}

#[tokio::test]
async fn what_belongs_to_the_providers_connection_stays_there() {
    let mut script = scripts::json(&scripts::answer(CHAT, "hi"));
    for (name, value) in [
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("server", "cloud"),
        ("alt-svc", "h3"),
        ("strict-transport-security", "max-age=1"),
        ("x-hop", "1"),
        ("connection", "keep-alive, X-Hop"),
        ("keep-alive", "timeout=5"),
        ("x-ratelimit-remaining-requests", "9"),
        ("openai-processing-ms", "12"),
    ] {
        script = scripts::with_header(script, name, value);
    }
    let fake = FakeProvider::always(script).await;
    let gateway = TestGateway::before(&fake).await;
    let answer = gateway.chat("p/m").await;
    for gone in ["set-cookie", "server", "alt-svc", "strict-transport-security", "x-hop", "keep-alive"] {
        assert!(!answer.headers.contains_key(gone), "{gone}: {:?}", answer.headers);
    }
    assert_eq!(answer.header("x-ratelimit-remaining-requests"), "9");
    assert_eq!(answer.header("openai-processing-ms"), "12");
}

#[tokio::test]
async fn what_the_client_is_known_by_never_reaches_the_provider() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::before(&fake).await;
    let call = gateway
        .ask(CHAT, "p/echo")
        .header("x-api-key", key(1).reveal())
        .header("cookie", "session=secret")
        .header("x-forwarded-for", "10.0.0.1")
        .header("proxy-authorization", "Basic c2VjcmV0")
        .header("x-tollgate-metadata", "{}")
        .header("x-unknown", "1");
    assert_eq!(call.answer().await.status, 200);
    let request = fake.only_request();
    assert_eq!(sent(&request, "authorization"), format!("Bearer {SECRET}"));
    let names: Vec<&str> = request.headers.keys().map(|name| name.as_str()).collect();
    let expected = ["authorization", "content-length", "content-type", "host", "user-agent"];
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    assert!(sent(&request, "user-agent").starts_with("tollgate/"));
}

#[tokio::test]
async fn headers_that_a_provider_knows_are_passed_on() {
    let fake = FakeProvider::start().await;
    let gateway = TestGateway::start(json!({"providers": {
        "openai": {"base_url": fake.base_url(), "credentials": [SECRET]},
        "anthropic": {"base_url": fake.base_url(), "credentials": [SECRET]},
    }}))
    .await;
    let to_openai = gateway
        .ask(CHAT, "openai/echo")
        .header("openai-organization", "org-1")
        .header("openai-project", "proj-1")
        .header("anthropic-beta", "not-for-you");
    assert_eq!(to_openai.answer().await.status, 200);
    let to_anthropic =
        gateway.ask(EventStream::Messages, "anthropic/echo").header("anthropic-beta", "beta-1");
    assert_eq!(to_anthropic.answer().await.status, 200);
    let own_version =
        gateway.ask(EventStream::Messages, "anthropic/echo").header("anthropic-version", "2099-01-01");
    assert_eq!(own_version.answer().await.status, 200);
    let requests = fake.requests();
    assert_eq!(sent(&requests[0], "openai-organization"), "org-1");
    assert_eq!(sent(&requests[0], "openai-project"), "proj-1");
    assert_eq!(sent(&requests[0], "anthropic-beta"), "");
    assert_eq!(sent(&requests[1], "anthropic-beta"), "beta-1");
    assert_eq!(sent(&requests[1], "anthropic-version"), "2023-06-01");
    assert_eq!(sent(&requests[1], "x-api-key"), SECRET);
    assert_eq!(sent(&requests[1], "authorization"), "");
    assert_eq!(sent(&requests[2], "anthropic-version"), "2099-01-01");
}

#[tokio::test]
async fn a_route_passes_on_what_it_names() {
    let fake = FakeProvider::start().await;
    let mut configuration = one(&fake);
    configuration["routes"] = json!({"r": {"target": "p/echo", "forward_headers": ["x-trace", "X-Tenant"]}});
    let gateway = TestGateway::start(configuration).await;
    gateway
        .ask(CHAT, "r")
        .header("x-trace", "t1")
        .header("x-tenant", "a")
        .header("x-other", "1")
        .answer()
        .await;
    let request = fake.only_request();
    assert_eq!(
        (sent(&request, "x-trace"), sent(&request, "x-tenant"), sent(&request, "x-other")),
        ("t1", "a", "")
    );
}

#[tokio::test]
async fn a_credential_is_sent_as_its_scheme_says_and_nowhere_else() {
    let fake = FakeProvider::start().await;
    let with_auth = |auth: Value| {
        let mut provider = provider(fake.base_url());
        provider["auth"] = auth;
        provider
    };
    let gateway = TestGateway::start(json!({"providers": {
        "bearer": with_auth(json!({"scheme": "bearer"})),
        "header": with_auth(json!({"scheme": "header", "header": "x-secret"})),
        "query": with_auth(json!({"scheme": "query", "parameter": "key"})),
    }}))
    .await;
    for name in ["bearer", "header", "query"] {
        assert_eq!(gateway.chat(&format!("{name}/echo")).await.status, 200, "{name}");
    }
    let found: Vec<_> = fake
        .requests()
        .iter()
        .map(|request| {
            let (bearer, header) = (sent(request, "authorization"), sent(request, "x-secret"));
            (bearer.to_owned(), header.to_owned(), request.query.clone())
        })
        .collect();
    let text = str::to_owned;
    assert_eq!(
        found,
        [
            (format!("Bearer {SECRET}"), text(""), text("")),
            (text(""), text(SECRET), text("")),
            (text(""), text(""), format!("key={SECRET}")),
        ]
    );
}

#[tokio::test]
async fn what_a_provider_says_in_tollgates_name_is_not_passed_on() {
    let answers =
        [scripts::json(&scripts::answer(CHAT, "hi")), scripts::error(400, "no"), scripts::error(500, "no")];
    let forged = answers.map(|script| {
        let script = scripts::with_header(script, "x-tollgate-provider", "forged");
        scripts::with_header(script, "x-tollgate-error", "TG0000")
    });
    let fake = FakeProvider::playing(forged).await;
    let gateway = TestGateway::before(&fake).await;
    for (status, error) in [(200, ""), (400, ""), (502, "TG3001")] {
        let answer = gateway.chat("p/m").await;
        assert_eq!((answer.status.as_u16(), answer.header("x-tollgate-error")), (status, error));
        assert_eq!(answer.header("x-tollgate-provider"), "p");
    }
}

#[tokio::test]
async fn a_pass_through_that_reaches_nobody_says_who_was_tried() {
    let gateway = TestGateway::start(two(
        format!("http://{}", closed_address().await),
        format!("http://{}", closed_address().await),
    ))
    .await;
    let answer = gateway.client().get("/providers/q/files").answer().await;
    assert_eq!((answer.status.as_u16(), answer.error_code().as_str()), (502, "TG3001"));
    assert_eq!((answer.header("x-tollgate-provider"), answer.header("x-tollgate-attempts")), ("q", "1"));
    assert_request_id(&answer);
    assert_eq!(gateway.metric("tollgate_refusals_total{code=\"TG3001\"}").await, 0.0, "it is no refusal");
}

#[tokio::test]
async fn errors_have_the_shape_of_the_endpoint_whatever_else_the_client_says() {
    let fake = FakeProvider::always(scripts::error(500, "no")).await;
    let gateway = TestGateway::before(&fake).await;
    for model in ["p/m", "nobody/m"] {
        let answer = gateway.ask(CHAT, model).header("anthropic-version", "2023-06-01").answer().await;
        assert!(answer.json()["error"]["code"].as_str().unwrap().starts_with("TG"), "{}", answer.text());
    }
}
