//! Where a second provider goes on with an answer that the first broke off, so that the client hears one answer.
//!
//! The second was given the text so far as a turn of the model and says only the rest: in a part of its own, numbered from 0, which goes
//! on in the part that the client has open. Some repeat the text that they were given, and all may begin with the white space that was
//! left off its end, since a turn must not end in it; neither is told twice.

use super::form::{Delta, Opening, Place, Step};
use crate::json::Text;

/// The seam of one answer.
#[derive(Debug)]
pub(super) struct Seam {
    /// The text that the client has open.
    open: Place,
    /// How far the parts of the second answer lie behind their own numbers, once it has begun one.
    shift: Option<u32>,
    lead: Lead,
}

/// What the second answer may begin with that the client has heard.
#[derive(Debug, Default)]
struct Lead {
    heard: String,
    /// How many bytes of it have come again.
    matched: usize,
    /// How many bytes from its beginning may be the answer's own words if the rest of them does not follow.
    given: usize,
}

/// The text that a second provider is given to go on from, without the white space at its end.
pub(super) fn given(said: &str) -> &str {
    said.trim_end()
}

impl Seam {
    /// The seam in an open text of which so much was said. `repeats` where the second may begin with all of it.
    pub(super) fn new(open: Place, said: &str, repeats: bool) -> Self {
        let given = given(said).len();
        let lead = match repeats {
            true => Lead { heard: said.to_owned(), matched: 0, given },
            false => Lead { heard: said.get(given..).unwrap_or_default().to_owned(), matched: 0, given: 0 },
        };
        Self { open, shift: None, lead }
    }

    /// Takes a step of the second answer, and tells what the client hears of it.
    pub(super) fn pass(&mut self, step: Step<'_>, tell: &mut dyn FnMut(Step<'_>)) {
        match step {
            // It has begun already.
            Step::Begin { .. } => {}
            Step::Open(place, _) | Step::Delta(place, _) | Step::Close(place)
                if place.choice != self.open.choice => {}
            Step::Open(place, Opening::Text) if self.shift.is_none() => {
                self.shift = Some(self.open.part.saturating_sub(place.part));
            }
            Step::Open(place, opening) => {
                self.leave(tell, place.part);
                tell(Step::Open(self.moved(place), opening));
            }
            Step::Delta(place, Delta::Text(text)) if self.moved(place) == self.open => {
                self.lead.pass(text, &mut |text| tell(Step::Delta(self.open, Delta::Text(text))));
            }
            Step::Delta(place, delta) => tell(Step::Delta(self.moved(place), delta)),
            Step::Close(place) => {
                if self.moved(place) == self.open {
                    self.let_go(tell);
                }
                tell(Step::Close(self.moved(place)));
            }
            Step::Finish { choice, stop } if choice == self.open.choice => {
                self.leave(tell, 0);
                tell(Step::Finish { choice, stop });
            }
            Step::Finish { .. } => {}
            Step::Usage(_) | Step::ServiceTier(_) => tell(step),
        }
    }

    /// Closes the open text where the second answer does not go on in it; `next` is what it begins instead.
    fn leave(&mut self, tell: &mut dyn FnMut(Step<'_>), next: u32) {
        if self.shift.is_none() {
            self.shift = Some((self.open.part + 1).saturating_sub(next));
            tell(Step::Close(self.open));
        }
    }

    /// What was taken for a repetition up to the end of the text was none.
    fn let_go(&mut self, tell: &mut dyn FnMut(Step<'_>)) {
        self.lead.let_go(&mut |text| {
            if !text.is_empty() {
                tell(Step::Delta(self.open, Delta::Text(text)));
            }
        });
    }

    fn moved(&self, place: Place) -> Place {
        Place { part: place.part.saturating_add(self.shift.unwrap_or_default()), ..place }
    }
}

impl Lead {
    fn pass(&mut self, text: Text<'_>, tell: &mut dyn FnMut(Text<'_>)) {
        let expected = self.heard.get(self.matched..).unwrap_or_default();
        if expected.is_empty() {
            return tell(text);
        }
        let plain = text.plain();
        let same: usize = plain
            .chars()
            .zip(expected.chars())
            .take_while(|(one, other)| one == other)
            .map(|(letter, _)| letter.len_utf8())
            .sum();
        self.matched += same;
        let rest = plain.get(same..).unwrap_or_default();
        if rest.is_empty() {
            return;
        }
        match std::mem::take(self).own() {
            Some((own, space)) => {
                *self = Self { heard: space, ..Self::default() };
                self.pass((own + rest).into(), tell);
            }
            None => tell(rest.into()),
        }
    }

    /// Nothing more is said.
    fn let_go(&mut self, tell: &mut dyn FnMut(Text<'_>)) {
        if let Some((own, space)) = std::mem::take(self).own() {
            *self = Self { heard: space, ..Self::default() };
            self.pass(own.into(), tell);
        }
    }

    /// The answer's own words, where what came again is not all of the given text: then it only began alike, and the white space behind
    /// that text may come first all the same.
    fn own(self) -> Option<(String, String)> {
        let Self { heard, matched, given } = self;
        let text = |from: usize, to: usize| heard.get(from..to).unwrap_or_default().to_owned();
        (matched < given).then(|| (text(0, matched), text(given, heard.len())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::convert::form::Stop;
    use proptest::prelude::*;

    const OPEN: Place = Place { choice: 0, part: 2 };

    fn place(part: u32) -> Place {
        Place { choice: 0, part }
    }

    /// What a client has heard when the second answer says these pieces.
    fn heard(said: &str, repeats: bool, pieces: &[&str]) -> String {
        let mut seam = Seam::new(OPEN, said, repeats);
        let mut heard = said.to_owned();
        let mut tell = |step: Step<'_>| {
            if let Step::Delta(place, Delta::Text(text)) = step {
                assert_eq!(place, OPEN);
                heard.push_str(&text.plain());
            }
        };
        seam.pass(Step::Open(place(0), Opening::Text), &mut tell);
        for piece in pieces {
            seam.pass(Step::Delta(place(0), Delta::Text((*piece).into())), &mut tell);
        }
        seam.pass(Step::Close(place(0)), &mut tell);
        heard
    }

    #[test]
    fn what_is_no_repetition_is_told_whatever_it_begins_with() {
        assert_eq!(heard("Hello ", false, &["world"]), "Hello world", "the space is there already");
        assert_eq!(heard("Hello ", false, &[" ", "world"]), "Hello world");
        assert_eq!(heard("Hello \n", false, &[" world"]), "Hello \nworld");
        assert_eq!(heard("Hello", true, &["Hel", "p me"]), "HelloHelp me", "it only began alike");
        assert_eq!(heard("Hello", true, &["Hel"]), "HelloHel");
        assert_eq!(heard("Hello", true, &["Hello", " world"]), "Hello world");
        assert_eq!(heard("Hello ", true, &[" ", "world"]), "Hello world", "it does not repeat after all");
        assert_eq!(heard(" hello ", true, &[" h", "i"]), " hello hi");
        assert_eq!(heard("ha", false, &["ha"]), "haha", "who does not repeat means it");
    }

    #[test]
    fn parts_behind_the_text_are_numbered_on() {
        let mut told = Vec::new();
        let mut seam = Seam::new(OPEN, "said", false);
        let mut tell = |step: Step<'_>| {
            told.push(match step {
                Step::Open(place, _) => format!("open {}", place.part),
                Step::Delta(place, _) => format!("delta {}", place.part),
                Step::Close(place) => format!("close {}", place.part),
                _ => "finish".to_owned(),
            });
        };
        let thought = || Opening::Thought { id: None };
        seam.pass(Step::Begin { id: None, model: None, created: None }, &mut tell);
        seam.pass(Step::Open(place(0), thought()), &mut tell);
        seam.pass(Step::Delta(place(0), Delta::Thinking("hm".into())), &mut tell);
        seam.pass(Step::Close(place(0)), &mut tell);
        seam.pass(Step::Open(place(1), Opening::Text), &mut tell);
        seam.pass(Step::Delta(place(1), Delta::Text("words".into())), &mut tell);
        seam.pass(Step::Close(place(1)), &mut tell);
        seam.pass(Step::Finish { choice: 0, stop: Stop::Complete }, &mut tell);
        let expected = ["close 2", "open 3", "delta 3", "close 3", "open 4", "delta 4", "close 4", "finish"];
        assert_eq!(told, expected);
    }

    #[test]
    fn an_answer_that_says_nothing_more_closes_what_is_open() {
        let mut told = Vec::new();
        let mut seam = Seam::new(OPEN, "said", false);
        seam.pass(Step::Finish { choice: 0, stop: Stop::Complete }, &mut |step| {
            told.push(matches!(step, Step::Close(OPEN)));
        });
        assert_eq!(told, [true, false]);
    }

    proptest! {
        #[test]
        fn wherever_it_broke_off_and_however_the_rest_is_cut_the_client_hears_the_whole_text(
            whole in "[ab \n]{0,12}[é ]{0,4}[ab \n]{0,12}",
            at in any::<prop::sample::Index>(),
            cut in any::<prop::sample::Index>(),
            repeats in any::<bool>(),
        ) {
            let places: Vec<usize> = (0..=whole.len()).filter(|at| whole.is_char_boundary(*at)).collect();
            let (said, _) = whole.split_at(*at.get(&places));
            let from = if repeats { 0 } else { given(said).len() };
            let rest = whole.split_at(from).1;
            let places: Vec<usize> = (0..=rest.len()).filter(|at| rest.is_char_boundary(*at)).collect();
            let (one, other) = rest.split_at(*cut.get(&places));
            prop_assert_eq!(heard(said, repeats, &[one, other]), whole);
        }
    }
}
