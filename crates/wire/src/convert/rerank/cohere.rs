//! Cohere rerank, version 2 (API reference, "Rerank"), with what version 1 had of requests.

use super::form::{self, Feature, Ranking, Request};
use super::{Client, Provider};
use crate::convert::client::ClientContext;
use crate::convert::codec::{Malformed, Objection};
use crate::convert::read::{self, Path};
use crate::formats::Usage;
use crate::json::{ObjectWriter, Text, Value};

/// The format.
pub(super) struct Cohere;

const KNOWN: &[&str] = &["model", "query", "documents", "top_n", "return_documents", "max_tokens_per_doc"];
/// Structured documents are to be given as text ("structured data should be formatted as YAML strings", of which JSON is one).
pub(super) const OBJECTS: (Feature, Option<&str>) = (Feature::Objects, Some("it becomes its JSON"));
pub(super) const TRUNCATION: (Feature, Option<&str>) =
    (Feature::Truncation, Some("long texts are cut instead of refused"));

impl Client for Cohere {
    fn member(&self, feature: Feature) -> &'static str {
        match feature {
            Feature::Objects | Feature::Images => "documents",
            Feature::DocumentLimit => "max_tokens_per_doc",
            Feature::Truncation => "truncation",
        }
    }

    fn read<'a>(&self, request: &Value<'a>) -> Result<Request<'a>, Objection> {
        let path = &Path::ROOT;
        Ok(Request {
            top: read::whole(request, "top_n", path)?,
            returns_documents: read::flag(request, "return_documents", path)?.unwrap_or(false),
            document_tokens_max: read::whole(request, "max_tokens_per_doc", path)?,
            ..Request::read(request, KNOWN)?
        })
    }

    fn write(&self, ranking: &Ranking<'_>, documents: &[String], context: &ClientContext) -> Vec<u8> {
        form::body(|body| {
            body.text("id", ranking.id.as_ref().unwrap_or(&Text::from(context.token.as_str())));
            body.array("results", |results| {
                for result in &ranking.results {
                    results.object(|object| form::write_result(object, result, documents));
                }
            });
            body.object("meta", |meta| write_meta(meta, &ranking.usage));
        })
    }
}

fn write_meta(meta: &mut ObjectWriter<'_>, usage: &Usage) {
    meta.object("api_version", |version| version.str("version", "2"));
    meta.object("billed_units", |units| {
        units.number_if("search_units", usage.searches);
        units.number_if("input_tokens", usage.input_tokens);
    });
}

impl Provider for Cohere {
    fn lacks(&self) -> &'static [(Feature, Option<&'static str>)] {
        &[OBJECTS, (Feature::Images, None), TRUNCATION]
    }

    fn write(&self, request: &Request<'_>, model: &str) -> Vec<u8> {
        form::body(|body| {
            body.str("model", model);
            write_members(body, request);
            body.number_if("max_tokens_per_doc", request.document_tokens_max);
        })
    }

    fn read<'a>(&self, answer: &Value<'a>) -> Result<Ranking<'a>, Malformed> {
        read_ranking(answer)
    }
}

/// Writes what Cohere's own API and Bedrock have alike.
pub(super) fn write_members(body: &mut ObjectWriter<'_>, request: &Request<'_>) {
    body.text("query", &request.query);
    form::write_texts(body, request);
    body.number_if("top_n", request.top);
}

/// Reads `results`; what others that follow Cohere count in tokens, too.
pub(super) fn read_ranking<'a>(answer: &Value<'a>) -> Result<Ranking<'a>, Malformed> {
    let of_meta = answer.get("meta").and_then(Usage::of_cohere_meta);
    let of_meta = of_meta.filter(|usage| *usage != Usage::default());
    let of_usage = || answer.get("usage").and_then(Usage::of_total);
    let usage = of_meta.or_else(of_usage).unwrap_or_default();
    Ok(Ranking { usage, ..Ranking::read(answer, "results", "relevance_score")? })
}
