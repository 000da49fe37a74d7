//! What a provider's data file and the operator's `providers:` section say: one set of fields for both, so that a
//! built-in provider can be changed field by field and a new one needs no code.
//!
//! The JSON schema of the configuration and the reference of it are made from the comments of this file.

mod credential;
mod endpoints;
mod merge;
mod prefill;
mod quota;
mod secret;
mod sign_in;
mod variant;
mod vaults;

use std::collections::BTreeMap;

use domain::FailureClass;
use schemars::JsonSchema;
use serde::Deserialize;

pub use credential::{CredentialEntry, CredentialValue};
pub use endpoints::Endpoints;
pub use prefill::{PrefillEntry, Prefills};
pub use quota::{CachedInput, QuotaCount, QuotaEntry, Spans, Utilization};
pub use secret::Secret;
pub use sign_in::{
    AwsSettings, AwsSource, ClientAuthentication, EntraSettings, EntraSource, GoogleSettings, GoogleSource,
    IbmSettings, OAuthSettings, OracleSettings, SignIn, SnowflakeSettings,
};
pub use variant::{Body, Variant, VariantAuth};
pub use vaults::{
    AwsVaultSettings, AzureVaultSettings, GoogleVaultSettings, HashicorpAppRole, HashicorpKubernetes,
    HashicorpSettings, VaultSettings,
};

/// A provider of LLMs: where it answers, how to sign in, what it serves and how it differs from the others.
///
/// Every field may be left out. For a provider of a built-in name, what is left out is as built in.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProviderDefinition {
    /// The built-in provider that this one is like, for a second account, resource or region of the same vendor: what is left
    /// out is as built in there. The provider of the same name when left out.
    pub like: Option<String>,
    /// The provider's name for people: `Groq`.
    pub title: Option<String>,
    /// The URL of its API reference.
    pub docs: Option<String>,
    /// When the provider takes part without being named in the configuration.
    pub live: Option<Live>,
    /// The URL that all endpoint paths are appended to, such as `https://api.groq.com/openai/v1`. May hold
    /// `${variable}`, see `variables`.
    pub base_url: Option<String>,
    /// Where it serves: `eu-west-1`. May hold `${variable}`. Requests that are bound to a region go nowhere else; see `keys`.
    pub region: Option<String>,
    /// The model names, or patterns with `*`, that this provider serves when a request names them without a
    /// provider: `["gpt-4o", "gpt-*"]`.
    pub models: Option<Vec<String>>,
    /// The secrets, or the accounts to sign in to; requests rotate over them. Without them, the variables of `auth.env` are
    /// read, and then `sign_in` is looked at.
    pub credentials: Option<Vec<CredentialEntry>>,
    /// The workspaces whose requests may be served by it; those of all when absent. To the others it is as if it were not there. A credential
    /// may be shared with fewer of them.
    pub workspaces: Option<Vec<String>>,
    /// How the provider is told who calls.
    pub auth: Auth,
    /// How to sign in where there is more to it than to send a secret.
    pub sign_in: SignIn,
    /// Values that stand for `${name}` in `base_url`, in endpoint paths, in `body.model_prefix` and in default headers, by name.
    pub variables: BTreeMap<String, Variable>,
    /// Which operations the provider offers, each with its path.
    pub endpoints: Endpoints,
    /// Where an operation is asked for a stream, when that is another path than in `endpoints`.
    pub stream_endpoints: Endpoints,
    /// Where the answer of an operation of `endpoints` is asked for that was not there at once.
    pub result_endpoints: Endpoints,
    /// How a request's body has to be changed for the operations of `endpoints`.
    pub body: Body,
    /// Models that are served at other paths or with other bodies; the first that has the model and the operation
    /// decides.
    pub variants: Option<Vec<Variant>>,
    /// Which headers go to the provider.
    pub headers: Headers,
    /// How the provider's errors mean something else than their status says; the first that fits decides.
    pub errors: Option<Vec<ErrorException>>,
    /// The headers in which the provider reports its quotas.
    pub rate_limits: Option<Vec<RateLimit>>,
    /// What each of its accounts may use, by model; the first entry that has the model decides. Requests are shaped by it before
    /// the provider refuses them.
    pub quota: Option<Vec<QuotaEntry>>,
    /// How the provider is reached.
    pub transport: Transport,
    /// How the provider streams.
    pub streams: Streams,
    /// How the provider's chat completions differ from what most take. It matters for requests that are translated.
    pub chat: Chat,
    /// Which models go on with a text that they are given.
    pub prefill: Prefills,
    /// How the provider keeps the beginnings of prompts. It matters for routes that balance `by: prompt_cache`.
    pub prompt_cache: PromptCache,
    /// The provider of the catalogue whose models and prices these are: `azure-openai`. When left out: the one that `like`
    /// names, else the one of the same name.
    pub catalog: Option<String>,
}

/// When a provider takes part without being named in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Live {
    /// As soon as a credential for it is found in the environment. The default.
    WithCredential,
    /// Only when one of its `variables` is set in the environment: servers of the operator's own, which have an
    /// address but need no credential.
    WhenConfigured,
    /// Always. A `when_configured` provider that the configuration names becomes so.
    Always,
}

/// How a provider is told who calls.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Auth {
    /// Where the credential goes. When left out: `bearer` if there may be a credential, else `none`.
    pub scheme: Option<AuthScheme>,
    /// The header that carries the credential, for `scheme: header`.
    pub header: Option<String>,
    /// The query parameter that carries the credential, for `scheme: query`.
    pub parameter: Option<String>,
    /// Environment variables that may hold the credential; the first that is set is taken. Several credentials are
    /// separated by commas.
    pub env: Option<Vec<String>>,
    /// Whether the provider also answers without a credential.
    pub optional: Option<bool>,
}

/// Where a credential goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthScheme {
    /// In `authorization: Bearer …`.
    Bearer,
    /// In `authorization: Token …`.
    Token,
    /// Alone in the header that `auth.header` names.
    Header,
    /// In the query parameter that `auth.parameter` names.
    Query,
    /// Nowhere: the provider needs none.
    None,
}

/// What stands for `${name}`: `value`, else the first variable of `env` that is set, else the value of the variable that
/// `of` names, else `default`.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Variable {
    /// The value itself.
    pub value: Option<String>,
    /// Environment variables that may hold the value; the first that is set is taken.
    pub env: Option<Vec<String>>,
    /// The value when there is no other.
    pub default: Option<String>,
    /// An ending that is taken off the value, because people write the same address with and without it: `/v1`.
    pub strip: Option<String>,
    /// Another variable, whose value this one has, to be written differently by `cases` and `otherwise`.
    pub of: Option<String>,
    /// What certain values become: `global: aiplatform.googleapis.com`.
    pub cases: BTreeMap<String, String>,
    /// What all other values become, with `{}` in the place of the value: `{}-aiplatform.googleapis.com`.
    pub otherwise: Option<String>,
}

/// Which headers go to the provider, beside the credential and the content headers.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Headers {
    /// Headers that are sent unless the client sent its own, by name.
    pub default: BTreeMap<String, String>,
    /// Client headers that are passed on: names, or beginnings of names followed by `*`.
    pub forward: Option<Vec<String>>,
}

/// An error that means something else than its status says. All conditions that are given must hold.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ErrorException {
    /// Only errors with this HTTP status.
    pub status: Option<u16>,
    /// Only errors whose `type` or `code` is this text.
    pub code: Option<String>,
    /// Only errors whose message contains this text.
    pub message_contains: Option<String>,
    /// What the error means.
    pub means: Option<ErrorMeaning>,
}

/// Whose fault an error is, and so what is done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErrorMeaning {
    /// The request is wrong; nothing rests because of it.
    Caller,
    /// The credential was refused; another is tried.
    Credential,
    /// The credential is over its quota for now; it rests.
    RateLimited,
    /// The provider does not have the model; another target is tried.
    ModelMissing,
    /// The provider is overloaded as a whole.
    Overloaded,
    /// The provider failed.
    Provider,
}

impl From<ErrorMeaning> for FailureClass {
    fn from(meaning: ErrorMeaning) -> Self {
        match meaning {
            ErrorMeaning::Caller => Self::Caller,
            ErrorMeaning::Credential => Self::Credential,
            ErrorMeaning::RateLimited => Self::RateLimited,
            ErrorMeaning::ModelMissing => Self::ModelMissing,
            ErrorMeaning::Overloaded => Self::Overloaded,
            ErrorMeaning::Provider => Self::Provider,
        }
    }
}

/// The headers that report one quota.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RateLimit {
    /// What the quota counts. When it is said, requests are shaped by what the headers tell.
    pub counts: Option<QuotaCount>,
    /// The header with how much there is when it is full.
    pub limit: Option<String>,
    /// The header with what remains of the quota.
    pub remaining: Option<String>,
    /// The header with the time until, or at which, the quota is full again: a duration (`6m0s`), seconds, or an
    /// RFC 3339 time.
    pub reset: Option<String>,
    /// The header with how much of the whole is in use, in percent, in place of all the others: `86.5` or `86.5%`. Requests are shaped by it
    /// where `quota` says so (`utilization`).
    pub utilization: Option<String>,
}

/// How a provider is reached.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Transport {
    /// The HTTP version that is spoken with it; `"1.1"` when left out.
    pub http: Option<HttpVersion>,
}

/// An HTTP version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum HttpVersion {
    /// HTTP/1.1, one request at a time on each of many connections.
    #[serde(rename = "1.1")]
    Http1,
    /// HTTP/2, many requests at a time on few connections.
    #[serde(rename = "2")]
    Http2,
}

/// How a provider streams.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Streams {
    /// When an OpenAI chat stream says how many tokens it used; `on_request` when left out.
    pub usage: Option<StreamUsage>,
}

/// How a provider's chat completions differ from what most take.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Chat {
    /// Whether it takes the words of OpenAI's newer models: `max_completion_tokens`, the role `developer`; no `top_k`.
    pub of_openai: Option<bool>,
    /// Whether thinking is asked for by `reasoning` and given back as `reasoning_details`, as by OpenRouter.
    pub reasoning_details: Option<bool>,
}

/// How a provider keeps the beginnings of prompts.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PromptCache {
    /// The shortest beginning that is kept, in tokens; 1024 when left out.
    pub tokens_min: Option<u32>,
    /// How long a beginning is kept that is not asked for, in seconds; 300 when left out.
    pub lifetime_seconds: Option<u32>,
}

/// When an OpenAI chat stream says how many tokens it used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamUsage {
    /// When the request has `stream_options.include_usage`.
    OnRequest,
    /// Without being asked; `stream_options` might be refused.
    Always,
    /// Not at all; `stream_options` might be refused.
    Never,
}

#[cfg(test)]
mod tests;
