//! What a node hands down to the nodes below it, and how each level changes it. As in Portkey, a lower `retry`,
//! `custom_host` or `forward_headers` replaces the upper one, and parameters merge with the lower one winning.

use std::collections::BTreeMap;

use domain::name::check_name;
use domain::provider::BaseUrl;
use domain::route::{CustomHost, RetryPolicy};
use domain::{RegionName, Timeouts};
use http::HeaderName;
use serde_json::Value;

use super::super::spec::{RetrySpec, RouteSpec};
use super::super::time::TimeLimit;
use super::{Compiler, Defaults, Origin, Place, RETRY_ATTEMPTS_MAX};

/// The settings that hold at a node.
#[derive(Debug, Clone)]
pub(super) struct Inherited {
    pub(super) retry: RetryPolicy,
    pub(super) timeouts: Timeouts,
    pub(super) custom_host: Option<CustomHost>,
    pub(super) region: Option<RegionName>,
    pub(super) forward_headers: Vec<HeaderName>,
    pub(super) strict: bool,
    pub(super) resume: bool,
    pub(super) overrides: BTreeMap<String, Value>,
    pub(super) defaults: BTreeMap<String, Value>,
    pub(super) drops: Vec<String>,
}

impl From<&Defaults> for Inherited {
    fn from(defaults: &Defaults) -> Self {
        Self {
            retry: defaults.retry.clone(),
            timeouts: defaults.timeouts,
            custom_host: None,
            region: None,
            forward_headers: Vec::new(),
            strict: false,
            resume: false,
            overrides: BTreeMap::new(),
            defaults: BTreeMap::new(),
            drops: Vec::new(),
        }
    }
}

impl Compiler<'_> {
    /// The settings at a node below `above`.
    pub(super) fn refine(&mut self, above: &Inherited, spec: &RouteSpec, place: &Place) -> Inherited {
        let mut settings = above.clone();
        if let Some(retry) = &spec.retry {
            settings.retry = self.retry(retry, &place.member("retry"));
        }
        self.refine_timeouts(&mut settings.timeouts, spec, place);
        if let Some(text) = &spec.custom_host {
            settings.custom_host = self.custom_host(text, &place.member("custom_host"));
        }
        if let Some(name) = &spec.region {
            settings.region = self.region(name, &place.member("region"));
        }
        if let Some(names) = &spec.forward_headers {
            settings.forward_headers = self.forward_headers(names, &place.member("forward_headers"));
        }
        settings.strict = spec.strict.unwrap_or(settings.strict);
        settings.resume = spec.resume.unwrap_or(settings.resume);
        self.refine_parameters(&mut settings, spec, place);
        settings
    }

    fn retry(&mut self, spec: &RetrySpec, path: &str) -> RetryPolicy {
        let mut retry = self.context.defaults.retry.clone();
        retry.attempts = spec.attempts.unwrap_or(retry.attempts);
        if retry.attempts > RETRY_ATTEMPTS_MAX {
            self.report(format!("{path}.attempts"), format!("expected at most {RETRY_ATTEMPTS_MAX} retries"));
        }
        if let Some(codes) = &spec.on_status_codes {
            retry.on_status_codes = self.statuses(codes, &format!("{path}.on_status_codes"));
        }
        retry.use_retry_after_header = spec.use_retry_after_header.unwrap_or(retry.use_retry_after_header);
        retry.backoff_max = spec.backoff_max.map_or(retry.backoff_max, |span| span.0);
        retry.backoff_first = match spec.backoff_first {
            Some(span) => span.0,
            None => retry.backoff_first.min(retry.backoff_max),
        };
        if retry.backoff_first > retry.backoff_max {
            self.report(format!("{path}.backoff_first"), "the first wait is longer than `backoff_max`");
        }
        retry
    }

    fn refine_timeouts(&mut self, timeouts: &mut Timeouts, spec: &RouteSpec, place: &Place) {
        if spec.request_timeout.is_some() && spec.first_token_timeout.is_some() {
            let message = "`first_token_timeout` says the same; write only one of them";
            self.report(place.member("request_timeout"), message);
        }
        if let Some(span) = spec.connect_timeout {
            if span.0.is_zero() {
                self.report(place.member("connect_timeout"), "expected a time above zero");
            }
            timeouts.connect = span.0;
        }
        let lower = |limit: Option<TimeLimit>, above| limit.map_or(above, TimeLimit::duration);
        timeouts.first_token = lower(spec.first_token_timeout.or(spec.request_timeout), timeouts.first_token);
        timeouts.idle = lower(spec.idle_timeout, timeouts.idle);
        timeouts.total = lower(spec.total_timeout, timeouts.total);
        if let Some(least) = &spec.throughput_min {
            timeouts.throughput_min = self.throughput(least, &place.member("throughput_min"));
        }
    }

    /// Where a target is: nothing that a client may make up.
    fn region(&mut self, name: &str, path: &str) -> Option<RegionName> {
        if matches!(self.context.origin, Origin::Request { .. }) {
            self.report(path, "only the operator may say where a target serves; remove it");
            return None;
        }
        if let Err(problem) = check_name(name) {
            self.report(path, problem.to_string());
            return None;
        }
        Some(RegionName::from(name))
    }

    fn custom_host(&mut self, text: &str, path: &str) -> Option<CustomHost> {
        let from_request = match self.context.origin {
            Origin::Operator => false,
            Origin::Request { custom_host_allowed: true } => true,
            Origin::Request { custom_host_allowed: false } => {
                let message = "this gateway does not let requests choose a host; its operator would have to set \
                               `upstream.custom_host_from_requests`";
                self.report(path, message);
                return None;
            }
        };
        match BaseUrl::parse(text) {
            Ok(base) => Some(CustomHost { base, from_request }),
            Err(problem) => {
                self.report(path, problem.to_string());
                None
            }
        }
    }
}
