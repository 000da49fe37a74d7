//! Chance that a seed repeats. Every draw belongs to a purpose and to what it is drawn for, such as the third attempt of a
//! request at a target, so that what is added to a simulation leaves the luck of everything else as it was.

use std::f64::consts::TAU;

/// The odd number nearest to 2⁶⁴ divided by the golden ratio, by which SplitMix64 counts (Steele, Lea and Flood 2014).
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// What a sequence of draws is for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Purpose {
    /// When requests come, and what they ask for.
    Traffic,
    /// A value within a request.
    Value,
    /// What the gateway decides by chance.
    Decision,
    /// How an attempt goes at its provider.
    Attempt,
    /// In which arm of a canary a request is.
    Arm,
}

/// A sequence of draws (SplitMix64).
#[derive(Debug, Clone)]
pub(crate) struct Luck(u64);

impl Luck {
    /// The sequence of a seed for a purpose, and for what these numbers say.
    pub(crate) fn of(seed: u64, purpose: Purpose, numbers: &[u64]) -> Self {
        let begin = mixed(seed.wrapping_add(STEP)) ^ purpose as u64;
        Self(numbers.iter().fold(mixed(begin), |state, number| mixed(state ^ mixed(*number))))
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(STEP);
        mixed(self.0)
    }

    /// A number between 0 and 1, neither of them included.
    pub(crate) fn share(&mut self) -> f64 {
        // 53 bits, which a float holds exactly, and a half.
        ((self.bits() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// A whole number below `bound`; 0 where that is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let scaled = (u128::from(self.bits()) * u128::from(bound)) >> 64;
        u64::try_from(scaled).unwrap_or(0)
    }

    /// Exponentially distributed with a mean of 1: the gaps between arrivals that know nothing of each other.
    pub(crate) fn exponential(&mut self) -> f64 {
        -self.share().ln()
    }

    /// Normally distributed with a mean of 0 and a deviation of 1 (Box and Muller 1958).
    pub(crate) fn normal(&mut self) -> f64 {
        let (length, angle) = (self.share(), self.share());
        (-2.0 * length.ln()).sqrt() * (TAU * angle).cos()
    }
}

/// A number for a text, the same in every run.
pub(crate) fn number_of(text: &str) -> u64 {
    text.bytes().fold(STEP, |state, byte| mixed(state ^ u64::from(byte)))
}

/// Spreads every bit over all others (the finalizer of SplitMix64).
fn mixed(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::{Luck, Purpose};

    const DRAWS: usize = 100_000;

    fn luck() -> Luck {
        Luck::of(7, Purpose::Attempt, &[1])
    }

    fn mean(mut draw: impl FnMut() -> f64) -> f64 {
        (0..DRAWS).map(|_| draw()).sum::<f64>() / DRAWS as f64
    }

    #[test]
    fn the_same_seed_draws_the_same_and_any_other_number_differs() {
        let draws = |seed, purpose, numbers: &[u64]| {
            let mut luck = Luck::of(seed, purpose, numbers);
            [luck.bits(), luck.bits(), luck.bits()]
        };
        let first = draws(1, Purpose::Traffic, &[0, 1]);
        assert_eq!(first, draws(1, Purpose::Traffic, &[0, 1]));
        for other in [
            draws(2, Purpose::Traffic, &[0, 1]),
            draws(1, Purpose::Attempt, &[0, 1]),
            draws(1, Purpose::Traffic, &[1, 0]),
            draws(1, Purpose::Traffic, &[0]),
        ] {
            assert_ne!(first, other);
        }
    }

    #[test]
    fn draws_have_the_moments_of_their_distribution() {
        let mut luck = luck();
        assert!((mean(|| luck.share()) - 0.5).abs() < 0.005);
        assert!((mean(|| luck.exponential()) - 1.0).abs() < 0.02);
        assert!(mean(|| luck.normal()).abs() < 0.02);
        assert!((mean(|| luck.normal().powi(2)) - 1.0).abs() < 0.03);
        assert!((mean(|| luck.below(10) as f64) - 4.5).abs() < 0.05);
        assert_eq!(luck.below(0), 0);
    }
}
