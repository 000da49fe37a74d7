//! Numbers as JSON has them: compared exactly where both are whole, so that long ids stay apart.

use std::cmp::Ordering;
use std::fmt;

/// A finite number.
#[derive(Debug, Clone, Copy)]
pub enum Number {
    /// A whole one.
    Whole(i128),
    /// Any other.
    Real(f64),
}

impl Number {
    /// The number that a text is as a whole, in JSON's notation.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // Without digits at the edges it is one of the words that floats can be written as, such as `inf`.
        let is_numeric = text.starts_with(|first: char| first.is_ascii_digit() || first == '-')
            && text.ends_with(|last: char| last.is_ascii_digit());
        if !is_numeric {
            return None;
        }
        let real = || text.parse::<f64>().ok().filter(|real| real.is_finite()).map(Self::Real);
        text.parse().ok().map(Self::Whole).or_else(real)
    }

    fn real(self) -> f64 {
        match self {
            Self::Whole(whole) => whole as f64,
            Self::Real(real) => real,
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.partial_cmp(other) == Some(Ordering::Equal)
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => Some(one.cmp(other)),
            _ => self.real().partial_cmp(&other.real()),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(whole) => whole.fmt(formatter),
            Self::Real(real) => real.fmt(formatter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Number;

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap()
    }

    #[test]
    fn whole_numbers_are_told_apart_where_floats_are_not() {
        assert_ne!(number("9007199254740993"), number("9007199254740992"));
        assert!(number("18446744073709551615") > number("18446744073709551614"));
        assert_eq!(number("1"), number("1.0"));
        assert_eq!(number("1e3"), number("1000"));
        assert!(number("-0.5") < number("0"));
    }

    #[test]
    fn only_a_number_reads_as_one() {
        for text in ["", "-", "inf", "-inf", "NaN", "1e999", "1 ", " 1", "0x10", "1_000", "ten", "1."] {
            assert!(Number::parse(text).is_none(), "{text}");
        }
    }
}
