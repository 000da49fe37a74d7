//! Laws of tokens in answers.

use std::time::{Duration, SystemTime};

use super::{UNSAID_LIFE, token_in};
use crate::sign_in::exchange::Call;
use crate::sign_in::fake::{Endpoint, noon, outside};

/// The token and its end, or the error.
async fn issued(body: &str) -> Result<(String, SystemTime), String> {
    let body = body.to_owned();
    let endpoint = Endpoint::answering(move |_| (200, body.clone())).await;
    let answer = Call::to(&endpoint.url()).unwrap().send(&outside(&[])).await.unwrap();
    let issued = token_in(&answer, noon()).map_err(|problem| problem.to_string())?;
    Ok((issued.proof.expose().to_owned(), issued.expires.unwrap()))
}

#[tokio::test]
async fn a_life_is_read_however_it_is_written() {
    let hour = noon() + Duration::from_secs(3600);
    for (body, end) in [
        (r#"{"access_token": "t", "expires_in": 3600, "token_type": "Bearer"}"#, hour),
        (r#"{"access_token": "t", "expires_in": "3600"}"#, hour),
        (r#"{"access_token": "t", "expires_on": "1767326645"}"#, hour),
        (r#"{"access_token": "t", "expires_in": 3600, "expires_on": 1}"#, hour),
        (r#"{"access_token": "t"}"#, noon() + UNSAID_LIFE),
        (r#"{"access_token": "t", "expires_in": -5}"#, noon() + UNSAID_LIFE),
        (r#"{"access_token": "t", "expires_in": 1e300}"#, noon() + UNSAID_LIFE),
        (r#"{"access_token": "t", "expires_in": "soon"}"#, noon() + UNSAID_LIFE),
    ] {
        assert_eq!(issued(body).await, Ok(("t".to_owned(), end)), "{body}");
    }
}

#[tokio::test]
async fn an_answer_without_a_token_that_can_be_sent_is_an_error() {
    for body in ["{}", r#"{"access_token": ""}"#, r#"{"access_token": "a\nb"}"#, "[]", "secret"] {
        let text = issued(body).await.unwrap_err();
        assert!(text.contains("answered what is not understood"), "{text}");
        assert!(!text.contains("secret"), "{text}");
    }
}
