//! Google Cloud: tokens for what a credentials file or the machine stands for.

mod credentials;
mod federation;
mod impersonation;

use std::sync::Arc;

use http::{HeaderName, HeaderValue};

use super::bearer::{Bearer, Token, token_in};
use super::exchange::Call;
use super::live::{Issued, Source};
use super::outside::Outside;
use super::plan::{self, NO_VARIABLE, Planned, Reader};
use super::problem::FetchProblem;
use super::register::Startable;
use crate::definition::{GoogleSettings, GoogleSource, Secret};
use crate::percent;
use credentials::CredentialsFile;

/// Everything a sign-in to Google Cloud needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    origin: Origin,
    scope: String,
}

/// What tokens are issued for.
#[derive(Debug, Clone, PartialEq)]
enum Origin {
    File(String),
    Content(Secret),
    Metadata { url: String },
}

const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
const VARIABLES: [&str; 1] = ["GOOGLE_APPLICATION_CREDENTIALS"];
const METADATA_URL: &str = "http://metadata.google.internal";

/// Plans a sign-in to Google Cloud.
pub(crate) fn plan(settings: &GoogleSettings, reader: &mut Reader<'_>) -> Option<Planned> {
    let origin = match settings.source {
        Some(GoogleSource::Metadata) => {
            let host = reader.variable(&["GCE_METADATA_HOST"]).map(|host| format!("http://{host}"));
            let otherwise = host.as_deref().unwrap_or(METADATA_URL);
            let url = reader.url("metadata_url", settings.metadata_url.as_ref(), NO_VARIABLE, otherwise);
            Origin::Metadata { url }
        }
        None | Some(GoogleSource::File) => match reader.secret(settings.credentials.as_ref(), NO_VARIABLE) {
            Some(content) => Origin::Content(content),
            None => match reader.path(settings.credentials_file.as_ref(), &VARIABLES) {
                Some(file) => Origin::File(file),
                None => return Some(Planned::missing(&VARIABLES)),
            },
        },
    };
    let scope = settings.scope.clone().unwrap_or_else(|| SCOPE.to_owned());
    Some(Planned::ready(plan::Plan::Google(Plan { origin, scope })))
}

impl Plan {
    pub(super) fn build(&self) -> Arc<dyn Startable> {
        Arc::new(Bearer::new(self.clone()))
    }
}

impl Source for Plan {
    type Proof = Token;

    async fn fetch(&self, outside: &Outside) -> Result<Issued<Token>, FetchProblem> {
        let (text, place) = match &self.origin {
            Origin::Metadata { url } => return by_metadata(url, &self.scope, outside).await,
            Origin::File(file) => (outside.read(file).await?, format!("the file `{file}`")),
            Origin::Content(content) => (content.expose().to_owned(), "`credentials`".to_owned()),
        };
        CredentialsFile::parse(&text, &place)?.token(&self.scope, outside).await
    }
}

/// <https://cloud.google.com/compute/docs/access/authenticate-workloads#applications>
async fn by_metadata(url: &str, scope: &str, outside: &Outside) -> Result<Issued<Token>, FetchProblem> {
    let path = "/computeMetadata/v1/instance/service-accounts/default/token";
    let mut call = Call::to_machine(&format!("{url}{path}?scopes={}", percent::encode(scope)))?;
    let flavor = HeaderName::from_static("metadata-flavor");
    call.head.headers.insert(flavor, HeaderValue::from_static("Google"));
    token_in(&call.send(outside).await?, outside.now())
}

#[cfg(test)]
mod tests;
