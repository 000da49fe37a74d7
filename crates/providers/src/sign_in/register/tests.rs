//! Laws of keeping sign-ins across configurations.

use std::sync::Arc;

use super::SignIns;
use crate::sign_in::fake::{Endpoint, authorization, outside, ready};

fn ibm(key: &str, url: &str) -> crate::sign_in::plan::Plan {
    ready(&format!("[ibm]\napi_key = \"{key}\"\ntoken_url = \"{url}\""), &[])
}

#[tokio::test]
async fn the_same_settings_share_one_sign_in_and_its_token() {
    let endpoint =
        Endpoint::answering(|_| (200, r#"{"access_token": "t", "expires_in": 3600}"#.to_owned())).await;
    let (sign_ins, outside) = (SignIns::default(), outside(&[]));
    let first = sign_ins.of(ibm("a", &endpoint.url()));
    sign_ins.start(&outside);
    first.pending().unwrap().await;
    let second = sign_ins.of(ibm("a", &endpoint.url()));
    sign_ins.start(&outside);
    assert!(Arc::ptr_eq(&first, &second));
    assert_eq!(authorization(&*second).unwrap(), "Bearer t");
    assert_eq!(endpoint.asked().len(), 1);
}

#[tokio::test]
async fn other_settings_and_those_that_were_given_up_get_their_own() {
    let sign_ins = SignIns::default();
    let first = sign_ins.of(ibm("a", "https://h"));
    assert!(!Arc::ptr_eq(&first, &sign_ins.of(ibm("b", "https://h"))));
    assert!(!Arc::ptr_eq(&first, &sign_ins.of(ibm("a", "https://i"))));
    drop(first);
    let _again = sign_ins.of(ibm("a", "https://h"));
    assert_eq!(sign_ins.0.lock().len(), 1, "what nobody holds is forgotten");
}

#[tokio::test]
async fn what_nobody_holds_is_not_started() {
    let endpoint = Endpoint::answering(|_| (500, String::new())).await;
    let sign_ins = SignIns::default();
    drop(sign_ins.of(ibm("refused", &endpoint.url())));
    let kept = sign_ins.of(ibm("in-force", &endpoint.url()));
    sign_ins.start(&outside(&[]));
    kept.pending().unwrap().await;
    let keys: Vec<_> = endpoint.asked().iter().map(|asked| asked.field("apikey").unwrap()).collect();
    assert_eq!(keys, ["in-force"]);
}

#[tokio::test]
async fn no_text_about_sign_ins_tells_a_secret() {
    let sign_ins = SignIns::default();
    let sign_in = sign_ins.of(ibm("very-secret", "https://h"));
    let texts = format!("{sign_ins:?} {sign_in:?} {:?}", ibm("very-secret", "https://h"));
    assert!(!texts.contains("very-secret"), "{texts}");
}
