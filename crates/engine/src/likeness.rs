//! How alike two texts are by their letters: the cosine of vectors of word parts, rare parts counting for more (TF-IDF; Salton and
//! Buckley, "Term-weighting approaches in automatic text retrieval", 1988).
//!
//! It is lexical: it knows forms of a word and misspellings, and no synonyms. In return it needs no model, takes time in proportion to the
//! text, and says the same everywhere.

#[cfg(test)]
mod tests;

use domain::condition::Fact;
use domain::likeness::{Likeness, Sketch};

/// How much of a text is compared, in bytes from its beginning.
pub const TEXT_BYTES_MAX: usize = 4096;
/// Parts of words are so many letters long, the space at either end of a word counted.
const LETTERS: std::ops::RangeInclusive<usize> = 3..=5;
/// Features are numbers below this one; so many that two parts of words seldom share one.
const FEATURES: u64 = 1 << 20;

/// The examples of several branches, made ready to be compared with.
///
/// Nothing where no example has a letter.
#[must_use]
pub fn likeness(fact: Fact, examples: &[(&str, usize)], threshold: f32) -> Option<Likeness> {
    let counted: Vec<_> = examples.iter().map(|(text, place)| (features(text), *place)).collect();
    let weights = weights(counted.iter().map(|(features, _)| features.as_slice()));
    let rarity = weight(counted.len(), 0);
    let mut likeness = Likeness { fact, examples: Vec::new(), weights, rarity, threshold };
    for (features, place) in counted {
        let sketch = sketch(&features, &likeness);
        likeness.examples.push((sketch, place));
    }
    likeness.examples.iter().any(|(sketch, _)| !sketch.0.is_empty()).then_some(likeness)
}

/// The branch whose example is most like a text, when one is like enough; of several the first.
#[must_use]
pub fn most_alike(likeness: &Likeness, text: &str) -> Option<usize> {
    let sketch = sketch(&features(text), likeness);
    let compared = likeness.examples.iter().map(|(example, place)| (cosine(&sketch, example), *place));
    let enough = compared.filter(|(alike, _)| *alike >= likeness.threshold);
    let most = enough.reduce(|most, next| if next.0 > most.0 { next } else { most });
    most.map(|(_, place)| place)
}

/// The features of a text, each with how often it occurs, in ascending order.
fn features(text: &str) -> Vec<(u32, u32)> {
    let end = text.floor_char_boundary(TEXT_BYTES_MAX);
    let text = text.get(..end).unwrap_or(text).to_lowercase();
    let mut found = Vec::new();
    let words = text.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    for word in words {
        let letters: Vec<char> = [' '].into_iter().chain(word.chars()).chain([' ']).collect();
        let parts = LETTERS.flat_map(|length| letters.windows(length));
        found.extend(parts.map(feature));
    }
    found.sort_unstable();
    let mut counted: Vec<(u32, u32)> = Vec::new();
    for feature in found {
        match counted.last_mut() {
            Some((last, count)) if *last == feature => *count += 1,
            _ => counted.push((feature, 1)),
        }
    }
    counted
}

/// The number of a part of a word (FNV-1a over its letters; Fowler, Noll and Vo).
fn feature(part: &[char]) -> u32 {
    let step =
        |hash: u64, letter: &char| (hash ^ u64::from(u32::from(*letter))).wrapping_mul(0x0100_0000_01b3);
    let hash = part.iter().fold(0xcbf2_9ce4_8422_2325, step);
    u32::try_from((hash ^ (hash >> 32)) % FEATURES).unwrap_or(0)
}

/// How telling each feature of the examples is, in ascending order of the features.
fn weights<'f>(examples: impl ExactSizeIterator<Item = &'f [(u32, u32)]>) -> Vec<(u32, f32)> {
    let count = examples.len();
    let mut having: Vec<u32> = examples.flatten().map(|(feature, _)| *feature).collect();
    having.sort_unstable();
    let same = having.chunk_by(|one, other| one == other);
    same.filter_map(|same| Some((*same.first()?, weight(count, same.len())))).collect()
}

/// How telling a feature is that so many of all examples have.
#[expect(clippy::cast_precision_loss, reason = "there are a few hundred examples at most")]
fn weight(all: usize, having: usize) -> f32 {
    ((1 + all) as f32 / (1 + having) as f32).ln() + 1.0
}

fn sketch(features: &[(u32, u32)], likeness: &Likeness) -> Sketch {
    let telling = |feature: u32| {
        let found = likeness.weights.binary_search_by_key(&feature, |(known, _)| *known);
        found
            .ok()
            .and_then(|place| likeness.weights.get(place))
            .map_or(likeness.rarity, |(_, weight)| *weight)
    };
    #[expect(clippy::cast_precision_loss, reason = "a text has a few thousand letters at most")]
    let often = |count: u32| 1.0 + (count as f32).ln();
    let weighed: Vec<(u32, f32)> =
        features.iter().map(|(feature, count)| (*feature, often(*count) * telling(*feature))).collect();
    let length = weighed.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
    Sketch(weighed.into_iter().map(|(feature, weight)| (feature, weight / length)).collect())
}

/// From 0, nothing in common, to 1, the same parts equally often.
fn cosine(one: &Sketch, other: &Sketch) -> f32 {
    let mut others = other.0.iter().peekable();
    let mut sum = 0.0;
    for (feature, weight) in &one.0 {
        while others.next_if(|(theirs, _)| theirs < feature).is_some() {}
        if let Some((_, theirs)) = others.next_if(|(theirs, _)| theirs == feature) {
            sum += weight * theirs;
        }
    }
    sum
}
