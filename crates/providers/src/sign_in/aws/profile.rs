//! Keys in the shared credentials file of AWS's tools.
//!
//! <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>

use aws_credential_types::Credentials;

use super::keys::issued;
use crate::sign_in::ini;
use crate::sign_in::live::Issued;
use crate::sign_in::problem::FetchProblem;

/// The keys of a profile in the text of a file.
pub(super) fn keys(text: &str, file: &str, profile: &str) -> Result<Issued<Credentials>, FetchProblem> {
    // In `~/.aws/config` the same profile is headed `[profile name]`.
    let section = ini::section(text, profile).or_else(|| ini::section(text, &format!("profile {profile}")));
    let unusable = |why: String| FetchProblem::unusable(format!("the file `{file}`"), why);
    let section = section.ok_or_else(|| unusable(format!("it has no profile `{profile}`")))?;
    let value = |name: &str| section.get(name).copied().filter(|value| !value.is_empty());
    let needed =
        |name: &str| value(name).ok_or_else(|| unusable(format!("the profile `{profile}` has no `{name}`")));
    let token = value("aws_session_token").map(str::to_owned);
    Ok(issued(needed("aws_access_key_id")?, needed("aws_secret_access_key")?, token, None))
}
