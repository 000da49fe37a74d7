//! Which keys are used, and for what.

use super::signature::Scope;
use crate::definition::{AwsSettings, AwsSource, Secret};
use crate::sign_in::plan::{self, Planned, Reader};

/// Everything a sign-in to AWS needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    pub(super) scope: Scope,
    /// What a token made from keys begins with, where the service wants one.
    pub(super) token_prefix: Option<String>,
    pub(super) keys: Keys,
    pub(super) assumed: Option<AssumedRole>,
    /// The Security Token Service.
    pub(super) sts_url: String,
}

/// Where keys come from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Keys {
    /// They are known.
    Fixed(FixedKeys),
    /// A token in a file stands for a role.
    WebIdentity(WebIdentity),
    /// A file has them.
    Profile { file: String, profile: String },
    /// An agent beside the container has them.
    Container(ContainerAgent),
    /// The metadata service of the machine has them.
    Instance { url: String },
}

/// Keys that are known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FixedKeys {
    pub(super) access_key_id: String,
    pub(super) secret_access_key: Secret,
    pub(super) session_token: Option<Secret>,
}

/// A role, and the file with the token that stands for it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct WebIdentity {
    pub(super) token_file: String,
    pub(super) role_arn: String,
    pub(super) session_name: String,
}

/// An agent that hands out keys over HTTP.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ContainerAgent {
    pub(super) url: String,
    pub(super) authorization: Option<Secret>,
    pub(super) authorization_file: Option<String>,
}

/// A role that is assumed with other keys.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct AssumedRole {
    pub(super) role_arn: String,
    pub(super) external_id: Option<String>,
    pub(super) session_name: String,
}

/// What would make a sign-in possible, most usual first.
const VARIABLES: [&str; 4] =
    ["AWS_ACCESS_KEY_ID", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_PROFILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
const INSTANCE_URL: &str = "http://169.254.169.254";
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>
const CONTAINER_URL: &str = "http://169.254.170.2";

/// Plans a sign-in to AWS.
pub(crate) fn plan(settings: &AwsSettings, reader: &mut Reader<'_>) -> Option<Planned> {
    if settings.service.is_none() {
        reader.wrong("service", "it is missing; name the service, such as `bedrock`");
    }
    if settings.region.is_none() {
        reader.wrong("region", "it is missing; name the region, such as `eu-central-1`");
    }
    let region = reader.filled("region", settings.region.as_ref());
    let sts = region.as_deref().map_or_else(String::new, sts_url);
    let sts_url =
        reader.url("sts_url", settings.sts_url.as_ref(), &["AWS_ENDPOINT_URL_STS"], &sts_or_any(sts));
    let Some(keys) = keys(settings, reader) else {
        return Some(Planned::missing(&VARIABLES));
    };
    if settings.external_id.is_some() && settings.assume_role_arn.is_none() {
        reader.wrong("external_id", "it belongs to a role to assume; write `assume_role_arn` as well");
    }
    let Some(region) = region else { return Some(Planned::waiting()) };
    let service = settings.service.clone()?;
    let assumed = settings.assume_role_arn.as_ref().map(|role_arn| AssumedRole {
        role_arn: role_arn.clone(),
        external_id: settings.external_id.clone(),
        session_name: session_name(settings, reader),
    });
    let token_prefix = settings.token_prefix.clone();
    let scope = Scope { service, region };
    Some(Planned::ready(plan::Plan::Aws(Plan { scope, token_prefix, keys, assumed, sts_url })))
}

/// The service of a region (<https://docs.aws.amazon.com/general/latest/gr/sts.html>); China has a domain of its own.
fn sts_url(region: &str) -> String {
    let domain = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    format!("https://sts.{region}.{domain}")
}

fn sts_or_any(url: String) -> String {
    if url.is_empty() { "https://sts.amazonaws.com".to_owned() } else { url }
}

fn session_name(settings: &AwsSettings, reader: &Reader<'_>) -> String {
    let name = reader.text(settings.role_session_name.as_ref(), &["AWS_ROLE_SESSION_NAME"]);
    name.unwrap_or_else(|| "tollgate".to_owned())
}

/// The keys of the source that is named, else of the first whose settings are there.
fn keys(settings: &AwsSettings, reader: &mut Reader<'_>) -> Option<Keys> {
    match settings.source {
        Some(AwsSource::Keys) => fixed(settings, reader),
        Some(AwsSource::WebIdentity) => web_identity(settings, reader),
        Some(AwsSource::Profile) => profile(settings, reader),
        Some(AwsSource::Container) => container(reader),
        Some(AwsSource::Instance) => {
            let names = ["AWS_EC2_METADATA_SERVICE_ENDPOINT"];
            let url = reader.url("metadata_url", settings.metadata_url.as_ref(), &names, INSTANCE_URL);
            Some(Keys::Instance { url })
        }
        None => fixed(settings, reader)
            .or_else(|| web_identity(settings, reader))
            .or_else(|| {
                let names = ["AWS_PROFILE"];
                let is_named = reader.text(settings.profile.as_ref(), &names).is_some();
                if is_named || settings.credentials_file.is_some() { profile(settings, reader) } else { None }
            })
            .or_else(|| container(reader)),
    }
}

fn fixed(settings: &AwsSettings, reader: &mut Reader<'_>) -> Option<Keys> {
    let is_written = settings.access_key_id.is_some() || settings.secret_access_key.is_some();
    let id = reader.text(settings.access_key_id.as_ref(), &["AWS_ACCESS_KEY_ID"]);
    let secret = reader.secret(settings.secret_access_key.as_ref(), &["AWS_SECRET_ACCESS_KEY"]);
    // A session's token belongs to the keys it came with.
    let of_environment: &[&str] = if is_written { &[] } else { &["AWS_SESSION_TOKEN"] };
    let session_token = reader.secret(settings.session_token.as_ref(), of_environment);
    match (id, secret) {
        (Some(access_key_id), Some(secret_access_key)) => {
            Some(Keys::Fixed(FixedKeys { access_key_id, secret_access_key, session_token }))
        }
        (Some(_), None) => {
            let message = "it is missing; write it, or set AWS_SECRET_ACCESS_KEY";
            reader.lacks("secret_access_key", message, "AWS_SECRET_ACCESS_KEY");
            None
        }
        (None, Some(_)) if is_written => {
            reader.wrong("access_key_id", "it is missing; write it, or set AWS_ACCESS_KEY_ID");
            None
        }
        _ => None,
    }
}

fn web_identity(settings: &AwsSettings, reader: &mut Reader<'_>) -> Option<Keys> {
    let names = ["AWS_WEB_IDENTITY_TOKEN_FILE"];
    let token_file = reader.path(settings.web_identity_token_file.as_ref(), &names);
    let Some(token_file) = token_file else {
        if settings.role_arn.is_some() {
            let hint = "it belongs to a token in a file; write `web_identity_token_file`, or write `assume_role_arn` \
                        for a role to assume with other keys";
            reader.wrong("role_arn", hint);
        }
        return None;
    };
    let Some(role_arn) = reader.text(settings.role_arn.as_ref(), &["AWS_ROLE_ARN"]) else {
        let message = "it is missing; write the role that the token stands for, or set AWS_ROLE_ARN";
        reader.lacks("role_arn", message, "AWS_ROLE_ARN");
        return None;
    };
    let session_name = session_name(settings, reader);
    Some(Keys::WebIdentity(WebIdentity { token_file, role_arn, session_name }))
}

fn profile(settings: &AwsSettings, reader: &mut Reader<'_>) -> Option<Keys> {
    let named = reader.text(settings.profile.as_ref(), &["AWS_PROFILE"]);
    let file = reader.path(settings.credentials_file.as_ref(), &["AWS_SHARED_CREDENTIALS_FILE"]);
    let Some(file) = file.or_else(|| reader.at_home(".aws/credentials")) else {
        let message = "it is missing, and there is no home folder to look in";
        reader.lacks("credentials_file", message, "AWS_SHARED_CREDENTIALS_FILE");
        return None;
    };
    Some(Keys::Profile { file, profile: named.unwrap_or_else(|| "default".to_owned()) })
}

fn container(reader: &mut Reader<'_>) -> Option<Keys> {
    let relative = reader.variable(&["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]);
    let url = match relative {
        Some(path) => format!("{CONTAINER_URL}{path}"),
        None => reader.variable(&["AWS_CONTAINER_CREDENTIALS_FULL_URI"])?,
    };
    if !is_agent(&url) {
        let message = "AWS_CONTAINER_CREDENTIALS_FULL_URI must be https, or an address of this machine";
        reader.lacks("source", message, "AWS_CONTAINER_CREDENTIALS_FULL_URI");
        return None;
    }
    Some(Keys::Container(ContainerAgent {
        url,
        authorization: reader.secret(None, &["AWS_CONTAINER_AUTHORIZATION_TOKEN"]),
        authorization_file: reader.variable(&["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]),
    }))
}

/// Whether keys may be asked for there: over TLS, or in clear text at the machine itself and at the agents of ECS and EKS.
/// <https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html>
fn is_agent(url: &str) -> bool {
    const AGENTS: [&str; 4] = ["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]", "localhost"];
    let Ok(base) = url.parse::<http::Uri>() else { return false };
    let host = base.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    base.scheme_str() == Some("https")
        || AGENTS.contains(&host)
        || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests;
