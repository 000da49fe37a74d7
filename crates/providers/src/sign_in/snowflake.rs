//! Snowflake: tokens that are signed here with a user's private key, and never asked for anywhere.
//!
//! <https://docs.snowflake.com/en/developer-guide/sql-api/authenticating#using-key-pair-authentication>

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use http::{HeaderName, HeaderValue};
use serde_json::json;

use super::bearer::{Bearer, Token};
use super::live::{Issued, Source};
use super::outside::Outside;
use super::plan::{self, Planned, Reader};
use super::problem::FetchProblem;
use super::register::Startable;
use super::rsa::{NOT_A_KEY, SigningKey, numeric_date};
use crate::definition::{Secret, SnowflakeSettings};

/// Everything a sign-in to Snowflake needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    /// Account and user, as Snowflake writes them.
    subject: String,
    key: KeyPlace,
}

#[derive(Debug, Clone, PartialEq)]
enum KeyPlace {
    Text(Secret),
    File(String),
}

const USER: [&str; 1] = ["SNOWFLAKE_USER"];
const KEY: [&str; 1] = ["SNOWFLAKE_PRIVATE_KEY_RAW"];
const KEY_FILE: [&str; 2] = ["SNOWFLAKE_PRIVATE_KEY_FILE", "SNOWFLAKE_PRIVATE_KEY_PATH"];
/// Snowflake takes no longer life than an hour.
const LIFE: Duration = Duration::from_secs(3600);

/// Plans a sign-in to Snowflake.
pub(super) fn plan(settings: &SnowflakeSettings, reader: &mut Reader<'_>) -> Option<Planned> {
    if settings.account.is_none() {
        reader.wrong("account", "it is missing; write the account's identifier");
    }
    let account = reader.filled("account", settings.account.as_ref());
    let user = reader.text(settings.user.as_ref(), &USER);
    let key = match reader.secret(settings.private_key.as_ref(), &KEY) {
        Some(text) => Some(KeyPlace::Text(text)),
        None => reader.path(settings.private_key_file.as_ref(), &KEY_FILE).map(KeyPlace::File),
    };
    let (Some(user), Some(key)) = (user, key) else {
        return Some(Planned::missing(&["SNOWFLAKE_USER", "SNOWFLAKE_PRIVATE_KEY_FILE"]));
    };
    let Some(account) = account else { return Some(Planned::waiting()) };
    Some(Planned::ready(plan::Plan::Snowflake(Plan { subject: subject(&account, &user), key })))
}

/// In capitals, and an account's locator without its region.
fn subject(account: &str, user: &str) -> String {
    let account = account.split('.').next().unwrap_or(account);
    format!("{}.{}", account.to_uppercase(), user.to_uppercase())
}

impl Plan {
    pub(super) fn build(&self) -> Arc<dyn Startable> {
        let kind = HeaderName::from_static("x-snowflake-authorization-token-type");
        Arc::new(Bearer::new(self.clone()).with_header(kind, HeaderValue::from_static("KEYPAIR_JWT")))
    }

    /// A token that is good from `now` on.
    fn token(&self, pem: &str, now: SystemTime) -> Option<Issued<Token>> {
        let key = SigningKey::from_pem(pem)?;
        let claims = json!({
            "iss": format!("{}.SHA256:{}", self.subject, key.fingerprint()?),
            "sub": self.subject,
            "iat": numeric_date(now),
            "exp": numeric_date(now + LIFE),
        });
        let proof = Token::new(&key.json_web_token(None, &claims)?)?;
        Some(Issued { proof, expires: Some(now + LIFE) })
    }
}

impl Source for Plan {
    type Proof = Token;

    async fn fetch(&self, outside: &Outside) -> Result<Issued<Token>, FetchProblem> {
        let (pem, place) = match &self.key {
            KeyPlace::Text(text) => (text.expose().to_owned(), "`private_key`".to_owned()),
            KeyPlace::File(file) => (outside.read(file).await?, format!("the file `{file}`")),
        };
        self.token(&pem, outside.now()).ok_or_else(|| FetchProblem::unusable(place, NOT_A_KEY))
    }
}

#[cfg(test)]
mod tests;
