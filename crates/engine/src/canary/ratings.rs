//! Ratings of answers on their way to the replica that gave the answer. A client's rating reaches any of them; the one that does not know the request puts it on
//! a board that all read.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Most ratings on the board; of more, the oldest go.
const POSTED_MAX: usize = 1_000;
/// For how long they stay there, by the clock of the store. Every replica reads several times as often.
const POSTED_FOR: Duration = Duration::from_secs(10);

/// Whether an answer was bad.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rating {
    /// The id of the request that was answered.
    pub request_id: Box<str>,
    /// In whose workspace it is said.
    pub workspace: Box<str>,
    /// Whether it was.
    pub is_bad: bool,
}

/// The board.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RatingBoard {
    /// How many were ever posted.
    count: u64,
    /// The last of them, each with when it was posted, in milliseconds by the clock of the store.
    posted: Vec<(u64, Rating)>,
}

impl RatingBoard {
    /// Those that were posted after the first `heard`, and how many there were ever. Those that are gone meanwhile are not heard.
    #[must_use]
    pub fn after(&self, heard: u64) -> (&[(u64, Rating)], u64) {
        let unheard = usize::try_from(self.count.saturating_sub(heard)).unwrap_or(usize::MAX);
        let known = self.posted.len().saturating_sub(unheard);
        (self.posted.get(known..).unwrap_or_default(), self.count)
    }

    /// Posts some, and takes down what is old.
    pub fn post(&mut self, ratings: impl IntoIterator<Item = Rating>, store_time: Duration) {
        let now = u64::try_from(store_time.as_millis()).unwrap_or(u64::MAX);
        let oldest = now.saturating_sub(u64::try_from(POSTED_FOR.as_millis()).unwrap_or(u64::MAX));
        self.posted.retain(|(at, _)| *at >= oldest);
        let before = self.posted.len();
        self.posted.extend(ratings.into_iter().map(|rating| (now, rating)));
        self.count = self.count.saturating_add((self.posted.len() - before) as u64);
        let surplus = self.posted.len().saturating_sub(POSTED_MAX);
        self.posted.drain(..surplus);
    }
}

#[cfg(test)]
mod tests {
    use super::{POSTED_FOR, POSTED_MAX, Rating, RatingBoard};
    use proptest::prelude::*;
    use std::time::Duration;

    fn rating(number: usize) -> Rating {
        Rating {
            request_id: number.to_string().into(),
            workspace: "w".into(),
            is_bad: number.is_multiple_of(2),
        }
    }

    fn ids(board: &RatingBoard, heard: u64) -> Vec<usize> {
        board.after(heard).0.iter().map(|(_, rating)| rating.request_id.parse().unwrap()).collect()
    }

    #[test]
    fn the_board_is_bounded_in_number_and_time() {
        let mut board = RatingBoard::default();
        board.post((0..POSTED_MAX + 5).map(rating), Duration::from_secs(100));
        assert_eq!(ids(&board, 0).len(), POSTED_MAX);
        assert_eq!(ids(&board, 0)[0], 5);
        board.post([rating(7)], Duration::from_secs(100) + POSTED_FOR);
        assert_eq!(ids(&board, 0).len(), POSTED_MAX);
        board.post([], Duration::from_millis(100_001) + POSTED_FOR);
        assert_eq!(ids(&board, 0), [7]);
    }

    proptest! {
        #[test]
        fn whoever_reads_in_time_hears_each_rating_once(
            posts in prop::collection::vec((0_usize..5, 0_u64..2_000, any::<bool>()), 0..50),
        ) {
            let (mut board, mut heard, mut now, mut number) = (RatingBoard::default(), 0, 0, 0);
            let mut all = Vec::new();
            let mut since_read = 0;
            for (count, wait, reads) in posts {
                now += wait;
                since_read += wait;
                board.post((number..number + count).map(rating), Duration::from_millis(now));
                number += count;
                if reads || since_read > 6_000 {
                    all.extend(ids(&board, heard));
                    heard = board.after(heard).1;
                    since_read = 0;
                }
            }
            all.extend(ids(&board, heard));
            prop_assert_eq!(all, (0..number).collect::<Vec<_>>());
            prop_assert!(ids(&board, board.after(heard).1).is_empty());
        }

        #[test]
        fn a_board_survives_its_text(count in 0_usize..20) {
            let mut board = RatingBoard::default();
            board.post((0..count).map(rating), Duration::from_secs(1));
            let text = serde_json::to_vec(&board).unwrap();
            prop_assert_eq!(serde_json::from_slice::<RatingBoard>(&text).unwrap(), board);
        }
    }
}
