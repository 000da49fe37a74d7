//! What a request for text asks, whichever format it came in, and the reply to it.

use serde_json::Value;

use super::fingerprint::{Fingerprint, count, tokens};
use super::schema;

/// What an image in the input counts as.
const IMAGE_TOKENS: usize = 85;

/// The most of the user's text that is echoed, in bytes.
const ECHO_BYTES_MAX: usize = 64 * 1024;

/// What is thought when thinking is asked for.
const THOUGHT: &str = "They said something, so I repeat it.";

/// The most tools that one reply calls.
const CALLS_MAX: usize = 8;

/// The words with which a user asks for a tool.
const CALL_WORDS: [&str; 2] = ["call the tool", "use the tool"];

/// A request for text.
#[derive(Debug, Default)]
pub(super) struct Conversation {
    /// The model that is asked.
    pub(super) model: String,
    /// Whether the answer is streamed.
    pub(super) stream: bool,
    /// What the user said last.
    pub(super) last_text: String,
    /// How many images came with it.
    pub(super) last_images: usize,
    /// What the answer begins with, when the request gives that.
    pub(super) begun: String,
    /// What a tool answered, when that came last.
    pub(super) tool_result: Option<String>,
    /// The tools that may be called.
    pub(super) tools: Vec<Tool>,
    /// Whether they should be.
    pub(super) choice: ToolChoice,
    /// The schema that the text has to fit.
    pub(super) schema: Option<Value>,
    /// What the input counts as.
    pub(super) input_tokens: usize,
    /// How long the reply may be, thinking included.
    pub(super) output_tokens_max: Option<usize>,
    /// How much may be thought before; none where thinking is not asked for.
    pub(super) thinking_tokens_max: Option<usize>,
}

/// A tool that may be called.
#[derive(Debug, Clone)]
pub(super) struct Tool {
    pub(super) name: String,
    /// The JSON schema of its arguments.
    pub(super) parameters: Value,
}

/// Whether tools should be called.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum ToolChoice {
    /// When the user asks for it.
    #[default]
    Auto,
    Never,
    /// Any of them.
    Required,
    /// This one.
    Named(String),
}

/// The reply to a [`Conversation`]: a text or calls of tools.
#[derive(Debug)]
pub(super) struct Reply {
    /// The tokens of what was thought before.
    pub(super) thought: Vec<&'static str>,
    /// Empty when tools are called.
    pub(super) text: String,
    pub(super) calls: Vec<Call>,
    /// What the text or the calls count as.
    pub(super) said_tokens: usize,
    /// Whether the text was cut at the longest allowed.
    pub(super) truncated: bool,
}

/// One call of a tool.
#[derive(Debug)]
pub(super) struct Call {
    /// Its number in hexadecimal; formats put their own beginning before it.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) arguments: Value,
}

/// Text and images of a message.
#[derive(Debug, Default)]
pub(super) struct Content {
    pub(super) text: String,
    pub(super) images: usize,
}

impl Content {
    /// Reads a text, or a list of parts of any of the formats.
    pub(super) fn read(value: &Value) -> Self {
        let mut content = Self::default();
        match value {
            Value::String(text) => content.text.push_str(text),
            Value::Array(parts) => parts.iter().for_each(|part| content.add(part)),
            _ => {}
        }
        content
    }

    fn add(&mut self, part: &Value) {
        let kind = part.get("type").and_then(Value::as_str).unwrap_or("");
        if matches!(kind, "image" | "image_url" | "input_image") {
            self.images += 1;
        } else if let Some(text) = part.get("text").and_then(Value::as_str).or(part.as_str()) {
            self.add_text(text);
        }
    }

    /// Adds a text on a line of its own.
    pub(super) fn add_text(&mut self, text: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(text);
    }

    /// What it counts as.
    pub(super) fn tokens(&self) -> usize {
        count(&self.text) + self.images * IMAGE_TOKENS
    }
}

impl Conversation {
    /// A conversation without messages: what a request says in the same words in every format.
    pub(super) fn of(body: &Value) -> Self {
        Self {
            model: body.get("model").and_then(Value::as_str).unwrap_or_default().to_owned(),
            stream: body.get("stream").and_then(Value::as_bool).unwrap_or(false),
            ..Self::default()
        }
    }

    /// Takes in one message: its tokens count, the user's last one is remembered, and what the model said after it.
    pub(super) fn add_message(&mut self, role: &str, content: Content) {
        self.input_tokens += content.tokens();
        self.begun.clear();
        match role {
            "user" => {
                self.last_text = content.text;
                self.last_images = content.images;
                self.tool_result = None;
            }
            "tool" | "function" => self.tool_result = Some(content.text),
            "assistant" | "model" => self.begun = content.text,
            _ => {}
        }
    }

    /// What is answered.
    pub(super) fn reply(&self, fingerprint: Fingerprint) -> Reply {
        let thought = self.thought();
        let calls = self.calls(fingerprint);
        if !calls.is_empty() {
            let said_tokens = calls.iter().map(|call| 1 + count(&call.arguments.to_string())).sum();
            return Reply { thought, text: String::new(), calls, said_tokens, truncated: false };
        }
        let text = self.text();
        let all = tokens(text.strip_prefix(&self.begun).unwrap_or(&text));
        let left = self.output_tokens_max.map_or(usize::MAX, |limit| limit.saturating_sub(thought.len()));
        let kept = left.min(all.len());
        let truncated = kept < all.len();
        let text = all.into_iter().take(kept).collect();
        Reply { thought, text, calls, said_tokens: kept, truncated }
    }

    fn thought(&self) -> Vec<&'static str> {
        tokens(THOUGHT).into_iter().take(self.thinking_tokens_max.unwrap_or(0)).collect()
    }

    fn text(&self) -> String {
        if let Some(schema) = &self.schema {
            return schema::instance(schema).to_string();
        }
        if let Some(result) = &self.tool_result {
            return format!("the tool answered: {}", shortened(result));
        }
        let images = match self.last_images {
            0 => String::new(),
            1 => " (1 image)".to_owned(),
            many => format!(" ({many} images)"),
        };
        format!("echo: {}{images}", shortened(&self.last_text))
    }

    fn calls(&self, fingerprint: Fingerprint) -> Vec<Call> {
        if self.tool_result.is_some() {
            return Vec::new();
        }
        let said = self.last_text.to_lowercase();
        let asked = CALL_WORDS.iter().any(|words| said.contains(words));
        let all = CALL_WORDS.iter().any(|words| said.contains(&format!("{words}s")));
        let chosen: Vec<&Tool> = match &self.choice {
            ToolChoice::Never => Vec::new(),
            ToolChoice::Named(name) => self.tools.iter().filter(|tool| tool.name == *name).take(1).collect(),
            ToolChoice::Auto if !asked => Vec::new(),
            ToolChoice::Auto | ToolChoice::Required if all => self.tools.iter().take(CALLS_MAX).collect(),
            ToolChoice::Auto | ToolChoice::Required => self.tools.iter().take(1).collect(),
        };
        let call = |(number, tool): (usize, &Tool)| Call {
            id: fingerprint.id("", number),
            name: tool.name.clone(),
            arguments: schema::instance(&tool.parameters),
        };
        chosen.into_iter().enumerate().map(call).collect()
    }
}

impl Reply {
    /// What all of it counts as, thinking included.
    pub(super) fn output_tokens(&self) -> usize {
        self.thought.len() + self.said_tokens
    }
}

fn shortened(text: &str) -> &str {
    let mut end = text.len().min(ECHO_BYTES_MAX);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.split_at(end).0
}

/// The entries of a list in a request, such as `tools`; none where it is no list.
pub(super) fn list<'a>(body: &'a Value, name: &str) -> &'a [Value] {
    body.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// A count in a request, such as `max_tokens`.
pub(super) fn limit(body: &Value, names: &[&str]) -> Option<usize> {
    let value = names.iter().find_map(|name| body.get(*name)?.as_u64())?;
    usize::try_from(value).ok()
}
