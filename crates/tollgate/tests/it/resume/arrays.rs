//! Streams of Google's that are arrays.

use super::*;

const ARRAY: &str = "/v1beta/models/r:streamGenerateContent";

async fn told(gateway: &Gateway) -> Vec<Value> {
    let body = scripts::request(GEMINI, "r", true).to_string();
    let call = gateway.gateway.client().post(ARRAY, body).header("x-tollgate-resume", "true");
    let answer = call.answer().await;
    assert_eq!(answer.header("content-type"), "application/json; charset=UTF-8");
    serde_json::from_str(answer.text()).unwrap_or_else(|error| panic!("{error} in {}", answer.text()))
}

fn text_of(elements: &[Value]) -> String {
    let texts =
        elements.iter().filter_map(|element| element.pointer("/candidates/0/content/parts/0/text")?.as_str());
    texts.collect()
}

fn finishes(element: &Value) -> bool {
    element.pointer("/candidates/0/finishReason").is_some_and(Value::is_string)
}

/// The same stream as Google's servers write it for who does not ask for events, up to where it breaks off.
fn array(stream: &str, is_cut: bool) -> Script {
    let data = stream.replace("data: ", ",").replace("\n\n", "\r\n");
    let array = data.replacen(',', "[", 1);
    let head = testkit::Step::head(http::StatusCode::OK, "application/json; charset=UTF-8");
    let end = if is_cut { ",{\"candidates\": [" } else { "]" };
    Script::new(vec![head, testkit::Step::Bytes((array + end).into())])
}

#[tokio::test]
async fn however_an_array_breaks_off_another_goes_on_and_the_client_gets_one_array() {
    for (first, second) in [(GEMINI, GEMINI), (GEMINI, CHAT), (MESSAGES, GEMINI), (CHAT, MESSAGES)] {
        for (how, script) in broken(first).into_iter().enumerate() {
            let gateway = Gateway::two((first, script), (second, rest(second))).await;
            let unpaused = async {
                if how == 2 {
                    gateway.fakes[0].clock().waits_begun(1).await;
                    gateway.fakes[0].clock().advance(std::time::Duration::from_secs(1));
                }
            };
            let (elements, ()) = tokio::join!(told(&gateway), unpaused);
            assert_eq!(
                text_of(&elements),
                PIECES.concat(),
                "{first:?}, then {second:?}, broken {how}: {elements:?}"
            );
            assert_eq!(elements.iter().filter(|element| finishes(element)).count(), 1, "{elements:?}");
            assert!(
                elements.last().is_some_and(finishes)
                    || elements.last().unwrap().get("usageMetadata").is_some()
            );
            assert!(elements.iter().all(|element| element.get("error").is_none()), "{elements:?}");
            assert_eq!(gateway.resumed("resumed").await, 1.0);
        }
    }
}

#[tokio::test]
async fn arrays_of_providers_become_one_array() {
    let begun = scripts::stream(GEMINI, &PIECES).up_to_content(2);
    let rest = array(&scripts::stream(GEMINI, &REST).text(), false);
    let gateway = Gateway::two((GEMINI, array(&begun.text(), true)), (GEMINI, rest)).await;
    let elements = told(&gateway).await;
    assert_eq!(text_of(&elements), PIECES.concat(), "{elements:?}");
    let contents = body_of(&gateway.fakes[1].only_request())["contents"].clone();
    assert_eq!(contents[1], json!({"role": "model", "parts": [{"text": "One two"}]}));
}

#[tokio::test]
async fn an_array_that_breaks_off_anywhere_is_whole_and_ends_well_or_with_an_error() {
    let whole = scripts::stream(GEMINI, &PIECES);
    let mut resumed = 0.0;
    for at in 0..=whole.frames().len() {
        let gateway = Gateway::two((GEMINI, whole.first(at).cut()), (GEMINI, rest(GEMINI))).await;
        let elements = told(&gateway).await;
        assert!(
            elements.iter().filter(|element| finishes(element)).count() == 1,
            "broken at {at}: {elements:?}"
        );
        resumed += gateway.resumed("resumed").await;

        let alone = Gateway::start(vec![(GEMINI, whole.first(at).cut())], |_| {}).await;
        let is_begun = (1..whole.frames().len()).contains(&at);
        if is_begun {
            let elements = told(&alone).await;
            assert_eq!(
                elements.last().unwrap().get("error").is_some(),
                !elements.iter().any(finishes),
                "{elements:?}"
            );
        }
    }
    assert_eq!(resumed, 3.0, "behind each piece");
}
