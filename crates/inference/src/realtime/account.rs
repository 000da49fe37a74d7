//! What a session used: the sum of its responses and transcripts, each priced by itself, since each is charged by itself.

use std::sync::Arc;

use domain::CatalogModel;
use fleet::canaries::Enrolled;
use telemetry::cost::Unpriced;
use wire::formats::{RealtimeEvent, Usage, realtime_event};
use wire::websocket::{Frame, TextMessages};

use super::end::End;
use crate::charge::{Charge, charge};
use crate::ending::Ending;
use crate::pinned::Pinned;

/// The most that is copied of an event in fragments, to read it. What is of interest is a few kilobytes, and comes whole.
const FRAGMENTS_BYTES_MAX: usize = 1 << 20;

/// The account of one session. Dropped untold, it closes as cancelled.
pub(super) struct Account {
    ending: Box<Ending>,
    pinned: Arc<Pinned>,
    messages: TextMessages,
    used: Usage,
    cost: Option<Charge>,
    /// The model that writes down what the user says.
    transcriber: Option<String>,
}

impl Account {
    pub(super) fn new(ending: Box<Ending>, pinned: Arc<Pinned>) -> Self {
        let messages = TextMessages::new(FRAGMENTS_BYTES_MAX);
        Self { ending, pinned, messages, used: Usage::default(), cost: None, transcriber: None }
    }

    /// Reads along with what the provider sends.
    pub(super) fn hear(&mut self, frame: &Frame) {
        match self.messages.read(frame, realtime_event) {
            Some(RealtimeEvent::Response(used)) => {
                let known = self.ending.known();
                self.add(&used, known.as_deref());
            }
            Some(RealtimeEvent::Transcript(used)) => {
                let known = self.transcribing_model();
                self.add(&used, known.as_deref());
            }
            Some(RealtimeEvent::TranscribesWith(model)) => self.transcriber = Some(model),
            Some(RealtimeEvent::Other) | None => {}
        }
    }

    /// Closes the account.
    pub(super) fn end(mut self, end: End) {
        if !end.tells_how_the_provider_does() {
            self.ending.watched_by(None);
            self.ending.takes_part(Enrolled::default());
        }
        self.ending.end(end.outcome());
    }

    fn transcribing_model(&self) -> Option<Arc<CatalogModel>> {
        let provider = self.ending.provider()?;
        self.pinned.models.find(&provider.provider.name, self.transcriber.as_deref()?)
    }

    fn add(&mut self, used: &Usage, model: Option<&CatalogModel>) {
        self.used.add(used);
        self.note(charge(used, model, self.ending.origin.gateway.wall_clock()));
    }

    fn note(&mut self, charged: Charge) {
        let sum = match (self.cost, charged) {
            (None, charged) => charged,
            (Some(Ok(before)), Ok(charged)) => before.checked_add(charged).ok_or(Unpriced::OutOfRange),
            (Some(Err(unknown)), _) | (_, Err(unknown)) => Err(unknown),
        };
        self.cost = Some(sum);
        self.ending.used_for(&self.used, sum);
    }
}
