//! Events move the metrics that they should, and nothing that a client invents grows without bound.

use std::time::Duration;

use domain::canary::Metric;
use domain::ports::journal::JournalNews;
use domain::{ApiKey, ErrorCode, Failure, FailureClass, Usage};

use crate::cost::Unpriced;
use crate::events::{
    AttemptFailed, CanaryOutcome, CanaryTurned, ConfigurationLoaded, RequestEnded, RequestRefused,
};
use crate::meters::Outcome;
use crate::{Particulars, ProviderMeters, Telemetry};

fn ended<'a>(provider: &'a ProviderMeters, key: &'a ApiKey, model: &'a str) -> RequestEnded<'a> {
    RequestEnded {
        request_id: "r",
        key,
        endpoint: Some(domain::Endpoint::ChatCompletions),
        provider,
        model: Some(model),
        status: 200,
        outcome: Outcome::Done,
        attempts: 2,
        has_failed_attempts: true,
        duration: Duration::from_millis(30),
        first_token: None,
        overhead: Duration::from_micros(20),
        usage: Usage { input_tokens: Some(3), output_tokens: Some(4), ..Usage::default() },
        cost: None,
        particulars: None,
    }
}

fn key() -> ApiKey {
    ApiKey::new("k", std::sync::Arc::default())
}

#[test]
fn an_ended_request_is_counted_with_its_tokens_and_its_rescue() {
    let telemetry = Telemetry::new();
    let provider = telemetry.provider(&"openai".into());
    ended(&provider, &key(), "gpt-4o").emit(&telemetry);
    let text = telemetry.exposition();
    for line in [
        r#"tollgate_requests_total{provider="openai",operation="chat_completions",outcome="done"} 1"#,
        r#"tollgate_tokens_total{provider="openai",model="gpt-4o",kind="output"} 4"#,
        "tollgate_rescued_requests_total 1",
    ] {
        assert!(text.contains(line), "{line} not in\n{text}");
    }
}

#[test]
fn costs_add_up_and_requests_without_one_are_counted() {
    let telemetry = Telemetry::new();
    let provider = telemetry.provider(&"openai".into());
    for cost in [Ok("0.25".parse().unwrap()), Ok("1.000000000001".parse().unwrap()), Err(Unpriced::Usage)] {
        let silent = Usage::default();
        RequestEnded { usage: silent, cost: Some(cost), ..ended(&provider, &key(), "gpt-4o") }
            .emit(&telemetry);
    }
    let text = telemetry.exposition();
    for line in [
        r#"tollgate_cost_usd_total{provider="openai",model="gpt-4o"} 1.250000000001"#,
        r#"tollgate_unpriced_requests_total{provider="openai",model="gpt-4o"} 1"#,
    ] {
        assert!(text.contains(line), "{line} not in\n{text}");
    }
}

#[test]
fn costs_are_told_by_workspace_and_team_and_invented_teams_do_not_grow_the_metrics() {
    let telemetry = Telemetry::new();
    let provider = telemetry.provider(&"openai".into());
    let of = |team: Option<String>, cost: &str| {
        let mut key = key();
        let mut subject = domain::Subject::clone(&key.subject);
        subject.team = team.map(|team| team.as_str().into());
        key.subject = std::sync::Arc::new(subject);
        RequestEnded { cost: Some(Ok(cost.parse().unwrap())), ..ended(&provider, &key, "m") }
            .emit(&telemetry);
    };
    of(None, "0.25");
    of(None, "0.5");
    for number in 0..600 {
        of(Some(format!("team-{number}")), "1");
    }
    let text = telemetry.exposition();
    let series = text.lines().filter(|line| line.starts_with("tollgate_workspace_cost_usd_total{"));
    assert_eq!(series.count(), 501);
    for line in [
        r#"tollgate_workspace_cost_usd_total{workspace="default",team=""} 0.75"#,
        r#"tollgate_workspace_cost_usd_total{workspace="default",team="team-0"} 1"#,
        r#"tollgate_workspace_cost_usd_total{workspace="other",team="other"} 101"#,
    ] {
        assert!(text.contains(line), "{line} not in\n{text}");
    }
}

#[test]
fn refusals_failures_and_reloads_are_counted() {
    let telemetry = Telemetry::new();
    RequestRefused { request_id: "r", key: None, code: ErrorCode::KeyUnknown, message: "m" }.emit(&telemetry);
    let provider = telemetry.provider(&"groq".into());
    let failure = Failure::without_status(FailureClass::Connect, "refused");
    AttemptFailed { request_id: "r", provider: &provider, target: "", failure: &failure }.emit(&telemetry);
    ConfigurationLoaded { result: Ok(3) }.emit(&telemetry);
    ConfigurationLoaded { result: Err("bad") }.emit(&telemetry);
    let text = telemetry.exposition();
    for line in [
        r#"tollgate_refusals_total{code="TG2002"} 1"#,
        r#"tollgate_attempt_failures_total{provider="groq",class="connect"} 1"#,
        r#"tollgate_config_reloads_total{outcome="refused"} 1"#,
        "tollgate_config_generation 3",
    ] {
        assert!(text.contains(line), "{line} not in\n{text}");
    }
}

#[test]
fn invented_model_names_do_not_grow_the_metrics_without_bound() {
    let telemetry = Telemetry::new();
    let provider = telemetry.provider(&"openai".into());
    for number in 0..2_000 {
        ended(&provider, &key(), &format!("model-{number}")).emit(&telemetry);
    }
    let series = telemetry.exposition().lines().filter(|line| line.contains("kind=\"input\"")).count();
    assert_eq!(series, 501);
}

#[test]
fn a_canary_is_shown_where_it_stands_until_it_is_forgotten_and_its_rollback_is_counted() {
    let telemetry = Telemetry::new();
    let route = "chat".into();
    telemetry.meters().canaries.stands(&route, "", 2, 25);
    let text = telemetry.exposition();
    assert!(text.contains(r#"tollgate_canary_share_percent{route="chat",place=""} 25"#), "{text}");
    let outcome = CanaryOutcome::RolledBack { metric: Metric::FirstToken, baseline: 0.5, canary: 1.5 };
    CanaryTurned { route: &route, place: "", outcome, step: 2, share_percent: 0 }.emit(&telemetry);
    let text = telemetry.exposition();
    for line in [
        r#"tollgate_canary_share_percent{route="chat",place=""} 0"#,
        r#"tollgate_canary_step{route="chat",place=""} 2"#,
        r#"tollgate_canary_rollbacks_total{route="chat",place="",metric="first_token"} 1"#,
    ] {
        assert!(text.contains(line), "{line} not in\n{text}");
    }
    telemetry.meters().canaries.forgotten(&route, "");
    let text = telemetry.exposition();
    assert!(!text.contains("canary_step{") && text.contains("canary_rollbacks_total{"), "{text}");
}

#[derive(Debug, Default)]
struct Lines(parking_lot::Mutex<Vec<String>>);

impl domain::ports::journal::Journal for Lines {
    fn append(&self, record: &[u8]) {
        self.0.lock().push(String::from_utf8(record.to_vec()).unwrap());
    }
}

#[test]
fn requests_and_refusals_are_written_down_as_lines_of_json() {
    let (telemetry, lines) = (Telemetry::new(), std::sync::Arc::new(Lines::default()));
    assert!(!telemetry.wants_particulars());
    telemetry.keep_journal(lines.clone(), || jiff::Timestamp::UNIX_EPOCH);
    assert!(telemetry.wants_particulars());
    let (provider, key) = (telemetry.provider(&"openai".into()), key());
    let raw = |text: &str| Some(serde_json::value::RawValue::from_string(text.to_owned()).unwrap());
    let particulars = Particulars {
        model: Some("reliable".into()),
        stream: true,
        region: Some("eu-*".into()),
        metadata: raw(r#"{"plan":"pro"}"#),
        body_bytes: 812,
        decision: raw(r#"{"targets":[]}"#),
    };
    let cost = Some(Ok("0.25".parse().unwrap()));
    RequestEnded { cost, particulars: Some(&particulars), ..ended(&provider, &key, "gpt-4o") }
        .emit(&telemetry);
    ended(&provider, &key, "gpt-4o").emit(&telemetry);
    RequestRefused { request_id: "s", key: None, code: ErrorCode::KeyUnknown, message: "no \"key\"" }
        .emit(&telemetry);
    let expected = [
        r#"{"kind":"request","at":"1969-12-31T23:59:59.97Z","request_id":"r","key":"k","workspace":"default","endpoint":"chat_completions","model":"reliable","stream":true,"region":"eu-*","metadata":{"plan":"pro"},"body_bytes":812,"status":200,"outcome":"done","served_by":{"provider":"openai","model":"gpt-4o"},"attempts":2,"duration_ms":30,"overhead_us":20,"input_tokens":3,"output_tokens":4,"cost_usd":"0.25","decision":{"targets":[]}}"#,
        r#"{"kind":"request","at":"1969-12-31T23:59:59.97Z","request_id":"r","key":"k","workspace":"default","endpoint":"chat_completions","stream":false,"body_bytes":0,"status":200,"outcome":"done","served_by":{"provider":"openai","model":"gpt-4o"},"attempts":2,"duration_ms":30,"overhead_us":20,"input_tokens":3,"output_tokens":4}"#,
        r#"{"kind":"refusal","at":"1970-01-01T00:00:00Z","request_id":"s","status":401,"code":"TG2002","message":"no \"key\""}"#,
    ];
    assert_eq!(*lines.0.lock(), expected);
}

#[test]
fn how_the_journal_does_is_shown() {
    let telemetry = Telemetry::new();
    for (news, line) in [
        (JournalNews::Failing("the disk is full"), "tollgate_journal_failing 1"),
        (JournalNews::Lost(3), "tollgate_journal_records_lost_total 3"),
        (JournalNews::Working, "tollgate_journal_failing 0"),
    ] {
        telemetry.hear_of_journal(news);
        assert!(telemetry.exposition().contains(line), "{line}");
    }
}
