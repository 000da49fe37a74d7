//! Laws of stored conversations: what is stored, and what a request becomes with it.

use proptest::prelude::*;

use super::*;
use crate::convert::{Format, read_prompt};
use crate::json::ScanLimits;

fn document(text: &str) -> Document {
    Document::parse(Bytes::copy_from_slice(text.as_bytes()), ScanLimits::default()).unwrap()
}

fn items(request: &str, response: &str) -> Exchange {
    let (request, response) = (Value::parse(request.as_bytes()), Value::parse(response.as_bytes()));
    history_items(&request.unwrap(), &response.unwrap())
}

fn item(id: &str, json: &str) -> Item {
    Item { id: id.to_owned(), json: json.to_owned() }
}

fn edited(request: &str, earlier: &[Item], referenced: &[Item]) -> String {
    let segments = with_history(&document(request), earlier, referenced).unwrap();
    String::from_utf8(segments.into_bytes().to_vec()).unwrap()
}

const RESPONSE: &str = r#"{"id":"resp_abc","status":"completed","output":[
    {"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"x"},
    {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi","annotations":[]}]}]}"#;

#[test]
fn a_text_is_stored_as_a_message_of_the_user() {
    let exchange = items(r#"{"input":"a\u00e9"}"#, RESPONSE);
    let json = r#"{"id":"msg_abc_in0","type":"message","role":"user","content":[{"type":"input_text","text":"a\u00e9"}],"status":"completed"}"#;
    assert_eq!(exchange.input, [item("msg_abc_in0", json)]);
}

#[test]
fn each_item_is_stored_with_an_id_and_its_type() {
    let exchange = items(
        r#"{"input":[{"role":"user","content":"q"},{"role":"assistant","content":"a"},
            {"type":"item_reference","id":"msg_9"},{"id":"rs_9"},
            {"type":"function_call_output","call_id":"c","output":"1"},
            {"id":"fc_1","type":"function_call", "call_id":"c","name":"f","arguments":"{}"}]}"#,
        RESPONSE,
    );
    let stored: Vec<(&str, &str)> = exchange
        .input
        .iter()
        .chain(&exchange.output)
        .map(|item| (item.id.as_str(), item.json.as_str()))
        .collect();
    assert_eq!(
        stored,
        [
            (
                "msg_abc_in0",
                r#"{"id":"msg_abc_in0","type":"message","role":"user","content":[{"type":"input_text","text":"q"}]}"#
            ),
            (
                "msg_abc_in1",
                r#"{"id":"msg_abc_in1","type":"message","role":"assistant","content":[{"type":"output_text","text":"a","annotations":[]}]}"#
            ),
            (
                "fco_abc_in2",
                r#"{"id":"fco_abc_in2","type":"function_call_output","call_id":"c","output":"1"}"#
            ),
            ("fc_1", r#"{"id":"fc_1","type":"function_call", "call_id":"c","name":"f","arguments":"{}"}"#),
            ("rs_1", r#"{"id":"rs_1","type":"reasoning","summary":[],"encrypted_content":"x"}"#),
            (
                "msg_abc_1",
                r#"{"id":"msg_abc_1","type":"message","role":"assistant","content":[{"type":"output_text","text":"Hi","annotations":[]}]}"#
            ),
        ]
    );
}

#[test]
fn a_request_without_items_leaves_none() {
    assert_eq!(items(r#"{"previous_response_id":"resp_0"}"#, "{}"), Exchange::default());
    assert_eq!(items(r#"{"input":null}"#, r#"{"output":null}"#), Exchange::default());
}

#[test]
fn stored_items_come_first_and_all_else_keeps_its_bytes() {
    let earlier = [item("msg_1", r#"{"id":"msg_1"}"#)];
    assert_eq!(
        edited(
            r#"{ "model":"m", "previous_response_id":"resp_1", "input" : [ {"a":1.0} , {"b":2} ],"x":[ ] }"#,
            &earlier,
            &[]
        ),
        r#"{ "model":"m", "input" : [{"id":"msg_1"},{"a":1.0},{"b":2}],"x":[ ] }"#
    );
    assert_eq!(
        edited(r#"{"input":"h\u0069","conversation":{"id":"conv_1"},"model":"m"}"#, &earlier, &[]),
        r#"{"input":[{"id":"msg_1"},{"type":"message","role":"user","content":"h\u0069"}],"model":"m"}"#
    );
    assert_eq!(edited(r#"{"model":"m"}"#, &earlier, &[]), r#"{"model":"m","input":[{"id":"msg_1"}]}"#);
}

#[test]
fn a_request_that_points_nowhere_is_left_alone() {
    let request = r#"{ "input":[ {"role":"user","content":"x"} ], "model":"m" }"#;
    assert_eq!(edited(request, &[], &[]), request);
}

#[test]
fn a_reference_becomes_its_item() {
    let request = r#"{"input":[{"type":"item_reference","id":"rs_1"},{"id":"msg_2"},{"role":"user","content":"x","id":"u"}]}"#;
    assert_eq!(references(&document(request)).unwrap(), ["rs_1", "msg_2"]);
    let referenced = [item("msg_2", r#"{"id":"msg_2","n":2}"#), item("rs_1", r#"{"id":"rs_1","n":1}"#)];
    assert_eq!(
        edited(request, &[], &referenced),
        r#"{"input":[{"id":"rs_1","n":1},{"id":"msg_2","n":2},{"role":"user","content":"x","id":"u"}]}"#
    );
    let error = with_history(&document(request), &[], &referenced[..1]).unwrap_err();
    assert_eq!(error.to_string(), "`input` refers to the item `rs_1`, which is not stored");
}

#[test]
fn only_what_others_have_sealed_is_taken_out() {
    let request = r#"{"model":"m", "input":[{"role":"user","content":"tg-seal:"},
        {"type":"reasoning","summary":[],"encrypted_content":"tg-seal:messages:c2ln"},
        {"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"}],"tools":[{"x":1.0}]}"#;
    let edited = without_foreign_seals(&document(request)).unwrap().unwrap().into_bytes();
    assert_eq!(
        String::from_utf8(edited.to_vec()).unwrap(),
        r#"{"model":"m", "input":[{"role":"user","content":"tg-seal:"},{"type":"reasoning","id":"rs_1","summary":[],"encrypted_content":"gAAA"}],"tools":[{"x":1.0}]}"#
    );
    for nothing in
        [r#"{"input":"tg-seal:messages:c2ln"}"#, r#"{"model":"m"}"#, r#"{"input":[{"encrypted_content":7}]}"#]
    {
        assert!(without_foreign_seals(&document(nothing)).unwrap().is_none(), "{nothing}");
    }
    assert!(without_foreign_seals(&document(r#"{"input":[],"input":[]}"#)).is_err());
}

#[test]
fn what_cannot_be_read_is_refused() {
    for (request, expected) in [
        (r#"{"input":7}"#, "`input` must be a string or a list of items, found a number"),
        (r#"{"input":[],"input":[]}"#, "`input` occurs more than once, send it once"),
        (
            r#"{"previous_response_id":"a","previous_response_id":"b"}"#,
            "`previous_response_id` occurs more than once, send it once",
        ),
    ] {
        let error = with_history(&document(request), &[], &[]).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    assert!(references(&document(r#"{"input":{}}"#)).is_err());
}

#[test]
fn what_was_stored_reads_as_the_conversation_that_it_was() {
    let first = r#"{"model":"m","input":[{"role":"user","content":"q"}]}"#;
    let exchange = items(first, RESPONSE);
    let earlier = [exchange.input, exchange.output].concat();
    let second = edited(r#"{"model":"m","previous_response_id":"resp_abc","input":"and?"}"#, &earlier, &[]);
    let value = Value::parse(second.as_bytes()).unwrap();
    let prompt = read_prompt(&value, Format::Responses).unwrap();
    let lengths: Vec<usize> = prompt.turns.iter().map(|turn| turn.parts.len()).collect();
    assert_eq!(lengths, [1, 2, 1]);
}

proptest! {
    #[test]
    fn an_item_is_stored_as_it_was_whatever_it_holds(
        keys in prop::collection::vec("[a-z\\\\\"]{1,6}", 0..4),
        typed in any::<bool>(),
        id in prop::option::of("[a-z]{1,4}"),
    ) {
        let mut members: Vec<String> = keys.iter().map(|key| format!("{}:1", serde_json::json!(key))).collect();
        if typed {
            members.push(r#""type":"computer_call""#.to_owned());
        } else {
            members.push(r#""role":"user""#.to_owned());
        }
        members.extend(id.as_ref().map(|id| format!(r#""id":"{id}""#)));
        let request = format!(r#"{{"input":[{{{}}}]}}"#, members.join(","));
        let exchange = items(&request, RESPONSE);
        prop_assert_eq!(exchange.input.len(), 1);
        let stored = Value::parse(exchange.input[0].json.as_bytes()).unwrap();
        let own_id = stored.get("id").and_then(Value::as_str);
        prop_assert_eq!(own_id.as_deref(), Some(exchange.input[0].id.as_str()));
        prop_assert!(stored.get("type").is_some());
        for key in keys.iter().filter(|key| !["id", "type", "role"].contains(&key.as_str())) {
            prop_assert_eq!(stored.get(key).map(Value::raw), Some("1"));
        }
    }
}
