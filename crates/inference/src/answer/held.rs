//! A part of an answer that is in memory, and its share of the byte budget until it has left.

use bytes::Bytes;
use domain::byte_budget::Hold;
use smallvec::SmallVec;
use wire::json::ChunkedBytes;

/// Pieces of an answer that were read before anything of it was passed on. Their share of the budget is given back
/// with the last of them, so that clients that read slowly cannot make the process hold more than it may.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// The next one last.
    pieces: SmallVec<[Bytes; 2]>,
    hold: Option<Hold>,
}

impl Held {
    /// All that was read, with what was taken from the budget for it.
    pub(crate) fn new(chunks: &ChunkedBytes, hold: Hold) -> Self {
        Self { hold: Some(hold), ..chunks.chunks().iter().cloned().collect() }
    }

    /// The next piece, in order.
    pub(super) fn pop(&mut self) -> Option<Bytes> {
        let piece = self.pieces.pop();
        if self.pieces.is_empty() {
            self.hold = None;
        }
        piece
    }

    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// How many bytes are left.
    pub(super) fn bytes(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.len() as u64).sum()
    }
}

impl FromIterator<Bytes> for Held {
    fn from_iter<I: IntoIterator<Item = Bytes>>(pieces: I) -> Self {
        let mut pieces: SmallVec<[Bytes; 2]> = pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
        pieces.reverse();
        Self { pieces, hold: None }
    }
}

impl From<Bytes> for Held {
    fn from(piece: Bytes) -> Self {
        Self::from_iter([piece])
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, ChunkedBytes, Held};
    use domain::byte_budget::ByteBudget;
    use std::sync::Arc;

    #[test]
    fn the_budget_has_its_share_back_when_the_last_piece_has_left() {
        let budget = Arc::new(ByteBudget::default());
        let mut hold = budget.hold();
        hold.grow(3, 100).unwrap();
        let mut chunks = ChunkedBytes::new();
        chunks.push(Bytes::from_static(b"ab"));
        chunks.push(Bytes::from_static(b"c"));
        let mut held = Held::new(&chunks, hold);
        assert_eq!((held.bytes(), held.pop().unwrap()), (3, Bytes::from_static(b"ab")));
        assert_eq!(budget.used_bytes(), 3);
        assert_eq!(held.pop().unwrap(), "c");
        assert_eq!((budget.used_bytes(), held.pop()), (0, None));
    }
}
