//! The answer when nothing is left to try: the provider's own error where it is the client's to mend, else a list of
//! what was tried.

use std::fmt;

use bytes::Bytes;
use domain::endpoint::ClientShape;
use domain::route::Target;
use domain::{ErrorCode, Failure, FailureClass, Route};
use engine::Outlook;
use engine::decision::{Attempted, Decision};
use http::response::Parts;
use http::{HeaderValue, Response, header};
use telemetry::meters::Outcome;
use wire::formats::{ProviderError, WireError};

use super::Call;
use super::chosen::is_out_of;
use super::deliver::{finish_head, sign_head, whole};
use super::failed::{ErrorAnswer, FailedAttempt, RefusedHere};
use crate::answer::{AnswerBody, Held};
use crate::dialect::error_format;
use crate::ending::Ending;
use crate::pinned::ProviderState;
use crate::provider_words::error_in;
use crate::refusal::Refusal;

/// What was tried.
#[derive(Debug, Default)]
pub(super) struct Attempts {
    /// Why the first target was chosen, where somebody wants to know. Then the attempt that served is noted as well.
    decision: Option<Decision>,
    made: Vec<Attempted>,
    /// How many of them nobody was called for.
    objections: usize,
    passed_over: Vec<String>,
    /// Why there were no more, where targets or tries were left.
    stopped: Option<String>,
}

impl Attempts {
    /// None yet.
    pub(super) fn told(decision: Option<Decision>) -> Self {
        Self { decision, ..Self::default() }
    }

    /// Notes an attempt.
    pub(super) fn add(&mut self, attempt: Attempted) {
        self.made.push(attempt);
    }

    /// Notes an attempt that failed.
    pub(super) fn failed(&mut self, attempt: Attempted, failed: &FailedAttempt) {
        self.objections += usize::from(failed.objection.is_some());
        self.add(attempt);
    }

    /// Notes the attempt that served, where somebody wants to know.
    pub(super) fn served(&mut self, attempt: impl FnOnce() -> Attempted) {
        if self.decision.is_some() {
            self.made.push(attempt());
        }
    }

    /// The decision with all attempts, in order, where somebody wants to know.
    pub(super) fn explained(&self) -> Option<Decision> {
        let decision = self.decision.as_ref()?;
        Some(Decision { attempts: self.made.clone(), ..decision.clone() })
    }

    /// All attempts, in order.
    pub(super) fn into_made(self) -> Vec<Attempted> {
        self.made
    }

    /// Notes a target that was not called.
    pub(super) fn pass_over(&mut self, target: &Target, model: &str, why: impl fmt::Display) {
        self.passed_over.push(format!("{}/{model} {why}", target.provider.name));
    }

    /// Notes that there was no further attempt, because the budget is spent of this route, or of those without a name.
    pub(super) fn stopped(&mut self, route: Option<&str>) {
        let whose = match route {
            Some(name) => format!("the route `{name}`"),
            None => "routes without a name".to_owned(),
        };
        self.stopped = Some(format!("no further attempt: the retry budget of {whose} is spent"));
    }

    /// Notes that there was no further attempt, because a budget does not pay for it.
    pub(super) fn unpaid(&mut self, budget: &str) {
        self.stopped = Some(format!("no further attempt: the budget `{budget}` has too little left for one"));
    }

    /// Notes what was not called because too little is left for it.
    pub(super) fn not_paid_for(&mut self, route: &Route, call: &Call) {
        let Some(sent) = &call.sent else { return };
        let passed_over = sent.passed_over();
        let whole = call.named.as_deref().unwrap_or(route);
        whole.root.for_each_target(&mut |target| {
            for (index, denied) in passed_over.reasons_at(&target.path) {
                let Some(credential) = target.credentials.get(index) else { continue };
                let why = format!("with {} ({})", credential.id, denied.reason());
                self.pass_over(target, call.model_at(target), why);
            }
        });
    }

    /// Notes the targets that were not called because they rest.
    pub(super) fn rested(&mut self, route: &Route, call: &Call, outlook: &mut dyn Outlook) {
        route.root.for_each_target(&mut |target| {
            let is_called = self.made.iter().any(|attempt| attempt.place == target.path);
            if !is_called && outlook.load(target).is_none() && !is_out_of(call, target) {
                self.pass_over(target, call.model_at(target), "rests, having failed too often");
            }
        });
    }

    /// Everything that was tried, and what was not.
    fn summary(&self) -> String {
        let lines = (1..).zip(&self.made).map(|(number, attempt)| format!("{number}. {attempt}"));
        let mut summary = lines.collect::<Vec<_>>().join("; ");
        if !self.passed_over.is_empty() {
            summary.push_str("; passed over: ");
            summary.push_str(&self.passed_over.join(", "));
        }
        if let Some(stopped) = &self.stopped {
            summary.push_str("; ");
            summary.push_str(stopped);
        }
        summary
    }
}

/// The answer after the last failure.
pub(super) fn give_up(
    call: &Call,
    failed: FailedAttempt,
    attempts: &Attempts,
    state: &ProviderState,
    mut ending: Box<Ending>,
) -> Response<AnswerBody> {
    let FailedAttempt { failure, answer, objection } = failed;
    if let Some(answer) = answer.filter(|_| is_the_clients(failure.class)) {
        return relay(call, *answer, &failure, state, ending);
    }
    let refusal = refusal(&failure, objection, attempts);
    let response = refusal.response(call.origin.shape, &call.origin.id);
    let (mut head, body) = response.into_parts();
    sign_head(&mut head, state, &mut ending);
    ending.end(Outcome::Failed);
    Response::from_parts(head, body)
}

/// Errors that the client can act on keep the provider's words and status. A refused credential is Tollgate's own
/// affair, a provider's breakdown is told as a 502.
fn is_the_clients(class: FailureClass) -> bool {
    matches!(class, FailureClass::Caller | FailureClass::ModelMissing | FailureClass::RateLimited)
}

fn relay(
    call: &Call,
    answer: ErrorAnswer,
    failure: &Failure,
    state: &ProviderState,
    mut ending: Box<Ending>,
) -> Response<AnswerBody> {
    let ErrorAnswer { mut head, mut body, is_foreign } = answer;
    if is_foreign {
        body = in_clients_format(call, &mut head, &body, failure);
    }
    finish_head(&mut head, state, &mut ending);
    if let (Some(wait), None) = (failure.retry_after, head.headers.get(header::RETRY_AFTER)) {
        head.headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
    }
    whole(head, Held::from(body), ending)
}

/// The provider's words, which hold no credential any more, in the shape of the client's format.
fn in_clients_format(call: &Call, head: &mut Parts, body: &Bytes, failure: &Failure) -> Bytes {
    let error = ProviderError::parse(body);
    let message = error.message.clone().unwrap_or_else(|| failure.detail.clone());
    let status = head.status.as_u16();
    let told = WireError {
        request_id: Some(call.origin.id.as_str()),
        retry_after: failure.retry_after,
        ..error_in(&error, Some(status), &message)
    };
    head.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if call.origin.shape == ClientShape::Amazon {
        let kind = wire::formats::amazon_error_type(status);
        head.headers.insert("x-amzn-errortype", HeaderValue::from_static(kind));
    }
    told.body(error_format(call.origin.shape))
}

fn refusal(failure: &Failure, objection: Option<RefusedHere>, attempts: &Attempts) -> Refusal {
    let is_called = attempts.made.len() > attempts.objections;
    if let Some(RefusedHere { code, param }) =
        objection.filter(|objection| !is_called || objection.code == ErrorCode::OverQuota)
    {
        let message = match is_called || attempts.made.len() == 1 {
            true => failure.detail.clone(),
            false => format!("no target takes this request; {}", attempts.summary()),
        };
        return Refusal { param, ..Refusal::new(code, message).with_retry_after(failure.retry_after) };
    }
    let code = match failure.class {
        FailureClass::Timeout(_) => ErrorCode::TargetsTimedOut,
        _ => ErrorCode::TargetsFailed,
    };
    let message = format!("no target could answer; {}", attempts.summary());
    Refusal::new(code, message).with_retry_after(failure.retry_after)
}

#[cfg(test)]
mod tests {
    use super::{
        Attempted, Attempts, ErrorCode, FailedAttempt, Failure, FailureClass, Target, is_the_clients, refusal,
    };
    use crate::resolve::tests::provider;
    use domain::TimeoutStage;
    use domain::route::{ParameterRules, RetryPolicy};
    use engine::Lack;
    use std::time::Duration;

    fn target() -> Target {
        let provider = provider("p", &[]);
        Target {
            path: String::new(),
            credentials: provider.credentials.clone(),
            provider,
            model: None,
            custom_host: None,
            retry: RetryPolicy::default(),
            timeouts: domain::Timeouts::default(),
            parameters: ParameterRules::default(),
            forward_headers: Vec::new(),
            strict: false,
            resume: false,
            region: None,
        }
    }

    fn tried(failures: &[&FailedAttempt]) -> Attempts {
        let mut attempts = Attempts::default();
        for failed in failures {
            let attempted = Attempted {
                place: String::new(),
                target: "p/m".to_owned(),
                credential: "p#1".to_owned(),
                began_ms: 0,
                queued_ms: 0,
                took_ms: 7,
                bypass: false,
                outcome: failed.failure.class.name(),
                status: None,
                detail: Some(failed.failure.detail.clone()),
            };
            attempts.failed(attempted, failed);
        }
        attempts
    }

    #[test]
    fn all_attempts_are_listed_in_order() {
        let broken = FailedAttempt::broken("it broke");
        let timeout: FailedAttempt =
            Failure::without_status(FailureClass::Timeout(TimeoutStage::Idle), "too slow").into();
        let attempts = tried(&[&broken, &timeout]);
        let refused = refusal(&timeout.failure, None, &attempts);
        assert_eq!(refused.code, ErrorCode::TargetsTimedOut);
        let expected = "no target could answer; 1. p/m: broken_answer (it broke) after 7 ms; 2. p/m: idle_timeout (too slow) after 7 ms";
        assert_eq!(refused.message, expected);
        assert_eq!(refusal(&broken.failure, None, &attempts).code, ErrorCode::TargetsFailed);
    }

    #[test]
    fn targets_that_were_passed_over_are_named_with_what_they_lack() {
        let broken = FailedAttempt::broken("it broke");
        let mut attempts = tried(&[&broken]);
        attempts.pass_over(&target(), "blind", Lack::Ability(domain::Need::Vision));
        let refused = refusal(&broken.failure, None, &attempts);
        assert!(
            refused.message.ends_with("after 7 ms; passed over: p/blind does not see images"),
            "{}",
            refused.message
        );
    }

    #[test]
    fn what_ended_the_attempts_early_is_said_last() {
        let broken = FailedAttempt::broken("it broke");
        for (route, expected) in [
            (Some("r"), "; no further attempt: the retry budget of the route `r` is spent"),
            (None, "; no further attempt: the retry budget of routes without a name is spent"),
        ] {
            let mut attempts = tried(&[&broken]);
            attempts.stopped(route);
            let message = refusal(&broken.failure, None, &attempts).message;
            assert!(message.ends_with(expected), "{message}");
        }
    }

    #[test]
    fn objections_of_tollgates_own_speak_for_themselves_where_nobody_was_called() {
        let objection = FailedAttempt::objection(ErrorCode::NotTranslatable, "call it otherwise");
        let alone = refusal(&objection.failure, objection.objection.clone(), &tried(&[&objection]));
        assert_eq!((alone.code, alone.message.as_str()), (ErrorCode::NotTranslatable, "call it otherwise"));
        let all = refusal(&objection.failure, objection.objection.clone(), &tried(&[&objection, &objection]));
        assert_eq!(all.code, ErrorCode::NotTranslatable);
        assert!(all.message.starts_with("no target takes this request; 1. p/m: caller (call it otherwise)"));
        let with_another = tried(&[&FailedAttempt::broken("it broke"), &objection]);
        let listed = refusal(&objection.failure, objection.objection.clone(), &with_another);
        assert_eq!(listed.code, ErrorCode::TargetsFailed);
        assert!(listed.message.contains("2. p/m: caller (call it otherwise)"), "{}", listed.message);
    }

    #[test]
    fn the_wait_that_the_last_provider_asks_for_is_passed_on() {
        let overloaded = Failure {
            retry_after: Some(Duration::from_secs(9)),
            ..Failure::without_status(FailureClass::Overloaded, "busy")
        };
        assert_eq!(
            refusal(&overloaded, None, &Attempts::default()).retry_after,
            Some(Duration::from_secs(9))
        );
    }

    #[test]
    fn only_what_the_client_can_mend_is_told_in_the_providers_words() {
        for (class, is_theirs) in [
            (FailureClass::Caller, true),
            (FailureClass::ModelMissing, true),
            (FailureClass::RateLimited, true),
            (FailureClass::Credential, false),
            (FailureClass::Overloaded, false),
            (FailureClass::Provider, false),
            (FailureClass::Connect, false),
            (FailureClass::Broken, false),
        ] {
            assert_eq!(is_the_clients(class), is_theirs, "{class:?}");
        }
    }
}
