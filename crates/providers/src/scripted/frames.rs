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
    /// Server-sent events.
    Stream(Events),
}

/// The events of a stream.
#[derive(Debug)]
pub(super) struct Events {
    /// In their order, the end mark included.
    pub(super) frames: Vec<Frame>,
    /// What tells of an error in the middle of the stream, in this format.
    pub(super) error: Frame,
}

/// One server-sent event.
#[derive(Debug, Clone)]
pub(super) struct Frame {
    event: Option<String>,
    data: String,
    is_token: bool,
}

impl Frame {
    /// An event with data only.
    pub(super) fn data(data: &Value) -> Self {
        Self { event: None, data: data.to_string(), is_token: false }
    }

    /// An event named as the `type` of its data.
    pub(super) fn named(name: &str, data: &Value) -> Self {
        Self { event: Some(name.to_owned()), data: data.to_string(), is_token: false }
    }

    /// The mark with which OpenAI's chat streams end.
    pub(super) fn done() -> Self {
        Self { event: None, data: "[DONE]".to_owned(), is_token: false }
    }

    /// The same, carrying a token of the text: what slow behaviours slow down.
    pub(super) fn into_token(mut self) -> Self {
        self.is_token = true;
        self
    }

    /// The event with data that stops in the middle, under its own name, so that no client takes it for another.
    fn broken(&self) -> Bytes {
        let half = self.data.chars().take(self.data.chars().count() / 2).collect();
        Self { event: self.event.clone(), data: half, is_token: false }.bytes()
    }

    fn bytes(&self) -> Bytes {
        match &self.event {
            Some(event) => format!("event: {event}\ndata: {}\n\n", self.data).into(),
            None => format!("data: {}\n\n", self.data).into(),
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

fn stream(events: &Events, behaviour: Behaviour) -> Script {
    let mut steps = vec![Step::head(StatusCode::OK, "text/event-stream; charset=utf-8")];
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
