//! One target: who is called, which model is asked for, with which credential.

use std::sync::Arc;

use domain::provider::{Credential, Provider};
use domain::route::Target;
use domain::{CredentialId, KeyHash, ModelName};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::super::near;
use super::super::spec::{CredentialText, RouteSpec};
use super::inherit::Inherited;
use super::parameter::rules;
use super::{Compiler, Origin, Place};

/// How much of a secret's hash goes into a credential's id: enough to tell two apart.
const ID_DIGITS: usize = 12;

impl Compiler<'_> {
    pub(super) fn target(
        &mut self,
        spec: &RouteSpec,
        place: &Place,
        mut settings: Inherited,
    ) -> Option<Target> {
        let names = self.names(spec, place);
        let model = self.model(spec, place, &names, &mut settings);
        let provider_path = place.member(if spec.target.is_some() { "target" } else { "provider" });
        let provider = self.provider(names.provider.as_deref(), spec.api_key.is_some(), &provider_path)?;
        let credentials = match &spec.api_key {
            Some(text) => self.credential(&provider, text, &place.member("api_key"))?,
            None => Arc::clone(&provider.credentials),
        };
        self.check_custom_host(&settings, &credentials, spec.api_key.is_some(), place);
        // A provider says where its own address is, not where another is.
        let own_region = || provider.region.clone().filter(|_| settings.custom_host.is_none());
        let region = settings.region.clone().or_else(own_region);
        Some(Target {
            region,
            path: place.path.clone(),
            provider,
            model,
            credentials,
            parameters: rules(&settings),
            custom_host: settings.custom_host,
            retry: settings.retry,
            timeouts: settings.timeouts,
            forward_headers: settings.forward_headers,
            strict: settings.strict,
            resume: settings.resume,
        })
    }

    fn names(&mut self, spec: &RouteSpec, place: &Place) -> Names {
        let slug = |text: &String| text.strip_prefix('@').unwrap_or(text).to_owned();
        let Some(target) = &spec.target else {
            return Names { provider: spec.provider.as_ref().map(slug), model: spec.model.clone() };
        };
        for (name, written) in [("provider", spec.provider.is_some()), ("model", spec.model.is_some())] {
            if written {
                self.report(place.member(name), "`target` names it already; write only one of them");
            }
        }
        match target.split_once('/') {
            Some((provider, model)) if !model.is_empty() => {
                Names { provider: Some(slug(&provider.to_owned())), model: Some(model.to_owned()) }
            }
            _ => {
                self.report(place.member("target"), "write it as `provider/model`, or use `provider` alone");
                Names { provider: Some(slug(target)), model: None }
            }
        }
    }

    /// The target's own model, or else the one in `override_params`, which stops being a parameter.
    fn model(
        &mut self,
        spec: &RouteSpec,
        place: &Place,
        names: &Names,
        settings: &mut Inherited,
    ) -> Option<ModelName> {
        let overriding = settings.overrides.remove("model");
        let own_override = spec.override_params.as_ref().is_some_and(|params| params.contains_key("model"));
        if names.model.is_some() && own_override {
            self.report(
                place.member("override_params.model"),
                "`model` says the same; write only one of them",
            );
        }
        if names.model.as_deref() == Some("") {
            self.report(place.member("model"), "the model is empty");
        }
        let overriding = overriding.as_ref().and_then(Value::as_str);
        names.model.as_deref().or(overriding).map(ModelName::from)
    }

    fn provider(&mut self, name: Option<&str>, brings_credential: bool, path: &str) -> Option<Arc<Provider>> {
        let Some(name) = name else {
            let message = "names no provider and has no targets; write `provider` and `model`, or `targets`";
            self.report(path.strip_suffix("provider").unwrap_or(path).trim_end_matches('.'), message);
            return None;
        };
        let directory = self.context.providers;
        let found = if brings_credential { directory.bare(name) } else { directory.live(name) };
        if found.is_none() {
            let message = directory.absence(name).unwrap_or_else(|| {
                let names = directory.names();
                let suggestion = near::suggestion(name, names.iter().map(String::as_str));
                format!("no provider is named `{name}`{suggestion}")
            });
            self.report(path, message);
        }
        found
    }

    fn credential(
        &mut self,
        provider: &Provider,
        text: &CredentialText,
        path: &str,
    ) -> Option<Arc<[Credential]>> {
        let hash = KeyHash::of(text.0.expose_secret()).to_string();
        let digits: String = hash.chars().skip("blake3:".len()).take(ID_DIGITS).collect();
        // The secret's own hash, so that one client's bad credential never rests another's.
        let id = CredentialId::from(format!("{}#{digits}", provider.name));
        match self.context.providers.credential(provider, &text.0, id) {
            Ok(credential) => Some([credential].into()),
            Err(message) => {
                self.report(path, message);
                None
            }
        }
    }

    /// A host that a client chose must never see a credential that is not the client's.
    fn check_custom_host(
        &mut self,
        settings: &Inherited,
        credentials: &[Credential],
        own: bool,
        place: &Place,
    ) {
        let chosen_by_client =
            matches!(self.context.origin, Origin::Request { .. }) && settings.custom_host.is_some();
        if chosen_by_client && !own && credentials.iter().any(|credential| credential.secret.is_some()) {
            let message = "a request that chooses the host must bring its own `api_key`; the operator's credential is never sent there";
            self.report(place.member("custom_host"), message);
        }
    }
}

/// What a target names.
struct Names {
    provider: Option<String>,
    model: Option<String>,
}
