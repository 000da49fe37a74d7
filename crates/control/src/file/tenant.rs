//! `organization:`, `workspaces:`, `users:` and `groups:`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// The company or institution that everything belongs to.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OrganizationSection {
    /// Its name; `default` when absent.
    pub name: Option<String>,
    /// Metadata of all requests, texts by name.
    pub metadata: BTreeMap<String, String>,
}

/// A part of the organisation with rules of its own. They hold for each of its keys, whatever the key says.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct WorkspaceSection {
    /// The models and routes that its keys may name, as in `keys[].models`. All when absent.
    pub models: Option<Vec<String>>,
    /// The providers that its keys may reach, as in `keys[].providers`. All when absent.
    pub providers: Option<Vec<String>>,
    /// Where its requests may be served, as in `keys[].regions`. Everywhere when absent.
    pub regions: Option<Vec<String>>,
    /// The endpoints that its keys may call, as in `keys[].endpoints`. All when absent.
    pub endpoints: Option<Vec<String>>,
    /// Whether its keys with `passthrough: true` pass through to providers, where no model and no endpoint can be checked. When absent, only
    /// where `models` and `endpoints` are absent, too: a key does not lift what its workspace says.
    pub passthrough: Option<bool>,
    /// The route of requests that name no model, unless their key has one. None when absent.
    pub default_route: Option<String>,
    /// What its keys may be for; `dev`, `staging` and `prod` when absent.
    pub environments: Option<Vec<String>>,
    /// Metadata of its requests, texts by name, in place of what the organisation or a client says under the same name.
    pub metadata: BTreeMap<String, String>,
    /// A JSON schema (draft 2020-12) that the metadata of each of its requests has to pass: what the client sends in
    /// `x-tollgate-metadata`, with the configured metadata over it. It may not refer to other documents.
    pub metadata_schema: Option<BTreeMap<String, Value>>,
    /// Its teams by name.
    pub teams: BTreeMap<String, TeamSection>,
}

/// A team of a workspace.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct TeamSection {
    /// Metadata of its requests, in place of what the workspace says under the same name.
    pub metadata: BTreeMap<String, String>,
}

/// A person or a service account.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UserSection {
    /// The teams that they are in, as `workspace/team`. Their keys may name these teams only.
    pub teams: Vec<String>,
    /// Whether nothing of theirs is accepted from now on: keys, tokens and sign-ins. Sessions end. `false` when absent.
    pub disabled: Option<bool>,
    /// What they are called, for people.
    pub display_name: Option<String>,
    /// Their given name.
    pub given_name: Option<String>,
    /// Their family name.
    pub family_name: Option<String>,
    /// Where they read mail.
    pub email: Option<String>,
    /// What an identity provider that keeps them in step by SCIM calls them.
    pub external_id: Option<String>,
    /// Whether it is a program and no person. `false` when absent.
    pub service_account: Option<bool>,
    /// Metadata of their requests, in place of what the team says under the same name.
    pub metadata: BTreeMap<String, String>,
}

/// A group of users. Its members have the roles that `control.sign_in.oidc.roles` gives to it by its name, by its `display_name` or by its
/// `external_id`, whatever their tokens say.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct GroupSection {
    /// What it is called, for people; its name when absent.
    pub display_name: Option<String>,
    /// What an identity provider that keeps it in step by SCIM calls it.
    pub external_id: Option<String>,
    /// Its members, of `users`.
    pub members: Vec<String>,
}
