//! What a request says in words, whatever its format: of each only where it keeps its texts is known here. What is no text (pictures,
//! calls of tools and their results) is passed over.

use domain::condition::SUBJECT_BYTES_MAX;
use wire::json::{Kind, Value};

/// Where the formats keep what was said, the newest last: OpenAI's chat, Anthropic, Converse and Cohere; OpenAI's Responses; Google.
const TURNS: [&str; 3] = ["messages", "input", "contents"];
/// Where they keep what stands before it.
const INSTRUCTIONS: [&str; 4] = ["system", "instructions", "systemInstruction", "system_instruction"];
/// Where those without turns keep their text: completions and images; reranking.
const PLAIN: [&str; 2] = ["prompt", "query"];
/// Where the parts of a message keep theirs.
const WITHIN: [&str; 3] = ["text", "content", "parts"];

/// The text of the last message that the user wrote; none where there is none. It is cut at [`SUBJECT_BYTES_MAX`].
pub(super) fn last_message(request: &Value<'_>) -> Option<String> {
    let turns = member(request, &TURNS);
    let of_turns = turns.and_then(|turns| match turns.kind() {
        Kind::Array => turns.elements().iter().rev().filter(|turn| is_the_users(turn)).find_map(text),
        _ => text(turns),
    });
    of_turns.or_else(|| text(member(request, &PLAIN)?))
}

/// All texts of the prompt, one below the other; none where there are none. They are cut at [`SUBJECT_BYTES_MAX`].
pub(super) fn prompt(request: &Value<'_>) -> Option<String> {
    let mut all = String::new();
    for keys in [&INSTRUCTIONS[..], &TURNS, &PLAIN] {
        if let Some(value) = member(request, keys) {
            add(value, &mut all);
        }
    }
    Some(all).filter(|all| !all.is_empty())
}

fn member<'v, 'a>(request: &'v Value<'a>, keys: &[&str]) -> Option<&'v Value<'a>> {
    keys.iter().find_map(|key| request.present(key))
}

/// Google's clients may leave the role out, and whoever sends just texts has none.
fn is_the_users(turn: &Value<'_>) -> bool {
    turn.present("role").is_none_or(|role| role.as_str().is_some_and(|role| role == "user"))
}

fn text(value: &Value<'_>) -> Option<String> {
    let mut text = String::new();
    add(value, &mut text);
    Some(text).filter(|text| !text.is_empty())
}

/// Adds the texts in a value, each on a line of its own.
fn add(value: &Value<'_>, all: &mut String) {
    if all.len() >= SUBJECT_BYTES_MAX {
        return;
    }
    match value.kind() {
        Kind::String => add_line(&value.as_str().unwrap_or_default(), all),
        Kind::Array => value.elements().iter().for_each(|element| add(element, all)),
        Kind::Object if is_textual(value) => {
            if let Some(inner) = member(value, &WITHIN) {
                add(inner, all);
            }
        }
        _ => {}
    }
}

/// Whether what is within is text that somebody wrote: `text`, `input_text` and `output_text`, or a `message` of such.
fn is_textual(part: &Value<'_>) -> bool {
    part.present("type").is_none_or(|kind| {
        kind.as_str().is_some_and(|kind| kind == "message" || kind == "text" || kind.ends_with("_text"))
    })
}

fn add_line(line: &str, all: &mut String) {
    if !all.is_empty() && !line.is_empty() {
        all.push('\n');
    }
    let room = SUBJECT_BYTES_MAX.saturating_sub(all.len());
    all.push_str(line.get(..line.floor_char_boundary(room)).unwrap_or_default());
}

#[cfg(test)]
mod tests {
    use super::{SUBJECT_BYTES_MAX, last_message, prompt};
    use wire::json::Value;

    fn said(request: &str) -> (Option<String>, Option<String>) {
        let request = Value::parse(request.as_bytes()).unwrap();
        (last_message(&request), prompt(&request))
    }

    #[test]
    fn what_was_said_is_found_in_every_format() {
        for (request, last, all) in [
            (
                r#"{"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"Hi"},{"role":"assistant","content":"Hello"},
                    {"role":"user","content":[{"type":"image_url","image_url":{"url":"x"}},{"type":"text","text":"Who is this?"}]},
                    {"role":"assistant","tool_calls":[]},{"role":"tool","content":"an actor"}]}"#,
                "Who is this?",
                "Be kind.\nHi\nHello\nWho is this?\nan actor",
            ),
            (
                r#"{"system":[{"type":"text","text":"Be kind."}],"messages":[{"role":"user","content":"What is the time?"},
                    {"role":"user","content":[{"type":"tool_result","content":"12:00"}]}]}"#,
                "What is the time?",
                "Be kind.\nWhat is the time?",
            ),
            (
                r#"{"instructions":"Be kind.","input":[{"role":"user","content":[{"type":"input_text","text":"Hi"}]},
                    {"type":"function_call_output","output":"x"}]}"#,
                "Hi",
                "Be kind.\nHi",
            ),
            (r#"{"input":"Hi"}"#, "Hi", "Hi"),
            (
                r#"{"systemInstruction":{"parts":[{"text":"Be kind."}]},"contents":[{"parts":[{"text":"Hi"},{"text":"there"}]},
                    {"role":"model","parts":[{"text":"Hello"}]}]}"#,
                "Hi\nthere",
                "Be kind.\nHi\nthere\nHello",
            ),
            (
                r#"{"system":[{"text":"Be kind."}],"messages":[{"role":"user","content":[{"text":"Hi"}]}]}"#,
                "Hi",
                "Be kind.\nHi",
            ),
            (r#"{"prompt":["Once upon","a time"]}"#, "Once upon\na time", "Once upon\na time"),
            (r#"{"query":"a hat","documents":["x"]}"#, "a hat", "a hat"),
        ] {
            assert_eq!(said(request), (Some(last.to_owned()), Some(all.to_owned())), "{request}");
        }
    }

    #[test]
    fn who_says_nothing_has_no_text() {
        for request in [
            "{}",
            "[]",
            r#"{"messages":7}"#,
            r#"{"messages":[]}"#,
            r#"{"messages":[{"role":"user"},{"role":"user","content":null}]}"#,
            r#"{"input":"\ud800"}"#,
        ] {
            assert_eq!(said(request), (None, None), "{request}");
        }
    }

    #[test]
    fn a_text_is_cut_at_its_bound_and_not_within_a_letter() {
        let long = format!("{}é", "x".repeat(SUBJECT_BYTES_MAX - 1));
        let (last, all) = said(&format!(r#"{{"messages":[{{"role":"user","content":"{long}"}}]}}"#));
        assert_eq!(last.unwrap().len(), SUBJECT_BYTES_MAX - 1);
        assert_eq!(all.unwrap().len(), SUBJECT_BYTES_MAX - 1);
    }
}
