//! Lines that are read, written and refused.

use super::*;

const WHOLE: &str = r#"{"provider":"p","name":"m","aliases":["n","n-*"],"title":"M","kind":"rerank","context_tokens":1000,
    "output_tokens":100,"input":["text","image"],"output":["text"],"capabilities":["tools","streaming"],
    "deprecated":"2027-01-14","source":"https://p/prices","prices":[
    {"standard":{"input":"2.50","output":"10","request":null,"above":[{"input_tokens":200000,"input":"5"}]},"flex":{"input":"1"}},
    {"from":"2026-12-01","daily":"16:30-00:30","weekdays":"mon-fri","standard":{"input":"0"}}]}"#;

fn refused(line: &str) -> String {
    parse(line).unwrap_err().to_string()
}

fn with_prices(prices: &str) -> String {
    format!(r#"{{"provider":"p","name":"m","prices":[{prices}]}}"#)
}

#[test]
fn a_line_says_everything_about_a_model() {
    let model = parse(WHOLE).unwrap();
    assert_eq!(
        (model.kind, model.context_tokens, model.output_tokens),
        (ModelKind::Rerank, Some(1_000), Some(100))
    );
    assert_eq!(model.deprecation, Some(Deprecation::On("2027-01-14".to_owned())));
    assert!(model.capabilities.unwrap().contains(&Capability::Streaming));
    let card = model.prices.lists[0].card(Tier::Standard).unwrap();
    let input = |tokens| card.rates(tokens).price(Component::Input).unwrap().amount().unwrap().to_string();
    assert_eq!([input(200_000), input(200_001)], ["2.5", "5"]);
    assert_eq!(card.base.price(Component::Request), Some(Price::Varies));
    assert_eq!(card.rates(200_001).price(Component::Output), None);
    assert_eq!(model.prices.lists[1].period.to_string(), "from 2026-12-01, 16:30-00:30, mon-fri");
}

#[test]
fn a_model_is_written_as_it_is_read() {
    for line in [
        WHOLE,
        r#"{"provider":"p","name":"m"}"#,
        r#"{"provider":"p","name":"m","deprecated":true,"capabilities":[]}"#,
    ] {
        let model = parse(line).unwrap();
        assert_eq!(parse(&to_json(&model).to_string()).unwrap(), model);
    }
}

#[test]
fn the_names_of_a_line_are_in_small_letters_and_a_broken_line_has_none() {
    assert!(names(r#"{"provider":"p","name":"GPT","aliases":["Gpt-*"]}"#).eq(["gpt", "gpt-*"]));
    assert_eq!(names("{").count(), 0);
}

#[test]
fn what_is_not_known_is_refused_because_it_might_be_a_price() {
    assert!(
        refused(&with_prices(r#"{"standard":{"inputt":"1"}}"#))
            .starts_with("`inputt` is no component; there are input,")
    );
    assert!(refused(&with_prices(r#"{"ultra":{"input":"1"}}"#)).starts_with("`ultra` is no tier"));
    assert!(refused(r#"{"provider":"p","name":"m","kind":"x"}"#).starts_with("`x` is no kind of model"));
    assert!(
        refused(r#"{"provider":"p","name":"m","input":["smell"]}"#).starts_with("`smell` is no modality")
    );
}

#[test]
fn a_price_is_a_text_and_no_number() {
    assert_eq!(
        refused(&with_prices(r#"{"standard":{"input":2.5}}"#)),
        r#"`input`: expected a text such as "2.5", or null where the price varies"#
    );
    assert!(
        refused(&with_prices(r#"{"standard":{"input":"1e-6"}}"#))
            .contains("expected an amount of US dollars")
    );
    assert!(refused(&with_prices(r#"{"standard":{"input":"-1"}}"#)).contains("must not be negative"));
    assert!(
        refused(&with_prices(r#"{"standard":{"above":[{"input":"1"}]}}"#))
            .contains("expected `input_tokens`")
    );
    assert!(refused(&with_prices(r#"{"standard":"1"}"#)).contains("expected prices by component"));
    assert!(refused(&with_prices(r#"{"from":"yesterday"}"#)).contains("`yesterday` is no date"));
}
