//! Sessions of people who have signed in: what is kept of one, where, and how long it lasts.
//!
//! A session is found by the hash of what the browser sends, so that whoever reads the store can open none. All sessions of one person
//! are kept under one beginning, so that they can be ended together.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::KeyHash;
use serde::{Deserialize, Serialize};

/// What keys of sessions begin with in the shared state.
const PREFIX: &str = "session/";
/// How many hexadecimal digits tell the sessions of one person from those of another.
const OWNER_DIGITS: usize = 32;
/// The letters of 256 bits in base 64.
const RANDOM_LETTERS: usize = 43;

/// What a browser sends to come in again. Whoever has it is the person.
#[derive(Clone)]
pub struct SessionId(String);

impl SessionId {
    /// A new one for a session of `owner`.
    #[must_use]
    pub fn new(owner: &str, random: [u8; 32]) -> Self {
        Self(format!("{}.{}", owner_digits(owner), URL_SAFE_NO_PAD.encode(random)))
    }

    /// One that was sent, if it can be one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let (owner, random) = text.split_once('.')?;
        let is_digit = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f');
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let has_form = owner.len() == OWNER_DIGITS
            && owner.bytes().all(is_digit)
            && random.len() == RANDOM_LETTERS
            && random.bytes().all(is_letter);
        has_form.then(|| Self(text.to_owned()))
    }

    /// The text, for the one cookie that has it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Where the session is kept.
    #[must_use]
    pub fn key(&self) -> Box<str> {
        let owner = self.0.get(..OWNER_DIGITS).unwrap_or_default();
        format!("{PREFIX}{owner}/{}", KeyHash::of(&self.0)).into()
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionId")
    }
}

/// What the keys of all sessions of an owner begin with.
#[must_use]
pub fn sessions_of(owner: &str) -> String {
    format!("{PREFIX}{}/", owner_digits(owner))
}

fn owner_digits(owner: &str) -> String {
    let hash = KeyHash::of(owner).to_string();
    hash.trim_start_matches("blake3:").chars().take(OWNER_DIGITS).collect()
}

/// A session as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// How they proved who they are.
    pub way: Way,
    /// Who that is among the users, where it is one of them.
    pub user: Option<String>,
    /// What requests that change something have to send besides the cookie.
    pub csrf_token: String,
    /// When they signed in, in milliseconds since 1970.
    pub began_milliseconds: u64,
    /// When they were last seen, give or take a part of the time after which they count as gone.
    pub seen_milliseconds: u64,
}

/// How somebody proved who they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Way {
    /// As a local administrator.
    Local {
        /// Their name.
        name: String,
        /// The hash of what they proved it with: the session ends when that is replaced.
        proof: String,
    },
    /// At an identity provider.
    Provider {
        /// Its issuer.
        issuer: String,
        /// Who they are there (`sub`).
        subject: String,
        /// The groups that it said they are in.
        groups: Vec<String>,
    },
}

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// Without a request.
    pub idle: Duration,
    /// However much they are used.
    pub longest: Duration,
}

/// What is to become of a session that is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It is good, and what is kept of it need not be changed.
    Good,
    /// It is good, and is to be kept for so long from now on.
    Renew(Duration),
    /// It is over.
    Over,
}

impl Session {
    /// How long a session that begins now is kept, if nobody uses it.
    #[must_use]
    pub fn kept_first(limits: SessionLimits) -> Duration {
        limits.idle.min(limits.longest)
    }

    /// What becomes of it when it is used. A use is not written down each time: an eighth of the idle time later is soon enough.
    #[must_use]
    pub fn used(&self, limits: SessionLimits, now_milliseconds: u64) -> Use {
        let since = |then: u64| Duration::from_millis(now_milliseconds.saturating_sub(then));
        let (age, unseen) = (since(self.began_milliseconds), since(self.seen_milliseconds));
        if age >= limits.longest || unseen >= limits.idle {
            return Use::Over;
        }
        if unseen < limits.idle / 8 {
            return Use::Good;
        }
        Use::Renew(limits.idle.min(limits.longest.saturating_sub(age)))
    }
}

#[cfg(test)]
mod tests {
    use super::{Duration, Session, SessionId, SessionLimits, Use, Way, sessions_of};
    use proptest::prelude::*;

    const LIMITS: SessionLimits =
        SessionLimits { idle: Duration::from_secs(1800), longest: Duration::from_secs(12 * 3600) };

    fn session(began: u64, seen: u64) -> Session {
        let way = Way::Local { name: "ada".into(), proof: "p".into() };
        let csrf_token = String::new();
        Session { way, user: None, csrf_token, began_milliseconds: began, seen_milliseconds: seen }
    }

    #[test]
    fn a_session_ends_when_it_is_not_used_and_when_it_is_old() {
        let hour = 3_600_000;
        assert_eq!(session(0, 0).used(LIMITS, 1_000), Use::Good);
        assert_eq!(session(0, 0).used(LIMITS, 600_000), Use::Renew(LIMITS.idle));
        assert_eq!(session(0, 0).used(LIMITS, 1_800_000), Use::Over);
        assert_eq!(session(0, 12 * hour - 1).used(LIMITS, 12 * hour), Use::Over);
        let near_its_end = session(0, 12 * hour - 900_000).used(LIMITS, 12 * hour - 60_000);
        assert_eq!(near_its_end, Use::Renew(Duration::from_secs(60)));
    }

    #[test]
    fn what_is_kept_does_not_say_what_the_browser_sends() {
        let id = SessionId::new("ada", [7; 32]);
        let random = id.reveal().split_once('.').unwrap().1;
        assert!(!id.key().contains(random) && id.key().starts_with(&sessions_of("ada")));
        assert!(!id.key().starts_with(&sessions_of("eve")));
        assert_ne!(id.key(), SessionId::new("ada", [8; 32]).key());
        assert_eq!(format!("{id:?}"), "SessionId");
        assert_eq!(SessionId::read(id.reveal()).unwrap().key(), id.key());
    }

    proptest! {
        #[test]
        fn only_what_has_the_form_of_an_id_is_looked_for(text in ".{0,90}", owner in ".{0,20}", random: [u8; 32]) {
            let id = SessionId::new(&owner, random);
            prop_assert!(SessionId::read(id.reveal()).is_some());
            let longer = format!("{}{text}", id.reveal());
            prop_assert_eq!(SessionId::read(&longer).is_some(), text.is_empty());
            if let Some(id) = SessionId::read(&text) {
                prop_assert_eq!(id.key().len(), "session/".len() + 33 + "blake3:".len() + 64);
            }
        }

        #[test]
        fn a_session_that_is_used_never_outlives_its_longest(began in 0_u64..1_000_000, seen in 0_u64..90_000_000, now in 0_u64..90_000_000) {
            let seen = began + seen;
            let now = seen + now;
            if let Use::Renew(kept) = session(began, seen).used(LIMITS, now) {
                prop_assert!(Duration::from_millis(now - began) + kept <= LIMITS.longest);
            }
        }
    }
}
