//! The settings of a sign-in to Amazon Web Services.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::definition::Secret;

/// Requests signed with AWS keys (Signature Version 4). What is left out is read from the variables that AWS's own tools
/// read; `source` says where the keys come from when several are set.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AwsSettings {
    /// The service that requests are signed for: `bedrock`.
    pub service: Option<String>,
    /// The region that requests are signed for.
    pub region: Option<String>,
    /// For services that take no signature but a token that is made from keys: what the token begins with, such as
    /// `sagemaker-api-key-`.
    pub token_prefix: Option<String>,
    /// Where the keys come from. When left out: the first of `keys`, `web_identity`, `profile` and `container` whose
    /// settings are there.
    pub source: Option<AwsSource>,
    /// For `keys`; else `AWS_ACCESS_KEY_ID`.
    pub access_key_id: Option<String>,
    /// For `keys`; else `AWS_SECRET_ACCESS_KEY`.
    pub secret_access_key: Option<Secret>,
    /// For `keys` that are temporary; else `AWS_SESSION_TOKEN`.
    pub session_token: Option<Secret>,
    /// For `profile`: its name in the credentials file; else `AWS_PROFILE`, else `default`.
    pub profile: Option<String>,
    /// For `profile`: the file; else `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`.
    pub credentials_file: Option<String>,
    /// For `web_identity`: the file with the token, as EKS mounts it (IRSA); else `AWS_WEB_IDENTITY_TOKEN_FILE`.
    pub web_identity_token_file: Option<String>,
    /// For `web_identity`: the role that the token stands for; else `AWS_ROLE_ARN`.
    pub role_arn: Option<String>,
    /// A role to assume with the keys of `source`, such as one in another account.
    pub assume_role_arn: Option<String>,
    /// What the role to be assumed wants to hear from a third party.
    pub external_id: Option<String>,
    /// The name of the session of a role; else `AWS_ROLE_SESSION_NAME`, else `tollgate`.
    pub role_session_name: Option<String>,
    /// The Security Token Service; else `AWS_ENDPOINT_URL_STS`, else that of the region.
    pub sts_url: Option<String>,
    /// For `instance`: the metadata service; else `AWS_EC2_METADATA_SERVICE_ENDPOINT`, else `http://169.254.169.254`.
    pub metadata_url: Option<String>,
}

/// Where AWS keys come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AwsSource {
    /// They are written here or in the environment.
    Keys,
    /// A token in a file is exchanged for them (IRSA on EKS, or any OpenID Connect provider).
    WebIdentity,
    /// The shared credentials file has them.
    Profile,
    /// An ECS task or an EKS pod identity asks its agent, at `AWS_CONTAINER_CREDENTIALS_FULL_URI` or
    /// `AWS_CONTAINER_CREDENTIALS_RELATIVE_URI`.
    Container,
    /// An EC2 instance asks its metadata service (IMDSv2).
    Instance,
}

impl AwsSettings {
    /// Whether it says whose keys are used, and not only for what.
    pub(crate) fn names_an_account(&self) -> bool {
        let of_the_vendor = Self {
            service: self.service.clone(),
            region: self.region.clone(),
            token_prefix: self.token_prefix.clone(),
            ..Self::default()
        };
        *self != of_the_vendor
    }

    pub(super) fn merge(self, over: Self) -> Self {
        merged!(over, self, {
            service, region, token_prefix, source, access_key_id, secret_access_key, session_token, profile, credentials_file,
            web_identity_token_file, role_arn, assume_role_arn, external_id, role_session_name, sts_url, metadata_url,
        })
    }
}
