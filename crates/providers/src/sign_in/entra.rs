//! Microsoft Entra ID: tokens for an application or a managed identity.
//!
//! <https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow>

use std::sync::Arc;

use http::{HeaderName, HeaderValue};

use super::bearer::{Bearer, Token, token_in};
use super::exchange::Call;
use super::live::{Issued, Source};
use super::outside::Outside;
use super::plan::{self, NO_VARIABLE, Planned, Reader};
use super::problem::FetchProblem;
use super::register::Startable;
use crate::definition::{EntraSettings, EntraSource, Secret};
use crate::percent;

/// Everything a sign-in by Entra ID needs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Plan {
    scope: String,
    identity: Identity,
}

#[derive(Debug, Clone, PartialEq)]
enum Identity {
    Application { token_url: String, client_id: String, proof: ApplicationProof },
    Managed { client_id: Option<String>, service: IdentityService },
}

#[derive(Debug, Clone, PartialEq)]
enum ApplicationProof {
    Secret(Secret),
    TokenFile(String),
}

/// Who knows the managed identity.
#[derive(Debug, Clone, PartialEq)]
enum IdentityService {
    /// App Service and Container Apps.
    App { url: String, header: Secret },
    /// A virtual machine's metadata service.
    Machine { url: String },
}

const AUTHORITY: &str = "https://login.microsoftonline.com";
const METADATA_URL: &str = "http://169.254.169.254";
/// RFC 7523 section 2.2.
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// What would make a sign-in possible, most usual first.
const VARIABLES: [&str; 3] = ["AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT"];

/// Plans a sign-in by Entra ID.
pub(crate) fn plan(settings: &EntraSettings, reader: &mut Reader<'_>) -> Option<Planned> {
    let Some(scope) = reader.filled("scope", settings.scope.as_ref()) else {
        reader.wrong("scope", "it is missing; write what the token is for, ending in `/.default`");
        return None;
    };
    let identity = match settings.source {
        Some(EntraSource::ClientSecret) => with_secret(settings, reader),
        Some(EntraSource::FederatedToken) => with_token(settings, reader),
        Some(EntraSource::ManagedIdentity) => Some(managed(settings, reader)),
        None => with_secret(settings, reader).or_else(|| with_token(settings, reader)).or_else(|| {
            let is_app = reader.variable(&["IDENTITY_ENDPOINT"]).is_some();
            is_app.then(|| managed(settings, reader))
        }),
    };
    Some(match identity {
        Some(identity) => Planned::ready(plan::Plan::Entra(Plan { scope, identity })),
        None => Planned::missing(&VARIABLES),
    })
}

fn with_secret(settings: &EntraSettings, reader: &mut Reader<'_>) -> Option<Identity> {
    let secret = reader.secret(settings.client_secret.as_ref(), &["AZURE_CLIENT_SECRET"])?;
    application(settings, ApplicationProof::Secret(secret), reader)
}

fn with_token(settings: &EntraSettings, reader: &mut Reader<'_>) -> Option<Identity> {
    let names = ["AZURE_FEDERATED_TOKEN_FILE"];
    let file = reader.path(settings.federated_token_file.as_ref(), &names)?;
    application(settings, ApplicationProof::TokenFile(file), reader)
}

fn application(
    settings: &EntraSettings,
    proof: ApplicationProof,
    reader: &mut Reader<'_>,
) -> Option<Identity> {
    // Microsoft's own tools take a bare host there.
    let host = reader.variable(&["AZURE_AUTHORITY_HOST"]);
    let host = host.map(|host| if host.contains("://") { host } else { format!("https://{host}") });
    let otherwise = host.as_deref().unwrap_or(AUTHORITY);
    let authority = reader.url("authority_url", settings.authority_url.as_ref(), NO_VARIABLE, otherwise);
    let tenant = reader.text(settings.tenant_id.as_ref(), &["AZURE_TENANT_ID"]);
    let client = reader.text(settings.client_id.as_ref(), &["AZURE_CLIENT_ID"]);
    if tenant.is_none() {
        reader.lacks(
            "tenant_id",
            "it is missing; write the tenant, or set AZURE_TENANT_ID",
            "AZURE_TENANT_ID",
        );
    }
    if client.is_none() {
        let message = "it is missing; write the application, or set AZURE_CLIENT_ID";
        reader.lacks("client_id", message, "AZURE_CLIENT_ID");
    }
    let token_url = format!("{authority}/{}/oauth2/v2.0/token", percent::encode(&tenant?));
    Some(Identity::Application { token_url, client_id: client?, proof })
}

fn managed(settings: &EntraSettings, reader: &mut Reader<'_>) -> Identity {
    let client_id = reader.text(settings.client_id.as_ref(), &["AZURE_CLIENT_ID"]);
    let header = reader.secret(None, &["IDENTITY_HEADER"]);
    let service = match (reader.variable(&["IDENTITY_ENDPOINT"]), header) {
        (Some(url), Some(header)) => IdentityService::App { url, header },
        _ => {
            let url = reader.url("metadata_url", settings.metadata_url.as_ref(), NO_VARIABLE, METADATA_URL);
            IdentityService::Machine { url }
        }
    };
    Identity::Managed { client_id, service }
}

impl Plan {
    pub(super) fn build(&self) -> Arc<dyn Startable> {
        Arc::new(Bearer::new(self.clone()))
    }

    /// The call that issues a token to an application.
    async fn for_application(
        &self,
        token_url: &str,
        client_id: &str,
        proof: &ApplicationProof,
        outside: &Outside,
    ) -> Result<Call, FetchProblem> {
        let (member, secret) = match proof {
            ApplicationProof::Secret(secret) => ("client_secret", secret.expose().to_owned()),
            ApplicationProof::TokenFile(file) => {
                ("client_assertion", outside.read(file).await?.trim().to_owned())
            }
        };
        let mut fields = vec![
            ("grant_type", "client_credentials"),
            ("client_id", client_id),
            ("scope", &self.scope),
            (member, &secret),
        ];
        if let ApplicationProof::TokenFile(_) = proof {
            fields.push(("client_assertion_type", ASSERTION_TYPE));
        }
        Ok(Call::to(token_url)?.hiding(&secret).with_form(&fields))
    }

    /// The call that issues a token to the identity of an app or a machine.
    /// <https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference>,
    /// <https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token>
    fn for_managed_identity(
        &self,
        client_id: Option<&str>,
        service: &IdentityService,
    ) -> Result<Call, FetchProblem> {
        let resource = percent::encode(self.scope.trim_end_matches("/.default"));
        let client = client_id.map(|id| format!("&client_id={}", percent::encode(id))).unwrap_or_default();
        match service {
            IdentityService::App { url, header } => {
                let name = HeaderName::from_static("x-identity-header");
                let url = format!("{url}?api-version=2019-08-01&resource={resource}{client}");
                Call::to_machine(&url)?.hiding(header.expose()).with_header(name, header.expose())
            }
            IdentityService::Machine { url } => {
                let path = "/metadata/identity/oauth2/token?api-version=2018-02-01";
                let mut call = Call::to_machine(&format!("{url}{path}&resource={resource}{client}"))?;
                let name = HeaderName::from_static("metadata");
                call.head.headers.insert(name, HeaderValue::from_static("true"));
                Ok(call)
            }
        }
    }
}

impl Source for Plan {
    type Proof = Token;

    async fn fetch(&self, outside: &Outside) -> Result<Issued<Token>, FetchProblem> {
        let call = match &self.identity {
            Identity::Application { token_url, client_id, proof } => {
                self.for_application(token_url, client_id, proof, outside).await?
            }
            Identity::Managed { client_id, service } => {
                self.for_managed_identity(client_id.as_deref(), service)?
            }
        };
        token_in(&call.send(outside).await?, outside.now())
    }
}

#[cfg(test)]
mod tests;
