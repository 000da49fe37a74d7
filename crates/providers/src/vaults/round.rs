//! Fetching many secrets: each place is asked once for all references to it, few places at a time, and everything has to be done in a bounded
//! time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::iter;
use secrecy::SecretString;
use serde_json::Value as Json;
use tokio::sync::OnceCell;

use super::hashicorp::Token;
use super::{SecretReference, VaultKind, Vaults, aws, azure, google, hashicorp};
use crate::sign_in::{FetchProblem, Outside, Startable};

/// Most places that are asked at the same time.
const TOGETHER_MAX: usize = 8;
/// How long all of it may take.
const ROUND_TIMEOUT: Duration = Duration::from_secs(60);

/// What a place holds.
pub(super) enum Held {
    /// A text.
    Text(String),
    /// Members.
    Object(Json),
}

/// The sign-ins of a round, each made when the first needs it.
struct Round<'a> {
    vaults: &'a Vaults,
    outside: &'a Outside,
    hashicorp: OnceCell<Result<Token, String>>,
    aws: OnceCell<Arc<dyn Startable>>,
    google: OnceCell<Arc<dyn Startable>>,
    azure: OnceCell<Arc<dyn Startable>>,
}

type Place<'r> = (VaultKind, &'r [String]);

/// What references stand for, in their order.
pub(super) async fn fetch(
    vaults: &Vaults,
    references: &[SecretReference],
    outside: &Outside,
) -> Vec<Result<SecretString, String>> {
    let round = Round {
        vaults,
        outside,
        hashicorp: OnceCell::new(),
        aws: OnceCell::new(),
        google: OnceCell::new(),
        azure: OnceCell::new(),
    };
    let places: BTreeSet<Place<'_>> = references.iter().map(place).collect();
    let mut held = BTreeMap::new();
    let asked = iter(places).map(|place| {
        let round = &round;
        async move { (place, round.ask(place).await) }
    });
    let mut asked = std::pin::pin!(asked.buffer_unordered(TOGETHER_MAX));
    let all = async {
        while let Some((place, answer)) = asked.next().await {
            held.insert(place, answer);
        }
    };
    // What did not come in time is missing below.
    let _ = tokio::time::timeout(ROUND_TIMEOUT, all).await;
    let late = || Err(format!("it was not answered within {} s", ROUND_TIMEOUT.as_secs()));
    let value = |reference: &SecretReference| match held.get(&place(reference)) {
        Some(Ok(held)) => part(held, reference.field.as_deref()),
        Some(Err(why)) => Err(why.clone()),
        None => late(),
    };
    references.iter().map(value).collect()
}

fn place(reference: &SecretReference) -> Place<'_> {
    (reference.kind, &reference.location)
}

impl Round<'_> {
    async fn ask(&self, (kind, location): Place<'_>) -> Result<Held, String> {
        let Self { vaults, outside, .. } = self;
        let answered = match kind {
            VaultKind::Hashicorp => {
                let plan = vaults.hashicorp.as_ref().map_err(Clone::clone)?;
                let signed_in = async || plan.sign_in(outside).await.map_err(|problem| problem.to_string());
                let token = self.hashicorp.get_or_init(signed_in).await.as_ref().map_err(Clone::clone)?;
                hashicorp::read(plan, token, location, outside).await
            }
            VaultKind::Aws => {
                let plan = vaults.aws.as_ref().map_err(Clone::clone)?;
                let sign_in = self.aws.get_or_init(|| plan.secrets_manager(outside)).await;
                aws::read(plan, sign_in.as_ref(), location, outside).await
            }
            VaultKind::Google => {
                let plan = vaults.google.as_ref().map_err(Clone::clone)?;
                let sign_in = self.google.get_or_init(|| plan.sign_in(outside)).await;
                google::read(plan, sign_in.as_ref(), location, outside).await
            }
            VaultKind::Azure => {
                let plan = vaults.azure.as_ref().map_err(Clone::clone)?;
                let sign_in = self.azure.get_or_init(|| plan.sign_in(outside)).await;
                azure::read(plan, sign_in.as_ref(), location, outside).await
            }
        };
        answered.map_err(|problem: FetchProblem| problem.to_string())
    }
}

/// The part of a secret that is meant. Nothing of it is told when it is not there.
fn part(held: &Held, field: Option<&str>) -> Result<SecretString, String> {
    let text = match (held, field) {
        (Held::Text(text), None) => text.clone(),
        (Held::Text(text), Some(field)) => {
            let object: Json = serde_json::from_str(text)
                .map_err(|_| format!("it is no JSON object, so it has no member `{field}`"))?;
            member(&object, field)?
        }
        (Held::Object(object), Some(field)) => member(object, field)?,
        (Held::Object(_), None) => return Err("it has members; say which is meant, as `#field`".to_owned()),
    };
    let trimmed = text.strip_suffix('\n').unwrap_or(&text);
    let trimmed = trimmed.strip_suffix('\r').unwrap_or(trimmed);
    if trimmed.is_empty() {
        return Err("it is empty".to_owned());
    }
    Ok(SecretString::from(trimmed))
}

fn member(object: &Json, field: &str) -> Result<String, String> {
    match object.get(field) {
        Some(Json::String(text)) => Ok(text.clone()),
        Some(Json::Null) | None => Err(format!("it has no member `{field}`")),
        Some(value) => Ok(value.to_string()),
    }
}
