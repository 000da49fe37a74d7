//! `control.local_admins:` and `control.sign_in:`.

use engine::route::time::TimeSpan;
use identity::Algorithm;
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
    /// The identity provider at which people sign in.
    pub oidc: Option<OidcSection>,
}

/// The identity provider at which people sign in: OpenID Connect's code flow, with proof keys.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OidcSection {
    /// The name of the provider, to the letter: it describes itself at `/.well-known/openid-configuration` behind it.
    pub issuer: String,
    /// What the provider calls this gateway.
    pub client_id: String,
    /// What proves to the provider that it is this gateway, best written as `${env:NAME}`.
    pub client_secret: Secret,
    /// Where browsers come back to, as it is registered with the provider: `https://gateway.example.com/auth/oidc/callback`.
    pub redirect_url: String,
    /// What is asked for beside `openid`; `profile` and `email` when absent. Some providers want `groups`.
    #[serde(default)]
    pub scopes: Option<Vec<String>>,
    /// The claim that names the user, as in `users` and as SCIM has it; `preferred_username` when absent. It has to be one that people cannot
    /// choose for themselves. An `email` that is not verified is refused.
    #[serde(default)]
    pub user_claim: Option<String>,
    /// The claim that lists the groups of the user; `groups` when absent.
    #[serde(default)]
    pub groups_claim: Option<String>,
    /// How its tokens may be signed; `RS256` alone when absent.
    #[serde(default)]
    pub algorithms: Option<Vec<Algorithm>>,
    /// How far its clock may be from ours, at most `5m`; `1m` when absent.
    #[serde(default)]
    pub leeway: Option<TimeSpan>,
    /// Whether only those may sign in who are in `users`. `false` when absent: the provider says who there is.
    #[serde(default)]
    pub listed_users_only: Option<bool>,
    /// Whether the provider may be reached by plain HTTP although it is not on this machine. `false` when absent.
    #[serde(default)]
    pub allow_insecure: Option<bool>,
    /// What the members of groups may do, and where. Whoever is in none of these groups does not come in.
    pub roles: Vec<GroupRoleSection>,
}

/// A role of the members of a group.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupRoleSection {
    /// The group, as the provider's claim names it, to the letter.
    pub group: String,
    /// The role: a built-in one, or one of `roles`.
    pub role: String,
    /// The only workspace that it is held for. All when absent.
    #[serde(default)]
    pub workspace: Option<String>,
    /// The only environment that it is held for. All, and what belongs to none, when absent.
    #[serde(default)]
    pub environment: Option<String>,
}
