//! Every error that Tollgate itself tells a person about. Each code has a page under `docs/errors/`.

/// One kind of error of Tollgate's own, with its page. Errors of a provider keep the provider's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// The body is not JSON.
    MalformedJson,
    /// A member that Tollgate reads is missing or has the wrong type.
    InvalidMember,
    /// A member that Tollgate governs occurs twice.
    DuplicateMember,
    /// The body is larger than `limits.body_bytes_max`.
    BodyTooLarge,
    /// The body's type or encoding is not understood.
    UnsupportedMediaType,
    /// The request head is larger than the limits.
    HeadTooLarge,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// No such path.
    PathNotFound,
    /// The client sent its body too slowly or broke off.
    BodyTimeout,
    /// The target cannot be asked for this: its format does not carry it, or it does not serve the operation.
    NotTranslatable,
    /// The route in the request's header is wrong.
    InvalidInlineConfig,
    /// The request's custom host is not permitted.
    CustomHostRefused,
    /// The response id is not one that this gateway knows.
    ResponseNotFound,
    /// A header that Tollgate reads is not what it should be.
    InvalidHeader,
    /// The conversation id is not one that is kept here.
    ConversationNotFound,
    /// The body is no form, or one that readers would read differently.
    MalformedForm,
    /// The path is for WebSockets, and the request opens none.
    UpgradeRequired,
    /// No condition of the route holds, and it has no default.
    NoBranch,
    /// No key was sent.
    KeyMissing,
    /// The key is not known.
    KeyUnknown,
    /// The key may not use this model or route.
    ModelNotAllowed,
    /// The key may not pass through to a provider.
    PassthroughNotAllowed,
    /// The key may not send a route of its own.
    InlineConfigNotAllowed,
    /// No route, provider or model has this name.
    ModelNotFound,
    /// No provider has this name, or it has no credential.
    ProviderNotFound,
    /// The request is signed, and its signature is not believed.
    SignatureRefused,
    /// Every target is where the request must not be served.
    RegionRefused,
    /// The key may not ask why requests go where they go.
    ExplainNotAllowed,
    /// The key may not call this endpoint.
    EndpointNotAllowed,
    /// The key may not be used from where the request comes.
    NetworkNotAllowed,
    /// The key has expired, or was disabled.
    KeyEnded,
    /// The metadata of the request is not what its workspace wants.
    MetadataRefused,
    /// Too many keys that are not known came from one network.
    TooManyWrongKeys,
    /// The token is not believed.
    TokenRefused,
    /// No rule is for the token.
    TokenWithoutRule,
    /// The token's claims give something that is not there.
    TokenUnplaced,
    /// The keys of the token's issuer are not there.
    TokenKeysUnavailable,
    /// No object of the control API has this name.
    ObjectNotFound,
    /// The configuration would have mistakes with this object.
    ObjectInvalid,
    /// The object stands in the configuration file, and is changed there.
    ObjectOfFile,
    /// The object has changed since whoever changes it has seen it.
    VersionMismatch,
    /// Who replaces or removes an object has to say which version they have seen.
    VersionMissing,
    /// A rate limit has no room for the request.
    OverLimit,
    /// A budget has too little left for the request.
    OverBudget,
    /// A budget has to know what the request costs at most, and nobody does.
    CostUnknown,
    /// A limit or budget has as many groups as it may have.
    GroupsFull,
    /// Name, password or code of somebody who signs in is wrong.
    SignInRefused,
    /// A request with a session was not made by a page of this gateway, or not with its token.
    CrossSiteRefused,
    /// What an identity provider's answer says is not believed, or gives nobody a role.
    ProviderSignInRefused,
    /// Too many sign-ins failed.
    TooManySignIns,
    /// No control key was sent, or none that is good.
    ControlKeyRefused,
    /// No role of the control key permits it.
    NotPermitted,
    /// The audit log does not work, and nothing is done that is not in it.
    AuditUnavailable,
    /// Every target failed.
    TargetsFailed,
    /// Every target failed, the last one by a time limit.
    TargetsTimedOut,
    /// A stream broke off after it had begun.
    StreamBroken,
    /// A stream went silent for too long.
    StreamTimedOut,
    /// The quota of the provider leaves no place for this request in time.
    OverQuota,
    /// The process has no memory left for this request.
    Overloaded,
    /// The process is shutting down.
    Draining,
    /// The store of responses and conversations does not work.
    StateUnavailable,
    /// What processes that share a budget agree on cannot be read or written.
    SharedStateUnavailable,
    /// Secrets cannot be sealed.
    SecretsUnavailable,
    /// The objects of the control API cannot be changed.
    RegistryUnavailable,
    /// A defect of Tollgate.
    Internal,
    /// The configuration is wrong.
    InvalidConfiguration,
}

/// What there is to know about a code.
struct Facts {
    code: &'static str,
    status: u16,
    kind: &'static str,
}

const REQUEST: &str = "invalid_request_error";
const DENIED: &str = "permission_error";
const SERVER: &str = "server_error";

impl ErrorCode {
    /// Every code.
    pub const ALL: [Self; 66] = [
        Self::MalformedJson,
        Self::InvalidMember,
        Self::DuplicateMember,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::HeadTooLarge,
        Self::MethodNotAllowed,
        Self::PathNotFound,
        Self::BodyTimeout,
        Self::NotTranslatable,
        Self::InvalidInlineConfig,
        Self::CustomHostRefused,
        Self::ResponseNotFound,
        Self::InvalidHeader,
        Self::ConversationNotFound,
        Self::MalformedForm,
        Self::UpgradeRequired,
        Self::NoBranch,
        Self::KeyMissing,
        Self::KeyUnknown,
        Self::ModelNotAllowed,
        Self::PassthroughNotAllowed,
        Self::InlineConfigNotAllowed,
        Self::ModelNotFound,
        Self::ProviderNotFound,
        Self::SignatureRefused,
        Self::RegionRefused,
        Self::ExplainNotAllowed,
        Self::EndpointNotAllowed,
        Self::NetworkNotAllowed,
        Self::KeyEnded,
        Self::MetadataRefused,
        Self::TooManyWrongKeys,
        Self::TokenRefused,
        Self::TokenWithoutRule,
        Self::TokenUnplaced,
        Self::TokenKeysUnavailable,
        Self::ObjectNotFound,
        Self::ObjectInvalid,
        Self::ObjectOfFile,
        Self::VersionMismatch,
        Self::VersionMissing,
        Self::OverLimit,
        Self::OverBudget,
        Self::CostUnknown,
        Self::GroupsFull,
        Self::SignInRefused,
        Self::CrossSiteRefused,
        Self::ProviderSignInRefused,
        Self::TooManySignIns,
        Self::ControlKeyRefused,
        Self::NotPermitted,
        Self::AuditUnavailable,
        Self::TargetsFailed,
        Self::TargetsTimedOut,
        Self::StreamBroken,
        Self::StreamTimedOut,
        Self::OverQuota,
        Self::Overloaded,
        Self::Draining,
        Self::StateUnavailable,
        Self::SharedStateUnavailable,
        Self::SecretsUnavailable,
        Self::RegistryUnavailable,
        Self::Internal,
        Self::InvalidConfiguration,
    ];

    /// `TG` and four digits; the name of the page.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.facts().code
    }

    /// The HTTP status it is answered with.
    #[must_use]
    pub fn status(self) -> u16 {
        self.facts().status
    }

    /// OpenAI's `error.type` for it, as their error reference uses these words.
    #[must_use]
    pub fn kind(self) -> &'static str {
        self.facts().kind
    }

    /// Whether it says that somebody may not have what they asked for, or shall not know whether there is such a thing. Whom it
    /// was said to stands in the audit log.
    #[must_use]
    pub fn is_denial(self) -> bool {
        matches!(self.status(), 401 | 403 | 451)
            || matches!(
                self,
                Self::TooManyWrongKeys
                    | Self::TooManySignIns
                    | Self::ResponseNotFound
                    | Self::ConversationNotFound
            )
    }

    fn facts(self) -> Facts {
        let (code, status, kind) = match self {
            Self::MalformedJson => ("TG1001", 400, REQUEST),
            Self::InvalidMember => ("TG1002", 400, REQUEST),
            Self::DuplicateMember => ("TG1003", 400, REQUEST),
            Self::BodyTooLarge => ("TG1004", 413, REQUEST),
            Self::UnsupportedMediaType => ("TG1005", 415, REQUEST),
            Self::HeadTooLarge => ("TG1006", 431, REQUEST),
            Self::MethodNotAllowed => ("TG1007", 405, REQUEST),
            Self::PathNotFound => ("TG1008", 404, REQUEST),
            Self::BodyTimeout => ("TG1009", 408, REQUEST),
            Self::NotTranslatable => ("TG1010", 400, REQUEST),
            Self::InvalidInlineConfig => ("TG1011", 400, REQUEST),
            Self::CustomHostRefused => ("TG1012", 403, DENIED),
            Self::ResponseNotFound => ("TG1013", 404, REQUEST),
            Self::InvalidHeader => ("TG1014", 400, REQUEST),
            Self::ConversationNotFound => ("TG1015", 404, REQUEST),
            Self::MalformedForm => ("TG1016", 400, REQUEST),
            Self::UpgradeRequired => ("TG1017", 426, REQUEST),
            Self::NoBranch => ("TG1018", 400, REQUEST),
            Self::KeyMissing => ("TG2001", 401, "authentication_error"),
            Self::KeyUnknown => ("TG2002", 401, "authentication_error"),
            Self::ModelNotAllowed => ("TG2003", 403, DENIED),
            Self::PassthroughNotAllowed => ("TG2004", 403, DENIED),
            Self::InlineConfigNotAllowed => ("TG2005", 403, DENIED),
            Self::ModelNotFound => ("TG2006", 404, REQUEST),
            Self::ProviderNotFound => ("TG2007", 404, REQUEST),
            Self::SignatureRefused => ("TG2008", 403, DENIED),
            // RFC 7725: unavailable for legal reasons.
            Self::RegionRefused => ("TG2009", 451, DENIED),
            Self::ExplainNotAllowed => ("TG2010", 403, DENIED),
            Self::EndpointNotAllowed => ("TG2011", 403, DENIED),
            Self::NetworkNotAllowed => ("TG2012", 403, DENIED),
            Self::KeyEnded => ("TG2013", 401, "authentication_error"),
            Self::MetadataRefused => ("TG2014", 400, REQUEST),
            Self::TooManyWrongKeys => ("TG2015", 429, "rate_limit_error"),
            Self::TokenRefused => ("TG2034", 401, "authentication_error"),
            Self::TokenWithoutRule => ("TG2035", 403, DENIED),
            Self::TokenUnplaced => ("TG2036", 403, DENIED),
            Self::TokenKeysUnavailable => ("TG2037", 503, SERVER),
            Self::ObjectNotFound => ("TG2016", 404, REQUEST),
            Self::ObjectInvalid => ("TG2017", 422, REQUEST),
            Self::ObjectOfFile => ("TG2018", 409, REQUEST),
            Self::VersionMismatch => ("TG2019", 412, REQUEST),
            Self::VersionMissing => ("TG2020", 428, REQUEST),
            Self::OverLimit => ("TG2021", 429, "rate_limit_error"),
            Self::OverBudget => ("TG2022", 429, "insufficient_quota"),
            Self::CostUnknown => ("TG2023", 403, DENIED),
            Self::GroupsFull => ("TG2024", 429, "rate_limit_error"),
            Self::SignInRefused => ("TG2026", 401, "authentication_error"),
            Self::CrossSiteRefused => ("TG2027", 403, DENIED),
            Self::ProviderSignInRefused => ("TG2028", 401, "authentication_error"),
            Self::TooManySignIns => ("TG2029", 429, "rate_limit_error"),
            Self::ControlKeyRefused => ("TG2030", 401, "authentication_error"),
            Self::NotPermitted => ("TG2031", 403, DENIED),
            Self::AuditUnavailable => ("TG2033", 503, SERVER),
            Self::TargetsFailed => ("TG3001", 502, SERVER),
            Self::TargetsTimedOut => ("TG3002", 504, "timeout_error"),
            Self::StreamBroken => ("TG3003", 502, SERVER),
            Self::StreamTimedOut => ("TG3004", 504, "timeout_error"),
            Self::OverQuota => ("TG3005", 429, "rate_limit_error"),
            Self::Overloaded => ("TG4001", 503, SERVER),
            Self::Draining => ("TG4002", 503, SERVER),
            Self::StateUnavailable => ("TG4003", 503, SERVER),
            Self::SharedStateUnavailable => ("TG4005", 503, SERVER),
            Self::SecretsUnavailable => ("TG4006", 503, SERVER),
            Self::RegistryUnavailable => ("TG4008", 503, SERVER),
            Self::Internal => ("TG9001", 500, SERVER),
            Self::InvalidConfiguration => ("TG5001", 500, SERVER),
        };
        Facts { code, status, kind }
    }
}

#[cfg(test)]
mod tests {
    use super::ErrorCode;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_distinct() {
        let codes: BTreeSet<_> = ErrorCode::ALL.into_iter().map(ErrorCode::code).collect();
        assert_eq!(codes.len(), ErrorCode::ALL.len());
    }
}
