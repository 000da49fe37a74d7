//! What expressions mean: the same as to CEL's own interpreter, which is here to be asked.

use cel::{Context, Program};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::tests::judged;
use super::EXPRESSION_BYTES_MAX;
use crate::route::Origin;
use crate::route::compile::tests::problems;

/// What CEL's interpreter makes of an expression: whether it evaluates to `true`.
fn evaluated(expression: &str, request: &Value) -> bool {
    let mut context = Context::default();
    for name in ["metadata", "params"] {
        let value = cel::to_value(&request[name]).unwrap();
        context.add_variable_from_value(name, value);
    }
    context.add_variable_from_value("stream", request["stream"] == true);
    let program = Program::compile(expression).unwrap();
    program.execute(&context).is_ok_and(|value| value == cel::Value::Bool(true))
}

fn holds(expression: &str, request: &Value) -> bool {
    judged(&json!(expression), request).unwrap_or_else(|problems| panic!("{expression}: {problems:?}"))
}

fn request() -> Value {
    json!({
        "metadata": {"plan": "pro", "seats": 12, "beta": true, "tags": ["a", "b"], "user": {"name": "o'neil"}},
        "params": {"messages": [{"role": "system", "content": "x"}, {"role": "user", "content": "a+b"}], "temperature": 0.5},
        "stream": false,
    })
}

#[test]
fn each_form_holds_where_cel_says_so() {
    for (expression, expected) in [
        (r#"metadata.plan == "pro""#, true),
        (r#""pro" == metadata["plan"]"#, true),
        ("metadata.plan != 'pro'", false),
        ("metadata.absent != 'pro'", false),
        ("!(metadata.absent == 'pro')", false),
        ("metadata.absent == 'pro' || stream == false", true),
        ("metadata.seats > 11 && metadata.seats <= 12", true),
        ("11 < metadata.seats && !(metadata.seats < 12)", true),
        ("metadata.seats == 12 ? metadata.plan == 'pro' : stream", true),
        ("metadata.seats == 13 ? metadata.plan == 'pro' : !stream", true),
        ("metadata.plan in ['team', 'pro']", true),
        ("!(metadata.plan in ['team'])", true),
        ("'a' in metadata.tags && !('c' in metadata.tags)", true),
        ("'plan' in metadata && !('plans' in metadata)", true),
        ("has(metadata.user) && has(metadata.user.name) && !has(metadata.team)", true),
        ("metadata.beta && !stream", true),
        (r#"metadata.user.name == "o'neil""#, true),
        ("metadata.user.name.startsWith('o') && metadata.user.name.endsWith(\"'neil\")", true),
        ("params.messages[1].content.contains('a+b') && !params.messages[1].content.contains('aab')", true),
        ("params.messages.exists(m, m.role == 'system')", true),
        ("params.messages.exists(m, m.role == 'tool' || m.content.contains('+'))", true),
        ("!params.messages.exists(m, m.role == 'tool')", true),
        ("!params.tools.exists(t, t.type == 'function')", false),
        ("params.temperature > 0.25 && params.temperature < 1.0", true),
        ("-1 < metadata.seats", true),
    ] {
        assert_eq!(evaluated(expression, &request()), expected, "CEL: {expression}");
        assert_eq!(holds(expression, &request()), expected, "{expression}");
    }
    assert!(
        holds("metadata.user.name.matches('^o.n')", &request()),
        "the interpreter is built without patterns"
    );
    assert!(holds("metadata.absent == null && metadata.plan != null", &request()));
}

#[test]
fn what_no_query_says_is_refused_with_what_there_is_instead() {
    let long = format!("metadata.plan == '{}'", "x".repeat(EXPRESSION_BYTES_MAX));
    let deep = format!("{}stream{}", "(".repeat(30), ")".repeat(30));
    for (expression, problem) in [
        ("", "it is no expression: 1:1: mismatched input '<EOF>'"),
        ("metadata.plan = 'pro'", "it is no expression: 1:15: token recognition error"),
        ("metadata.plan == 'pro", "it is no expression: 1:18"),
        ("metadta.plan == 'pro'", "did you mean `metadata.plan`?"),
        ("time.hour == 25", "an hour is 0 to 23, in UTC"),
        ("time.weekday == 'mondy'", "did you mean `monday`?"),
        ("stream > true", "expected a number or a text"),
        ("estimated_tokens + 100 > 5000", "arithmetic is not read in conditions"),
        ("size(params.messages) > 3", "`size` is not read in conditions"),
        ("metadata.a == metadata.b", "`==` compares a fact with a value, and here is no value"),
        ("true", "a value on its own decides nothing"),
        ("params.messages.all(m, m.role == 'user')", "of the loops only `exists` is read"),
        ("params.messages.map(m, m.role) == ['user']", "`==` compares a fact with a value"),
        ("params.messages.exists(m, m.role == 'user' && m.name == 'x')", "within `exists`, `&&` is not read"),
        ("params.messages.exists(m, m.role != 'user')", "within `exists` only what holds is asked"),
        ("metadata['a.b'] == 1", "cannot be the name of a member here"),
        ("metadata[metadata.a] == 1", "between brackets is a name in quotes"),
        ("metadata.plan.matches('(')", "is no pattern: unclosed group"),
        ("metadata.plan in metadata.plans", "`in` has a value on one side"),
        (&long, "an expression has at most 1024 bytes"),
        (&deep, "an expression is at most 24 levels deep"),
    ] {
        let problems = judged(&json!(expression), &json!({})).unwrap_err();
        assert!(
            problems.iter().any(|told| told.starts_with("query: ") && told.contains(problem)),
            "{expression}: {problems:?}"
        );
    }
}

#[test]
fn what_a_route_spends_on_expressions_is_bounded() {
    let expression = "metadata.plan == 'a plan of which the name is quite long'";
    let conditions: Vec<_> = (0..60).map(|_| json!({"query": expression, "then": "a"})).collect();
    let problems = problems(
        &json!({
            "strategy": {"mode": "conditional", "conditions": conditions},
            "targets": [{"name": "a", "provider": "openai", "model": "a"}],
        }),
        Origin::Operator,
    );
    assert!(problems.iter().any(|told| told.contains("compare at most 200 values")), "{problems:?}");
}

/// An expression that is right, over texts and numbers `a` and `b`, also those below `c`.
fn any_expression() -> impl Strategy<Value = String> {
    let fact = "(params|metadata)\\.([ab]|c(\\.[ab])?)";
    let value = prop_oneof!["-?[0-9]", "'[a-c]{0,2}'"];
    let atom = prop_oneof![
        (fact, "(==|!=)", value.clone()).prop_map(|(fact, sign, value)| format!("{fact} {sign} {value}")),
        (value.clone(), "(==|!=)", fact).prop_map(|(value, sign, fact)| format!("{value} {sign} {fact}")),
        (fact, prop::collection::vec(value, 1..3))
            .prop_map(|(fact, list)| format!("{fact} in [{}]", list.join(", "))),
        fact.prop_map(|fact| format!("has({fact})")),
        Just("stream".to_owned()),
    ];
    atom.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            (inner.clone(), "(&&|\\|\\|)", inner.clone())
                .prop_map(|(one, sign, other)| format!("({one} {sign} {other})")),
            inner.clone().prop_map(|inner| format!("!({inner})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
        ]
    })
}

fn any_request() -> impl Strategy<Value = Value> {
    let value = prop_oneof![(-9_i64..10).prop_map(Value::from), "[a-c]{0,2}".prop_map(Value::from)];
    let inner = prop::collection::btree_map("[ab]", value.clone(), 0..3).prop_map(Value::from_iter);
    let members = (prop::collection::btree_map("[ab]", value, 0..3), prop::option::of(inner));
    let family = members.prop_map(|(mut family, inner)| {
        family.extend(inner.map(|inner| ("c".to_owned(), inner)));
        Value::from_iter(family)
    });
    (family.clone(), family, any::<bool>()).prop_map(
        |(metadata, params, stream)| json!({"metadata": metadata, "params": params, "stream": stream}),
    )
}

proptest! {
    #[test]
    fn an_expression_holds_where_cels_own_interpreter_says_true(
        expression in any_expression().prop_filter("short", |text| text.len() <= EXPRESSION_BYTES_MAX),
        request in any_request(),
    ) {
        // Deeper ones than a query may be are refused, which another test has.
        if let Ok(held) = judged(&json!(expression), &request) {
            prop_assert_eq!(held, evaluated(&expression, &request), "{}", expression);
        }
    }

    #[test]
    fn no_text_panics(text in ".{0,80}", signs in "[a-c().\\[\\]'\"!&|?:=<>+ 0-9-]{0,80}") {
        for text in [text, signs] {
            let _ = judged(&json!(text), &json!({}));
        }
    }
}
