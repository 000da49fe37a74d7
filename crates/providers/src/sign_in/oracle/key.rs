//! The key that requests are signed with, and its name.
//!
//! <https://docs.oracle.com/en-us/iaas/Content/API/Concepts/sdkconfig.htm>

use std::collections::BTreeMap;

use super::{ConfigFile, Plan};
use crate::sign_in::ini;
use crate::sign_in::live::{Issued, Source};
use crate::sign_in::outside::Outside;
use crate::sign_in::problem::FetchProblem;
use crate::sign_in::rsa::{NOT_A_KEY, SigningKey};

/// A key with the name under which Oracle knows it.
pub(crate) struct NamedKey {
    pub(super) id: String,
    pub(super) key: SigningKey,
}

/// How the name of a key begins that belongs to a session.
const SESSION: &str = "ST$";

impl NamedKey {
    /// The token of the session, where the key belongs to one.
    pub(super) fn session_token(&self) -> Option<&str> {
        self.id.strip_prefix(SESSION)
    }
}

impl Source for Plan {
    type Proof = NamedKey;

    /// Read again now and then: a session's token is renewed in its file.
    async fn fetch(&self, outside: &Outside) -> Result<Issued<NamedKey>, FetchProblem> {
        let text = match &self.config {
            Some(config) => outside.read(&config.path).await?,
            None => String::new(),
        };
        let filed = self.config.as_ref().map(|config| profile(&text, config)).transpose()?;
        let filed = Filed { values: filed.unwrap_or_default(), home: self.home.as_deref() };
        let proof = NamedKey { id: self.id(&filed, outside).await?, key: self.key(&filed, outside).await? };
        Ok(Issued { proof, expires: None })
    }
}

impl Plan {
    async fn key(&self, filed: &Filed<'_>, outside: &Outside) -> Result<SigningKey, FetchProblem> {
        let (pem, place) = match (&self.private_key, self.key_file.clone().or_else(|| filed.path("key_file")))
        {
            (Some(text), _) => (text.expose().to_owned(), "`private_key`".to_owned()),
            (None, Some(file)) => (outside.read(&file).await?, format!("the file `{file}`")),
            (None, None) => return Err(self.missing("key_file")),
        };
        SigningKey::from_pem(&pem).ok_or_else(|| FetchProblem::unusable(place, NOT_A_KEY))
    }

    async fn id(&self, filed: &Filed<'_>, outside: &Outside) -> Result<String, FetchProblem> {
        let session = self.security_token_file.clone().or_else(|| filed.path("security_token_file"));
        if let Some(file) = session {
            return Ok(format!("{SESSION}{}", outside.read(&file).await?.trim()));
        }
        let part = |written: &Option<String>, name| {
            written.clone().or_else(|| filed.text(name)).ok_or_else(|| self.missing(name))
        };
        let (tenancy, user) = (part(&self.tenancy, "tenancy")?, part(&self.user, "user")?);
        Ok(format!("{tenancy}/{user}/{}", part(&self.fingerprint, "fingerprint")?))
    }

    fn missing(&self, name: &str) -> FetchProblem {
        match &self.config {
            Some(ConfigFile { path, profile }) => {
                let why = format!("the profile `{profile}` has no `{name}`");
                FetchProblem::unusable(format!("the file `{path}`"), why)
            }
            None => FetchProblem::unusable(format!("`{name}`"), "it is missing"),
        }
    }
}

/// The values of a profile in a configuration file.
struct Filed<'t> {
    values: BTreeMap<&'t str, &'t str>,
    home: Option<&'t str>,
}

impl Filed<'_> {
    fn text(&self, name: &str) -> Option<String> {
        self.values.get(name).filter(|value| !value.is_empty()).map(|value| (*value).to_owned())
    }

    fn path(&self, name: &str) -> Option<String> {
        let path = self.text(name)?;
        match (path.strip_prefix("~/"), self.home) {
            (Some(below), Some(home)) => Some(format!("{home}{below}")),
            _ => Some(path),
        }
    }
}

fn profile<'t>(text: &'t str, config: &ConfigFile) -> Result<BTreeMap<&'t str, &'t str>, FetchProblem> {
    let missing = || {
        let why = format!("it has no profile `{}`", config.profile);
        FetchProblem::unusable(format!("the file `{}`", config.path), why)
    };
    ini::section(text, &config.profile).ok_or_else(missing)
}
