//! What a reference to a secret says: in which kind of vault it is, where there, and which part of it is meant.

use std::fmt;

/// A kind of vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VaultKind {
    /// HashiCorp Vault, or OpenBao.
    Hashicorp,
    /// AWS Secrets Manager.
    Aws,
    /// Google Secret Manager.
    Google,
    /// Azure Key Vault.
    Azure,
}

impl VaultKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Hashicorp, Self::Aws, Self::Google, Self::Azure];

    /// How a reference to it begins, before the colon.
    #[must_use]
    pub fn scheme(self) -> &'static str {
        match self {
            Self::Hashicorp => "vault",
            Self::Aws => "awssm",
            Self::Google => "gcpsm",
            Self::Azure => "azkv",
        }
    }

    /// How a reference to it is written.
    #[must_use]
    pub fn form(self) -> &'static str {
        match self {
            Self::Hashicorp => "${vault:mount/path#field}",
            Self::Aws => "${awssm:name#field}",
            Self::Google => "${gcpsm:projects/p/secrets/s/versions/latest}",
            Self::Azure => "${azkv:vault-name/secret}",
        }
    }
}

/// A reference to a secret in a vault.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretReference {
    pub(super) kind: VaultKind,
    /// Where it is, in parts that have no slash; one part for a name that is taken as it is.
    pub(super) location: Vec<String>,
    /// The member of an object that is meant; the whole text when absent.
    pub(super) field: Option<String>,
    text: String,
}

/// Longer references are none.
const BYTES_MAX: usize = 2048;

impl SecretReference {
    /// Reads what stands within `${…}`; none when it refers to no vault.
    ///
    /// # Errors
    /// When it does, and is not written as it has to be; with how.
    pub fn parse(inside: &str) -> Option<Result<Self, String>> {
        let (scheme, rest) = inside.split_once(':')?;
        let kind = VaultKind::ALL.into_iter().find(|kind| kind.scheme() == scheme)?;
        let wrong = || format!("such a reference is written as `{}`", kind.form());
        Some(Self::of(kind, rest, inside).ok_or_else(wrong))
    }

    fn of(kind: VaultKind, rest: &str, text: &str) -> Option<Self> {
        let (path, field) = match rest.split_once('#') {
            Some((path, field)) => (path, Some(field)),
            None => (rest, None),
        };
        let is_strange = |letter: char| letter.is_control() || letter.is_whitespace();
        let is_plain = |text: &str| !text.is_empty() && !text.contains(is_strange);
        if text.len() > BYTES_MAX || !is_plain(path) || !field.is_none_or(is_plain) {
            return None;
        }
        let location = location(kind, path)?;
        if kind == VaultKind::Hashicorp && field.is_none() {
            return None;
        }
        Some(Self { kind, location, field: field.map(str::to_owned), text: text.to_owned() })
    }

    /// In which kind of vault it is.
    #[must_use]
    pub fn kind(&self) -> VaultKind {
        self.kind
    }

    /// As it is written within `${…}`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The parts of a path, when it leads somewhere in such a vault and nowhere else.
fn location(kind: VaultKind, path: &str) -> Option<Vec<String>> {
    if kind == VaultKind::Aws {
        // A name may have slashes, and is sent as JSON.
        return Some(vec![path.to_owned()]);
    }
    let mut location: Vec<_> = path.split('/').map(str::to_owned).collect();
    if location.iter().any(|part| matches!(part.as_str(), "" | "." | "..")) {
        return None;
    }
    match kind {
        VaultKind::Google => {
            let words: Vec<_> = location.iter().step_by(2).map(String::as_str).collect();
            match (words.as_slice(), location.len()) {
                (["projects", "secrets"], 4) => {
                    location.extend(["versions".to_owned(), "latest".to_owned()]);
                }
                (["projects", "secrets", "versions"], 6) => {}
                _ => return None,
            }
        }
        VaultKind::Azure if !matches!(location.len(), 2 | 3) || !is_vault_name(location.first()?) => {
            return None;
        }
        VaultKind::Hashicorp if location.len() < 2 => return None,
        _ => {}
    }
    Some(location)
}

/// It becomes a part of a host's name (<https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates>).
fn is_vault_name(name: &str) -> bool {
    (3..=24).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

impl fmt::Display for SecretReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}
