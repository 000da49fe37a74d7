//! From an answer and a behaviour to the steps of a server.

use bytes::Bytes;
use domain::endpoint::ClientShape;
use http::StatusCode;
use serde_json::Value;

use super::behaviour::{Behaviour, FIRST_TOKEN_PAUSE, TOKEN_PAUSE};
use super::failure;
use super::script::{Script, Step};

/// An answer before anything went wrong with it.
#[derive(Debug)]
pub(super) enum Answer {
    /// One JSON document.
    Whole(Value),
    /// Events, one after the other.
    Stream(Events),
    /// Something else, such as audio.
    Media(Media),
}

/// Bytes that are no JSON.
#[derive(Debug)]
pub(super) struct Media {
    pub(super) content_type: &'static str,
    /// In their order, as they are sent.
    pub(super) pieces: Vec<Bytes>,
}

/// The events of a stream.
#[derive(Debug)]
pub(super) struct Events {
    /// In their order, the end mark included.
    pub(super) frames: Vec<Frame>,
    /// What tells of an error in the middle of the stream, in this format.
    pub(super) error: Frame,
}

/// One event of a stream.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    coding: Coding,
    event: Option<String>,
    data: String,
    is_token: bool,
}

/// How an event is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    /// As a server-sent event.
    ServerSent,
    /// As an element of a JSON array.
    Element(Place),
    /// As a message of Amazon's binary stream.
    Message,
    /// As an exception of it, which ends it.
    Exception,
}

/// Where in its array an element stands: the first one opens it, the last one closes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) opens: bool,
    pub(super) closes: bool,
}

impl Frame {
    /// An element of a streamed JSON array.
    pub(super) fn element(data: &Value, place: Place) -> Self {
        Self::coded(Coding::Element(place), None, data.to_string())
    }

    /// An event with data only.
    pub(super) fn data(data: &Value) -> Self {
        Self::coded(Coding::ServerSent, None, data.to_string())
    }

    /// An event named as the `type` of its data.
    pub(super) fn named(name: &str, data: &Value) -> Self {
        Self::coded(Coding::ServerSent, Some(name), data.to_string())
    }

    /// An event of Amazon's binary stream.
    pub(super) fn message(name: &str, payload: &Value) -> Self {
        Self::coded(Coding::Message, Some(name), payload.to_string())
    }

    /// An exception of Amazon's binary stream.
    pub(super) fn exception(name: &str, payload: &Value) -> Self {
        Self::coded(Coding::Exception, Some(name), payload.to_string())
    }

    /// The mark with which OpenAI's chat streams end.
    pub(super) fn done() -> Self {
        Self::coded(Coding::ServerSent, None, "[DONE]".to_owned())
    }

    fn coded(coding: Coding, event: Option<&str>, data: String) -> Self {
        Self { coding, event: event.map(str::to_owned), data, is_token: false }
    }

    /// The same, carrying a token of the text: what slow behaviours slow down.
    pub(super) fn into_token(mut self) -> Self {
        self.is_token = true;
        self
    }

    /// The event with data that stops in the middle, under its own name, so that no client takes it for another.
    fn broken(&self) -> Bytes {
        let half = self.data.chars().take(self.data.chars().count() / 2).collect();
        Self::coded(self.coding, self.event.as_deref(), half).bytes()
    }

    fn bytes(&self) -> Bytes {
        let name = self.event.as_deref().unwrap_or_default();
        let mut message = Vec::new();
        match (self.coding, &self.event) {
            (Coding::ServerSent, Some(event)) => {
                return format!("event: {event}\ndata: {}\n\n", self.data).into();
            }
            (Coding::ServerSent, None) => return format!("data: {}\n\n", self.data).into(),
            (Coding::Element(Place { opens, closes }), _) => {
                let (before, after) = (if opens { "[" } else { ",\r\n" }, if closes { "\r\n]" } else { "" });
                return format!("{before}{}{after}", self.data).into();
            }
            (Coding::Message, _) => wire::amazon::event(&mut message, name, self.data.as_bytes()),
            (Coding::Exception, _) => wire::amazon::exception(&mut message, name, self.data.as_bytes()),
        }
        message.into()
    }

    /// The content type of a stream of such events.
    fn content_type(&self) -> &'static str {
        match self.coding {
            Coding::ServerSent => "text/event-stream; charset=utf-8",
            Coding::Element(_) => "application/json; charset=UTF-8",
            Coding::Message | Coding::Exception => "application/vnd.amazon.eventstream",
        }
    }
}

/// The steps that give an answer in this way.
pub(super) fn script(answer: Answer, behaviour: Behaviour, shape: ClientShape) -> Script {
    if let Behaviour::Fail(status) = behaviour {
        return failure::script(status, shape);
    }
    if behaviour == Behaviour::CutBeforeHead {
        return Script::new(vec![Step::Cut]);
    }
    match answer {
        Answer::Whole(body) => whole(&body, behaviour, shape),
        Answer::Stream(events) => stream(&events, behaviour),
        Answer::Media(media) => whole_or_part(&media, behaviour, shape),
    }
}

fn whole(body: &Value, behaviour: Behaviour, shape: ClientShape) -> Script {
    let head = Step::head(StatusCode::OK, "application/json");
    let bytes = Bytes::from(body.to_string());
    let half = bytes.slice(..bytes.len() / 2);
    let all = Step::Bytes(bytes);
    Script::new(match behaviour {
        Behaviour::SlowFirstToken | Behaviour::SlowTokens => vec![Step::Pause(FIRST_TOKEN_PAUSE), head, all],
        Behaviour::Hang => vec![Step::Hang],
        Behaviour::CutMidstream => vec![head, Step::Bytes(half), Step::Cut],
        Behaviour::MalformedJson => vec![head, Step::Bytes(half)],
        Behaviour::ErrorMidstream => return failure::script(500, shape),
        Behaviour::Empty => vec![head],
        Behaviour::Echo | Behaviour::Fail(_) | Behaviour::CutBeforeHead => vec![head, all],
    })
}

/// Media as it is made, piece by piece.
fn whole_or_part(media: &Media, behaviour: Behaviour, shape: ClientShape) -> Script {
    let mut steps = Vec::with_capacity(media.pieces.len() + 2);
    if behaviour == Behaviour::SlowFirstToken {
        steps.push(Step::Pause(FIRST_TOKEN_PAUSE));
    }
    steps.push(Step::head(StatusCode::OK, media.content_type));
    let count = match behaviour {
        Behaviour::Hang => return Script::new(vec![Step::Hang]),
        Behaviour::ErrorMidstream => return failure::script(500, shape),
        Behaviour::Empty => 0,
        Behaviour::CutMidstream | Behaviour::MalformedJson => media.pieces.len().div_ceil(2),
        _ => media.pieces.len(),
    };
    for piece in media.pieces.iter().take(count) {
        if behaviour == Behaviour::SlowTokens {
            steps.push(Step::Pause(TOKEN_PAUSE));
        }
        steps.push(Step::Bytes(piece.clone()));
    }
    if behaviour == Behaviour::CutMidstream {
        steps.push(Step::Cut);
    }
    Script::new(steps)
}

fn stream(events: &Events, behaviour: Behaviour) -> Script {
    let mut steps = vec![Step::head(StatusCode::OK, events.error.content_type())];
    let count = match behaviour {
        Behaviour::Hang | Behaviour::Empty => 0,
        Behaviour::CutMidstream | Behaviour::MalformedJson | Behaviour::ErrorMidstream => {
            events.frames.len() / 2
        }
        _ => events.frames.len(),
    };
    if behaviour == Behaviour::SlowFirstToken {
        steps.push(Step::Pause(FIRST_TOKEN_PAUSE));
    }
    for frame in events.frames.iter().take(count) {
        if behaviour == Behaviour::SlowTokens && frame.is_token {
            steps.push(Step::Pause(TOKEN_PAUSE));
        }
        steps.push(Step::Bytes(frame.bytes()));
    }
    match behaviour {
        Behaviour::Hang => steps.push(Step::Hang),
        Behaviour::CutMidstream => steps.push(Step::Cut),
        Behaviour::MalformedJson => {
            steps.extend(events.frames.get(count).map(|next| Step::Bytes(next.broken())))
        }
        Behaviour::ErrorMidstream => steps.push(Step::Bytes(events.error.bytes())),
        _ => {}
    }
    Script::new(steps)
}
