//! Answers to requests that may come again because their answer was lost (`idempotency-key`): the second gets the answer of the first. They
//! are kept in this process alone, since the answer that matters most holds the text of a new key, which is written nowhere.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use bytes::Bytes;
use domain::ErrorCode;
use domain::audit::Who;
use http::{HeaderMap, HeaderName, Response};
use parking_lot::Mutex;
use tokio::time::Instant;

use super::problem::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// The longest key.
const KEY_BYTES_MAX: usize = 255;
/// How long an answer is kept.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);
/// Most answers that are kept; of more, the oldest go.
const ANSWERS_MAX: usize = 1_000;

/// The answers of this process.
#[derive(Default)]
pub(super) struct Remembered(Mutex<Shelf>);

#[derive(Default)]
struct Shelf {
    answers: HashMap<Request, Remembrance>,
    /// In the order in which they were asked.
    order: VecDeque<Request>,
}

/// Who asks, for what, under which key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Request {
    principal: Who,
    path: String,
    key: String,
}

struct Remembrance {
    asked_at: Instant,
    /// What the body was.
    fingerprint: u64,
    /// None while it is made.
    answer: Option<Response<Bytes>>,
}

/// What is known of a request.
pub(super) enum Known<'a> {
    /// It came before, and this was the answer.
    Answered(Response<Bytes>),
    /// It comes for the first time.
    New(Making<'a>),
}

/// A request that is being answered; forgotten when it fails, so that it may be made again.
pub(super) struct Making<'a> {
    remembered: &'a Remembered,
    request: Option<Request>,
}

impl Request {
    /// What a head asks for to be remembered by, if it does.
    pub(super) fn of(headers: &HeaderMap, principal: &Who, path: &str) -> Result<Option<Self>, Problem> {
        let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
        let key = value.to_str().ok().filter(|key| (1..=KEY_BYTES_MAX).contains(&key.len()));
        let detail = "expected `idempotency-key` to have 1 to 255 visible characters";
        let key = key.ok_or_else(|| Problem::new(ErrorCode::InvalidHeader, detail))?;
        Ok(Some(Self { principal: principal.clone(), path: path.to_owned(), key: key.to_owned() }))
    }
}

impl Remembered {
    /// What is known of a request with such a body.
    pub(super) fn ask(
        &self,
        request: Option<Request>,
        body: &str,
        now: Instant,
    ) -> Result<Known<'_>, Problem> {
        let Some(request) = request else {
            return Ok(Known::New(Making { remembered: self, request: None }));
        };
        let mut hasher = DefaultHasher::new();
        body.hash(&mut hasher);
        let fingerprint = hasher.finish();
        let mut shelf = self.0.lock();
        shelf.forget(now);
        match shelf.answers.get(&request) {
            None => {
                shelf.order.push_back(request.clone());
                shelf
                    .answers
                    .insert(request.clone(), Remembrance { asked_at: now, fingerprint, answer: None });
                Ok(Known::New(Making { remembered: self, request: Some(request) }))
            }
            Some(known) if known.fingerprint != fingerprint => {
                let detail =
                    "this `idempotency-key` came with another body before; each request has a key of its own";
                Err(Problem::new(ErrorCode::InvalidHeader, detail))
            }
            Some(Remembrance { answer: Some(answer), .. }) => Ok(Known::Answered(answer.clone())),
            Some(_) => {
                let detail = "the first request with this `idempotency-key` is still under way; try again";
                Err(Problem::new(ErrorCode::StateUnavailable, detail)
                    .with_retry_after(Duration::from_secs(1)))
            }
        }
    }
}

impl Making<'_> {
    /// Keeps the answer.
    pub(super) fn done(mut self, answer: &Response<Bytes>) {
        let Some(request) = self.request.take() else { return };
        if let Some(known) = self.remembered.0.lock().answers.get_mut(&request) {
            known.answer = Some(answer.clone());
        }
    }
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        if let Some(request) = self.request.take() {
            let mut shelf = self.remembered.0.lock();
            shelf.answers.remove(&request);
            shelf.order.retain(|known| *known != request);
        }
    }
}

impl Shelf {
    /// Makes room, and lets go of what is old.
    fn forget(&mut self, now: Instant) {
        while let Some(oldest) = self.order.front() {
            let is_old = |known: &Remembrance| now.duration_since(known.asked_at) >= KEPT;
            if self.order.len() < ANSWERS_MAX && !self.answers.get(oldest).is_none_or(is_old) {
                break;
            }
            if let Some(oldest) = self.order.pop_front() {
                self.answers.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ANSWERS_MAX, Bytes, Instant, KEPT, Known, Remembered, Request, Response, Who};

    fn request(key: usize) -> Option<Request> {
        Some(Request {
            principal: Who::ControlKey("ops".into()),
            path: "/api/v1/keys".into(),
            key: key.to_string(),
        })
    }

    fn answered(remembered: &Remembered, key: usize, body: &str, now: Instant) -> Option<Bytes> {
        match remembered.ask(request(key), body, now).ok()? {
            Known::Answered(answer) => Some(answer.into_body()),
            Known::New(making) => {
                making.done(&Response::new(Bytes::from(format!("answer {key}"))));
                None
            }
        }
    }

    #[test]
    fn who_asks_again_gets_the_first_answer_for_a_day() {
        let (remembered, now) = (Remembered::default(), Instant::now());
        assert_eq!(answered(&remembered, 1, "{}", now), None);
        assert_eq!(answered(&remembered, 1, "{}", now + KEPT / 2).unwrap(), "answer 1");
        assert!(remembered.ask(request(1), "{other}", now).is_err());
        assert_eq!(answered(&remembered, 1, "{}", now + KEPT), None, "it is forgotten, and made anew");
    }

    #[test]
    fn what_is_under_way_is_not_made_twice_and_what_failed_may_be() {
        let (remembered, now) = (Remembered::default(), Instant::now());
        let making = remembered.ask(request(1), "{}", now);
        assert!(remembered.ask(request(1), "{}", now).is_err());
        drop(making);
        assert_eq!(answered(&remembered, 1, "{}", now), None);
    }

    #[test]
    fn no_more_answers_are_kept_than_may_be() {
        let (remembered, now) = (Remembered::default(), Instant::now());
        for key in 0..2 * ANSWERS_MAX {
            assert_eq!(answered(&remembered, key, "{}", now), None);
        }
        let shelf = remembered.0.lock();
        assert_eq!((shelf.answers.len(), shelf.order.len()), (ANSWERS_MAX, ANSWERS_MAX));
    }
}
