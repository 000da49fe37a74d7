//! Numbers as they were written: no figure of a source passes through floating point.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result, ensure};
use serde::de::{Deserialize, Deserializer, Error};
use serde::{Serialize, Serializer};

/// Digits of a number that 64-bit floating point holds for sure; a figure with more of them is one that floating point has
/// spoiled (`2.9999900000000002e-06`).
const SURE_DIGITS: u32 = 15;

/// Digits after the point of a pico-dollar.
const PICO: u32 = 12;

/// The most digits after the point that any figure of a source has.
const SCALE_MAX: u32 = 30;

/// `units` × 10^-`scale`, not negative, without zeros at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Decimal {
    units: u128,
    scale: u32,
}

impl Decimal {
    pub(super) const ZERO: Self = Self { units: 0, scale: 0 };

    pub(super) fn is_zero(self) -> bool {
        self.units == 0
    }

    /// How many digits it takes to write it.
    pub(super) fn digits(self) -> u32 {
        self.units.checked_ilog10().map_or(1, |digits| digits + 1)
    }

    /// The exact product.
    pub(super) fn times(self, factor: u32) -> Self {
        Self { units: self.units * u128::from(factor), ..self }.normal()
    }

    /// The nearest number with so many digits after the point to the quotient; of two equally near the larger one.
    pub(super) fn divided(self, divisor: u32, scale: u32) -> Self {
        let (numerator, denominator) = match scale.checked_sub(self.scale) {
            Some(more) => (self.units * 10_u128.pow(more), 1),
            None => (self.units, 10_u128.pow(self.scale - scale)),
        };
        let denominator = denominator * u128::from(divisor);
        Self { units: (numerator * 2 + denominator) / (denominator * 2), scale }.normal()
    }

    /// The same number without what floating point added to it.
    pub(super) fn without_noise(self) -> Self {
        match self.digits().checked_sub(SURE_DIGITS) {
            Some(noise) if noise > 0 => self.divided(1, self.scale - noise),
            _ => self,
        }
    }

    /// The nearest price in whole pico-dollars, which is what amounts are counted in. Only a fraction such as a twelfth of a
    /// dollar is changed by it.
    pub(super) fn in_pico_dollars(self) -> Self {
        self.divided(1, self.scale.min(PICO))
    }

    /// The price of an hour that was published before somebody wrote it down for a second and rounded it: of a second, a
    /// minute and an hour, the one whose price takes the fewest digits and rounds to this one.
    pub(super) fn per_hour(self) -> Self {
        let candidates = [(1, 3_600), (60, 60), (3_600, 1)].into_iter().flat_map(|(seconds, per_hour)| {
            (1..=self.scale.min(8)).filter_map(move |scale| {
                let price = self.times(seconds).divided(1, scale);
                (price.divided(seconds, self.scale) == self)
                    .then_some((price.digits(), price.times(per_hour)))
            })
        });
        let simplest = candidates.min_by_key(|(digits, _)| *digits);
        simplest.map_or_else(|| self.times(3_600), |(_, price)| price)
    }

    fn normal(mut self) -> Self {
        while self.scale > 0 && self.units.is_multiple_of(10) {
            self.units /= 10;
            self.scale -= 1;
        }
        self
    }
}

impl FromStr for Decimal {
    type Err = anyhow::Error;

    /// Reads `12`, `0.000123` and `1.25e-06`.
    fn from_str(text: &str) -> Result<Self> {
        let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let exponent: i32 = exponent.parse().with_context(|| format!("`{text}` is no number"))?;
        let digits = format!("{whole}{fraction}");
        let units: u128 = digits.parse().with_context(|| format!("`{text}` is no number"))?;
        let scale = i32::try_from(fraction.len())? - exponent;
        ensure!(scale <= SCALE_MAX.cast_signed() && scale >= -9, "`{text}` is out of range");
        let decimal = match u32::try_from(scale) {
            Ok(scale) => Self { units, scale },
            Err(_) => Self { units: units * 10_u128.pow(scale.unsigned_abs()), scale: 0 },
        };
        Ok(decimal.normal())
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let one = 10_u128.pow(self.scale);
        write!(formatter, "{}", self.units / one)?;
        match usize::try_from(self.scale) {
            Ok(scale) if scale > 0 => write!(formatter, ".{:0scale$}", self.units % one),
            _ => Ok(()),
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        let units = |number: &Self| number.units * 10_u128.pow(scale - number.scale);
        units(self).cmp(&units(other))
    }
}

#[cfg(test)]
mod tests {
    use super::Decimal;

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn a_number_is_read_as_it_was_written() {
        for (text, plain) in [
            ("1.25e-06", "0.00000125"),
            ("0.0", "0"),
            ("3", "3"),
            ("2.50", "2.5"),
            ("1e3", "1000"),
            ("4e-06", "0.000004"),
        ] {
            assert_eq!(decimal(text).to_string(), plain);
        }
        for text in ["", "x", "-1", "1e", "1e-99", "1.2.3"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_price_of_a_token_becomes_that_of_a_million() {
        assert_eq!(decimal("1.25e-06").times(1_000_000), decimal("1.25"));
        assert_eq!(decimal("2.8e-09").times(1_000_000).to_string(), "0.0028");
    }

    #[test]
    fn what_floating_point_added_is_taken_off_and_nothing_else() {
        for (spoiled, clean) in [
            ("2.9999900000000002e-06", "2.99999e-06"),
            ("9.499999999999999e-07", "9.5e-07"),
            ("3.2000000000000003e-06", "3.2e-06"),
            ("8.99997e-06", "8.99997e-06"),
            ("1.41953125e-07", "1.41953125e-07"),
        ] {
            assert_eq!(decimal(spoiled).without_noise(), decimal(clean), "{spoiled}");
        }
    }

    #[test]
    fn no_price_is_finer_than_a_pico_dollar() {
        assert_eq!(decimal("0.08333333333333334").in_pico_dollars().to_string(), "0.083333333333");
        assert_eq!(decimal("0.0028").in_pico_dollars(), decimal("0.0028"));
    }

    #[test]
    fn a_rounded_price_of_a_second_leads_back_to_the_price_that_was_published() {
        for (second, hour) in [
            ("0.0001", "0.36"),                // $0.006 a minute
            ("7.167e-05", "0.258"),            // $0.0043 a minute
            ("5.83333e-05", "0.21"),           // $0.0035 a minute
            ("6.11e-05", "0.22"),              // $0.22 an hour
            ("3.083e-05", "0.111"),            // $0.111 an hour
            ("1.111e-05", "0.04"),             // $0.04 an hour
            ("0.0005666666666666667", "2.04"), // $0.034 a minute
            ("0.000283333333333", "1.02"),     // $0.017 a minute
            ("7.5e-06", "0.027"),              // $0.00045 a minute
        ] {
            assert_eq!(decimal(second).per_hour(), decimal(hour), "{second}");
        }
    }

    #[test]
    fn numbers_are_ordered_by_value() {
        assert!(
            decimal("0.3") > decimal("0.25")
                && decimal("10") > decimal("9.99")
                && decimal("0.5") == decimal("5e-1")
        );
    }
}
