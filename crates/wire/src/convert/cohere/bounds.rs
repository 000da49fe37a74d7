//! How far Cohere's numbers go: beyond it a request is refused (API reference, "Chat" and "Errors"), so that what other
//! formats allow is brought to the nearest that Cohere takes.

/// The least and the most of a number, as they are written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    least: &'static str,
    most: &'static str,
}

pub(super) const TEMPERATURE: Bounds = Bounds { least: "0", most: "1" };
pub(super) const P: Bounds = Bounds { least: "0.01", most: "0.99" };
pub(super) const K: Bounds = Bounds { least: "0", most: "500" };
pub(super) const PENALTY: Bounds = Bounds { least: "0", most: "1" };
/// The most stop sequences.
pub(super) const STOPS_MAX: usize = 5;

impl Bounds {
    /// The number itself, or the bound that it is beyond.
    pub(super) fn fitted(self, number: &str) -> &str {
        let value = |text: &str| text.parse::<f64>().unwrap_or_default();
        match value(number) {
            number if number < value(self.least) => self.least,
            number if number > value(self.most) => self.most,
            _ => number,
        }
    }

    /// Whether the number is taken as it is.
    pub(super) fn hold(self, number: &str) -> bool {
        self.fitted(number) == number
    }
}

/// Whether a penalty says anything: 0 is what Cohere does unasked, and it takes only one of the two.
pub(super) fn is_penalty(number: &str) -> bool {
    PENALTY.fitted(number).parse::<f64>().is_ok_and(|number| number > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_within_the_bounds_is_kept_as_it_was_written() {
        for (bounds, number, fitted) in [
            (P, "0.750", "0.750"),
            (P, "1", "0.99"),
            (P, "0", "0.01"),
            (K, "5e2", "5e2"),
            (K, "-1", "0"),
            (TEMPERATURE, "2", "1"),
            (PENALTY, "-2", "0"),
            (PENALTY, "1e400", "1"),
        ] {
            assert_eq!(bounds.fitted(number), fitted, "{number}");
            assert_eq!(bounds.hold(number), number == fitted, "{number}");
        }
    }

    #[test]
    fn a_penalty_of_nothing_is_none() {
        assert!(is_penalty("0.1") && is_penalty("7"));
        assert!(!is_penalty("0.0") && !is_penalty("-1"));
    }
}
