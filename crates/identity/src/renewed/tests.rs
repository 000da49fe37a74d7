//! Laws of fetching, under a clock that the test moves: how often an issuer is asked, and what holds while it does not answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::KeyHash;
use parking_lot::Mutex;
use serde_json::json;
use testkit::TokenKey;

use super::{FAILURE_PAUSE_MAX, Fetch, Fetched, REFRESH, RENEWAL_PAUSE};
use crate::fixture::{callers, claims, issuer, noon, rule, sent, set};
use crate::{Callers, KeySources, TokenProblem};

/// Publishes what the test says, after as long as it says.
#[derive(Default)]
struct Publisher(Mutex<Script>);

#[derive(Default)]
struct Script {
    asked: usize,
    text: Option<String>,
    takes: Duration,
}

impl Publisher {
    fn publish(&self, keys: &[&TokenKey]) {
        self.0.lock().text = Some(set(keys));
    }

    fn fail(&self) {
        self.0.lock().text = None;
    }

    fn asked(&self) -> usize {
        self.0.lock().asked
    }
}

impl Fetch for Publisher {
    fn get<'a>(&'a self, _: &'a str) -> Fetched<'a> {
        Box::pin(async {
            let takes = {
                let mut script = self.0.lock();
                script.asked += 1;
                script.takes
            };
            pass(takes).await;
            self.0.lock().text.clone().map(Bytes::from).ok_or_else(|| "it fails".to_owned())
        })
    }
}

/// Lets time go by, of which nothing is waited for in truth.
async fn pass(time: Duration) {
    tokio::time::sleep(time).await; // tidy: sleep, the clock is paused
}

/// Callers of an issuer whose keys are fetched from a publisher.
fn fetching(publisher: &Arc<Publisher>) -> Callers {
    let sources = KeySources::default();
    let callers = callers(vec![issuer(sources.of("https://issuer.example/keys"), vec![rule()])]);
    sources.start(&(Arc::clone(publisher) as _));
    callers
}

fn pair() -> (TokenKey, TokenKey, Arc<Publisher>) {
    (TokenKey::new("k1", "EdDSA"), TokenKey::new("k2", "EdDSA"), Arc::default())
}

#[tokio::test(start_paused = true)]
async fn the_first_request_waits_for_the_first_keys_but_not_for_long() {
    let (key, _, publisher) = pair();
    publisher.publish(&[&key]);
    publisher.0.lock().takes = Duration::from_millis(500);
    let token = key.token(&claims(&json!({})));
    assert!(sent(&fetching(&publisher), &token).await.is_ok());
    publisher.0.lock().takes = Duration::from_secs(3600);
    let began = tokio::time::Instant::now();
    let refused = sent(&fetching(&publisher), &token).await.unwrap_err();
    assert_eq!(refused, TokenProblem::NoKeys { retry_after: RENEWAL_PAUSE });
    assert_eq!(began.elapsed(), Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_new_key_is_fetched_when_it_is_first_used() {
    let (old, new, publisher) = pair();
    publisher.publish(&[&old]);
    let callers = fetching(&publisher);
    assert!(sent(&callers, &old.token(&claims(&json!({})))).await.is_ok());
    pass(RENEWAL_PAUSE).await;
    publisher.publish(&[&old, &new]);
    assert!(sent(&callers, &new.token(&claims(&json!({})))).await.is_ok());
    assert_eq!(publisher.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn made_up_names_of_keys_make_it_ask_no_more_often_than_it_may() {
    let (key, unknown, publisher) = pair();
    publisher.publish(&[&key]);
    let callers = fetching(&publisher);
    assert!(sent(&callers, &key.token(&claims(&json!({})))).await.is_ok());
    let began = tokio::time::Instant::now();
    for number in 0..1000 {
        let token = unknown.token(&claims(&json!({"jti": number})));
        assert_eq!(sent(&callers, &token).await.unwrap_err(), TokenProblem::UnknownKey);
        pass(Duration::from_millis(100)).await;
    }
    let most = 1 + began.elapsed().as_secs() / RENEWAL_PAUSE.as_secs() + 1;
    assert!(publisher.asked() as u64 <= most, "{} of {most}", publisher.asked());
}

#[tokio::test(start_paused = true)]
async fn an_issuer_that_fails_changes_nothing_for_whose_keys_are_known() {
    let (key, other, publisher) = pair();
    publisher.publish(&[&key]);
    let callers = fetching(&publisher);
    assert!(sent(&callers, &key.token(&claims(&json!({})))).await.is_ok());
    publisher.fail();
    pass(REFRESH * 12).await;
    assert!(publisher.asked() > 10, "it is tried again and again: {}", publisher.asked());
    assert!(sent(&callers, &key.token(&claims(&json!({"jti": 1})))).await.is_ok());
    publisher.0.lock().text = Some("<html>maintenance</html>".to_owned());
    pass(FAILURE_PAUSE_MAX).await;
    assert!(sent(&callers, &key.token(&claims(&json!({"jti": 2})))).await.is_ok());
    publisher.publish(&[&other]);
    pass(FAILURE_PAUSE_MAX).await;
    assert!(sent(&callers, &other.token(&claims(&json!({})))).await.is_ok(), "and it recovers by itself");
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_withdrawn_takes_its_tokens_along() {
    let (old, new, publisher) = pair();
    publisher.publish(&[&old, &new]);
    let callers = fetching(&publisher);
    let (of_old, of_new) = (old.token(&claims(&json!({}))), new.token(&claims(&json!({}))));
    assert!(sent(&callers, &of_old).await.is_ok() && sent(&callers, &of_new).await.is_ok());
    let known = |token: &str| callers.known(&KeyHash::of(token), noon()).is_some();
    pass(REFRESH).await;
    assert!(known(&of_old), "the same keys again change nothing");
    publisher.publish(&[&new]);
    pass(REFRESH).await;
    assert!(!known(&of_old));
    assert_eq!(sent(&callers, &of_old).await.unwrap_err(), TokenProblem::UnknownKey);
    assert!(sent(&callers, &of_new).await.is_ok() && known(&of_new));
}

#[tokio::test(start_paused = true)]
async fn keys_are_shared_by_their_url_and_end_with_the_last_who_has_them() {
    let (key, _, publisher) = pair();
    publisher.publish(&[&key]);
    let sources = KeySources::default();
    let first = sources.of("https://a.example");
    assert!(Arc::ptr_eq(&first, &sources.of("https://a.example")));
    assert!(!Arc::ptr_eq(&first, &sources.of("https://b.example")));
    let way: Arc<dyn Fetch> = Arc::clone(&publisher) as _;
    sources.start(&way);
    sources.start(&way);
    pass(Duration::from_secs(1)).await;
    assert_eq!(publisher.asked(), 1, "started twice, fetched once");
    drop(first);
    pass(REFRESH * 10).await;
    assert_eq!(publisher.asked(), 1);
}
