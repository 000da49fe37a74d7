//! What queries mean, and what is refused with which path.

use domain::condition::{Fact, Number, Step};
use http::HeaderName;
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{FactValue, Facts, Reader, holds, parse_fact};

/// A request of metadata, body and headers, on a Thursday at half past nine.
pub(crate) struct Request(pub(crate) Value);

impl Facts for Request {
    fn any(&self, fact: &Fact, passes: &mut dyn FnMut(FactValue<'_>) -> bool) -> bool {
        let texts = |name: &str| self.0[name].as_str().map(FactValue::Text);
        match fact {
            Fact::Metadata(steps) => below(&self.0["metadata"], steps, passes),
            Fact::Parameter(steps) => below(&self.0["params"], steps, passes),
            Fact::Header(name) => {
                let values = self.0["headers"][name.as_str()].as_array();
                values.is_some_and(|values| values.iter().filter_map(value_of).any(passes))
            }
            Fact::Key => texts("key").is_some_and(passes),
            Fact::Model => texts("model").is_some_and(passes),
            Fact::LastMessage => texts("last_message").is_some_and(passes),
            Fact::Prompt => texts("prompt").is_some_and(passes),
            Fact::Stream => self.0["stream"].as_bool().is_some_and(|stream| passes(FactValue::Flag(stream))),
            Fact::EstimatedTokens => passes(FactValue::Number(Number::Whole(1500))),
            _ => false,
        }
    }

    fn now(&self) -> Timestamp {
        "2026-11-26T09:30:00Z".parse().unwrap()
    }
}

fn below(value: &Value, steps: &[Step], passes: &mut dyn FnMut(FactValue<'_>) -> bool) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return value_of(value).is_some_and(passes);
    };
    match step {
        Step::Member(key) => value.get(key).is_some_and(|value| below(value, rest, passes)),
        Step::FromFront(place) => value.get(place).is_some_and(|value| below(value, rest, passes)),
        Step::FromBack(place) => {
            let element = value.as_array().and_then(|elements| elements.iter().rev().nth(*place));
            element.is_some_and(|value| below(value, rest, passes))
        }
        Step::Every => value.as_array().is_some_and(|all| all.iter().any(|value| below(value, rest, passes))),
    }
}

fn value_of(value: &Value) -> Option<FactValue<'_>> {
    match value {
        Value::Null => None,
        Value::Bool(flag) => Some(FactValue::Flag(*flag)),
        Value::Number(number) => Number::parse(&number.to_string()).map(FactValue::Number),
        Value::String(text) => Some(FactValue::Text(text)),
        Value::Array(_) | Value::Object(_) => Some(FactValue::Opaque),
    }
}

/// Whether a query holds, or what is wrong with it.
pub(crate) fn judged(query: &Value, request: &Value) -> Result<bool, Vec<String>> {
    let mut problems = Vec::new();
    let condition = Reader { problems: &mut problems, tests: 0 }.query(query, "query");
    match condition {
        Some(condition) if problems.is_empty() => Ok(holds(&condition, &Request(request.clone()))),
        _ => Err(problems.iter().map(ToString::to_string).collect()),
    }
}

fn request() -> Value {
    json!({
        "metadata": {"plan": "pro", "seats": 12, "level": "7", "beta": true, "team": {"name": "search"}},
        "params": {
            "temperature": 0.5,
            "response_format": {"type": "json_schema"},
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text"}, {"type": "image_url"}]},
            ],
            "stop": null,
        },
        "headers": {"x-team": ["a", "b"]},
        "key": "ops",
        "stream": false,
    })
}

#[test]
fn each_operator_says_what_its_name_does() {
    for (query, expected) in [
        (json!({"metadata.plan": "pro"}), true),
        (json!({"metadata.plan": {"$eq": "Pro"}}), false),
        (json!({"metadata.plan": {"$ne": "free"}}), true),
        (json!({"metadata.seats": 12.0}), true),
        (json!({"metadata.seats": "12"}), false),
        (json!({"metadata.seats": {"$gt": 12}}), false),
        (json!({"metadata.seats": {"$gte": 12}}), true),
        (json!({"metadata.seats": {"$lt": "13"}}), true),
        (json!({"metadata.seats": {"$lte": 11.9}}), false),
        (json!({"metadata.level": {"$gt": 10}}), false),
        (json!({"metadata.level": {"$lt": 10}}), true),
        (json!({"metadata.plan": {"$gt": "pri"}}), true),
        (json!({"metadata.plan": {"$gt": 1}}), false),
        (json!({"metadata.plan": {"$in": ["free", "pro"]}}), true),
        (json!({"metadata.plan": {"$nin": ["free", "pro"]}}), false),
        (json!({"metadata.plan": {"$regex": "^p"}}), true),
        (json!({"metadata.plan": {"$not": {"$regex": "^p"}}}), false),
        (json!({"metadata.beta": true}), true),
        (json!({"metadata.team.name": "search"}), true),
        (json!({"metadata.team": {"$exists": true}}), true),
        (json!({"key": "ops", "stream": false}), true),
        (json!({"estimated_tokens": {"$gte": 1000, "$lt": 2000}}), true),
    ] {
        assert_eq!(judged(&query, &request()), Ok(expected), "{query}");
    }
}

#[test]
fn a_path_leads_to_any_depth_from_either_end_and_over_each_element() {
    for (query, expected) in [
        (json!({"params.response_format.type": "json_schema"}), true),
        (json!({"params.messages[0].role": "system"}), true),
        (json!({"params.messages[-1].role": "user"}), true),
        (json!({"params.messages[-3].role": {"$exists": true}}), false),
        (json!({"params.messages[7].role": {"$exists": true}}), false),
        (json!({"params.messages[*].content[*].type": "image_url"}), true),
        (json!({"params.messages[*].role": {"$ne": "user"}}), false),
        (json!({"params.messages[*].role": {"$nin": ["tool", "developer"]}}), true),
        (json!({"headers.X-Team": "b"}), true),
        (json!({"headers.x-team": {"$in": ["c"]}}), false),
    ] {
        assert_eq!(judged(&query, &request()), Ok(expected), "{query}");
    }
}

#[test]
fn what_is_absent_or_null_passes_no_test_but_the_opposite_of_one() {
    for fact in ["params.stop", "metadata.absent", "metadata.plan.deeper", "headers.x-none", "model"] {
        for (operator, operand, expected) in [
            ("$eq", json!("x"), false),
            ("$ne", json!("x"), true),
            ("$nin", json!(["x"]), true),
            ("$gt", json!(""), false),
            ("$regex", json!(""), false),
            ("$exists", json!(false), true),
            ("$eq", json!(null), true),
            ("$ne", json!(null), false),
        ] {
            let query = json!({fact: {operator: operand}});
            assert_eq!(judged(&query, &request()), Ok(expected), "{query}");
        }
    }
}

#[test]
fn what_stands_together_holds_together_whatever_comes_first() {
    let yes = json!({"metadata.plan": "pro"});
    let no = json!({"metadata.plan": "free"});
    for (query, expected) in [
        (json!({"metadata.plan": {"$regex": "^p", "$ne": "pro"}}), false),
        (json!({"$or": [yes, no], "metadata.seats": 1}), false),
        (json!({"$and": [yes], "$or": [no, yes]}), true),
        (json!({"$and": [yes], "key": "other"}), false),
        (json!({"$not": {"$or": [no, {"$and": [no, yes]}]}}), true),
    ] {
        assert_eq!(judged(&query, &request()), Ok(expected), "{query}");
    }
}

#[test]
fn the_clock_is_a_fact_in_utc() {
    for (query, expected) in [
        (
            json!({"time.hour": {"$gte": 9, "$lt": 17}, "time.weekday": {"$nin": ["saturday", "sunday"]}}),
            true,
        ),
        (json!({"time.hour": 10}), false),
        (json!({"time.weekday": "thursday"}), true),
    ] {
        assert_eq!(judged(&query, &json!({})), Ok(expected), "{query}");
    }
}

#[test]
fn everything_that_is_wrong_is_told_with_its_path() {
    let query = json!({
        "metadata.plan": {"$regx": "a", "$in": "pro"},
        "metadta.plan": "pro",
        "time.day": "monday",
        "headers.x-n": 5,
        "headers.a b": "x",
        "params.a..b": 1,
        "params.a[x]": 1,
        "stream": {"$gt": 1},
        "estimated_tokens": {"$regex": "1"},
        "time.hour": 25,
        "time.weekday": "mondy",
        "endpoint": "mesages",
        "metadata.a": {"$regex": "("},
        "metadata.b": {"$exists": 1},
        "metadata.c": {"$in": ["x", null]},
        "metadata.d": {"$eq": ["x"]},
        "metadata.e": {},
        "metadata.f": {"$or": []},
        "$or": {"key": "x"},
        "$an": [],
        "$eq": 1,
        "$and": [{}, 1],
    });
    let mut problems = judged(&query, &json!({})).unwrap_err();
    problems.sort();
    let facts = "there are `metadata.…`, `params.…`, `headers.…`, `url.pathname`, `key`, `workspace`, \
                 `team`, `user`, `environment`, `region`, `endpoint`, `model`, `stream`, `time.hour`, `time.weekday`, `estimated_tokens`, \
                 `last_message`, `prompt`";
    let path = |name: &str| {
        format!(
            "`{name}` is no path; write it as `params.messages[0].role`, with `[-1]` for the last element and `[*]` for each"
        )
    };
    assert_eq!(
        problems,
        [
            "query.$an: there is no `$an`; did you mean `$and`?".to_owned(),
            "query.$and[0]: a query without keys holds for everything; for that there is `default`"
                .to_owned(),
            "query.$and[1]: expected an object such as {\"metadata.plan\": {\"$eq\": \"pro\"}}, or an expression: `metadata.plan == \"pro\"`".to_owned(),
            "query.$eq: `$eq` stands below a fact: {\"metadata.plan\": {\"$eq\": …}}".to_owned(),
            "query.$or: expected a list of at least one query".to_owned(),
            "query.endpoint: there is no endpoint `mesages`; did you mean `messages`?".to_owned(),
            "query.estimated_tokens.$regex: only texts have patterns, and this fact is none".to_owned(),
            "query.headers.a b: `a b` is no name of a header".to_owned(),
            "query.headers.x-n: this fact is always a text; write \"5\"".to_owned(),
            "query.metadata.a.$regex: `(` is no pattern: unclosed group".to_owned(),
            "query.metadata.b.$exists: expected true or false".to_owned(),
            "query.metadata.c.$in[1]: `null` counts as absent; write `$exists`".to_owned(),
            "query.metadata.d.$eq: expected a text, a number, true or false".to_owned(),
            "query.metadata.e: expected an operator such as `$eq`".to_owned(),
            "query.metadata.f.$or: `$or` stands above facts: {\"$or\": [{\"metadata.plan\": …}]}".to_owned(),
            "query.metadata.plan.$in: expected a list of at least one value".to_owned(),
            "query.metadata.plan.$regx: there is no operator `$regx`; did you mean `$regex`?".to_owned(),
            "query.metadta.plan: there is no fact `metadta.plan`; did you mean `metadata.plan`?".to_owned(),
            format!("query.params.a..b: {}", path("params.a..b")),
            format!("query.params.a[x]: {}", path("params.a[x]")),
            "query.stream.$gt: this fact is true or false, which has no order".to_owned(),
            format!("query.time.day: there is no fact `time.day`; {facts}"),
            "query.time.hour: an hour is 0 to 23, in UTC".to_owned(),
            "query.time.weekday: there is no day `mondy`; did you mean `monday`?".to_owned(),
        ]
    );
}

#[test]
fn nesting_is_bounded() {
    let nested = |levels: usize| (1..levels).fold(json!({"key": "x"}), |query, _| json!({"$not": query}));
    assert!(judged(&nested(16), &json!({})).is_ok());
    assert!(judged(&nested(17), &json!({})).unwrap_err()[0].ends_with("a query is at most 16 levels deep"));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let key = prop_oneof![
            "[a-c]",
            "\\$(and|or|not|eq|gt|in|nin|regex|exists)",
            "(params|metadata)\\.[a-c](\\[(0|-1|\\*)\\])?"
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key, inner, 0..4).prop_map(Value::from_iter),
        ]
    })
}

/// A query that is right.
fn any_query() -> impl Strategy<Value = Value> {
    let fact = "(params|metadata)\\.[a-c](\\[(0|-1|\\*)\\])?(\\.[a-c])?";
    let scalar = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i8>().prop_map(Value::from),
        "[a-c0-9]{0,2}".prop_map(Value::from)
    ];
    let bound = prop_oneof![any::<i8>().prop_map(Value::from), "[a-c0-9]{0,2}".prop_map(Value::from)];
    let operator = prop_oneof![
        ("\\$(eq|ne)", scalar.clone()),
        ("\\$(gt|gte|lt|lte)", bound),
        ("\\$(in|nin)", prop::collection::vec(scalar, 1..3).prop_map(Value::from)),
        ("\\$regex", "[a-c]{1,2}".prop_map(Value::from)),
        ("\\$exists", any::<bool>().prop_map(Value::from)),
    ];
    let leaf = (fact, operator).prop_map(|(fact, (operator, operand))| json!({fact: {operator: operand}}));
    leaf.prop_recursive(3, 16, 3, |inner| {
        prop_oneof![
            ("\\$(and|or)", prop::collection::vec(inner.clone(), 1..3))
                .prop_map(|(key, all)| json!({key: all})),
            inner.prop_map(|query| json!({"$not": query})),
        ]
    })
}

proptest! {
    #[test]
    fn any_query_is_judged_or_refused(query in any_json(), request in any_json()) {
        if let Err(problems) = judged(&query, &json!({"params": request, "metadata": request})) {
            prop_assert!(!problems.is_empty());
            prop_assert!(problems.iter().all(|problem| problem.starts_with("query")));
        }
    }

    #[test]
    fn a_query_and_its_opposite_never_agree(query in any_query(), request in any_json()) {
        let request = json!({"params": request, "metadata": request});
        let judgement = judged(&query, &request).unwrap();
        prop_assert_eq!(judged(&json!({"$not": query}), &request), Ok(!judgement));
        prop_assert_eq!(judged(&json!({"$and": [query, query]}), &request), Ok(judgement));
        prop_assert_eq!(judged(&json!({"$or": [query, {"$not": query}]}), &request), Ok(true));
    }

    #[test]
    fn no_name_of_a_fact_panics(name in ".{0,24}") {
        if let Err(message) = parse_fact(&name) {
            prop_assert!(!message.is_empty());
        }
    }
}

#[test]
fn names_of_headers_are_in_any_case() {
    assert_eq!(parse_fact("headers.X-Team"), Ok(Fact::Header(HeaderName::from_static("x-team"))));
}
