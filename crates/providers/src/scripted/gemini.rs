//! Gemini `generateContent`, `streamGenerateContent` and `countTokens` (`ai.google.dev/api/generate-content`,
//! `ai.google.dev/api/tokens`).

mod writer;

use domain::endpoint::ClientShape;
use serde_json::{Value, json};

use super::conversation::{Content, Conversation, Tool, ToolChoice, limit, list};
use super::failure::Refusal;
use super::fingerprint::Fingerprint;
use super::frames::Answer;
use writer::Writer;

/// The shape of this format's errors.
pub(super) const SHAPE: ClientShape = ClientShape::Google;

/// The most candidates that one request gets (`ai.google.dev/api/generate-content#generationconfig`).
const CANDIDATES_MAX: u64 = 8;

/// What a path asks for after its colon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// `generateContent`.
    Generate,
    /// `streamGenerateContent`.
    Stream(StreamForm),
    /// `countTokens`.
    CountTokens,
}

/// How a stream is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StreamForm {
    /// As server-sent events, for `alt=sse`.
    Events,
    /// As the elements of a JSON array.
    Array,
}

impl Verb {
    /// The verb of a path with this query.
    pub(super) fn read(verb: &str, query: &str) -> Option<Self> {
        let wants_events = query.split('&').any(|parameter| parameter == "alt=sse");
        match verb {
            "generateContent" => Some(Self::Generate),
            "streamGenerateContent" if wants_events => Some(Self::Stream(StreamForm::Events)),
            "streamGenerateContent" => Some(Self::Stream(StreamForm::Array)),
            "countTokens" => Some(Self::CountTokens),
            _ => None,
        }
    }
}

/// Answers `POST /models/{model}:{verb}`.
pub(super) fn answer(
    body: &Value,
    model: &str,
    verb: Verb,
    fingerprint: Fingerprint,
) -> Result<Answer, Refusal> {
    let conversation = read(if verb == Verb::CountTokens { counted(body) } else { body })?;
    let config = member(body, "generationConfig");
    let candidates = config.and_then(|config| member(config, "candidateCount")?.as_u64()).unwrap_or(1);
    let reply = conversation.reply(fingerprint);
    let writer = Writer {
        model,
        input_tokens: conversation.input_tokens,
        reply: &reply,
        shows_thought: config.is_some_and(shows_thoughts),
        candidates: candidates.clamp(1, CANDIDATES_MAX),
        fingerprint,
    };
    Ok(match verb {
        Verb::Generate => Answer::Whole(writer.whole()),
        Verb::Stream(form) => Answer::Stream(writer.events(form)),
        Verb::CountTokens => Answer::Whole(json!({ "totalTokens": conversation.input_tokens })),
    })
}

/// What `countTokens` counts: the contents alone, or all of another request.
fn counted(body: &Value) -> &Value {
    member(body, "generateContentRequest").unwrap_or(body)
}

fn read(body: &Value) -> Result<Conversation, Refusal> {
    let contents = list(body, "contents");
    if contents.is_empty() {
        let message = "* GenerateContentRequest.contents: contents is not specified\n";
        return Err(Refusal::field("contents", message));
    }
    let config = member(body, "generationConfig").unwrap_or(&Value::Null);
    let calling = member(body, "toolConfig").and_then(|config| member(config, "functionCallingConfig"));
    let mut conversation = Conversation {
        tools: read_tools(list(body, "tools"), calling),
        choice: read_choice(calling),
        schema: read_schema(config),
        output_tokens_max: limit(config, &["maxOutputTokens", "max_output_tokens"]),
        thinking_tokens_max: member(config, "thinkingConfig").and_then(read_thinking),
        ..Conversation::default()
    };
    if let Some(instruction) = member(body, "systemInstruction") {
        conversation.add_message("system", read_content(list(instruction, "parts")));
    }
    for content in contents {
        let parts = list(content, "parts");
        let role = content.get("role").and_then(Value::as_str).unwrap_or("user");
        conversation.add_message(role, read_content(parts));
        if let Some(result) = parts.iter().rev().find_map(|part| member(part, "functionResponse")) {
            conversation.add_message("tool", read_result(result));
        }
    }
    Ok(conversation)
}

/// Texts and pictures; what was thought is not repeated.
fn read_content(parts: &[Value]) -> Content {
    let mut content = Content::default();
    for part in parts.iter().filter(|part| part["thought"] != true) {
        let data = member(part, "inlineData").or_else(|| member(part, "fileData"));
        let media_type = data.and_then(|data| member(data, "mimeType")?.as_str());
        if media_type.is_some_and(|media_type| media_type.starts_with("image/")) {
            content.images += 1;
        } else if let Some(text) = part.get("text").and_then(Value::as_str) {
            content.add_text(text);
        }
    }
    content
}

/// What a function gave: its `output` or `result`, as Google's libraries call it, else all of it.
fn read_result(result: &Value) -> Content {
    let response = result.get("response").unwrap_or(&Value::Null);
    let told = response.get("output").or_else(|| response.get("result")).unwrap_or(response);
    let mut content = Content::default();
    content.add_text(&told.as_str().map_or_else(|| told.to_string(), str::to_owned));
    content
}

/// The functions; of those, where one has to be called, the ones that may be.
fn read_tools(tools: &[Value], calling: Option<&Value>) -> Vec<Tool> {
    let allowed = calling.and_then(|calling| member(calling, "allowedFunctionNames")?.as_array());
    let declared = tools.iter().filter_map(|tool| member(tool, "functionDeclarations")?.as_array()).flatten();
    let tool = |function: &Value| {
        let name = function.get("name")?;
        if allowed.is_some_and(|allowed| !allowed.contains(name)) {
            return None;
        }
        let parameters = member(function, "parametersJsonSchema").or_else(|| function.get("parameters"));
        let parameters = parameters.cloned().unwrap_or(json!({ "type": "object" }));
        Some(Tool { name: name.as_str()?.to_owned(), parameters })
    };
    declared.filter_map(tool).collect()
}

fn read_choice(calling: Option<&Value>) -> ToolChoice {
    match calling.and_then(|calling| calling.get("mode")?.as_str()) {
        Some("NONE") => ToolChoice::Never,
        Some("ANY") => ToolChoice::Required,
        _ => ToolChoice::Auto,
    }
}

/// JSON takes a schema, in either notation, or none.
fn read_schema(config: &Value) -> Option<Value> {
    member(config, "responseMimeType").filter(|media_type| *media_type == "application/json")?;
    let schema = member(config, "responseJsonSchema").or_else(|| member(config, "responseSchema"));
    Some(schema.cloned().unwrap_or(json!({ "properties": { "echo": { "type": "string" } } })))
}

/// Thinking is asked for by a budget, a level, or by wanting to see it. A budget of −1 leaves it to the model
/// (`ai.google.dev/gemini-api/docs/thinking`).
fn read_thinking(config: &Value) -> Option<usize> {
    let budget = member(config, "thinkingBudget").and_then(Value::as_i64);
    let wanted = budget.is_some() || member(config, "thinkingLevel").is_some() || shows(config);
    wanted.then(|| budget.map_or(usize::MAX, |budget| usize::try_from(budget).unwrap_or(usize::MAX)))
}

fn shows_thoughts(generation_config: &Value) -> bool {
    member(generation_config, "thinkingConfig").is_some_and(shows)
}

fn shows(thinking_config: &Value) -> bool {
    member(thinking_config, "includeThoughts").and_then(Value::as_bool) == Some(true)
}

/// A member by its name in JSON or in the protocol buffer, which Google takes both
/// (`protobuf.dev/programming-guides/json`).
fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    value.get(name).or_else(|| {
        let snake: String = name
            .chars()
            .flat_map(|letter| {
                let mark = letter.is_ascii_uppercase().then_some('_');
                mark.into_iter().chain([letter.to_ascii_lowercase()])
            })
            .collect();
        value.get(snake)
    })
}
