//! Oracle Cloud Infrastructure: requests signed with an RSA key.
//!
//! <https://docs.oracle.com/en-us/iaas/Content/API/Concepts/signingrequests.htm>

mod key;
mod signature;

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use domain::ports::sign_in::{Payload, Pending, SignIn, SignInProblem};
use domain::provider::BaseUrl;
use http::request::Parts;
use secrecy::SecretString;

use super::live::Live;
use super::outside::Outside;
use super::plan::{self, Planned, Reader};
use super::register::Startable;
use crate::definition::{OracleSettings, Secret};

/// Everything a sign-in to Oracle Cloud needs; what is absent is in the configuration file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    config: Option<ConfigFile>,
    tenancy: Option<String>,
    user: Option<String>,
    fingerprint: Option<String>,
    key_file: Option<String>,
    private_key: Option<Secret>,
    security_token_file: Option<String>,
    /// For `~` in the configuration file.
    home: Option<String>,
}

/// A configuration file of Oracle's tools.
#[derive(Debug, Clone, PartialEq)]
struct ConfigFile {
    path: String,
    profile: String,
}

const CONFIG_FILE: [&str; 2] = ["OCI_CONFIG_FILE", "OCI_CLI_CONFIG_FILE"];
const PROFILE: [&str; 2] = ["OCI_CLI_PROFILE", "OCI_CONFIG_PROFILE"];

/// Plans a sign-in to Oracle Cloud.
pub(super) fn plan(settings: &OracleSettings, reader: &mut Reader<'_>) -> Option<Planned> {
    let path = reader.path(settings.config_file.as_ref(), &CONFIG_FILE);
    let profile = reader.text(settings.profile.as_ref(), &PROFILE);
    // Who names a profile means the file at its usual place.
    let path = path.or_else(|| profile.as_ref().and_then(|_| reader.at_home(".oci/config")));
    let plan = Plan {
        config: path
            .map(|path| ConfigFile { path, profile: profile.unwrap_or_else(|| "DEFAULT".to_owned()) }),
        tenancy: reader.text(settings.tenancy.as_ref(), &["OCI_CLI_TENANCY"]),
        user: reader.text(settings.user.as_ref(), &["OCI_CLI_USER"]),
        fingerprint: reader.text(settings.fingerprint.as_ref(), &["OCI_CLI_FINGERPRINT"]),
        key_file: reader.path(settings.key_file.as_ref(), &["OCI_CLI_KEY_FILE"]),
        private_key: reader.secret(settings.private_key.as_ref(), &["OCI_CLI_KEY_CONTENT"]),
        security_token_file: reader
            .path(settings.security_token_file.as_ref(), &["OCI_CLI_SECURITY_TOKEN_FILE"]),
        home: reader.at_home(""),
    };
    let has_key = plan.key_file.is_some() || plan.private_key.is_some();
    if plan.config.is_none() && !has_key {
        return Some(Planned::missing(&["OCI_CONFIG_FILE", "OCI_CLI_PROFILE", "OCI_CLI_KEY_FILE"]));
    }
    if plan.config.is_none() && plan.security_token_file.is_none() {
        let parts = [
            ("tenancy", &plan.tenancy, "OCI_CLI_TENANCY"),
            ("user", &plan.user, "OCI_CLI_USER"),
            ("fingerprint", &plan.fingerprint, "OCI_CLI_FINGERPRINT"),
        ];
        for (field, _, variable) in parts.into_iter().filter(|(_, value, _)| value.is_none()) {
            reader.lacks(field, "it is missing; write it, or name a `config_file` that has it", variable);
        }
    }
    Some(Planned::ready(plan::Plan::Oracle(plan)))
}

/// A sign-in by a signature over each request.
struct Signed(Live<Plan>);

impl Plan {
    pub(super) fn build(&self) -> Arc<dyn Startable> {
        Arc::new(Signed(Live::new(self.clone())))
    }
}

impl SignIn for Signed {
    fn sign(
        &self,
        head: &mut Parts,
        base: &BaseUrl,
        payload: Payload<'_>,
        now: SystemTime,
    ) -> Result<(), SignInProblem> {
        let Payload::Read(body) = payload else { return Err(SignInProblem::BodyUnread) };
        signature::sign(head, base, body, &self.0.current(now)?.proof, now)
    }

    /// The token of a session is sent as the key's name.
    fn secret(&self) -> Option<SecretString> {
        self.0.latest()?.proof.session_token().map(SecretString::from)
    }

    fn pending(&self) -> Option<Pending<'_>> {
        self.0.pending()
    }
}

impl Startable for Signed {
    fn start(&self, outside: &Outside) {
        self.0.start(outside);
    }
}

impl fmt::Debug for Signed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Signed(oracle)")
    }
}

#[cfg(test)]
mod tests;
