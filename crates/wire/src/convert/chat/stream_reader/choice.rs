//! One choice of a stream: which of its parts is open, told from what its deltas hold.

use crate::convert::chat::{answer_reader, reasoning_details, stop};
use crate::convert::data_url;
use crate::convert::form::{Delta, Opening, Place, Step, Stop, Thought};
use crate::json::{Kind as JsonKind, Text, Value};

/// Most calls of one choice that are followed.
const CALLS_MAX: usize = 256;

#[derive(Debug, Default)]
pub(super) struct ChoiceState {
    open: Option<(u32, Kind)>,
    parts: u32,
    calls: Vec<Call>,
    refuses: bool,
    ended: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thought,
    Refusal,
    Audio,
    Call,
}

/// A call, by the number that its deltas give it.
#[derive(Debug)]
struct Call {
    index: u64,
    id: Option<String>,
    part: u32,
}

/// Where the steps of one choice go.
type Steps<'s> = &'s mut dyn FnMut(Step<'_>);

impl ChoiceState {
    /// Takes a delta; says whether it holds something for a reader.
    pub(super) fn delta(&mut self, number: u32, choice: &Value<'_>, steps: Steps<'_>) -> bool {
        let Some(delta) = choice.present("delta").filter(|_| !self.ended) else { return false };
        let mut says = self.thinking(number, delta, steps);
        says |= self.content(number, choice, delta, steps);
        if let Some(refusal) = filled(delta, "refusal") {
            self.refuses = true;
            let place = self.place(number, Kind::Refusal, steps);
            steps(Step::Delta(place, Delta::Text(refusal)));
            says = true;
        }
        says |= self.audio(number, delta, steps);
        says |= self.images(number, delta, steps);
        for call in delta.present("tool_calls").map(Value::elements).unwrap_or_default() {
            says |= self.call(number, call, steps);
        }
        says
    }

    /// Ends the choice, once.
    pub(super) fn end(&mut self, number: u32, stop: Option<Stop<'_>>, steps: Steps<'_>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.close(number, steps);
        let stop = stop::settled(stop, !self.calls.is_empty(), self.refuses);
        steps(Step::Finish { choice: number, stop });
    }

    fn thinking(&mut self, number: u32, delta: &Value<'_>, steps: Steps<'_>) -> bool {
        let details = delta.present("reasoning_details").map(Value::elements).unwrap_or_default();
        let thoughts: Vec<Thought<'_>> = details.iter().filter_map(reasoning_details::read).collect();
        if !thoughts.is_empty() {
            thoughts.into_iter().for_each(|thought| self.thought(number, thought, steps));
            return true;
        }
        let Some(words) = filled(delta, "reasoning_content").or_else(|| filled(delta, "reasoning")) else {
            return false;
        };
        let place = self.place(number, Kind::Thought, steps);
        steps(Step::Delta(place, Delta::Thinking(words)));
        true
    }

    fn thought(&mut self, number: u32, thought: Thought<'_>, steps: Steps<'_>) {
        let place = self.place(number, Kind::Thought, steps);
        if let Some(text) = thought.text {
            steps(Step::Delta(place, Delta::Thinking(text)));
        }
        for text in thought.summary {
            steps(Step::Delta(place, Delta::Summary { part: 0, text }));
        }
        if let Some(seal) = thought.seal {
            steps(Step::Delta(place, Delta::Seal(seal)));
            // A proof ends what it proves.
            self.close(number, steps);
        }
    }

    fn content(&mut self, number: u32, choice: &Value<'_>, delta: &Value<'_>, steps: Steps<'_>) -> bool {
        let logprobs = answer_reader::logprobs(choice);
        let citations = answer_reader::citations(delta);
        let texts = texts_of(delta);
        if texts.is_empty() && citations.is_empty() && logprobs.is_empty() {
            return false;
        }
        let place = self.place(number, Kind::Text, steps);
        texts.into_iter().for_each(|text| steps(Step::Delta(place, Delta::Text(text))));
        citations.into_iter().for_each(|citation| steps(Step::Delta(place, Delta::Citation(citation))));
        if !logprobs.is_empty() {
            steps(Step::Delta(place, Delta::Logprobs(logprobs)));
        }
        true
    }

    fn audio(&mut self, number: u32, delta: &Value<'_>, steps: Steps<'_>) -> bool {
        let Some(audio) = delta.present("audio") else { return false };
        let (transcript, data) = (filled(audio, "transcript"), filled(audio, "data"));
        let place = self.place(number, Kind::Audio, steps);
        if let Some(text) = transcript {
            steps(Step::Delta(place, Delta::Text(text)));
        }
        if let Some(data) = data {
            steps(Step::Delta(place, Delta::Audio(data)));
        }
        true
    }

    fn images(&mut self, number: u32, delta: &Value<'_>, steps: Steps<'_>) -> bool {
        let images = delta.present("images").map(Value::elements).unwrap_or_default();
        for image in images {
            let url = image.at(&["image_url", "url"]).and_then(Value::text);
            let Some((media_type, base64)) = url.as_ref().and_then(data_url::split) else { continue };
            self.close(number, steps);
            let place = self.next(number);
            steps(Step::Open(place, Opening::Image { media_type: Some(media_type), base64 }));
            steps(Step::Close(place));
        }
        !images.is_empty()
    }

    fn call(&mut self, number: u32, call: &Value<'_>, steps: Steps<'_>) -> bool {
        let is_free_text = call.present("custom").is_some();
        let tool = call.present("function").or_else(|| call.present("custom"));
        let field = |key: &str| tool.and_then(|tool| tool.present(key)).and_then(Value::text);
        let name = field("name").filter(|name| !name.is_empty());
        let id = filled(call, "id");
        let index =
            call.get("index").and_then(Value::as_u64).unwrap_or(self.calls.len().saturating_sub(1) as u64);
        let part = match self.known(index, id.as_ref()) {
            Some(part) => part,
            None if self.calls.len() < CALLS_MAX => {
                self.open_call(number, index, (id, name), is_free_text, steps)
            }
            None => return false,
        };
        let input = field("arguments").or_else(|| field("input")).filter(|input| !input.is_empty());
        if let Some(seal) = reasoning_details::signature_of_call(call) {
            steps(Step::Delta(Place { choice: number, part }, Delta::Seal(seal)));
        }
        if let Some(input) = input {
            steps(Step::Delta(Place { choice: number, part }, Delta::Input(input)));
        }
        true
    }

    /// The part of a call that has begun. Some providers number every call 0 and tell them apart by their ids.
    fn known(&self, index: u64, id: Option<&Text<'_>>) -> Option<u32> {
        let id = id.map(Text::plain);
        let same = |call: &&Call| {
            let other_id =
                id.as_deref().is_some_and(|id| call.id.as_deref().is_some_and(|known| known != id));
            call.index == index && !other_id
        };
        self.calls.iter().rev().find(same).map(|call| call.part)
    }

    fn open_call(
        &mut self,
        number: u32,
        index: u64,
        (id, name): (Option<Text<'_>>, Option<Text<'_>>),
        is_free_text: bool,
        steps: Steps<'_>,
    ) -> u32 {
        self.close(number, steps);
        let place = self.next(number);
        let kept = id.as_ref().map(|id| id.plain().into_owned());
        self.calls.push(Call { index, id: kept, part: place.part });
        let id = id.unwrap_or_else(|| Text::from(format!("call_{number}_{}", place.part)));
        let name = name.unwrap_or(Text::from(""));
        steps(Step::Open(place, Opening::ToolCall { id, name, is_free_text }));
        self.open = Some((place.part, Kind::Call));
        place.part
    }

    /// The open part of this kind; opens one when another is open, or none.
    fn place(&mut self, number: u32, kind: Kind, steps: Steps<'_>) -> Place {
        if let Some((part, open)) = self.open
            && open == kind
        {
            return Place { choice: number, part };
        }
        self.close(number, steps);
        let place = self.next(number);
        let opening = match kind {
            Kind::Thought => Opening::Thought { id: None },
            Kind::Refusal => Opening::Refusal,
            Kind::Audio => Opening::Audio { id: None },
            Kind::Text | Kind::Call => Opening::Text,
        };
        steps(Step::Open(place, opening));
        self.open = Some((place.part, kind));
        place
    }

    fn close(&mut self, number: u32, steps: Steps<'_>) {
        if let Some((part, _)) = self.open.take() {
            steps(Step::Close(Place { choice: number, part }));
        }
    }

    fn next(&mut self, number: u32) -> Place {
        let part = self.parts;
        self.parts = self.parts.saturating_add(1);
        Place { choice: number, part }
    }
}

/// A string that is not empty.
fn filled<'a>(object: &Value<'a>, key: &str) -> Option<Text<'a>> {
    object.present(key)?.text().filter(|text| !text.is_empty())
}

/// The text of a delta: a string, or parts, as Mistral's reasoning models send them.
fn texts_of<'a>(delta: &Value<'a>) -> Vec<Text<'a>> {
    let Some(content) = delta.present("content") else { return Vec::new() };
    match content.kind() {
        JsonKind::Array => content.elements().iter().filter_map(|part| filled(part, "text")).collect(),
        _ => content.text().filter(|text| !text.is_empty()).into_iter().collect(),
    }
}
