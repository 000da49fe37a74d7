//! What limits and budgets know a request by, kept until it has ended.

use std::sync::Arc;

use domain::allotment::Attribute;
use domain::name::{EnvironmentName, TeamName};
use domain::{ApiKey, Endpoint, RouteName};
use engine::ledger::Described;

/// What a request is known by, whichever target it goes to.
#[derive(Debug)]
pub struct Description {
    key: Arc<ApiKey>,
    endpoint: Option<Endpoint>,
    route: Option<RouteName>,
    /// The members of its metadata that any limit or budget asks for.
    metadata: Vec<(Box<str>, Box<str>)>,
}

impl Description {
    /// The description of a request of a key.
    pub fn new(
        key: &Arc<ApiKey>,
        endpoint: Option<Endpoint>,
        route: Option<RouteName>,
        metadata: Vec<(Box<str>, Box<str>)>,
    ) -> Self {
        Self { key: Arc::clone(key), endpoint, route, metadata }
    }

    /// It takes another route.
    pub fn reroute(&mut self, route: Option<RouteName>) {
        self.route = route;
    }
}

impl Described for Description {
    fn value(&self, attribute: &Attribute) -> Option<&str> {
        let subject = &self.key.subject;
        match attribute {
            Attribute::Organization => Some(subject.organization.as_str()),
            Attribute::Workspace => Some(subject.workspace.name.as_str()),
            Attribute::Team => subject.team.as_ref().map(TeamName::as_str),
            Attribute::User => subject.user.as_ref().map(|user| user.name.as_str()),
            Attribute::Environment => subject.environment.as_ref().map(EnvironmentName::as_str),
            Attribute::Key => Some(self.key.name.as_str()),
            Attribute::Route => self.route.as_ref().map(RouteName::as_str),
            Attribute::Endpoint => Some(self.endpoint.map_or("passthrough", Endpoint::name)),
            Attribute::Metadata(name) => {
                self.metadata.iter().find(|(known, _)| known == name).map(|(_, value)| &**value)
            }
            Attribute::Provider | Attribute::Model | Attribute::Credential => None,
        }
    }
}
