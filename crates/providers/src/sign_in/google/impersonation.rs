//! A token of a service account, for somebody who may act as it.
//!
//! <https://cloud.google.com/iam/docs/reference/credentials/rest/v1/projects.serviceAccounts/generateAccessToken>

use std::time::SystemTime;

use http::header::AUTHORIZATION;
use serde::Deserialize;
use serde_json::json;

use crate::sign_in::bearer::Token;
use crate::sign_in::exchange::Call;
use crate::sign_in::live::Issued;
use crate::sign_in::outside::Outside;
use crate::sign_in::problem::FetchProblem;

/// Who is acted as, and through whom.
pub(super) struct Impersonation<'a> {
    pub(super) url: &'a str,
    pub(super) delegates: &'a [String],
    /// The life of the token; an hour when nothing is said.
    pub(super) seconds: Option<u64>,
}

const LIFE_SECONDS: u64 = 3600;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GrantedToken {
    access_token: String,
    expire_time: String,
}

/// The token of the service account, for the holder of `token`.
pub(super) async fn impersonate(
    impersonation: &Impersonation<'_>,
    token: &Token,
    scope: &str,
    outside: &Outside,
) -> Result<Issued<Token>, FetchProblem> {
    let body = json!({
        "scope": [scope],
        "delegates": impersonation.delegates,
        "lifetime": format!("{}s", impersonation.seconds.unwrap_or(LIFE_SECONDS)),
    });
    let call = Call::to(impersonation.url)?
        .with_json(&body)
        .hiding(token.expose())
        .with_header(AUTHORIZATION, &format!("Bearer {}", token.expose()))?;
    let answer = call.send(outside).await?;
    let granted: GrantedToken = answer.json()?;
    let expires = granted.expire_time.parse::<jiff::Timestamp>().map(SystemTime::from);
    Ok(Issued {
        proof: Token::new(&granted.access_token)
            .ok_or_else(|| answer.unexpected("its token cannot be sent in a header"))?,
        expires: Some(expires.map_err(|_| answer.unexpected("its `expireTime` is no time"))?),
    })
}
