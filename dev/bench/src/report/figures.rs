//! Medians, spreads and the text of a figure.

use crate::cases::{Compare, Unit};

/// The middle and the ends of the figures of all rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) least: f64,
    pub(super) most: f64,
}

/// The median; the mean of the two in the middle for an even count; none of nothing.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = sorted.get(middle).copied()?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    sorted.get(middle - 1).map(|lower| (lower + upper) / 2.0)
}

/// A server's figures against the floor's, in pairs of (server, floor); none without a pair or for what stands alone.
pub(super) fn compared(pairs: &[(f64, f64)], compare: Compare) -> Option<Spread> {
    let values: Vec<f64> = match compare {
        Compare::Alone => return None,
        Compare::Added => pairs.iter().map(|(server, floor)| server - floor).collect(),
        Compare::Ratio => {
            pairs.iter().filter(|(_, floor)| *floor > 0.0).map(|(server, floor)| server / floor).collect()
        }
    };
    Some(Spread {
        median: median(&values)?,
        least: values.iter().copied().min_by(f64::total_cmp)?,
        most: values.iter().copied().max_by(f64::total_cmp)?,
    })
}

/// Three digits that matter, and the unit.
pub(super) fn format_value(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Micros if value >= 10_000.0 => format!("{} ms", digits(value / 1000.0)),
        Unit::Micros => format!("{} µs", digits(value)),
        Unit::Millis => format!("{} ms", digits(value)),
        Unit::PerSecond => format!("{value:.0}/s"),
        Unit::Bytes if value >= 1024.0 * 1024.0 => format!("{} MiB", digits(value / (1024.0 * 1024.0))),
        Unit::Bytes => format!("{} KiB", digits(value / 1024.0)),
        Unit::Times => format!("{} ×", digits(value)),
        Unit::Share => format!("{:.0} %", value * 100.0),
    }
}

/// About three digits that matter.
pub(super) fn digits(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 0.1 || size == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 9.0]), Some(3.0));
    }

    #[test]
    fn one_wild_round_moves_the_ends_but_not_the_middle() {
        let spread = compared(&[(15.0, 10.0), (16.0, 10.0), (90.0, 10.0)], Compare::Ratio).unwrap();
        assert_eq!(spread, Spread { median: 1.6, least: 1.5, most: 9.0 });
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(compared(&[(15.0, 0.0)], Compare::Ratio), None);
        assert_eq!(compared(&[], Compare::Added), None);
    }

    #[test]
    fn a_figure_has_three_digits_and_its_unit() {
        for (value, unit, text) in [
            (17.249, Unit::Micros, "17.2 µs"),
            (4.5, Unit::Micros, "4.50 µs"),
            (32_400.0, Unit::Micros, "32.4 ms"),
            (58_123.4, Unit::PerSecond, "58123/s"),
            (6.0 * 1024.0 * 1024.0, Unit::Bytes, "6.00 MiB"),
            (33.0 * 1024.0, Unit::Bytes, "33.0 KiB"),
            (0.997, Unit::Share, "100 %"),
            (1.054, Unit::Times, "1.05 ×"),
        ] {
            assert_eq!(format_value(value, unit), text);
        }
    }
}
