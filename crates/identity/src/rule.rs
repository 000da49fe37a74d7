//! From the claims of a verified token to a caller: whose it is and what it may do.

use domain::tenant::Labels;
use domain::{ApiKey, KeyName, Pattern};
use std::sync::Arc;

use crate::claims::{ClaimPath, Claims, scalar};
use crate::problem::TokenProblem;
use crate::tenants::{Listing, Tenants, Whose, check_label, check_user_name};

/// What callers are whose claims fulfil some conditions.
#[derive(Debug)]
pub struct Rule {
    /// All of them have to hold; without any the rule is for every token.
    pub conditions: Vec<Condition>,
    /// The workspace; the implied one when absent.
    pub workspace: Option<Template>,
    /// The team of the workspace.
    pub team: Option<Template>,
    /// Who calls. The issuer vouches for them, so they need not be listed.
    pub user: Option<Template>,
    /// The environment of the workspace.
    pub environment: Option<Template>,
    /// Labels by name.
    pub labels: Vec<(Box<str>, Template)>,
    /// What they may do; its name and subject are replaced by the caller's own.
    pub grant: ApiKey,
}

/// A claim whose value, or an item of it, matches one of some patterns.
#[derive(Debug)]
pub struct Condition {
    /// Which claim.
    pub claim: ClaimPath,
    /// The patterns.
    pub patterns: Vec<Pattern>,
}

/// A text with claims in it: `team-${department}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(Box<str>),
    Claim(ClaimPath),
}

/// Why a text is no template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "`${{` begins the name of a claim, which ends with `}}` and has no empty part: `${{email}}`, `${{realm.team}}`"
)]
pub struct TemplateProblem;

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// When `${` begins no name of a claim.
    pub fn new(text: &str) -> Result<Self, TemplateProblem> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (claim, behind) = after.split_once('}').ok_or(TemplateProblem)?;
            pieces.push(Piece::Text(before.into()));
            pieces.push(Piece::Claim(ClaimPath::new(claim).ok_or(TemplateProblem)?));
            rest = behind;
        }
        pieces.push(Piece::Text(rest.into()));
        Ok(Self(pieces))
    }

    /// The text, where it has no claim in it.
    #[must_use]
    pub fn constant(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    fn fill(&self, claims: &Claims) -> Result<String, TokenProblem> {
        let mut filled = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Claim(path) => {
                    let text = claims.at(path).and_then(scalar).filter(|text| !text.is_empty());
                    filled.push_str(&text.ok_or_else(|| TokenProblem::Unfilled(path.clone()))?);
                }
            }
        }
        Ok(filled)
    }

    /// The text, if a check lets it pass. Only what a claim put in can be wrong; the rest was checked with the configuration.
    fn fill_checked<E>(
        &self,
        claims: &Claims,
        check: impl Fn(&str) -> Result<(), E>,
    ) -> Result<String, TokenProblem> {
        let filled = self.fill(claims)?;
        let first = self.0.iter().find_map(|piece| match piece {
            Piece::Claim(path) => Some(path),
            Piece::Text(_) => None,
        });
        match (check(&filled), first) {
            (Err(_), Some(path)) => Err(TokenProblem::Unfilled(path.clone())),
            _ => Ok(filled),
        }
    }
}

impl Rule {
    pub(crate) fn is_for(&self, claims: &Claims) -> bool {
        self.conditions.iter().all(|condition| claims.matches(&condition.claim, &condition.patterns))
    }

    /// The caller that some claims make.
    ///
    /// # Errors
    /// When a claim that is needed is missing, or they give something that is not there.
    pub(crate) fn caller(
        &self,
        claims: &Claims,
        tenants: &Tenants,
        name: KeyName,
    ) -> Result<ApiKey, TokenProblem> {
        let fill =
            |template: &Option<Template>| template.as_ref().map(|template| template.fill(claims)).transpose();
        let (workspace, team, environment) =
            (fill(&self.workspace)?, fill(&self.team)?, fill(&self.environment)?);
        let user = self.user.as_ref().map(|user| user.fill_checked(claims, check_user_name)).transpose()?;
        if user.as_deref().is_some_and(|user| tenants.is_disabled(user)) {
            return Err(TokenProblem::Disabled);
        }
        let mut labels = Vec::with_capacity(self.labels.len());
        for (label, template) in &self.labels {
            labels.push((&**label, template.fill_checked(claims, check_label)?));
        }
        let whose = Whose {
            workspace: workspace.as_deref(),
            team: team.as_deref(),
            user: user.as_deref(),
            environment: environment.as_deref(),
            labels: labels.iter().map(|(name, value)| (*name, value.as_str())).collect::<Labels>(),
        };
        let (subject, absent) = tenants.subject(&whose, Listing::Open);
        match absent.first() {
            Some(absent) => Err(TokenProblem::Unplaced(*absent)),
            None => Ok(ApiKey { name, subject: Arc::new(subject), ..self.grant.clone() }),
        }
    }
}
