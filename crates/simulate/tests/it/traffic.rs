//! Traffic that is made up asks for what its description says, when it says so.

use simulate::{FaultsSpec, Replay, Scenario, Tally, Traffic};

use crate::world::{THREE, scenario, share, snapshot, tally};

fn route(strategy: &str) -> String {
    THREE.replace("{ mode: fallback }", strategy)
}

#[test]
fn the_mix_comes_by_its_weights_and_as_fast_as_the_rate() {
    let mix = "[{model: reliable, weight: 3}, {model: groq/llama-3.3-70b-versatile}]";
    for arrival in ["poisson", "constant", "diurnal"] {
        let traffic =
            format!("{{for: 30m, rate: 20, arrival: {arrival}, start: '2026-01-05T08:00:00Z', mix: {mix}}}");
        let tally = tally(THREE, &traffic, "");
        assert!((35_000..38_000).contains(&tally.requests), "{arrival}: {}", tally.requests);
        assert!((share(&tally, "openai") - 0.75).abs() < 0.01, "{arrival}: {}", share(&tally, "openai"));
    }
}

#[test]
fn a_day_has_more_traffic_at_two_in_the_afternoon_than_at_night() {
    let requests = |hour: &str| {
        let traffic = format!(
            "{{for: 1h, rate: 5, arrival: diurnal, start: '2026-01-05T{hour}:30:00Z', mix: [{{model: reliable}}]}}"
        );
        tally(THREE, &traffic, "").requests
    };
    let (day, night) = (requests("13"), requests("01"));
    assert!((26_000..28_000).contains(&day) && (8_500..9_500).contains(&night), "{day} {night}");
}

#[test]
fn conditions_see_what_a_request_says_about_itself_and_the_time() {
    let strategy = "{mode: conditional, default: c, conditions: [
        {query: {metadata.plan: pro, estimated_tokens: {$gt: 100}}, then: a},
        {query: {headers.x-team: search, params.temperature: {$lte: 0.5}, time.hour: {$gte: 9}}, then: b}]}";
    let mut configuration = route(strategy);
    for (name, target) in [("a", "openai"), ("b", "anthropic"), ("c", "groq")] {
        configuration = configuration
            .replace(&format!("- target: {target}"), &format!("- name: {name}\n        target: {target}"));
    }
    let of = |mix: &str, start: &str| {
        let traffic = format!(
            "{{requests: 50, rate: 1, start: '2026-01-05T{start}:00:00Z', mix: [{{model: reliable, {mix}}}]}}"
        );
        let tally = tally(&configuration, &traffic, "");
        ["openai", "anthropic", "groq"].into_iter().find(|name| share(&tally, name) == 1.0).unwrap()
    };
    assert_eq!(of("metadata: {plan: pro}", "08"), "openai");
    assert_eq!(of("metadata: {plan: pro}, body_bytes: {p50: 300}", "08"), "groq");
    assert_eq!(of("headers: {x-team: search}, params: {temperature: 0.2}", "09"), "anthropic");
    assert_eq!(of("headers: {x-team: search}, params: {temperature: 0.2}", "08"), "groq");
}

#[test]
fn users_that_are_drawn_stick_to_their_targets() {
    let configuration = route("{mode: loadbalance, sticky: {hash_fields: [metadata.user]}}");
    let of = |users: &str| {
        let traffic = format!(
            "{{requests: 3000, rate: 10, mix: [{{model: reliable, metadata: {{user: '{users}'}}}}]}}"
        );
        let tally = tally(&configuration, &traffic, "");
        tally.targets.iter().map(|target| target.answered).collect::<Vec<_>>()
    };
    assert_eq!(of("ada").iter().filter(|answered| **answered > 0).count(), 1);
    assert!(of("user-{1..3000}").iter().all(|answered| (850..1_150).contains(answered)));
}

#[test]
fn a_request_stays_in_its_region_whatever_fails() {
    let configuration =
        THREE.replace("- target: anthropic", "- region: eu-west-1\n        target: anthropic");
    let of = |faults: &str| {
        let traffic = "{requests: 50, rate: 1, mix: [{model: reliable, region: 'eu-*'}]}";
        let tally = tally(&configuration, traffic, faults);
        (tally.succeeded, tally.targets.iter().filter(|target| target.attempts > 0).count())
    };
    assert_eq!(of(""), (50, 1));
    assert_eq!(of("{faults: [{targets: [anthropic], down: true}]}"), (0, 1));
    let nowhere = "{requests: 5, rate: 1, mix: [{model: reliable, region: moon}]}";
    assert_eq!(tally(&configuration, nowhere, "").failed["refused"], 5);
}

#[test]
fn a_request_goes_to_no_model_that_lacks_what_it_needs() {
    let configuration = THREE.replace("openai/gpt-4o-mini", "openai/gpt-3.5-turbo");
    let of = |needs: &str| {
        let traffic = format!("{{requests: 20, rate: 1, mix: [{{model: reliable, needs: [{needs}]}}]}}");
        share(&tally(&configuration, &traffic, ""), "openai")
    };
    assert_eq!((of(""), of("vision")), (1.0, 0.0));
}

#[test]
fn what_answers_cost_is_exact_and_what_has_no_price_is_said() {
    let traffic = |model: &str| {
        format!(
            "{{requests: 10, rate: 1, mix: [{{model: {model}, body_bytes: {{p50: 4000}}, output_tokens: {{p50: 100}}}}]}}"
        )
    };
    let configuration = format!(
        "{THREE}catalog: {{overrides: [{{provider: openai, model: gpt-4o-mini, prices: {{standard: {{input: '0.15', output: '0.60'}}}}}}]}}\n"
    );
    let priced = tally(&configuration, &traffic("openai/gpt-4o-mini"), "");
    // 10 × (1,000 × $0.15 + 100 × $0.60) for a million.
    assert_eq!(priced.cost.to_string(), "0.0021");
    let unknown = tally(&configuration, &traffic("openai/nobody-knows"), "");
    assert_eq!(unknown.cost.to_string(), "0");
    assert_eq!(unknown.unpriced.values().sum::<u64>(), 10);
}

#[test]
fn everything_that_is_wrong_is_named_with_its_path() {
    let snapshot = snapshot(THREE);
    let traffic = "
rate: 1
start: tomorrow
mix:
  - {model: nobody/m, endpoint: chat, needs: [wings]}
  - {model: reliable, headers: {'x y': z}, output_tokens: {p50: 9, p99: 3}}
";
    let problems = scenario(&snapshot, traffic, "").unwrap_err();
    let expected = [
        "start: expected a time such as",
        ": nothing says when the traffic ends",
        "mix[0].endpoint: no endpoint is called `chat`",
        "mix[0].model: the configuration has no route, provider or model called `nobody/m`",
        "mix[0].needs[0]: no need is called `wings`",
        "mix[1].headers: `x y` is no name of a header",
        "mix[1].output_tokens.p99: it is below `p50`",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem} is not {expected}");
    }
    let traffic = "{requests: 1, rate: 1, mix: [{model: reliable}], providers: [{target: grok}]}";
    let faults = "{faults: [{targets: [mistral], down: true}, {targets: [groq]}, {targets: [groq], down: true, every: 3s}]}";
    let problems = scenario(&snapshot, traffic, faults).unwrap_err();
    let expected = [
        "providers[0].target: the traffic reaches no target called `grok`; it reaches anthropic/claude-haiku-4-5, ",
        "faults[0].targets[0]: the traffic reaches no target called `mistral`",
        "faults[1]: nothing goes wrong",
        "faults[2].flap: what comes and goes needs both `every` and a `flap`",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem} is not {expected}");
    }
    let nothing = "{requests: 1, rate: 1, mix: [{model: reliable, weight: 0}]}";
    assert_eq!(
        scenario(&snapshot, nothing, "").unwrap_err(),
        ["mix: no kind of request has a weight above zero"]
    );
}

fn recorded(lines: &str, replay: Replay<'_>) -> Result<Tally, Vec<String>> {
    let snapshot = snapshot(THREE);
    let traffic = Traffic::recorded(lines, replay, &snapshot);
    let traffic = traffic.map_err(|problems| -> Vec<String> {
        problems.into_iter().map(|problem| format!("{}: {}", problem.path, problem.message)).collect()
    })?;
    let scenario = Scenario::new(traffic, &[], &FaultsSpec::default()).unwrap();
    Ok(simulate::run(&snapshot, &scenario, 1))
}

#[test]
fn requests_that_were_written_down_are_sent_again_in_the_order_of_their_time() {
    let lines = r#"
        {"at_ms": 9000, "model": "groq/llama-3.3-70b-versatile", "output_tokens": 10}
        {"at_ms": 1000, "model": "reliable", "stream": true, "metadata": {"plan": "pro"}, "body_bytes": 4000}

        {"at": "1970-01-01T00:00:05Z", "model": "reliable", "key": "nightly", "needs": ["tools"]}"#;
    let tally = recorded(lines, Replay::default()).unwrap();
    assert_eq!((tally.requests, tally.succeeded, tally.lasted.as_secs()), (3, 3, 8));
    assert_eq!(tally.first_tokens.len(), 1, "one is a stream");
    let one = Replay { requests_max: Some(1), model: Some("anthropic/claude-haiku-4-5") };
    let tally = recorded(lines, one).unwrap();
    assert_eq!((tally.requests, share(&tally, "anthropic")), (1, 1.0));
}

#[test]
fn the_log_is_sent_again_and_its_providers_are_as_fast_as_they_were() {
    let mut lines = String::from("{\"message\":\"attempt failed\",\"timestamp\":\"2026-01-05T09:00:00Z\"}\n");
    for second in 0..50 {
        lines += &format!(
            "{{\"timestamp\":\"2026-01-05T09:01:{second:02}.5Z\",\"level\":\"INFO\",\"target\":\"tollgate::request\",\
             \"message\":\"request ended\",\"request_id\":\"r\",\"key\":\"k\",\"operation\":\"chat_completions\",\
             \"provider\":\"openai\",\"model\":\"gpt-4o-mini\",\"status\":200,\"outcome\":\"done\",\"attempts\":1,\
             \"duration_ms\":3000,\"first_token_ms\":1000,\"overhead_us\":90,\"input_tokens\":10,\"output_tokens\":101}}\n"
        );
    }
    let tally = recorded(&lines, Replay::default()).unwrap();
    assert_eq!((tally.requests, share(&tally, "openai/gpt-4o-mini")), (50, 1.0));
    assert_eq!(tally.lasted.as_secs(), 49);
    assert!(tally.first_tokens.iter().all(|time| *time == 1_000_000), "{:?}", tally.first_tokens);
    assert!(tally.answers.iter().all(|time| *time == 3_000_000));
    let elsewhere = Replay { model: Some("reliable"), ..Replay::default() };
    assert_eq!(recorded(&lines, elsewhere).unwrap().succeeded, 50);
}

#[test]
fn what_is_wrong_with_a_line_is_said_with_its_number_and_not_for_ever() {
    let lines = "{\"at_ms\":1,\"model\":\"reliable\"}\n{\"at_ms\":1,\"model\":\"nobody\"}\n{\"model\":\"reliable\"}\nhello\n";
    let problems = recorded(lines, Replay::default()).unwrap_err();
    let expected = [
        "2: the configuration has no route, provider or model called `nobody`",
        "3: nothing says when it came",
        "4: expected a request as a JSON object",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem} is not {expected}");
    }
    assert!(recorded(&"hello\n".repeat(1_000), Replay::default()).unwrap_err().len() <= 20);
    assert!(recorded("\n", Replay::default()).unwrap_err()[0].contains("no line is a request"));
}
