//! Jina AI's reranker (`api.jina.ai`, "Rerank").

use super::cohere::{TRUNCATION, read_ranking};
use super::form::{self, Document, Feature, Ranking, Request};
use super::{Client, Provider};
use crate::convert::client::ClientContext;
use crate::convert::codec::{Malformed, Objection};
use crate::convert::read::{self, Path};
use crate::json::{Text, Value};

/// The format.
pub(super) struct Jina;

const KNOWN: &[&str] = &["model", "query", "documents", "top_n", "return_documents", "max_tokens_per_doc"];

impl Client for Jina {
    fn member(&self, feature: Feature) -> &'static str {
        match feature {
            Feature::Objects | Feature::Images => "documents",
            Feature::DocumentLimit => "max_tokens_per_doc",
            Feature::Truncation => "truncate",
        }
    }

    /// `max_tokens_per_doc` is of Cohere's clients, who share the path.
    fn read<'a>(&self, request: &Value<'a>) -> Result<Request<'a>, Objection> {
        let path = &Path::ROOT;
        Ok(Request {
            top: read::whole(request, "top_n", path)?,
            returns_documents: read::flag(request, "return_documents", path)?.unwrap_or(true),
            document_tokens_max: read::whole(request, "max_tokens_per_doc", path)?,
            ..Request::read(request, KNOWN)?
        })
    }

    fn write(&self, ranking: &Ranking<'_>, documents: &[String], context: &ClientContext) -> Vec<u8> {
        form::body(|body| {
            body.text("model", ranking.model.as_ref().unwrap_or(&Text::from(context.model.as_str())));
            body.str("object", "list");
            body.object("usage", |usage| {
                usage.number("total_tokens", ranking.usage.input_tokens.unwrap_or(0));
            });
            body.array("results", |results| {
                for result in &ranking.results {
                    results.object(|object| form::write_result(object, result, documents));
                }
            });
        })
    }
}

impl Provider for Jina {
    fn lacks(&self) -> &'static [(Feature, Option<&'static str>)] {
        &[
            (Feature::Objects, Some("it becomes its JSON")),
            (Feature::DocumentLimit, Some("it is left out")),
            TRUNCATION,
        ]
    }

    fn write(&self, request: &Request<'_>, model: &str) -> Vec<u8> {
        form::body(|body| {
            body.str("model", model);
            body.text("query", &request.query);
            body.array("documents", |array| {
                for document in &request.documents {
                    match document {
                        Document::Object { raw, image: Some(_), .. } => array.raw(raw),
                        document => array.text(&document.as_text()),
                    }
                }
            });
            body.number_if("top_n", request.top);
            body.bool("return_documents", false);
        })
    }

    fn read<'a>(&self, answer: &Value<'a>) -> Result<Ranking<'a>, Malformed> {
        read_ranking(answer)
    }
}
