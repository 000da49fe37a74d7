//! `control.local_admins:` and `control.sign_in:`.

use engine::route::time::TimeSpan;
use providers::definition::Secret;
use schemars::JsonSchema;
use serde::Deserialize;

use super::role::HeldRoleSection;

/// Somebody who signs in with a password and the code of an authenticator, as `tollgate admin new` makes them: for the first day, and for
/// the day on which the identity provider does not answer.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LocalAdminSection {
    /// Their name to sign in with, unique among local administrators.
    pub name: String,
    /// What Argon2id makes of their password, as `tollgate admin new` prints it: `$argon2id$v=19$m=…`. As a text in single quotes, or
    /// from outside: `${env:NAME}`, `${file:path}`.
    pub password_hash: Secret,
    /// The secret of their authenticator in base 32 (RFC 6238: SHA-1, six digits, 30 seconds), at least 16 bytes.
    pub totp_secret: Secret,
    /// Who they are, one of `users`: what belongs to them is their own. Nobody in particular when absent.
    #[serde(default)]
    pub user: Option<String>,
    /// Whether they are refused from now on, and their sessions end. `false` when absent.
    #[serde(default)]
    pub disabled: Option<bool>,
    /// What they may do, and where.
    pub roles: Vec<HeldRoleSection>,
}

/// How people sign in, and for how long.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SignInSection {
    /// The address at which browsers reach this gateway, without a path, such as `https://gateway.example.com`: where something in front of it
    /// serves HTTPS or another name. When absent, the name is what the browser asks for, and cookies are for HTTPS only, unless this
    /// gateway serves clear text on a loopback address.
    pub public_url: Option<String>,
    /// After how long without a request a session ends, from `1m` to `24h`; `30m` when absent.
    pub idle_timeout: Option<TimeSpan>,
    /// After how long a session ends however much it is used, from `1m` to `30d`; `12h` when absent.
    pub session_timeout: Option<TimeSpan>,
}
