//! From a definition to a provider that can be called: everything that can be known before a request is computed here
//! once, and everything that is wrong is reported at once, each with its place.

mod credentials;
mod headers;
mod paths;
mod prefills;
mod quotas;
mod rules;
mod variables;

use std::time::Duration;

use domain::name::check_name;
use domain::provider::{BaseUrl, ChatHabits, HttpVersion, PromptCache, Provider, StreamUsage};
use domain::{Pattern, ProviderName, RegionName};

use crate::definition::{self, Live, ProviderDefinition};
use crate::sign_in::SignIns;
use credentials::{Found, Search};
use paths::Offers;
use variables::Values;

pub use crate::problem::{Problem, Problems};
pub use crate::sign_in::{SecretProblem, present};

/// Reads one environment variable, handed in so that a test decides what is set.
pub type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// What became of a definition without mistakes.
#[derive(Debug)]
pub enum Compiled {
    /// It can be called.
    Live(Box<Provider>),
    /// It would be live if these environment variables were set: for a credential one of them is enough.
    NotLive {
        /// The variables, in the order in which they are looked at.
        variables: Vec<String>,
    },
}

/// Compiles the provider called `name`.
///
/// Credentials and variables that the definition does not give are read from `environment`. What has to be signed in for
/// is taken from `sign_ins`, which starts it later.
///
/// # Errors
/// Everything that is wrong with the definition, each with the path of the field (`auth.header`) and what to do.
pub fn compile(
    name: &str,
    definition: &ProviderDefinition,
    environment: Environment<'_>,
    sign_ins: &SignIns,
) -> Result<Compiled, Vec<Problem>> {
    let mut problems = Problems::default();
    if let Err(problem) = check_name(name) {
        problems.add("", problem.to_string());
    }
    let values = Values::resolve(definition, environment, &mut problems);
    let auth = credentials::scheme(definition, &mut problems);
    let search = Search { name, definition, auth: &auth, values: &values, environment, sign_ins };
    let found = search.find(&mut problems);
    let base = base_url(definition.base_url.as_deref(), &values, &mut problems);
    let region = region(definition.region.as_deref(), &values, &mut problems);
    let prefix = base.as_ref().map_or("", |base| base.prefix.as_str());
    let mut offers = Offers { prefix, values: &values, problems: &mut problems };
    let offer = offers.of_all_models(definition);
    let variants = offers.of_some_models(definition.variants.as_deref());
    let default_headers = headers::defaults(&definition.headers.default, &values, &mut problems);
    let forward_headers = headers::forwarded(definition.headers.forward.as_deref(), &mut problems);
    let error_rules = rules::errors(definition.errors.as_deref(), &mut problems);
    let rate_limit_headers = rules::rate_limits(definition.rate_limits.as_deref(), &mut problems);
    let quotas = quotas::compile(definition.quota.as_deref(), &rate_limit_headers, &mut problems);
    let models = models(definition.models.as_deref(), &mut problems);
    problems.into_result()?;

    let unconfigured = definition.live == Some(Live::WhenConfigured) && !values.any_is_set;
    let (credentials, base) = match (found, base) {
        (Found::Credentials(credentials), Some(base)) if !unconfigured => (credentials, base),
        (found, _) => return Ok(Compiled::NotLive { variables: waited_for(found, values, unconfigured) }),
    };
    Ok(Compiled::Live(Box::new(Provider {
        name: ProviderName::from(name),
        base,
        offer,
        variants,
        default_headers,
        forward_headers,
        error_rules,
        rate_limit_headers,
        quotas,
        models,
        credentials,
        auth,
        http_version: http_version(definition.transport.http),
        region,
        stream_usage: stream_usage(definition.streams.usage),
        chat: ChatHabits {
            of_openai: definition.chat.of_openai.unwrap_or(false),
            reasoning_details: definition.chat.reasoning_details.unwrap_or(false),
        },
        prefills: prefills::compile(&definition.prefill),
        prompt_cache: prompt_cache(&definition.prompt_cache),
    })))
}

fn prompt_cache(written: &definition::PromptCache) -> PromptCache {
    let usual = PromptCache::default();
    let lifetime = written.lifetime_seconds.map(|seconds| Duration::from_secs(seconds.into()));
    PromptCache {
        tokens_min: written.tokens_min.unwrap_or(usual.tokens_min),
        lifetime: lifetime.unwrap_or(usual.lifetime),
    }
}

/// The variables that would make a provider live, those of its credential first.
fn waited_for(found: Found, values: Values, unconfigured: bool) -> Vec<String> {
    match found {
        Found::Missing(mut variables) => {
            variables.extend(values.missing);
            variables
        }
        Found::Credentials(_) if unconfigured => values.names,
        Found::Credentials(_) => values.missing,
    }
}

/// The base URL with its variables filled in; `None` when it is wrong or a variable has no value yet.
fn base_url(text: Option<&str>, values: &Values, problems: &mut Problems) -> Option<BaseUrl> {
    const PATH: &str = "base_url";
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        problems.add(PATH, "it is missing; write where the provider answers, such as https://host/v1");
        return None;
    };
    let filled = values.fill(PATH, text, problems)?;
    match BaseUrl::parse(&filled) {
        Ok(base) => Some(base),
        Err(problem) => {
            problems.add(PATH, problem.to_string());
            None
        }
    }
}

/// The region with its variables filled in; `None` when there is none, or a variable has no value yet.
fn region(text: Option<&str>, values: &Values, problems: &mut Problems) -> Option<RegionName> {
    const PATH: &str = "region";
    let region = values.fill(PATH, text?, problems)?;
    match check_name(&region) {
        Ok(()) => Some(RegionName::from(region)),
        Err(problem) => {
            problems.add(PATH, problem.to_string());
            None
        }
    }
}

fn models(names: Option<&[String]>, problems: &mut Problems) -> Vec<Pattern> {
    let names = names.unwrap_or_default();
    for (place, name) in names.iter().enumerate() {
        if name.is_empty() || name.chars().any(char::is_whitespace) {
            problems.add(format!("models[{place}]"), "a model's name is not empty and has no white space");
        }
    }
    names.iter().map(|name| Pattern::from(name.as_str())).collect()
}

fn http_version(version: Option<definition::HttpVersion>) -> HttpVersion {
    match version {
        None | Some(definition::HttpVersion::Http1) => HttpVersion::Http1,
        Some(definition::HttpVersion::Http2) => HttpVersion::Http2,
    }
}

fn stream_usage(usage: Option<definition::StreamUsage>) -> StreamUsage {
    match usage {
        None | Some(definition::StreamUsage::OnRequest) => StreamUsage::OnRequest,
        Some(definition::StreamUsage::Always) => StreamUsage::Always,
        Some(definition::StreamUsage::Never) => StreamUsage::Never,
    }
}

#[cfg(test)]
mod tests;
