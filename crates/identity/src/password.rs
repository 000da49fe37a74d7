//! Passwords of people, kept as what Argon2id makes of them (RFC 9106), in the PHC string format.
//!
//! To compare one takes tens of milliseconds and megabytes on purpose: whoever calls this does so on a thread that may be busy for that
//! long, and bounds how many do at once.

use std::fmt;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, Params};

/// The longest password that is looked at.
pub const PASSWORD_BYTES_MAX: usize = 1024;
/// The shortest password that is hashed (NIST SP 800-63B-4 section 3.1.1.2, where it is one of two factors).
const PASSWORD_LETTERS_MIN: usize = 8;
/// The least memory that makes guessing expensive, in KiB: the smallest of those that OWASP's cheat sheet on the storage of passwords
/// takes for equivalent to 19 MiB and two passes.
const MEMORY_KIB_MIN: u32 = 7 * 1024;
/// The most memory, in KiB: several people may sign in at once.
const MEMORY_KIB_MAX: u32 = 256 * 1024;
/// The most passes, so that nobody waits for minutes.
const PASSES_MAX: u32 = 16;

/// What is kept of a password.
#[derive(Clone)]
pub struct PasswordHash(Phc);

/// Why a text cannot be used as the hash of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordHashProblem {
    /// It has another form.
    #[error(
        "expected the hash of a password as `$argon2id$v=19$m=…,t=…,p=…$salt$hash`; `tollgate admin new` makes one"
    )]
    Form,
    /// It was made by another algorithm.
    #[error("the hash was not made by Argon2id; make another with `tollgate admin new`")]
    Algorithm,
    /// It is too cheap to be tried, or too expensive to be compared.
    #[error(
        "Argon2id with at least {MEMORY_KIB_MIN} and at most {MEMORY_KIB_MAX} KiB of memory (`m`), and at most {PASSES_MAX} passes (`t`) and 4 lanes (`p`) is wanted"
    )]
    Cost,
}

/// Why a text cannot be a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a password has at least {PASSWORD_LETTERS_MIN} letters and at most {PASSWORD_BYTES_MAX} bytes")]
pub struct PasswordProblem;

impl PasswordHash {
    /// Reads a hash as it is kept.
    ///
    /// # Errors
    /// When it is none of Argon2id, or of no use.
    pub fn read(text: &str) -> Result<Self, PasswordHashProblem> {
        let hash = Phc::new(text).map_err(|_| PasswordHashProblem::Form)?;
        if hash.algorithm.as_str() != "argon2id" {
            return Err(PasswordHashProblem::Algorithm);
        }
        if hash.salt.is_none() || hash.hash.is_none() || hash.version.is_some_and(|version| version != 0x13) {
            return Err(PasswordHashProblem::Form);
        }
        let params = Params::try_from(&hash).map_err(|_| PasswordHashProblem::Cost)?;
        let fits = (MEMORY_KIB_MIN..=MEMORY_KIB_MAX).contains(&params.m_cost())
            && params.t_cost() <= PASSES_MAX
            && params.p_cost() <= 4;
        if fits { Ok(Self(hash)) } else { Err(PasswordHashProblem::Cost) }
    }

    /// The hash of a new password, at what the library takes for a fair price (19 MiB, two passes).
    ///
    /// # Errors
    /// When it is too short or too long for one.
    pub fn new(password: &str, salt: [u8; 16]) -> Result<Self, PasswordProblem> {
        if password.chars().count() < PASSWORD_LETTERS_MIN || password.len() > PASSWORD_BYTES_MAX {
            return Err(PasswordProblem);
        }
        let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), &salt);
        hash.map(Self).map_err(|_| PasswordProblem)
    }

    /// Whether it is the hash of a password. Takes its time.
    #[must_use]
    pub fn is_of(&self, password: &str) -> bool {
        password.len() <= PASSWORD_BYTES_MAX
            && Argon2::default().verify_password(password.as_bytes(), &self.0).is_ok()
    }

    /// A hash that costs the same and is of no password that anybody knows: whoever guesses a name has to wait as long as for one that
    /// there is.
    #[must_use]
    pub fn decoy(&self) -> Self {
        let mut decoy = self.0.clone();
        decoy.hash = argon2::password_hash::phc::Output::new(&[0; 32]).ok();
        Self(decoy)
    }

    /// The hash as it is kept.
    #[must_use]
    pub fn reveal(&self) -> String {
        self.0.to_string()
    }
}

impl fmt::Debug for PasswordHash {
    /// Without what could be tried at leisure.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PasswordHash")
    }
}

#[cfg(test)]
mod tests {
    use super::{PasswordHash, PasswordHashProblem};

    #[test]
    fn a_hash_is_of_one_password_and_of_no_other() {
        let hash = PasswordHash::new("correct horse", [7; 16]).unwrap();
        let kept = PasswordHash::read(&hash.reveal()).unwrap();
        assert!(kept.is_of("correct horse"));
        for wrong in ["", "correct horsf", "correct horse ", "Correct horse", &"x".repeat(5_000)] {
            assert!(!kept.is_of(wrong), "{wrong}");
        }
        assert!(!kept.decoy().is_of("correct horse"));
        assert_eq!(format!("{kept:?}"), "PasswordHash");
    }

    /// Made by the reference implementation: `printf 'password' | argon2 somesalt -id -t 2 -m 16 -p 1 -e`.
    #[test]
    fn a_hash_of_the_reference_implementation_is_understood() {
        let hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        assert!(PasswordHash::read(hash).unwrap().is_of("password"));
    }

    #[test]
    fn what_is_cheap_to_guess_or_dear_to_compare_is_refused() {
        let tail = "c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc";
        for (head, problem) in [
            ("$argon2i$v=19$m=65536,t=2,p=1$", PasswordHashProblem::Algorithm),
            ("$argon2d$v=19$m=65536,t=2,p=1$", PasswordHashProblem::Algorithm),
            ("$pbkdf2-sha256$i=1$", PasswordHashProblem::Algorithm),
            ("$argon2id$v=16$m=65536,t=2,p=1$", PasswordHashProblem::Form),
            ("$argon2id$v=19$m=1024,t=2,p=1$", PasswordHashProblem::Cost),
            ("$argon2id$v=19$m=4294967295,t=2,p=1$", PasswordHashProblem::Cost),
            ("$argon2id$v=19$m=65536,t=4000000000,p=1$", PasswordHashProblem::Cost),
        ] {
            assert_eq!(PasswordHash::read(&format!("{head}{tail}")).unwrap_err(), problem, "{head}");
        }
        for text in ["", "hunter2", "$argon2id$", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ", "$2b$12$abc"]
        {
            assert!(PasswordHash::read(text).is_err(), "{text}");
        }
        assert!(PasswordHash::new("short", [0; 16]).is_err());
    }
}
