//! What is offered: endpoint paths, joined to the path of the base URL, and what is changed in bodies.

use domain::provider::{AuthScheme, BodyEdits, EndpointPath, Offer, Slashes, Variant};
use domain::{Endpoint, Pattern};
use http::uri::PathAndQuery;

use super::{Problems, Values, credentials};
use crate::definition::{self, Body, Endpoints, ProviderDefinition, VariantAuth};

/// What stands for a name in a path: of the model, of the model whose slashes part it (Fireworks), of a voice where no model is
/// named by the path (ElevenLabs), and the id of a result.
const NAMES: [(&str, Slashes); 4] = [
    ("{model}", Slashes::Encoded),
    ("{model_path}", Slashes::Kept),
    ("{voice}", Slashes::Encoded),
    ("{id}", Slashes::Encoded),
];

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
        let ProviderDefinition { endpoints, stream_endpoints, result_endpoints, body, .. } = definition;
        self.offer("", [endpoints, stream_endpoints, result_endpoints], body)
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
        let definition::Variant { endpoints, stream_endpoints, result_endpoints, body, .. } = variant;
        Variant {
            models: variant.models.iter().map(|model| Pattern::from(model.as_str())).collect(),
            offer: Offer {
                auth: self.auth(place, &variant.auth),
                ..self.offer(place, [endpoints, stream_endpoints, result_endpoints], body)
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

    fn offer(&mut self, place: &str, [endpoints, streamed, results]: [&Endpoints; 3], body: &Body) -> Offer {
        let paths = Endpoint::ALL.map(|endpoint| {
            let text = endpoints.path(endpoint)?;
            self.path(&format!("{place}endpoints.{endpoint}"), text)
        });
        Offer {
            paths,
            streamed: self.elsewhere(&format!("{place}stream_endpoints"), streamed, endpoints),
            results: self.elsewhere(&format!("{place}result_endpoints"), results, endpoints),
            body: self.edits(place, body),
            auth: None,
        }
    }

    /// Where something of an operation is that is offered besides.
    fn elsewhere(
        &mut self,
        section: &str,
        paths: &Endpoints,
        offered: &Endpoints,
    ) -> Vec<(Endpoint, EndpointPath)> {
        let mut elsewhere = Vec::new();
        for endpoint in Endpoint::ALL {
            let Some(text) = paths.path(endpoint) else { continue };
            let field = format!("{section}.{endpoint}");
            if offered.path(endpoint).is_none() {
                self.problems.add(&field, "write its path for whole answers under `endpoints` as well");
            }
            elsewhere.extend(self.path(&field, text).map(|path| (endpoint, path)));
        }
        elsewhere
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
    let named = NAMES.iter().find_map(|(name, slashes)| Some((text.split_once(name)?, *slashes)));
    let Some(((before, after), slashes)) = named else {
        return PathAndQuery::try_from(format!("{prefix}{text}"))
            .map(EndpointPath::Fixed)
            .map_err(not_a_path);
    };
    if NAMES.iter().any(|(name, _)| before.contains(name) || after.contains(name)) {
        return Err("a name such as `{model}` may be in it only once");
    }
    let before = format!("{prefix}{before}");
    PathAndQuery::try_from(format!("{before}m{after}")).map_err(not_a_path)?;
    Ok(EndpointPath::PerModel { before, after: after.to_owned(), slashes })
}
