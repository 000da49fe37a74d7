//! What a role permits, as bits: one for each question that can be asked. Asking is reading a bit, however many policies the
//! role was written in, and joining policies is arithmetic.

use std::ops::{BitAnd, BitOr, Not};

use super::vocabulary::{Action, Kind, Level};

/// A question without names: is this action on a thing of this kind permitted by a role that is held at this level?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question {
    /// What is done.
    pub action: Action,
    /// To what.
    pub kind: Kind,
    /// Where the role is held.
    pub level: Level,
    /// Whether the thing is the principal's own.
    pub own: bool,
}

const WORDS: usize = (Action::ALL.len() * Kind::ALL.len() * Level::ALL.len() * 2).div_ceil(64);

/// The questions that are answered with yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Permissions([u64; WORDS]);

impl Question {
    /// Every question, also those that nobody would ask.
    pub fn all() -> impl Iterator<Item = Self> {
        let kinds = |action| Kind::ALL.into_iter().map(move |kind| (action, kind));
        let levels = |(action, kind)| Level::ALL.into_iter().map(move |level| (action, kind, level));
        let whose = |(action, kind, level)| [false, true].map(|own| Self { action, kind, level, own });
        Action::ALL.into_iter().flat_map(kinds).flat_map(levels).flat_map(whose)
    }

    /// The word that has its bit, and the bit.
    fn place(self) -> (usize, u64) {
        let place = self.action as usize * Kind::ALL.len() + self.kind as usize;
        let place = (place * Level::ALL.len() + self.level as usize) * 2 + usize::from(self.own);
        (place / 64, 1 << (place % 64))
    }
}

impl Permissions {
    /// The questions for which `answer` says yes.
    #[must_use]
    pub fn of(answer: impl Fn(Question) -> bool) -> Self {
        let mut permissions = Self::default();
        for (word, bit) in Question::all().filter(|question| answer(*question)).map(Question::place) {
            if let Some(word) = permissions.0.get_mut(word) {
                *word |= bit;
            }
        }
        permissions
    }

    /// Whether it is permitted.
    #[must_use]
    pub fn permit(&self, question: Question) -> bool {
        let (word, bit) = question.place();
        self.0.get(word).is_some_and(|word| word & bit != 0)
    }
}

impl BitAnd for Permissions {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] & other.0[word]))
    }
}

impl BitOr for Permissions {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(std::array::from_fn(|word| self.0[word] | other.0[word]))
    }
}

impl Not for Permissions {
    type Output = Self;

    /// The other questions; the bits behind the last one change, too, and are never read.
    fn not(self) -> Self {
        Self(self.0.map(|word| !word))
    }
}

#[cfg(test)]
mod tests {
    use super::{Permissions, Question};
    use proptest::prelude::*;

    #[test]
    fn each_question_has_a_place_of_its_own() {
        for asked in Question::all() {
            let one = Permissions::of(|question| question == asked);
            assert!(Question::all().all(|question| one.permit(question) == (question == asked)));
        }
    }

    proptest! {
        #[test]
        fn sets_are_joined_question_by_question(one: [u64; super::WORDS], other: [u64; super::WORDS]) {
            let (one, other) = (Permissions(one), Permissions(other));
            for question in Question::all() {
                let (first, second) = (one.permit(question), other.permit(question));
                prop_assert_eq!((one & other).permit(question), first && second);
                prop_assert_eq!((one | other).permit(question), first || second);
                prop_assert_eq!((!one).permit(question), !first);
            }
        }
    }
}
