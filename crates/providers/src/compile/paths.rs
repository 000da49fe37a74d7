//! Endpoint paths, joined to the path of the base URL.

use domain::Endpoint;
use domain::provider::EndpointPath;
use http::uri::PathAndQuery;

use super::{Problems, Values};
use crate::definition::Endpoints;

/// What stands for the model's name in a path.
const MODEL: &str = "{model}";

/// The path of each endpoint that is offered, in the order of [`Endpoint::ALL`].
pub(super) fn endpoints(
    definition: &Endpoints,
    prefix: &str,
    values: &Values,
    problems: &mut Problems,
) -> [Option<EndpointPath>; Endpoint::ALL.len()] {
    let paths = Endpoint::ALL.map(|endpoint| {
        let text = definition.path(endpoint)?;
        let field = format!("endpoints.{endpoint}");
        let filled = values.fill(&field, text, problems)?;
        match endpoint_path(prefix, &filled) {
            Ok(path) => Some(path),
            Err(message) => {
                problems.add(field, message);
                None
            }
        }
    });
    if definition.is_empty() {
        problems.add(
            "endpoints",
            "there is none; write at least one, such as `chat_completions: /chat/completions`",
        );
    }
    paths
}

fn endpoint_path(prefix: &str, text: &str) -> Result<EndpointPath, &'static str> {
    if !text.starts_with('/') {
        return Err("it must start with `/`; it is appended to `base_url`");
    }
    if text.contains('#') {
        return Err("it must have no fragment");
    }
    let not_a_path = |_| "it is not a path; percent-encode what a URL may not have";
    let Some((before, after)) = text.split_once(MODEL) else {
        return PathAndQuery::try_from(format!("{prefix}{text}"))
            .map(EndpointPath::Fixed)
            .map_err(not_a_path);
    };
    if after.contains(MODEL) {
        return Err("`{model}` may be in it only once");
    }
    let before = format!("{prefix}{before}");
    PathAndQuery::try_from(format!("{before}m{after}")).map_err(not_a_path)?;
    Ok(EndpointPath::PerModel { before, after: after.to_owned() })
}
