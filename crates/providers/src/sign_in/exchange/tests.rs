//! Laws of one call: what is sent, what is understood, and what an error does not tell.

use http::HeaderName;
use serde_json::{Value, json};

use super::{ANSWER_BYTES_MAX, Call, WORDS_MAX};
use crate::sign_in::fake::{Endpoint, outside};

async fn failure(status: u16, body: &str, call: impl FnOnce(&str) -> Call) -> String {
    let body = body.to_owned();
    let endpoint = Endpoint::answering(move |_| (status, body.clone())).await;
    let outcome = call(&endpoint.url()).send(&outside(&[])).await;
    outcome.err().unwrap().to_string().replace(endpoint.url().strip_prefix("http://").unwrap(), "HOST")
}

#[tokio::test]
async fn a_form_and_json_are_sent_as_what_they_are() {
    let endpoint = Endpoint::answering(|_| (200, "{}".to_owned())).await;
    let url = format!("{}/token?x=1", endpoint.url());
    let call = Call::to(&url).unwrap().with_form(&[("a", "1 &="), ("b", "ä")]);
    call.send(&outside(&[])).await.unwrap();
    let name = HeaderName::from_static("x-name");
    let call = Call::to(&url).unwrap().with_json(&json!({"a": 1})).with_header(name, "value").unwrap();
    call.send(&outside(&[])).await.unwrap();
    let [form, json] = &endpoint.asked()[..] else { panic!("two calls") };
    assert_eq!((form.method.as_str(), form.target.as_str()), ("POST", "/token?x=1"));
    assert_eq!(form.header("content-type"), "application/x-www-form-urlencoded");
    assert_eq!((form.field("a").unwrap().as_str(), form.field("b").unwrap().as_str()), ("1 &=", "ä"));
    assert_eq!((json.header("content-type"), json.header("x-name")), ("application/json", "value"));
    assert_eq!(json.body, r#"{"a":1}"#);
}

#[tokio::test]
async fn an_error_says_who_answered_what_on_one_short_line() {
    let text = failure(403, "{\n \"error\": \"denied\"\n}", |url| Call::to(url).unwrap()).await;
    assert_eq!(text, r#"HOST answered with status 403: { "error": "denied" }"#);
    let long = failure(500, &"x".repeat(10_000), |url| Call::to(url).unwrap()).await;
    assert!(long.len() < WORDS_MAX + 60, "{long}");
}

#[tokio::test]
async fn a_secret_that_an_answer_repeats_is_not_told() {
    let text =
        failure(400, "bad secret s/1 or s%2F1", |url| Call::to(url).unwrap().hiding("s/1").hiding("")).await;
    assert_eq!(text, "HOST answered with status 400: bad secret [redacted] or [redacted]");
}

#[tokio::test]
async fn an_answer_that_is_not_understood_is_an_error_without_its_text() {
    let endpoint = Endpoint::answering(|_| (200, "{\"access_token\": 7".to_owned())).await;
    let answer = Call::to(&endpoint.url()).unwrap().send(&outside(&[])).await.unwrap();
    let text = answer.json::<Value>().unwrap_err().to_string();
    assert!(
        text.ends_with("answered what is not understood: it is not the JSON that was expected"),
        "{text}"
    );
}

#[tokio::test]
async fn an_answer_without_end_is_not_read() {
    let body = "x".repeat(ANSWER_BYTES_MAX + 1);
    let text = failure(200, &body, |url| Call::to(url).unwrap()).await;
    assert_eq!(text, "HOST answered what is not understood: it broke off or is too long");
}

#[tokio::test]
async fn a_host_that_nobody_serves_is_named() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let call = Call::to_machine(&format!("http://{address}")).unwrap();
    let text = call.send(&outside(&[])).await.err().unwrap().to_string();
    assert!(text.starts_with(&format!("{address} cannot be reached: cannot connect")), "{text}");
}

#[test]
fn what_is_no_url_is_an_error() {
    for url in ["", "/path", "host/path", "https://"] {
        assert!(Call::to(url).is_err(), "{url}");
    }
}
