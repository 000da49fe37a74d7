//! Keys from the metadata service of an EC2 instance, version 2.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html>

use aws_credential_types::Credentials;
use http::{HeaderName, Method};

use super::keys::keys_in;
use crate::percent;
use crate::sign_in::exchange::Call;
use crate::sign_in::live::Issued;
use crate::sign_in::outside::Outside;
use crate::sign_in::problem::FetchProblem;

/// The token of a session with the service is used for one fetch.
const SESSION_SECONDS: &str = "60";
const SESSION_SECONDS_HEADER: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");
const SESSION_HEADER: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
const CREDENTIALS: &str = "/latest/meta-data/iam/security-credentials/";

/// The keys of the instance's role.
pub(super) async fn keys(url: &str, outside: &Outside) -> Result<Issued<Credentials>, FetchProblem> {
    let mut opening = Call::to_machine(&format!("{url}/latest/api/token"))?
        .with_header(SESSION_SECONDS_HEADER, SESSION_SECONDS)?;
    opening.head.method = Method::PUT;
    let session = opening.send(outside).await?;
    let session = session.text()?.trim().to_owned();
    let get = |path: String| {
        Ok(Call::to_machine(&format!("{url}{path}"))?.with_header(SESSION_HEADER, &session)?.hiding(&session))
    };
    let roles = get(CREDENTIALS.to_owned())?.send(outside).await?;
    let role = roles.text()?.lines().next().map(str::trim).filter(|role| !role.is_empty());
    let role = percent::encode(role.ok_or_else(|| roles.unexpected("the instance has no role"))?);
    keys_in(&get(format!("{CREDENTIALS}{role}"))?.send(outside).await?)
}
