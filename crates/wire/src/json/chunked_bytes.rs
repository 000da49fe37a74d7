//! A body as it arrived: the chunks of the transport, addressed as if they were one run of bytes.

use std::borrow::Cow;
use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;

/// Bytes in one or more chunks. Almost every request fits one, which is stored inline.
#[derive(Debug, Clone, Default)]
pub struct ChunkedBytes {
    chunks: SmallVec<[Bytes; 1]>,
    /// Where each chunk ends in the whole.
    ends: SmallVec<[usize; 1]>,
}

impl ChunkedBytes {
    /// No bytes.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a chunk at the end; an empty one is dropped.
    pub fn push(&mut self, chunk: Bytes) {
        if !chunk.is_empty() {
            self.ends.push(self.len() + chunk.len());
            self.chunks.push(chunk);
        }
    }

    /// Bytes in all chunks.
    pub fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Whether the needle stands somewhere in it, be it across chunks.
    pub fn contains(&self, needle: &[u8]) -> bool {
        let reach = needle.len().saturating_sub(1);
        let crosses = |end: &usize| {
            let around = self.range(end.saturating_sub(reach)..end + reach);
            memchr::memmem::find(&around, needle).is_some()
        };
        let within = self.chunks.iter().any(|chunk| memchr::memmem::find(chunk, needle).is_some());
        within || (self.chunks.len() > 1 && self.ends.iter().any(crosses))
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The bytes of a range, copied only when it crosses chunks. A range beyond the end is cut there.
    pub fn range(&self, range: Range<usize>) -> Cow<'_, [u8]> {
        let mut parts = self.parts(range);
        let first = parts.next().map_or(&[][..], |(chunk, within)| &chunk[within]);
        let Some((chunk, within)) = parts.next() else {
            return Cow::Borrowed(first);
        };
        let mut joined = first.to_vec();
        joined.extend_from_slice(&chunk[within]);
        for (chunk, within) in parts {
            joined.extend_from_slice(&chunk[within]);
        }
        Cow::Owned(joined)
    }

    /// The bytes of a range as slices of the chunks, without copying. A range beyond the end is cut there.
    pub fn slice(&self, range: Range<usize>) -> impl Iterator<Item = Bytes> + '_ {
        self.parts(range).map(|(chunk, within)| chunk.slice(within))
    }

    /// The bytes of a range as one `Bytes`, copied only when it crosses chunks.
    pub fn contiguous(&self, range: Range<usize>) -> Bytes {
        let mut parts = self.slice(range.clone());
        let first = parts.next().unwrap_or_default();
        match parts.next() {
            None => first,
            Some(_) => Bytes::from(self.range(range).into_owned()),
        }
    }

    /// The chunks, in order, none of them empty.
    pub fn chunks(&self) -> &[Bytes] {
        &self.chunks
    }

    /// The non-empty pieces of chunks that a range covers.
    fn parts(&self, range: Range<usize>) -> impl Iterator<Item = (&Bytes, Range<usize>)> + '_ {
        let first = self.ends.partition_point(|&end| end <= range.start);
        self.chunks.iter().zip(&self.ends).skip(first).map_while(move |(chunk, &end)| {
            let start = end - chunk.len();
            let within = range.start.saturating_sub(start)..range.end.min(end).saturating_sub(start);
            (within.start < within.end).then_some((chunk, within))
        })
    }
}

impl From<Bytes> for ChunkedBytes {
    fn from(bytes: Bytes) -> Self {
        let mut chunked = Self::new();
        chunked.push(bytes);
        chunked
    }
}

impl FromIterator<Bytes> for ChunkedBytes {
    fn from_iter<I: IntoIterator<Item = Bytes>>(chunks: I) -> Self {
        let mut chunked = Self::new();
        for chunk in chunks {
            chunked.push(chunk);
        }
        chunked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_range_reads_as_if_the_chunks_were_one(
            chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..6), 0..6),
            from in 0usize..40,
            length in 0usize..40,
        ) {
            let whole = chunks.concat();
            let chunked: ChunkedBytes = chunks.into_iter().map(Bytes::from).collect();
            let wanted = &whole[from.min(whole.len())..(from + length).min(whole.len())];
            prop_assert_eq!(chunked.len(), whole.len());
            prop_assert_eq!(&*chunked.range(from..from + length), wanted);
            prop_assert_eq!(&*chunked.contiguous(from..from + length), wanted);
            let sliced: Vec<Bytes> = chunked.slice(from..from + length).collect();
            prop_assert!(sliced.iter().all(|slice| !slice.is_empty()));
            prop_assert_eq!(sliced.concat(), wanted);
        }
    }

    #[test]
    fn a_range_inside_one_chunk_is_not_copied() {
        let chunked: ChunkedBytes =
            [Bytes::from_static(b"abc"), Bytes::from_static(b"def")].into_iter().collect();
        assert!(matches!(chunked.range(3..6), Cow::Borrowed(b"def")));
        assert!(matches!(chunked.range(2..4), Cow::Owned(_)));
    }
}
