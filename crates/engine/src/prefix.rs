//! The beginnings of a prompt, by which a provider's prompt cache knows it again.
//!
//! Providers keep what prompts begin with, from about a thousand tokens on. Which beginning the next request shares is not known, so
//! several are remembered, each twice as long as the one before.

use smallvec::SmallVec;

/// A token of prose is about so many bytes.
const TOKEN_BYTES: u64 = 4;
/// The shortest beginning, in tokens; no large provider keeps shorter ones that are worth a detour.
const TOKENS_MIN: u64 = 1024;
/// How many beginnings there are of a prompt at most: the longest has 128 Ki tokens.
const BEGINNINGS_MAX: usize = 8;

/// The beginnings of one prompt, shortest first; none of one that is short.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Prefix(SmallVec<[u64; BEGINNINGS_MAX]>);

impl Prefix {
    /// How many bytes of a prompt are looked at.
    pub const BYTES_MAX: u64 = (TOKENS_MIN * TOKEN_BYTES) << (BEGINNINGS_MAX - 1);

    /// The beginnings of the prompt that these bytes are, one after another.
    pub fn of<P: AsRef<[u8]>>(parts: impl IntoIterator<Item = P>) -> Self {
        let (mut hasher, mut read, mut found) = (blake3::Hasher::new(), 0, SmallVec::new());
        for part in parts {
            let mut rest = part.as_ref();
            while let Some(length) = length_of(found.len()) {
                let lacking = usize::try_from(length * TOKEN_BYTES - read).unwrap_or(usize::MAX);
                let Some((within, beyond)) = rest.split_at_checked(lacking) else { break };
                hasher.update(within);
                found.push(first_bits(&hasher.finalize()));
                (rest, read) = (beyond, length * TOKEN_BYTES);
            }
            hasher.update(rest);
            read += u64::try_from(rest.len()).unwrap_or(u64::MAX);
            if found.len() >= BEGINNINGS_MAX {
                break;
            }
        }
        Self(found)
    }

    /// The shortest beginning, which most requests share.
    #[must_use]
    pub fn shortest(&self) -> Option<u64> {
        self.0.first().copied()
    }

    /// The beginnings, each with its length in tokens, longest first.
    pub(crate) fn longest_first(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.0.iter().enumerate().rev().filter_map(|(place, beginning)| Some((*beginning, length_of(place)?)))
    }
}

/// The length in tokens of the beginning at a place.
fn length_of(place: usize) -> Option<u64> {
    (place < BEGINNINGS_MAX).then(|| TOKENS_MIN << place)
}

fn first_bits(hash: &blake3::Hash) -> u64 {
    hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    use super::{BEGINNINGS_MAX, Prefix};
    use proptest::prelude::*;

    const SHORTEST: usize = 4096;

    fn lengths(prefix: &Prefix) -> Vec<u64> {
        prefix.longest_first().map(|(_, tokens)| tokens).collect()
    }

    #[test]
    fn a_prompt_has_a_beginning_for_each_doubling() {
        let of = |bytes: usize| lengths(&Prefix::of([vec![b'x'; bytes]]));
        assert_eq!(of(SHORTEST - 1), [] as [u64; 0]);
        assert_eq!(of(SHORTEST), [1024]);
        assert_eq!(of(4 * SHORTEST - 1), [2048, 1024]);
        assert_eq!(of(4 * SHORTEST), [4096, 2048, 1024]);
        assert_eq!(of(1 << 20).len(), BEGINNINGS_MAX);
        assert_eq!(of(1 << 19), of(1 << 20), "what lies beyond is not looked at");
    }

    proptest! {
        #[test]
        fn it_is_the_bytes_that_count_and_not_their_parts(
            bytes in prop::collection::vec(any::<u8>(), 0..20_000), cuts in prop::collection::vec(0_usize..20_000, 0..6),
        ) {
            let mut cuts: Vec<_> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
            cuts.sort_unstable();
            let parts = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]);
            prop_assert_eq!(Prefix::of(parts), Prefix::of([&bytes]));
        }

        #[test]
        fn prompts_share_the_beginnings_up_to_where_they_part(
            same in prop::collection::vec(any::<u8>(), 0..20_000), one in prop::collection::vec(0_u8..128, 1..9_000),
        ) {
            let other: Vec<u8> = one.iter().map(|byte| byte + 128).collect();
            let (one, other) = (Prefix::of([&same, &one]), Prefix::of([&same, &other]));
            let shared = one.0.iter().zip(&other.0).take_while(|(one, other)| one == other).count();
            let expected = (0..).take_while(|place| SHORTEST << place <= same.len()).count();
            prop_assert_eq!(shared, expected.min(one.0.len()));
        }
    }
}
