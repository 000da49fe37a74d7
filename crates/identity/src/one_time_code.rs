//! Codes that an authenticator shows, each for half a minute (TOTP, RFC 6238, with the defaults that all of them have: SHA-1, six digits,
//! thirty seconds).

use std::fmt;
use std::time::{Duration, SystemTime};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use data_encoding::BASE32_NOPAD;

/// How long a code is shown.
pub const STEP: Duration = Duration::from_secs(30);
/// How many steps the clock of an authenticator may be away.
const DRIFT_STEPS: u64 = 1;
/// The shortest secret (RFC 4226 section 4, R6).
const SECRET_BYTES_MIN: usize = 16;
const SECRET_BYTES_MAX: usize = 128;

/// The secret that an authenticator shares.
#[derive(Clone)]
pub struct OneTimeSecret(Box<[u8]>);

/// Why a text is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes in base 32 (`A` to `Z` and `2` to `7`); `tollgate admin new` makes some"
)]
pub struct OneTimeSecretProblem;

impl OneTimeSecret {
    /// Reads a secret in base 32, as authenticators write it: in either case, with spaces or padding or without.
    ///
    /// # Errors
    /// When it is none, or too short.
    pub fn read(text: &str) -> Result<Self, OneTimeSecretProblem> {
        if text.len() > SECRET_BYTES_MAX * 2 {
            return Err(OneTimeSecretProblem);
        }
        let letters: String = text.trim_end_matches('=').chars().filter(|letter| *letter != ' ').collect();
        let bytes = BASE32_NOPAD.decode(letters.to_ascii_uppercase().as_bytes());
        let bytes = bytes.map_err(|_| OneTimeSecretProblem)?;
        match bytes.len() {
            SECRET_BYTES_MIN..=SECRET_BYTES_MAX => Ok(Self(bytes.into())),
            _ => Err(OneTimeSecretProblem),
        }
    }

    /// A new one, as long as the hash that it is used with (RFC 4226 section 4).
    #[must_use]
    pub fn from_random(bytes: [u8; 20]) -> Self {
        Self(bytes.into())
    }

    /// The secret in base 32.
    #[must_use]
    pub fn reveal(&self) -> String {
        BASE32_NOPAD.encode(&self.0)
    }

    /// What an authenticator reads from a picture or a link: for whom, and by whom the code is wanted. Both are names without a colon.
    #[must_use]
    pub fn link(&self, issuer: &str, account: &str) -> String {
        format!("otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}", self.reveal())
    }

    /// The step whose code this is, if it is that of now or of one beside it; the latest where it is that of several. Which of them it is
    /// not compared with in the same time, none.
    #[must_use]
    pub fn step_of(&self, code: &str, now: SystemTime) -> Option<u64> {
        let now = step_at(now);
        let steps = now.saturating_sub(DRIFT_STEPS)..=now + DRIFT_STEPS;
        let matches =
            |step: u64| verify_slices_are_equal(self.code(step).as_bytes(), code.as_bytes()).is_ok();
        // All are compared, so that the time says nothing of the clock.
        steps.fold(None, |found, step| if matches(step) { Some(step) } else { found })
    }

    /// The code of a step (RFC 4226 section 5.3).
    #[must_use]
    pub fn code(&self, step: u64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let digest = tag.as_ref();
        let offset = usize::from(digest.last().copied().unwrap_or(0) & 0x0f);
        let chosen = digest.iter().skip(offset).take(4);
        let number = chosen.fold(0_u32, |number, byte| number << 8 | u32::from(*byte)) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

/// Which step it is at a time.
#[must_use]
pub fn step_at(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs() / STEP.as_secs()
}

impl fmt::Debug for OneTimeSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("OneTimeSecret")
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, OneTimeSecret, STEP, SystemTime, step_at};
    use proptest::prelude::*;

    fn secret() -> OneTimeSecret {
        OneTimeSecret::from_random(*b"12345678901234567890")
    }

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// RFC 6238 appendix B, of which six of the eight digits are shown.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(secret().code(step_at(at(seconds))), code);
        }
    }

    #[test]
    fn a_code_is_good_one_step_before_and_after_its_own_and_no_longer() {
        let code = secret().code(100);
        let step = STEP.as_secs();
        for (seconds, found) in [
            (99 * step - 1, None),
            (99 * step, Some(100)),
            (100 * step, Some(100)),
            (102 * step - 1, Some(100)),
            (102 * step, None),
        ] {
            assert_eq!(secret().step_of(&code, at(seconds)), found, "{seconds}");
        }
        for wrong in ["", "1", "0000000", " 287082", "２８７０８２", &format!("{code}0")] {
            assert_eq!(secret().step_of(wrong, at(100 * step)), None);
        }
    }

    #[test]
    fn a_secret_is_read_as_authenticators_write_it() {
        for text in [
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ======",
        ] {
            assert_eq!(OneTimeSecret::read(text).unwrap().code(1), secret().code(1));
        }
        for text in ["", "GEZDGNBVGY3TQOJQ", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJ1", &"A".repeat(400)] {
            assert!(OneTimeSecret::read(text).is_err(), "{text}");
        }
        let link = secret().link("Tollgate", "ada");
        assert_eq!(
            link,
            "otpauth://totp/Tollgate:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Tollgate"
        );
        assert_eq!(format!("{:?}", secret()), "OneTimeSecret");
    }

    proptest! {
        #[test]
        fn every_secret_comes_back_from_its_text_and_no_text_panics(bytes: [u8; 20], text in ".{0,40}") {
            let secret = OneTimeSecret::from_random(bytes);
            prop_assert_eq!(OneTimeSecret::read(&secret.reveal()).unwrap().reveal(), secret.reveal());
            let _ = (OneTimeSecret::read(&text), secret.step_of(&text, at(0)));
        }
    }
}
