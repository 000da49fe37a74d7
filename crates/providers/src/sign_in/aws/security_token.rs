//! Keys of a role from the Security Token Service.
//!
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html> and
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html>

use aws_credential_types::Credentials;

use super::keys::{instant, issued};
use super::plan::{AssumedRole, WebIdentity};
use super::signature::{Scope, sign};
use crate::sign_in::exchange::{Answer, Call};
use crate::sign_in::live::Issued;
use crate::sign_in::outside::Outside;
use crate::sign_in::problem::FetchProblem;

const API_VERSION: (&str, &str) = ("Version", "2011-06-15");

/// The keys of the role that a token in a file stands for.
pub(super) async fn by_web_identity(
    url: &str,
    identity: &WebIdentity,
    outside: &Outside,
) -> Result<Issued<Credentials>, FetchProblem> {
    let token = outside.read(&identity.token_file).await?;
    let token = token.trim();
    let call = Call::to(url)?.hiding(token).with_form(&[
        ("Action", "AssumeRoleWithWebIdentity"),
        API_VERSION,
        ("RoleArn", &identity.role_arn),
        ("RoleSessionName", &identity.session_name),
        ("WebIdentityToken", token),
    ]);
    keys_in(&call.send(outside).await?)
}

/// The keys of a role that other keys may assume.
pub(super) async fn by_role(
    url: &str,
    scope: &Scope,
    role: &AssumedRole,
    keys: &Credentials,
    outside: &Outside,
) -> Result<Issued<Credentials>, FetchProblem> {
    let mut fields = vec![
        ("Action", "AssumeRole"),
        API_VERSION,
        ("RoleArn", role.role_arn.as_str()),
        ("RoleSessionName", role.session_name.as_str()),
    ];
    fields.extend(role.external_id.as_deref().map(|id| ("ExternalId", id)));
    let mut call = Call::to(url)?.with_form(&fields).hiding(keys.session_token().unwrap_or_default());
    let (base, body) = (call.base(), [call.body.clone()]);
    sign(&mut call.head, &base, &body, keys, scope, outside.now())
        .map_err(|problem| FetchProblem::unusable(format!("the call of {url}"), problem.to_string()))?;
    keys_in(&call.send(outside).await?)
}

fn keys_in(answer: &Answer) -> Result<Issued<Credentials>, FetchProblem> {
    let text = answer.text()?;
    let keys = element(text, "Credentials").unwrap_or_default();
    let part = |name| element(keys, name).ok_or_else(|| answer.unexpected("keys are missing in it"));
    let expires =
        instant(part("Expiration")?).ok_or_else(|| answer.unexpected("its `Expiration` is no time"))?;
    let token = part("SessionToken")?.to_owned();
    Ok(issued(part("AccessKeyId")?, part("SecretAccessKey")?, Some(token), Some(expires)))
}

/// The text in an XML element. Keys, tokens and times have no character that XML would escape.
fn element<'t>(xml: &'t str, name: &str) -> Option<&'t str> {
    let (_, after) = xml.split_once(&format!("<{name}>"))?;
    let (text, _) = after.split_once(&format!("</{name}>"))?;
    Some(text.trim())
}
