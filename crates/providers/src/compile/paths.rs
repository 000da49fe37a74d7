//! What is offered: endpoint paths, joined to the path of the base URL, and what is changed in bodies.

use domain::provider::{AuthScheme, BodyEdits, EndpointPath, Offer, Variant};
use domain::{Endpoint, Pattern};
use http::uri::PathAndQuery;

use super::{Problems, Values, credentials};
use crate::definition::{self, Body, Endpoints, ProviderDefinition, VariantAuth};

/// What stands for the model's name in a path.
const MODEL: &str = "{model}";

/// What stands for a voice where that, and no model, is named by the path (ElevenLabs).
const VOICE: &str = "{voice}";

/// Reads what is offered below the path of a base URL.
pub(super) struct Offers<'a> {
    pub(super) prefix: &'a str,
    pub(super) values: &'a Values,
    pub(super) problems: &'a mut Problems,
}

impl Offers<'_> {
    /// What is offered for all models.
    pub(super) fn of_all_models(&mut self, definition: &ProviderDefinition) -> Offer {
        let variants = definition.variants.as_deref().unwrap_or_default();
        if definition.endpoints.is_empty() && variants.iter().all(|variant| variant.endpoints.is_empty()) {
            self.problems.add(
                "endpoints",
                "there is none; write at least one, such as `chat_completions: /chat/completions`",
            );
        }
        self.offer("", &definition.endpoints, &definition.stream_endpoints, &definition.body)
    }

    /// What is offered for some models.
    pub(super) fn of_some_models(&mut self, variants: Option<&[definition::Variant]>) -> Vec<Variant> {
        let variants = variants.unwrap_or_default().iter().enumerate();
        variants.map(|(place, variant)| self.variant(&format!("variants[{place}]."), variant)).collect()
    }

    fn variant(&mut self, place: &str, variant: &definition::Variant) -> Variant {
        if variant.models.is_empty() || variant.models.iter().any(String::is_empty) {
            self.problems.add(format!("{place}models"), "name the models, such as `[\"claude-*\"]`");
        }
        Variant {
            models: variant.models.iter().map(|model| Pattern::from(model.as_str())).collect(),
            offer: Offer {
                auth: self.auth(place, &variant.auth),
                ..self.offer(place, &variant.endpoints, &variant.stream_endpoints, &variant.body)
            },
        }
    }

    fn auth(&mut self, place: &str, auth: &VariantAuth) -> Option<AuthScheme> {
        let VariantAuth { scheme, header, parameter } = auth;
        let place = format!("{place}auth");
        Some(credentials::named_scheme(
            (*scheme)?,
            header.as_deref(),
            parameter.as_deref(),
            &place,
            self.problems,
        ))
    }

    fn offer(&mut self, place: &str, endpoints: &Endpoints, streamed: &Endpoints, body: &Body) -> Offer {
        let field = |kind: &str, endpoint| format!("{place}{kind}.{endpoint}");
        let paths = Endpoint::ALL.map(|endpoint| {
            let text = endpoints.path(endpoint)?;
            self.path(&field("endpoints", endpoint), text)
        });
        let mut elsewhere = Vec::new();
        for endpoint in Endpoint::ALL {
            let Some(text) = streamed.path(endpoint) else { continue };
            let field = field("stream_endpoints", endpoint);
            if endpoints.path(endpoint).is_none() {
                self.problems.add(&field, "write its path for whole answers under `endpoints` as well");
            }
            elsewhere.extend(self.path(&field, text).map(|path| (endpoint, path)));
        }
        Offer { paths, streamed: elsewhere, body: self.edits(place, body), auth: None }
    }

    fn edits(&mut self, place: &str, body: &Body) -> BodyEdits {
        let field = format!("{place}body.model_prefix");
        let prefix = body.model_prefix.as_deref();
        let set = body.set.iter().map(|(member, value)| (member.clone(), value.to_string().into_bytes()));
        BodyEdits {
            model_prefix: prefix.and_then(|prefix| self.values.fill(&field, prefix, self.problems)),
            set: set.collect(),
            remove: body.remove.clone().unwrap_or_default(),
        }
    }

    fn path(&mut self, field: &str, text: &str) -> Option<EndpointPath> {
        let filled = self.values.fill(field, text, self.problems)?;
        match endpoint_path(self.prefix, &filled) {
            Ok(path) => Some(path),
            Err(message) => {
                self.problems.add(field, message);
                None
            }
        }
    }
}

fn endpoint_path(prefix: &str, text: &str) -> Result<EndpointPath, &'static str> {
    if !text.starts_with('/') {
        return Err("it must start with `/`; it is appended to `base_url`");
    }
    if text.contains('#') {
        return Err("it must have no fragment");
    }
    let not_a_path = |_| "it is not a path; percent-encode what a URL may not have";
    let Some((before, after)) = text.split_once(MODEL).or_else(|| text.split_once(VOICE)) else {
        return PathAndQuery::try_from(format!("{prefix}{text}"))
            .map(EndpointPath::Fixed)
            .map_err(not_a_path);
    };
    if after.contains(MODEL) || after.contains(VOICE) {
        return Err("`{model}` or `{voice}` may be in it only once");
    }
    let before = format!("{prefix}{before}");
    PathAndQuery::try_from(format!("{before}m{after}")).map_err(not_a_path)?;
    Ok(EndpointPath::PerModel { before, after: after.to_owned() })
}
