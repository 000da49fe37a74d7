//! What a stream has said, as long as another provider could go on from it: plain text, and nothing else.

use super::form::{Delta, Opening, Place, Step};

/// The text of one answer so far.
#[derive(Debug)]
pub(super) enum Transcript {
    /// Nothing was said that matters.
    Silent,
    /// One text is open.
    Open(Place, String),
    /// Nobody can go on from here: it called a tool, thought, refused, gave several answers, said more than is kept, or is complete.
    Closed,
}

impl Transcript {
    /// Takes a step that the client is told. At most `bytes_max` of text are kept.
    pub(super) fn note(&mut self, step: &Step<'_>, bytes_max: usize) {
        match (&mut *self, step) {
            (
                _,
                Step::Begin { .. }
                | Step::Usage(_)
                | Step::ServiceTier(_)
                | Step::Delta(_, Delta::Logprobs(_)),
            ) => {}
            (Self::Silent, Step::Open(place, Opening::Text)) if place.choice == 0 => {
                *self = Self::Open(*place, String::new());
            }
            (Self::Open(open, said), Step::Delta(place, Delta::Text(text))) if open == place => {
                said.push_str(&text.plain());
                if said.len() > bytes_max {
                    *self = Self::Closed;
                }
            }
            _ => *self = Self::Closed,
        }
    }

    /// The open text and what it says, where there is something to go on from.
    pub(super) fn open(&self) -> Option<(Place, &str)> {
        match self {
            Self::Open(place, said) if !said.is_empty() => Some((*place, said)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::form::Stop;

    fn after(steps: &[Step<'_>]) -> Option<String> {
        let mut transcript = Transcript::Silent;
        steps.iter().for_each(|step| transcript.note(step, 10));
        transcript.open().map(|(_, said)| said.to_owned())
    }

    #[test]
    fn only_one_open_text_can_be_gone_on_from() {
        let place = Place { choice: 0, part: 0 };
        let begin = Step::Begin { id: None, model: None, created: None };
        let open = || Step::Open(place, Opening::Text);
        let says = |text: &'static str| Step::Delta(place, Delta::Text(text.into()));
        assert_eq!(after(std::slice::from_ref(&begin)), None);
        assert_eq!(after(&[begin.clone(), open()]), None, "nothing was said");
        assert_eq!(after(&[begin, open(), says("a"), says("b")]).as_deref(), Some("ab"));
        assert_eq!(after(&[open(), says("0123456789")]).as_deref(), Some("0123456789"));
        assert_eq!(after(&[open(), says("01234567890")]), None, "more than is kept");
        assert_eq!(after(&[open(), says("a"), Step::Close(place)]), None);
        assert_eq!(after(&[open(), says("a"), Step::Finish { choice: 0, stop: Stop::Complete }]), None);
        let thought = || Step::Open(place, Opening::Thought { id: None });
        assert_eq!(after(&[thought(), Step::Close(place), open(), says("a")]), None);
        let other = Place { choice: 1, part: 0 };
        assert_eq!(after(&[Step::Open(other, Opening::Text)]), None);
        assert_eq!(after(&[open(), says("a"), Step::Open(other, Opening::Text)]), None);
    }
}
