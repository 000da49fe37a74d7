//! What is sent, in the form that Standard Webhooks recommends ("Payload structure"). Amounts are decimal text, since readers of JSON keep no more
//! than 53 bits of a number.

use domain::Money;
use domain::allotment::{Budget, Span, Unit};
use domain::notice::{BudgetNews, BudgetNotice};
use jiff::Timestamp;
use serde::Serialize;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id, which is the same however often it is sent.
    pub id: Box<str>,
    /// What it says, as JSON.
    pub body: Box<str>,
}

#[derive(Debug, Serialize)]
struct Payload<D> {
    r#type: &'static str,
    timestamp: String,
    data: D,
}

#[derive(Debug, Serialize)]
struct BudgetData<'a> {
    budget: &'a str,
    /// The values that its requests have in common; none where all share.
    group: Option<&'a str>,
    unit: &'static str,
    limit: String,
    spent: String,
    /// The threshold, or what is spent.
    percent: u64,
    span: &'static str,
    window: Window,
}

#[derive(Debug, Serialize)]
struct Window {
    start: Option<String>,
    end: Option<String>,
}

#[derive(Debug, Serialize)]
struct TestData<'a> {
    webhook: &'a str,
}

impl Message {
    /// What a notice has to say.
    pub(crate) fn of(notice: &BudgetNotice, budget: &Budget, id: Box<str>) -> Self {
        let spent = u64::try_from(notice.spent_percent().max(0)).unwrap_or(u64::MAX);
        let (kind, percent) = match notice.news {
            BudgetNews::Passed { percent } => ("budget.threshold_passed", percent.into()),
            BudgetNews::Exhausted => ("budget.exhausted", spent),
        };
        let amount = |amount: i128| match budget.unit {
            Unit::Money => Money::from_pico_usd(amount).to_string(),
            Unit::Tokens | Unit::InputTokens | Unit::OutputTokens => amount.to_string(),
        };
        let data = BudgetData {
            budget: notice.allotment.name.as_str(),
            group: Some(&*notice.group).filter(|group| !group.is_empty()),
            unit: budget.unit.name(),
            limit: amount(notice.limit),
            spent: amount(notice.spent),
            percent,
            span: budget.span.name(),
            window: window(notice, budget.span),
        };
        Self::new(id, kind, notice.at_milliseconds, data)
    }

    /// One that only shows whether it arrives.
    #[must_use]
    pub fn test(webhook: &str, id: Box<str>, at_milliseconds: i64) -> Self {
        Self::new(id, "webhook.test", at_milliseconds, TestData { webhook })
    }

    fn new(id: Box<str>, kind: &'static str, at_milliseconds: i64, data: impl Serialize) -> Self {
        let payload = Payload { r#type: kind, timestamp: time(at_milliseconds), data };
        // Texts and numbers, which always become JSON.
        let body = serde_json::to_string(&payload).unwrap_or_default();
        Self { id, body: body.into() }
    }
}

/// The span that is meant: the one of the calendar, or the rolling one that ends now.
fn window(notice: &BudgetNotice, span: Span) -> Window {
    let seconds = |seconds: i64| time(seconds.saturating_mul(1_000));
    match span {
        Span::Rolling(length) => {
            let length = i64::try_from(length.as_millis()).unwrap_or(i64::MAX);
            let start = time(notice.at_milliseconds.saturating_sub(length));
            Window { start: Some(start), end: Some(time(notice.at_milliseconds)) }
        }
        _ => Window { start: notice.period.begins.map(seconds), end: notice.period.ends.map(seconds) },
    }
}

/// A time as RFC 3339 has it.
fn time(milliseconds: i64) -> String {
    Timestamp::from_millisecond(milliseconds).unwrap_or_default().to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::allotment::{Span, Unit};
    use domain::notice::{BudgetNews, NoticePeriod};

    use super::Message;
    use crate::tests::{budget, notice};

    #[test]
    fn a_message_says_which_budget_and_how_it_stands() {
        let mut budget = budget();
        budget.unit = Unit::Money;
        let mut notice = notice(budget.clone(), BudgetNews::Passed { percent: 80 });
        (notice.limit, notice.spent) = (100_000_000_000_000, 81_250_000_000_001);
        notice.period = NoticePeriod { begins: Some(1_764_547_200), ends: Some(1_767_225_600) };
        notice.group = "acme".into();
        let message = Message::of(&notice, &budget, "msg_1".into());
        assert_eq!(
            &*message.body,
            r#"{"type":"budget.threshold_passed","timestamp":"2025-12-10T00:00:00Z","data":{"budget":"b","group":"acme","unit":"usd","limit":"100","spent":"81.250000000001","percent":80,"span":"month","window":{"start":"2025-12-01T00:00:00Z","end":"2026-01-01T00:00:00Z"}}}"#
        );
    }

    #[test]
    fn an_exhausted_one_says_how_much_is_spent_and_a_rolling_span_ends_now() {
        let mut budget = budget();
        budget.span = Span::Rolling(Duration::from_secs(3_600));
        let mut notice = notice(budget.clone(), BudgetNews::Exhausted);
        (notice.limit, notice.spent) = (200, 193);
        let message = Message::of(&notice, &budget, "msg_1".into());
        let json: serde_json::Value = serde_json::from_str(&message.body).unwrap();
        assert_eq!(json["type"], "budget.exhausted");
        assert_eq!(json["data"]["percent"], 96);
        assert_eq!((json["data"]["group"].is_null(), json["data"]["spent"].as_str()), (true, Some("193")));
        assert_eq!(json["data"]["window"]["start"], "2025-12-09T23:00:00Z");
        assert_eq!(json["data"]["window"]["end"], json["timestamp"]);
    }
}
