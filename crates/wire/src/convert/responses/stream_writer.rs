//! A client's stream, event by event ("Streaming events"): the response, its items one after the other, their content, and
//! at last the whole response again.
//!
//! The format repeats: a text is said in pieces, whole when it ends, again with its item and again with the response. So what
//! is said is kept, escaped as it is written, up to [`KEPT_BYTES_MAX`]. What comes beyond is not sent, and the response ends as
//! one that was cut at a limit of tokens: what the client has heard is what the response holds.

mod call;
mod events;
mod followed;
mod message;
mod reasoning;

use self::call::Call;
use self::events::{ItemPlace, Sink, add_to_list, write_list};
use self::followed::{Followed, Told};
use self::message::Message;
use self::reasoning::Reasoning;
use super::namespace::Namespaces;
use super::output_item::{Head, call_prefix, sealed, write_picture, write_reasoning};
use super::response_object::{Facts, asks_for_summary, write as write_response, write_begun};
use super::stop::Outcome;
use super::unanswered::error_code;
use crate::convert::Format;
use crate::convert::client::ClientContext;
use crate::convert::codec::StreamWriter;
use crate::convert::form::{Delta, Opening, Place, Step, Stop};
use crate::formats::{EventStream, Usage, WireError};
use crate::framing::Frame;
use crate::json::{ArrayWriter, ObjectWriter, Text};

/// Most bytes of one answer that are kept to be repeated: far more than a model can say, and room for pictures.
const KEPT_BYTES_MAX: usize = 32 << 20;

pub(super) struct Writer {
    client: ClientContext,
    namespaces: Namespaces,
    summarizes: bool,
    model: Option<String>,
    service_tier: Option<String>,
    begun: bool,
    /// Events so far; each has its number.
    events: u64,
    /// Items so far; each has its number.
    items: u64,
    open: Option<Open>,
    /// The proof of a call or a text, which becomes an item behind it.
    proof: Option<String>,
    /// The finished items, as JSON with commas between.
    finished: Vec<u8>,
    /// Most bytes that are kept.
    kept_bytes_max: usize,
    refuses: bool,
    is_cut: bool,
    stop: Option<Stop<'static>>,
    usage: Usage,
    /// What another has told the client, where this goes on behind it.
    followed: Option<Box<Followed>>,
}

/// The item that is being written.
enum Open {
    Message(Message),
    Reasoning(Reasoning),
    Call(Call),
}

impl Writer {
    pub(super) fn new(client: &ClientContext) -> Self {
        Self::keeping(client, KEPT_BYTES_MAX)
    }

    /// One that keeps this many bytes.
    pub(super) fn keeping(client: &ClientContext, kept_bytes_max: usize) -> Self {
        Self {
            client: client.clone(),
            namespaces: Namespaces::of(client),
            summarizes: asks_for_summary(client),
            model: None,
            service_tier: None,
            begun: false,
            events: 0,
            items: 0,
            open: None,
            proof: None,
            finished: Vec::new(),
            kept_bytes_max,
            refuses: false,
            is_cut: false,
            stop: None,
            usage: Usage::default(),
            followed: None,
        }
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.begun, true) {
            return;
        }
        for name in ["response.created", "response.in_progress"] {
            self.tell_response(name, Outcome::IN_PROGRESS, out);
        }
    }

    /// Writes an event that holds the response.
    fn tell_response(&mut self, name: &str, outcome: Outcome<'_>, out: &mut Vec<u8>) {
        let Self { client, model, service_tier, finished, usage, events, followed, .. } = self;
        let is_known = outcome.error.is_none() || *usage != Usage::default();
        let usage = (outcome != Outcome::IN_PROGRESS && is_known).then_some(&*usage);
        let (model, service_tier) = (model.as_deref(), service_tier.as_deref());
        let facts = Facts { client, model, service_tier, outcome, usage };
        let begun = followed.as_ref().and_then(|followed| followed.response());
        let output = |output: &mut ArrayWriter<'_>| write_list(output, finished);
        Sink { events, out }.event(name, |event| {
            event.object("response", |response| match &begun {
                Some(begun) => write_begun(response, begun, &facts, output),
                None => write_response(response, &facts, output),
            });
        });
    }

    fn outcome(&self) -> Outcome<'static> {
        match self.is_cut {
            true => Outcome::CUT,
            false => Outcome::of(self.stop.as_ref(), self.refuses),
        }
    }

    fn open(&mut self, place: Place, opening: Opening<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        match opening {
            // What is spoken has its words in the text; a response holds no sound.
            Opening::Text | Opening::Audio { .. } => self.open_content(place.part, false, out),
            Opening::Refusal => self.open_content(place.part, true, out),
            Opening::Thought { id } => {
                let id = id.map(Text::into_plain).filter(|id| id.starts_with("rs_"));
                let mut item = self.next("rs", out);
                item.id = id.map_or(item.id, std::borrow::Cow::into_owned);
                let begun = Reasoning::begin(item, place.part, &mut Sink { events: &mut self.events, out });
                self.open = Some(Open::Reasoning(begun));
            }
            Opening::ToolCall { id, name, is_free_text } => {
                let item = self.next(call_prefix(is_free_text), out);
                let sink = &mut Sink { events: &mut self.events, out };
                let called = (id, name);
                let begun = Call::begin(item, place.part, called, is_free_text, (&self.namespaces, sink));
                self.open = Some(Open::Call(begun));
            }
            Opening::Image { media_type, base64 } => self.picture(&base64, media_type.as_ref(), out),
            Opening::Foreign(foreign) if foreign.format == Format::Responses => {
                let item = self.next("item", out);
                let sink = &mut Sink { events: &mut self.events, out };
                sink.event("response.output_item.added", |event| {
                    event.number("output_index", item.index);
                    event.raw("item", foreign.raw);
                });
                sink.event("response.output_item.done", |event| {
                    event.number("output_index", item.index);
                    event.raw("item", foreign.raw);
                });
                self.keep(foreign.raw.as_bytes());
            }
            Opening::Foreign(_) => {}
        }
    }

    fn open_content(&mut self, part: u32, is_refusal: bool, out: &mut Vec<u8>) {
        self.refuses |= is_refusal;
        if !matches!(self.open, Some(Open::Message(_))) {
            let item = self.next("msg", out);
            let begun = Message::begin(item, &mut Sink { events: &mut self.events, out });
            self.open = Some(Open::Message(begun));
        }
        if let Some(Open::Message(message)) = &mut self.open {
            message.open(part, is_refusal, &mut Sink { events: &mut self.events, out });
        }
    }

    fn picture(&mut self, base64: &Text<'_>, media_type: Option<&Text<'_>>, out: &mut Vec<u8>) {
        let item = self.next("ig", out);
        let sink = &mut Sink { events: &mut self.events, out };
        sink.added(&item, |object| {
            Head { kind: "image_generation_call", id: &item.id, status: "in_progress" }.write(object);
            object.null("result");
        });
        sink.of_item("response.image_generation_call.in_progress", &item, |_| {});
        sink.of_item("response.image_generation_call.completed", &item, |_| {});
        let whole = sink.done(&item, |object| write_picture(object, &item.id, base64, media_type));
        self.keep(&whole);
    }

    /// The place of the next item; the one before it ends.
    fn next(&mut self, prefix: &str, out: &mut Vec<u8>) -> ItemPlace {
        self.end_item("completed", out);
        let index = self.items;
        self.items += 1;
        ItemPlace { index, id: format!("{prefix}_{}_{index}", self.client.token) }
    }

    fn end_item(&mut self, status: &str, out: &mut Vec<u8>) {
        let Some(open) = self.open.take() else { return };
        let sink = &mut Sink { events: &mut self.events, out };
        let whole = match open {
            Open::Message(message) => message.end(status, sink),
            Open::Reasoning(reasoning) => reasoning.end(sink),
            Open::Call(call) => call.end(status, &self.namespaces, sink),
        };
        self.keep(&whole);
        if let Some(proof) = self.proof.take() {
            self.prove(proof, out);
        }
    }

    /// Writes the proof of what was said last.
    fn prove(&mut self, proof: String, out: &mut Vec<u8>) {
        let item = self.next("rs", out);
        let proof = Text::from(proof);
        let nothing = || None::<fn(&mut ArrayWriter<'_>)>;
        let write = |object: &mut ObjectWriter<'_>, proof: Option<&Text<'_>>| {
            write_reasoning(object, &item.id, |_| {}, nothing(), proof);
        };
        let sink = &mut Sink { events: &mut self.events, out };
        sink.added(&item, |object| write(object, None));
        let whole = sink.done(&item, |object| write(object, Some(&proof)));
        self.keep(&whole);
    }

    fn keep(&mut self, item: &[u8]) {
        add_to_list(&mut self.finished, item);
    }

    fn add(&mut self, place: Place, delta: Delta<'_>, out: &mut Vec<u8>) {
        let Self { open, events, summarizes, proof, .. } = self;
        let (part, sink) = (place.part, &mut Sink { events, out });
        match (open, delta) {
            (Some(Open::Reasoning(reasoning)), delta) if reasoning.part == part => match delta {
                // Whoever asked for a summary gets the thinking as one.
                Delta::Thinking(text) if *summarizes => reasoning.sum_up(0, &text, sink),
                Delta::Thinking(text) => reasoning.think(&text, sink),
                Delta::Summary { part, text } => reasoning.sum_up(part, &text, sink),
                Delta::Seal(seal) => reasoning.seal = Some(sealed(&seal).into_plain().into_owned()),
                _ => {}
            },
            (Some(Open::Message(message)), Delta::Text(text)) => message.say(part, &text, sink),
            (Some(Open::Message(message)), Delta::Citation(citation)) => message.cite(part, &citation, sink),
            (Some(Open::Message(message)), Delta::Logprobs(chances)) => message.rate(part, &chances, sink),
            (Some(Open::Call(call)), Delta::Input(text)) if call.part == part => call.input(&text, sink),
            (Some(Open::Message(_) | Open::Call(_)), Delta::Seal(seal)) => {
                *proof = Some(sealed(&seal).into_plain().into_owned());
            }
            _ => {}
        }
    }

    fn close(&mut self, part: u32, out: &mut Vec<u8>) {
        let sink = &mut Sink { events: &mut self.events, out };
        match &mut self.open {
            Some(Open::Message(message)) => message.close(sink),
            Some(Open::Call(call)) if call.part == part => call.close(sink),
            _ => {}
        }
    }

    /// Stands where another has left the stream.
    fn stand_behind(&mut self, told: Option<Told>, followed: &Followed) {
        self.events = followed.events;
        self.items = followed.items;
        match (told, &mut self.open) {
            (Some(Told::Whole(item)), _) => self.keep(item.as_bytes()),
            (Some(Told::Text(place)), Some(Open::Message(message))) => message.adopt(place),
            _ => {}
        }
    }

    fn is_full(&self) -> bool {
        let open = match &self.open {
            Some(Open::Message(message)) => message.kept(),
            Some(Open::Reasoning(reasoning)) => reasoning.kept(),
            Some(Open::Call(call)) => call.kept(),
            None => 0,
        };
        self.finished.len() + open > self.kept_bytes_max
    }

    /// Takes a step of the one answer that a response has.
    fn step(&mut self, step: Step<'_>, out: &mut Vec<u8>) {
        match step {
            Step::Begin { model, .. } => {
                self.model = model.map(|model| model.into_plain().into_owned());
                self.begin(out);
            }
            Step::Open(place, opening) => self.open(place, opening, out),
            Step::Delta(place, delta) => self.add(place, delta, out),
            Step::Close(place) => self.close(place.part, out),
            Step::Finish { stop, .. } => {
                self.stop = Some(stop.into_owned());
                self.end_item(self.outcome().status, out);
            }
            Step::Usage(usage) => self.usage = usage,
            Step::ServiceTier(tier) => self.service_tier = Some(tier.into_plain().into_owned()),
        }
    }
}

impl StreamWriter for Writer {
    fn write(&mut self, step: Step<'_>, out: &mut Vec<u8>) {
        let choice = match &step {
            Step::Open(place, _) | Step::Delta(place, _) | Step::Close(place) => place.choice,
            Step::Finish { choice, .. } => *choice,
            Step::Begin { .. } | Step::Usage(_) | Step::ServiceTier(_) => 0,
        };
        let says = matches!(step, Step::Open(..) | Step::Delta(..) | Step::Close(_));
        // A response is one answer; others were refused with the request.
        if choice != 0 || (says && self.is_cut) {
            return;
        }
        self.step(step, out);
        self.is_cut |= self.is_full();
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        self.begin(out);
        let outcome = self.outcome();
        self.end_item(outcome.status, out);
        let name = match outcome.status {
            "incomplete" => "response.incomplete",
            _ => "response.completed",
        };
        self.tell_response(name, outcome, out);
    }

    fn sums_up(&self) -> bool {
        true
    }

    fn seals_calls(&self) -> bool {
        true
    }

    fn follow(&mut self, frame: Frame<'_>) {
        let mut followed = self.followed.take().unwrap_or_default();
        let told = followed.hear(frame);
        self.stand_behind(told, &followed);
        self.followed = Some(followed);
    }

    fn may_go_on(&self) -> bool {
        self.followed.as_ref().is_none_or(|followed| followed.may_go_on())
    }

    /// OpenAI tells an error twice, by itself and with the response that it ends.
    fn error(&mut self, error: &WireError<'_>, out: &mut Vec<u8>) {
        self.begin(out);
        out.extend_from_slice(&EventStream::Responses.format().error_event(error, self.events));
        self.events += 1;
        let outcome =
            Outcome { status: "failed", incomplete: None, error: Some((error_code(error), error.message)) };
        self.tell_response("response.failed", outcome, out);
    }
}
