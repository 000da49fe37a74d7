//! Voyage AI's rerankers (API reference, "Rerankers").

use super::cohere::OBJECTS;
use super::form::{self, Feature, Ranking, Request};
use super::{Client, Provider};
use crate::convert::client::ClientContext;
use crate::convert::codec::{Malformed, Objection};
use crate::convert::read::{self, Path};
use crate::formats::Usage;
use crate::json::{Text, Value};

/// The format.
pub(super) struct Voyage;

const KNOWN: &[&str] = &["model", "query", "documents", "top_k", "return_documents", "truncation"];

impl Client for Voyage {
    fn member(&self, feature: Feature) -> &'static str {
        match feature {
            Feature::Truncation => "truncation",
            _ => "documents",
        }
    }

    fn read<'a>(&self, request: &Value<'a>) -> Result<Request<'a>, Objection> {
        let path = &Path::ROOT;
        Ok(Request {
            top: read::whole(request, "top_k", path)?,
            returns_documents: read::flag(request, "return_documents", path)?.unwrap_or(false),
            truncates: read::flag(request, "truncation", path)?,
            ..Request::read(request, KNOWN)?
        })
    }

    fn write(&self, ranking: &Ranking<'_>, documents: &[String], context: &ClientContext) -> Vec<u8> {
        form::body(|body| {
            body.str("object", "list");
            body.array("data", |data| {
                for result in &ranking.results {
                    data.object(|object| {
                        object.raw("relevance_score", result.score);
                        object.number("index", result.index);
                        object.raw_if("document", form::document(result, documents));
                    });
                }
            });
            body.text("model", ranking.model.as_ref().unwrap_or(&Text::from(context.model.as_str())));
            body.object("usage", |usage| {
                usage.number("total_tokens", ranking.usage.input_tokens.unwrap_or(0));
            });
        })
    }
}

impl Provider for Voyage {
    fn lacks(&self) -> &'static [(Feature, Option<&'static str>)] {
        &[OBJECTS, (Feature::Images, None), (Feature::DocumentLimit, Some("it is left out"))]
    }

    fn write(&self, request: &Request<'_>, model: &str) -> Vec<u8> {
        form::body(|body| {
            body.str("model", model);
            body.text("query", &request.query);
            form::write_texts(body, request);
            body.number_if("top_k", request.top);
            body.bool_if("truncation", request.truncates);
        })
    }

    fn read<'a>(&self, answer: &Value<'a>) -> Result<Ranking<'a>, Malformed> {
        let usage = answer.get("usage").and_then(Usage::of_total).unwrap_or_default();
        Ok(Ranking { usage, ..Ranking::read(answer, "data", "relevance_score")? })
    }
}
