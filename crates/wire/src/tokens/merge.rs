//! Byte-pair encoding of one piece: neighbours whose union is a token are merged, the lowest rank first.

use super::vocabulary::Vocabulary;

/// The longest run of bytes that is merged as one. The work is quadratic in it, so a longer piece (which no word is) is
/// counted in runs of this length; each cut adds a token at most.
const RUN_BYTES_MAX: usize = 128;

/// What is merged with nothing.
const NEVER: u32 = u32::MAX;

/// How many tokens a piece has.
pub(super) fn merged(piece: &[u8], vocabulary: &Vocabulary) -> u64 {
    if vocabulary.rank(piece).is_some() {
        return 1;
    }
    piece.chunks(RUN_BYTES_MAX).map(|run| merged_run(run, vocabulary)).sum()
}

/// A part of a run, and the rank of the token that it would make with the next part.
#[derive(Clone, Copy)]
struct Part {
    start: usize,
    rank: u32,
}

fn merged_run(run: &[u8], vocabulary: &Vocabulary) -> u64 {
    let mut parts: Vec<Part> = (0..=run.len()).map(|start| Part { start, rank: NEVER }).collect();
    for index in 0..parts.len() {
        parts[index].rank = rank_of(&parts, index, run, vocabulary);
    }
    while let Some(index) = lowest(&parts) {
        parts.remove(index + 1);
        parts[index].rank = rank_of(&parts, index, run, vocabulary);
        if let Some(before) = index.checked_sub(1) {
            parts[before].rank = rank_of(&parts, before, run, vocabulary);
        }
    }
    // The last part is the end of the run.
    (parts.len() - 1) as u64
}

/// The rank of a part and its neighbour as one token.
fn rank_of(parts: &[Part], index: usize, run: &[u8], vocabulary: &Vocabulary) -> u32 {
    let Some(after) = parts.get(index + 2) else { return NEVER };
    vocabulary.rank(&run[parts[index].start..after.start]).unwrap_or(NEVER)
}

/// Where the lowest rank is, the first of equals.
fn lowest(parts: &[Part]) -> Option<usize> {
    let (index, part) = parts.iter().enumerate().min_by_key(|(_, part)| part.rank)?;
    (part.rank != NEVER).then_some(index)
}
