//! A call of a tool in a stream.

use super::events::{ItemPlace, Sink};
use crate::convert::responses::namespace::Namespaces;
use crate::convert::responses::output_item::Call as WholeCall;
use crate::json::Text;

pub(super) struct Call {
    place: ItemPlace,
    /// The part of the answer that it is.
    pub(super) part: u32,
    id: Text<'static>,
    name: Text<'static>,
    is_free_text: bool,
    /// The input so far, escaped.
    input: Vec<u8>,
    is_closed: bool,
}

impl Call {
    pub(super) fn begin(
        place: ItemPlace,
        part: u32,
        (id, name): (Text<'_>, Text<'_>),
        is_free_text: bool,
        (namespaces, sink): (&Namespaces, &mut Sink<'_>),
    ) -> Self {
        let owned = |text: Text<'_>| Text::from(text.into_plain().into_owned());
        let call = Self {
            place,
            part,
            id: owned(id),
            name: owned(name),
            is_free_text,
            input: Vec::new(),
            is_closed: false,
        };
        sink.added(&call.place, |item| call.whole("in_progress").write(item, namespaces, |_| {}));
        call
    }

    /// The bytes that are kept.
    pub(super) fn kept(&self) -> usize {
        self.input.len()
    }

    /// A piece of the input.
    pub(super) fn input(&mut self, text: &Text<'_>, sink: &mut Sink<'_>) {
        if self.is_closed {
            return;
        }
        text.write_inner(&mut self.input);
        let name = match self.is_free_text {
            true => "response.custom_tool_call_input.delta",
            false => "response.function_call_arguments.delta",
        };
        sink.of_item(name, &self.place, |event| event.text("delta", text));
    }

    /// The input is complete. A function without input is called with an empty object.
    pub(super) fn close(&mut self, sink: &mut Sink<'_>) {
        if self.input.is_empty() && !self.is_free_text {
            self.input(&Text::from("{}"), sink);
        }
        if std::mem::replace(&mut self.is_closed, true) {
            return;
        }
        let (name, key) = match self.is_free_text {
            true => ("response.custom_tool_call_input.done", "input"),
            false => ("response.function_call_arguments.done", "arguments"),
        };
        sink.of_item(name, &self.place, |event| {
            event.joined(key, |out| out.extend_from_slice(&self.input));
        });
    }

    /// The call is complete, or as complete as it gets. Gives it as JSON.
    pub(super) fn end(mut self, status: &str, namespaces: &Namespaces, sink: &mut Sink<'_>) -> Vec<u8> {
        self.close(sink);
        sink.done(&self.place, |item| {
            self.whole(status).write(item, namespaces, |out| out.extend_from_slice(&self.input));
        })
    }

    fn whole<'c>(&'c self, status: &'c str) -> WholeCall<'c> {
        WholeCall {
            item_id: &self.place.id,
            status,
            id: &self.id,
            name: &self.name,
            is_free_text: self.is_free_text,
        }
    }
}
