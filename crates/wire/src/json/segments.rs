//! The result of an edit: the pieces to send, in order.

use bytes::Bytes;
use smallvec::SmallVec;

/// Bytes in pieces: one when the whole is small, slices of the original around replacements when it is large.
#[derive(Debug, Clone, Default)]
pub struct Segments(SmallVec<[Bytes; 4]>);

impl Segments {
    /// Bytes in all pieces.
    pub fn len_bytes(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    /// The pieces, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Bytes> {
        self.0.iter()
    }

    /// The whole as one `Bytes`, copied when there are several pieces.
    pub fn into_bytes(mut self) -> Bytes {
        match self.0.len() {
            0 => Bytes::new(),
            1 => self.0.swap_remove(0),
            _ => self.copied(),
        }
    }

    fn copied(&self) -> Bytes {
        let mut whole = Vec::with_capacity(self.len_bytes());
        for piece in &self.0 {
            whole.extend_from_slice(piece);
        }
        Bytes::from(whole)
    }
}

impl FromIterator<Bytes> for Segments {
    fn from_iter<I: IntoIterator<Item = Bytes>>(pieces: I) -> Self {
        Self(pieces.into_iter().filter(|piece| !piece.is_empty()).collect())
    }
}

impl From<Bytes> for Segments {
    fn from(bytes: Bytes) -> Self {
        std::iter::once(bytes).collect()
    }
}

impl IntoIterator for Segments {
    type Item = Bytes;
    type IntoIter = smallvec::IntoIter<[Bytes; 4]>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'s> IntoIterator for &'s Segments {
    type Item = &'s Bytes;
    type IntoIter = std::slice::Iter<'s, Bytes>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
