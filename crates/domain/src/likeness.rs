//! Examples that texts are compared with, as data: who is like which, `engine` says.

use crate::condition::Fact;

/// What a text looks like: its features with their weights, in ascending order of the features. The squares of the weights add up
/// to 1, unless there are none.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sketch(pub Vec<(u32, f32)>);

/// Examples of what leads to which branch.
#[derive(Debug, Clone)]
pub struct Likeness {
    /// The text that is compared.
    pub fact: Fact,
    /// Each with the place of its branch; at least one.
    pub examples: Vec<(Sketch, usize)>,
    /// How telling a feature is, in ascending order of the features; any other is as telling as `rarity`.
    pub weights: Vec<(u32, f32)>,
    /// How telling a feature is that no example has.
    pub rarity: f32,
    /// The least likeness that counts, above 0 and at most 1.
    pub threshold: f32,
}
