//! Ids of calls. Gemini matches calls and results by name and order, and only some of its models give ids; other formats need
//! one for each call, which its result refers to.

use std::collections::VecDeque;

use crate::json::Text;

/// Ids for the calls of a request without them: made of their place, so that a conversation that goes on keeps them.
#[derive(Default)]
pub(super) struct CallIds<'a> {
    calls: u64,
    /// The calls without a result, their tools and their ids.
    unanswered: VecDeque<(String, Text<'a>)>,
}

impl<'a> CallIds<'a> {
    /// The id of a call.
    pub(super) fn of_call(&mut self, given: Option<Text<'a>>, name: &Text<'a>) -> Text<'a> {
        let id = given.unwrap_or_else(|| Text::from(format!("call_{}", self.calls)));
        self.calls += 1;
        self.unanswered.push_back((name.plain().into_owned(), id.clone()));
        id
    }

    /// The id of the call that a result answers: the one it names, else the first call of its tool that has no result.
    pub(super) fn of_result(&mut self, given: Option<Text<'a>>, name: &Text<'a>) -> Text<'a> {
        let same_id = |id: &Text<'a>| given.as_ref().is_some_and(|given| given.plain() == id.plain());
        let name = name.plain();
        let by_id = self.unanswered.iter().position(|(_, id)| same_id(id));
        let by_name = || self.unanswered.iter().position(|(tool, _)| *tool == name);
        let place = by_id.or_else(by_name);
        let answered = place.and_then(|place| self.unanswered.remove(place));
        match (answered, given) {
            (Some((_, id)), _) => id,
            (None, Some(given)) => given,
            (None, None) => Text::from(format!("call_of_{name}")),
        }
    }
}

/// Ids for the calls of an answer without them: made of the answer's own id, so that no two answers have the same.
#[derive(Debug, Default)]
pub(super) struct AnswerIds {
    answer: Option<String>,
    calls: u64,
}

impl AnswerIds {
    /// For the calls of the answer with this id.
    pub(super) fn of(answer: Option<&Text<'_>>) -> Self {
        let answer = answer.map(|id| id.plain().into_owned()).filter(|id| !id.is_empty());
        Self { answer, calls: 0 }
    }

    /// The id of the next call.
    pub(super) fn next<'a>(&mut self, given: Option<Text<'a>>) -> Text<'a> {
        let number = self.calls;
        self.calls += 1;
        given.filter(|id| !id.is_empty()).unwrap_or_else(|| match &self.answer {
            Some(answer) => Text::from(format!("call_{answer}_{number}")),
            None => Text::from(format!("call_{number}")),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &'static str) -> Text<'static> {
        Text::from(text)
    }

    #[test]
    fn results_find_their_calls_by_id_else_by_name_and_order() {
        let mut ids = CallIds::default();
        let calls: Vec<_> = ["f", "g", "f"].into_iter().map(|name| ids.of_call(None, &text(name))).collect();
        assert_eq!(calls, [text("call_0"), text("call_1"), text("call_2")]);
        assert_eq!(ids.of_call(Some(text("own")), &text("g")), text("own"));
        assert_eq!(ids.of_result(Some(text("own")), &text("g")), text("own"));
        let results: Vec<_> =
            ["f", "f", "g"].into_iter().map(|name| ids.of_result(None, &text(name))).collect();
        assert_eq!(results, [text("call_0"), text("call_2"), text("call_1")]);
        assert_eq!(ids.of_result(None, &text("h")), text("call_of_h"));
        assert_eq!(ids.of_result(Some(text("x")), &text("h")), text("x"));
    }

    #[test]
    fn calls_of_different_answers_have_different_ids() {
        let mut ids = AnswerIds::of(Some(&text("r1")));
        assert_eq!((ids.next(None), ids.next(Some(text("a")))), (text("call_r1_0"), text("a")));
        assert_eq!(ids.next(Some(text(""))), text("call_r1_2"));
        assert_eq!(AnswerIds::of(Some(&text(""))).next(None), text("call_0"));
    }
}
