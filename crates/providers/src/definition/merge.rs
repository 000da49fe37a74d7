//! Putting what the operator wrote over what is built in: a value or a list replaces, a table is merged by name.

use super::{Auth, Chat, Headers, Live, PromptCache, ProviderDefinition, Streams, Transport, Variable};

impl ProviderDefinition {
    /// This definition with every field that `over` gives taken from there.
    ///
    /// Lists are replaced as a whole; `variables` and `headers.default` are merged by name. What is merged was named
    /// in the configuration, so a provider that is live [`Live::WhenConfigured`] becomes live.
    #[must_use]
    pub fn merge(self, over: Self) -> Self {
        let live = match over.live.or(self.live) {
            Some(Live::WhenConfigured) => Some(Live::Always),
            live => live,
        };
        let mut variables = self.variables;
        for (name, variable) in over.variables {
            let merged = variables.remove(&name).unwrap_or_default().merge(variable);
            variables.insert(name, merged);
        }
        Self {
            like: over.like.or(self.like),
            title: over.title.or(self.title),
            docs: over.docs.or(self.docs),
            live,
            base_url: over.base_url.or(self.base_url),
            region: over.region.or(self.region),
            models: over.models.or(self.models),
            credentials: over.credentials.or(self.credentials),
            workspaces: over.workspaces.or(self.workspaces),
            auth: self.auth.merge(over.auth),
            sign_in: self.sign_in.merge(over.sign_in),
            variables,
            endpoints: self.endpoints.merge(over.endpoints),
            stream_endpoints: self.stream_endpoints.merge(over.stream_endpoints),
            result_endpoints: self.result_endpoints.merge(over.result_endpoints),
            body: self.body.merge(over.body),
            variants: over.variants.or(self.variants),
            headers: self.headers.merge(over.headers),
            errors: over.errors.or(self.errors),
            rate_limits: over.rate_limits.or(self.rate_limits),
            quota: over.quota.or(self.quota),
            transport: Transport { http: over.transport.http.or(self.transport.http) },
            streams: Streams { usage: over.streams.usage.or(self.streams.usage) },
            chat: Chat {
                of_openai: over.chat.of_openai.or(self.chat.of_openai),
                reasoning_details: over.chat.reasoning_details.or(self.chat.reasoning_details),
            },
            prefill: self.prefill.merge(over.prefill),
            prompt_cache: PromptCache {
                tokens_min: over.prompt_cache.tokens_min.or(self.prompt_cache.tokens_min),
                lifetime_seconds: over.prompt_cache.lifetime_seconds.or(self.prompt_cache.lifetime_seconds),
            },
            catalog: over.catalog.or(self.catalog),
        }
    }
}

impl Auth {
    fn merge(self, over: Self) -> Self {
        Self {
            scheme: over.scheme.or(self.scheme),
            header: over.header.or(self.header),
            parameter: over.parameter.or(self.parameter),
            env: over.env.or(self.env),
            optional: over.optional.or(self.optional),
        }
    }
}

impl Variable {
    fn merge(self, over: Self) -> Self {
        let mut cases = self.cases;
        cases.extend(over.cases);
        Self {
            value: over.value.or(self.value),
            env: over.env.or(self.env),
            default: over.default.or(self.default),
            strip: over.strip.or(self.strip),
            of: over.of.or(self.of),
            cases,
            otherwise: over.otherwise.or(self.otherwise),
        }
    }
}

impl Headers {
    fn merge(self, over: Self) -> Self {
        let mut default = self.default;
        default.extend(over.default);
        Self { default, forward: over.forward.or(self.forward) }
    }
}
