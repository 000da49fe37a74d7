//! Tollgate client keys: their text, their hash, and what one may do.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use crate::endpoint::Endpoint;
use crate::name::{KeyName, RegionName, RouteName};
use crate::network::Network;
use crate::pattern::Pattern;
use crate::quota::Standing;
use crate::scope::Scope;
use crate::tenant::Subject;

const PREFIX: &str = "tg-";
/// Differs, so that people, secret scanners and refusals tell which of the two a text is.
const CONTROL_PREFIX: &str = "tga-";
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const SECRET_DIGITS: usize = 43;
const CHECKSUM_DIGITS: usize = 6;

/// A key as its owner holds it: `tg-`, 43 base-62 digits (256 bits), 6 digits of checksum; a control key has `tga-` in front.
/// Never printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText(String);

impl KeyText {
    /// The client key of 32 random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 32]) -> Self {
        Self::with_prefix(PREFIX, bytes)
    }

    /// The control key of 32 random bytes.
    #[must_use]
    pub fn control_from_random(bytes: [u8; 32]) -> Self {
        Self::with_prefix(CONTROL_PREFIX, bytes)
    }

    fn with_prefix(prefix: &str, bytes: [u8; 32]) -> Self {
        let digits = base62::<SECRET_DIGITS>(&bytes);
        let checksum = checksum(&digits);
        Self(format!("{prefix}{digits}{checksum}"))
    }

    /// The text to show once to its owner.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// The hash to keep.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash::of(&self.0)
    }

    /// Whether a text has the form and checksum of a key: tells a mistyped key from an unknown one, and lets secret
    /// scanners recognise a leaked one.
    #[must_use]
    pub fn is_well_formed(text: &str) -> bool {
        let rest = text.strip_prefix(PREFIX).or_else(|| text.strip_prefix(CONTROL_PREFIX));
        let Some((digits, given)) = rest.and_then(|rest| rest.split_at_checked(SECRET_DIGITS)) else {
            return false;
        };
        digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) && given == checksum(digits)
    }

    /// Whether a text begins as that of a control key does.
    #[must_use]
    pub fn is_for_control(text: &str) -> bool {
        text.starts_with(CONTROL_PREFIX)
    }
}

impl fmt::Debug for KeyText {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("KeyText(hidden)")
    }
}

/// BLAKE3 of a key's text. A key has 256 random bits, so a fast hash is enough: there is nothing to guess.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyHash([u8; 32]);

/// Why a text in the configuration is no key hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a key hash is `blake3:` and 64 hexadecimal digits; make one with `tollgate key new`")]
pub struct KeyHashProblem;

impl KeyHash {
    /// The hash of what a client sent.
    #[must_use]
    pub fn of(text: &str) -> Self {
        Self(*blake3::hash(text.as_bytes()).as_bytes())
    }

    /// The hash itself.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::str::FromStr for KeyHash {
    type Err = KeyHashProblem;

    fn from_str(text: &str) -> Result<Self, KeyHashProblem> {
        let digits = text.strip_prefix("blake3:").ok_or(KeyHashProblem)?;
        blake3::Hash::from_hex(digits).map(|hash| Self(*hash.as_bytes())).map_err(|_| KeyHashProblem)
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "blake3:{}", blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

/// Whose a client key is, and what it may do. What it may use is never more than its workspace may.
#[derive(Debug, Clone)]
pub struct ApiKey {
    /// The owner's name for it, used in logs and metrics.
    pub name: KeyName,
    /// Whose its requests are.
    pub subject: Arc<Subject>,
    /// What it may use, of what its workspace may.
    pub scope: Scope,
    /// Where its requests may come from; anywhere when absent.
    pub networks: Option<Vec<Network>>,
    /// The route of its requests that name no model, before the workspace's.
    pub default_route: Option<RouteName>,
    /// Whether it may use `/providers/{name}/…` and unknown paths of drop-in prefixes, which no model check can cover.
    pub passthrough: bool,
    /// Whether it may send a whole route in `x-tollgate-config`.
    pub inline_config: bool,
    /// Whether it may ask why a request goes where it goes.
    pub explain: bool,
    /// Whether it may see how its budgets stand.
    pub sees_budgets: bool,
    /// How its requests wait for a provider's quota.
    pub standing: Standing,
}

impl ApiKey {
    /// A key that may do everything but what must be asked for.
    #[must_use]
    pub fn new(name: impl Into<KeyName>, subject: Arc<Subject>) -> Self {
        Self {
            name: name.into(),
            subject,
            scope: Scope::default(),
            networks: None,
            default_route: None,
            passthrough: false,
            inline_config: false,
            explain: false,
            sees_budgets: false,
            standing: Standing::default(),
        }
    }

    /// Whether the key may reach a provider.
    #[must_use]
    pub fn allows_provider(&self, provider: &str) -> bool {
        self.scopes().into_iter().all(|scope| scope.allows_provider(provider))
    }

    /// Whether a provider is as if it were not there, since nothing of it is shared with the key's workspace.
    #[must_use]
    pub fn cannot_see(&self, provider: &str) -> bool {
        self.subject.workspace.withheld.hides(provider)
    }

    /// Whether its requests may be served in a region, or in one that nobody named.
    #[must_use]
    pub fn allows_region(&self, region: Option<&RegionName>) -> bool {
        self.scopes().into_iter().all(|scope| scope.allows_region(region))
    }

    /// The regions that its requests are bound to, by its own rule or else by its workspace's; none where they may be served
    /// anywhere.
    #[must_use]
    pub fn bound_to(&self) -> &[Pattern] {
        let binding = self.scopes().into_iter().find(|scope| !scope.allows_region(None));
        binding.map_or(&[], |scope| &scope.regions)
    }

    /// Whether the key may call an endpoint.
    #[must_use]
    pub fn allows_endpoint(&self, endpoint: Endpoint) -> bool {
        self.scopes().into_iter().all(|scope| scope.allows_endpoint(endpoint))
    }

    /// Whether its requests may come from an address, or from one that is not known.
    #[must_use]
    pub fn allows_address(&self, address: Option<IpAddr>) -> bool {
        let is_in = |network: &Network| address.is_some_and(|address| network.contains(address));
        self.networks.as_ref().is_none_or(|networks| networks.iter().any(is_in))
    }

    /// The route of its requests that name no model.
    #[must_use]
    pub fn default_route(&self) -> Option<&RouteName> {
        self.default_route.as_ref().or(self.subject.workspace.default_route.as_ref())
    }

    /// Whether the key may name this model or route.
    #[must_use]
    pub fn allows_name(&self, name: &str) -> bool {
        self.scopes().into_iter().all(|scope| scope.allows_name(name))
    }

    /// Whether the key may use a provider's model.
    #[must_use]
    pub fn allows_model(&self, provider: &str, model: &str) -> bool {
        self.scopes().into_iter().all(|scope| scope.allows_model(provider, model))
    }

    /// What bounds it: its own scope, and its workspace's.
    fn scopes(&self) -> [&Scope; 2] {
        [&self.scope, &self.subject.workspace.scope]
    }
}

/// A key as it is found by one of its hashes.
#[derive(Debug, Clone)]
pub struct KnownKey {
    /// The key.
    pub key: Arc<ApiKey>,
    /// How long it is good by this hash.
    pub validity: Validity,
}

/// How long a key is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validity {
    /// Until the configuration says otherwise.
    Always,
    /// Until a time.
    Until(SystemTime),
    /// Not now.
    Disabled,
}

/// Why a known key is not good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Its time is over.
    Expired(SystemTime),
    /// It was switched off.
    Disabled,
}

impl KnownKey {
    /// A key that is good until the configuration says otherwise.
    #[must_use]
    pub fn lasting(key: Arc<ApiKey>) -> Self {
        Self { key, validity: Validity::Always }
    }

    /// The key, if it is good at a time.
    ///
    /// # Errors
    /// With why it is not.
    pub fn at(&self, now: SystemTime) -> Result<&Arc<ApiKey>, Ended> {
        self.validity.check(now).map(|()| &self.key)
    }
}

impl Validity {
    /// Whether a key is good at a time.
    ///
    /// # Errors
    /// With why it is not.
    pub fn check(self, now: SystemTime) -> Result<(), Ended> {
        match self {
            Self::Until(until) if until <= now => Err(Ended::Expired(until)),
            Self::Disabled => Err(Ended::Disabled),
            Self::Always | Self::Until(_) => Ok(()),
        }
    }
}

fn checksum(digits: &str) -> String {
    let hash = blake3::hash(digits.as_bytes());
    let mut head = [0_u8; 4];
    head.copy_from_slice(hash.as_bytes().first_chunk::<4>().unwrap_or(&[0; 4]));
    base62::<CHECKSUM_DIGITS>(&head)
}

/// Big-endian bytes as `DIGITS` base-62 digits, leading zeroes kept.
pub(crate) fn base62<const DIGITS: usize>(bytes: &[u8]) -> String {
    let mut number = bytes.to_vec();
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0_u32;
        for byte in &mut number {
            let value = remainder << 8 | u32::from(*byte);
            *byte = u8::try_from(value / 62).unwrap_or(u8::MAX);
            remainder = value % 62;
        }
        *digit = ALPHABET.get(remainder as usize).copied().unwrap_or(b'0');
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

#[cfg(test)]
mod tests {
    use super::{
        ApiKey, Arc, Ended, KeyHash, KeyText, KnownKey, Pattern, Scope, Subject, SystemTime, Validity,
    };
    use crate::tenant::Workspace;
    use proptest::prelude::*;
    use std::time::Duration;

    proptest! {
        #[test]
        fn a_new_key_is_well_formed_and_any_changed_digit_is_noticed(bytes: [u8; 32], place in 3_usize..52) {
            let key = KeyText::from_random(bytes);
            prop_assert_eq!(key.reveal().len(), 52);
            prop_assert!(KeyText::is_well_formed(key.reveal()));
            let mut changed = key.reveal().to_owned().into_bytes();
            changed[place] = if changed[place] == b'x' { b'y' } else { b'x' };
            prop_assert!(!KeyText::is_well_formed(&String::from_utf8(changed).unwrap()));
        }

        #[test]
        fn a_control_key_is_told_from_a_client_key(bytes: [u8; 32]) {
            let (client, control) = (KeyText::from_random(bytes), KeyText::control_from_random(bytes));
            prop_assert!(KeyText::is_well_formed(control.reveal()));
            prop_assert!(KeyText::is_for_control(control.reveal()) && !KeyText::is_for_control(client.reveal()));
            prop_assert_ne!(client.hash(), control.hash());
        }

        #[test]
        fn a_hash_reads_back_from_its_text(bytes: [u8; 32]) {
            let hash = KeyText::from_random(bytes).hash();
            prop_assert_eq!(hash.to_string().parse::<KeyHash>().unwrap(), hash);
        }
    }

    #[test]
    fn debug_never_shows_a_key() {
        let key = KeyText::from_random([7; 32]);
        assert!(!format!("{key:?}").contains(key.reveal()));
    }

    #[test]
    fn a_key_is_good_until_its_time_and_never_while_it_is_disabled() {
        let end = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let known = |validity| KnownKey { key: Arc::new(ApiKey::new("k", Arc::default())), validity };
        let before = end - Duration::from_nanos(1);
        assert!(known(Validity::Until(end)).at(before).is_ok() && known(Validity::Always).at(end).is_ok());
        assert_eq!(known(Validity::Until(end)).at(end).unwrap_err(), Ended::Expired(end));
        assert_eq!(known(Validity::Disabled).at(before).unwrap_err(), Ended::Disabled);
    }

    #[test]
    fn a_key_that_is_bound_to_networks_is_refused_from_an_address_that_nobody_knows() {
        let bound = ApiKey {
            networks: Some(vec!["10.0.0.0/8".parse().unwrap()]),
            ..ApiKey::new("k", Arc::default())
        };
        assert!(bound.allows_address(Some([10, 1, 2, 3].into())));
        assert!(!bound.allows_address(Some([11, 1, 2, 3].into())) && !bound.allows_address(None));
        assert!(ApiKey::new("k", Arc::default()).allows_address(None));
        assert!(!ApiKey { networks: Some(Vec::new()), ..bound }.allows_address(Some([10, 1, 2, 3].into())));
    }

    #[test]
    fn a_key_may_use_no_more_than_its_workspace() {
        let scope = |models: &[&str], providers: &[&str], regions: &[&str]| {
            let patterns = |texts: &[&str]| texts.iter().copied().map(Pattern::from).collect();
            Scope {
                models: patterns(models),
                providers: patterns(providers),
                regions: patterns(regions),
                ..Scope::default()
            }
        };
        let workspace =
            Workspace { scope: scope(&["gpt-*", "chat"], &["openai"], &["eu-*"]), ..Workspace::default() };
        let subject = Subject { workspace: Arc::new(workspace), ..Subject::default() };
        let wide = ApiKey::new("k", Arc::new(subject));
        assert!(wide.allows_model("openai", "gpt-4o") && wide.allows_name("chat"));
        assert!(!wide.allows_model("groq", "gpt-4o") && !wide.allows_model("openai", "o3"));
        assert!(!wide.allows_provider("groq") && !wide.allows_name("other"));
        assert!(wide.allows_region(Some(&"eu-west-1".into())) && !wide.allows_region(None));
        assert_eq!(wide.bound_to(), [Pattern::from("eu-*")]);
        let narrow = ApiKey { scope: scope(&["*-mini"], &["*"], &["*"]), ..wide };
        assert!(narrow.allows_model("openai", "gpt-4o-mini"));
        assert!(!narrow.allows_model("openai", "gpt-4o") && !narrow.allows_model("openai", "o3-mini"));
        let local = ApiKey { scope: scope(&["*"], &["*"], &["eu-north-1"]), ..narrow };
        assert_eq!(local.bound_to(), [Pattern::from("eu-north-1")]);
        assert_eq!(ApiKey::new("k", Arc::default()).bound_to(), []);
    }
}
