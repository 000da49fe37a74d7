//! Money, exactly. A price of a token is a fraction of a millionth of a dollar, and floating point loses digits of it.

use std::fmt;
use std::str::FromStr;

/// How many pico-dollars a dollar has.
const PICO_PER_DOLLAR: i128 = 1_000_000_000_000;

/// Digits after the point that a pico-dollar can hold.
const DECIMALS_MAX: usize = 12;

/// The longest text of an amount: 15 digits of dollars, the point, 12 of pico-dollars, and zeros that say nothing.
const TEXT_BYTES_MAX: usize = 64;

/// An exact amount of US dollars, a whole number of pico-dollars (10⁻¹² dollars).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Money(i128);

/// Why a text is no amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyProblem {
    /// It is not decimal digits with at most one point.
    #[error("expected an amount of US dollars such as \"0.25\"")]
    Form,
    /// It has a digit below the pico-dollar.
    #[error("expected an amount with at most {DECIMALS_MAX} digits after the point")]
    TooFine,
    /// It is a quadrillion dollars or more.
    #[error("expected an amount below a quadrillion dollars")]
    TooLarge,
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// So many pico-dollars.
    #[must_use]
    pub const fn from_pico_usd(pico_usd: i128) -> Self {
        Self(pico_usd)
    }

    /// So many whole dollars.
    #[must_use]
    pub const fn from_usd(usd: u32) -> Self {
        Self(usd as i128 * PICO_PER_DOLLAR)
    }

    /// The amount in pico-dollars.
    #[must_use]
    pub const fn pico_usd(self) -> i128 {
        self.0
    }

    /// The sum, unless it is beyond all measure.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, unless it is beyond all measure.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// What `count` costs when this is the price of `per`. The result is exact wherever a whole number of pico-dollars is;
    /// elsewhere it is the nearest one, of two equally near the even one. `None` beyond all measure or when `per` is 0.
    #[must_use]
    pub fn times(self, count: u64, per: u64) -> Option<Self> {
        let product = self.0.checked_mul(i128::from(count))?;
        let per = i128::from(per);
        let (whole, rest) = (product.checked_div_euclid(per)?, product.checked_rem_euclid(per)?);
        let up = match (rest * 2).cmp(&per) {
            std::cmp::Ordering::Less => 0,
            std::cmp::Ordering::Greater => 1,
            std::cmp::Ordering::Equal => whole.rem_euclid(2),
        };
        whole.checked_add(up).map(Self)
    }
}

impl FromStr for Money {
    type Err = MoneyProblem;

    /// Reads `12`, `0.000123`, `.5` or `-3.10`; no exponent, no separators, no sign of a currency.
    fn from_str(text: &str) -> Result<Self, MoneyProblem> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let empty = whole.is_empty() && fraction.is_empty();
        if empty || text.len() > TEXT_BYTES_MAX || !all_digits(whole) || !all_digits(fraction) {
            return Err(MoneyProblem::Form);
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > DECIMALS_MAX {
            return Err(MoneyProblem::TooFine);
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() > 15 {
            return Err(MoneyProblem::TooLarge);
        }
        // At most 27 digits, which 128 bits hold.
        let digit = |value: i128, byte: u8| value * 10 + i128::from(byte - b'0');
        let padding = std::iter::repeat_n(b'0', DECIMALS_MAX - fraction.len());
        let pico = whole.bytes().chain(fraction.bytes()).chain(padding).fold(0, digit);
        Ok(Self(if negative { -pico } else { pico }))
    }
}

impl fmt::Display for Money {
    /// The shortest decimal text of the amount: `0.000123`, `12`, `-0.5`.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pico = self.0.unsigned_abs();
        let one = PICO_PER_DOLLAR.unsigned_abs();
        let (whole, mut fraction) = (pico / one, pico % one);
        let mut decimals = if fraction == 0 { 0 } else { DECIMALS_MAX };
        while decimals > 0 && fraction.is_multiple_of(10) {
            fraction /= 10;
            decimals -= 1;
        }
        let text = match decimals {
            0 => format!("{whole}"),
            _ => format!("{whole}.{fraction:0decimals$}"),
        };
        formatter.pad_integral(self.0 >= 0, "", &text)
    }
}

/// Whether a number is what a text says, to the last digit. Floating point loses some of those beyond the fifteenth, and an amount of money
/// would be another one then.
#[must_use]
pub fn is_exact(text: &str, number: f64) -> bool {
    digits(text) == digits(&format!("{number:e}"))
}

/// Whether it is below zero, its digits from the first to the last that is no zero, and where the point stands before them.
fn digits(text: &str) -> (bool, String, i64) {
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (mantissa, exponent) = unsigned.split_once(['e', 'E']).unwrap_or((unsigned, "0"));
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent).parse().unwrap_or(i64::MAX);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let led = all.trim_start_matches('0');
    let kept = led.trim_end_matches('0');
    if kept.is_empty() {
        return (false, String::new(), 0);
    }
    let length = |text: &str| i64::try_from(text.len()).unwrap_or(i64::MAX);
    let point =
        length(whole).saturating_sub(length(&all).saturating_sub(length(led))).saturating_add(exponent);
    (text.starts_with('-'), kept.to_owned(), point)
}

#[cfg(test)]
mod tests {
    use super::{Money, MoneyProblem, is_exact};
    use proptest::prelude::*;

    fn money(text: &str) -> Money {
        text.parse().unwrap()
    }

    #[test]
    fn an_amount_is_read_and_written_without_loss() {
        for (text, pico, written) in [
            ("0.000123", 123_000_000, "0.000123"),
            ("12", 12_000_000_000_000, "12"),
            ("-3.10", -3_100_000_000_000, "-3.1"),
            (".5", 500_000_000_000, "0.5"),
            ("0.000000000001", 1, "0.000000000001"),
            ("-0.0", 0, "0"),
            ("007.2500000000000000000", 7_250_000_000_000, "7.25"),
        ] {
            assert_eq!(money(text).pico_usd(), pico, "{text}");
            assert_eq!(money(text).to_string(), written);
        }
        assert_eq!(format!("{:>8}", money("-0.5")), "    -0.5");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", ".", "-", "1e-6", "1,5", "$1", " 1", "+1", "1.2.3", "--1", "٣", &"0".repeat(65)] {
            assert_eq!(text.parse::<Money>(), Err(MoneyProblem::Form), "{text}");
        }
        assert_eq!("0.0000000000001".parse::<Money>(), Err(MoneyProblem::TooFine));
        assert_eq!("1000000000000000".parse::<Money>(), Err(MoneyProblem::TooLarge));
        assert_eq!(money("999999999999999.999999999999").to_string(), "999999999999999.999999999999");
    }

    #[test]
    fn a_number_is_exact_that_says_each_digit_that_was_written() {
        for text in [
            "0.3",
            "0.30",
            "00.1",
            ".5",
            "5.",
            "-1.25e-7",
            "1E+16",
            "0",
            "-0.0",
            "1000.50",
            "123456789012345680000",
        ] {
            assert!(is_exact(text, text.parse().unwrap()), "{text}");
        }
        for text in
            ["123456789.123456789012", "0.12345678901234567890", "18446744073709551617", "9007199254740993.5"]
        {
            assert!(!is_exact(text, text.parse().unwrap()), "{text}");
        }
        assert!(!is_exact("-1", 1.0));
    }

    #[test]
    fn a_price_times_a_count_is_exact_and_otherwise_the_nearest() {
        // 1,234,567 tokens at $0.15 for a million.
        assert_eq!(money("0.15").times(1_234_567, 1_000_000), Some(money("0.18518505")));
        // 7 seconds at $0.111 for an hour: 0.000215833…
        assert_eq!(money("0.111").times(7, 3_600), Some(money("0.000215833333")));
        let pico = Money::from_pico_usd;
        for (amount, halves) in [(1, 0), (3, 2), (5, 2), (-1, 0), (-3, -2), (7, 4)] {
            assert_eq!(pico(amount).times(1, 2), Some(pico(halves)), "{amount}/2");
        }
        assert_eq!(pico(1).times(1, 0), None);
        assert_eq!(pico(i128::MAX).times(2, 1), None);
        assert_eq!(pico(i128::MAX).checked_add(pico(1)), None);
        assert_eq!(pico(i128::MIN).checked_sub(pico(1)), None);
    }

    proptest! {
        #[test]
        fn text_and_amount_are_two_forms_of_one(pico in -999_999_999_999_999_999_999_999_999_i128..=999_999_999_999_999_999_999_999_999) {
            let amount = Money::from_pico_usd(pico);
            prop_assert_eq!(money(&amount.to_string()), amount);
        }

        #[test]
        fn a_number_is_exact_as_it_is_written_by_itself(number in any::<f64>()) {
            prop_assume!(number.is_finite());
            let with_exponent = format!("{number:e}");
            prop_assert!(is_exact(&number.to_string(), number) && is_exact(&with_exponent, number));
        }

        #[test]
        fn no_text_panics(text in "[-0-9.]{0,40}") {
            let _ = text.parse::<Money>();
        }

        #[test]
        fn parts_cost_together_what_the_whole_costs_within_their_roundings(
            price in 0_i128..10_i128.pow(15), one in 0_u64..10_u64.pow(9), other in 0_u64..10_u64.pow(9), per in 1_u64..4_000_000,
        ) {
            let times = |count| Money::from_pico_usd(price).times(count, per).unwrap().pico_usd();
            prop_assert!((times(one) + times(other) - times(one + other)).abs() <= 1);
        }
    }
}
