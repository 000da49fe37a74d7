//! Rerankers on Amazon Bedrock: its own operation (Agents for Amazon Bedrock runtime API reference, `Rerank`), and Cohere's
//! model by itself (`InvokeModel`). What they used is not told in their answers.

use super::Provider;
use super::cohere::{OBJECTS, TRUNCATION, read_ranking, write_members};
use super::form::{self, Document, Feature, Ranking, Request};
use crate::convert::codec::Malformed;
use crate::json::{ObjectWriter, Value};

/// Bedrock's own operation.
pub(super) struct Agent;
/// Cohere's model.
pub(super) struct CohereOnBedrock;

/// The version of Cohere's API that the model on Bedrock speaks; it has to be named.
const API_VERSION: u64 = 2;

impl Provider for Agent {
    fn lacks(&self) -> &'static [(Feature, Option<&'static str>)] {
        &[(Feature::Images, None), (Feature::DocumentLimit, Some("it is left out")), TRUNCATION]
    }

    /// The model is named in full (`arn:aws:bedrock:…`).
    fn write(&self, request: &Request<'_>, model: &str) -> Vec<u8> {
        form::body(|body| {
            body.array("queries", |queries| {
                queries.object(|query| {
                    query.str("type", "TEXT");
                    query.object("textQuery", |text| text.text("text", &request.query));
                });
            });
            body.array("sources", |sources| {
                for document in &request.documents {
                    sources.object(|source| write_source(source, document));
                }
            });
            body.object("rerankingConfiguration", |configuration| {
                configuration.str("type", "BEDROCK_RERANKING_MODEL");
                configuration.object("bedrockRerankingConfiguration", |bedrock| {
                    bedrock
                        .object("modelConfiguration", |configuration| configuration.str("modelArn", model));
                    bedrock.number_if("numberOfResults", request.top);
                });
            });
        })
    }

    fn read<'a>(&self, answer: &Value<'a>) -> Result<Ranking<'a>, Malformed> {
        Ranking::read(answer, "results", "relevanceScore")
    }
}

fn write_source(source: &mut ObjectWriter<'_>, document: &Document<'_>) {
    source.str("type", "INLINE");
    source.object("inlineDocumentSource", |inline| match document {
        Document::Object { raw, text: None, .. } => {
            inline.str("type", "JSON");
            inline.raw("jsonDocument", raw);
        }
        document => {
            inline.str("type", "TEXT");
            inline.object("textDocument", |text| text.text("text", &document.as_text()));
        }
    });
}

impl Provider for CohereOnBedrock {
    fn lacks(&self) -> &'static [(Feature, Option<&'static str>)] {
        &[OBJECTS, (Feature::Images, None), (Feature::DocumentLimit, Some("it is left out")), TRUNCATION]
    }

    fn write(&self, request: &Request<'_>, _model: &str) -> Vec<u8> {
        form::body(|body| {
            body.number("api_version", API_VERSION);
            write_members(body, request);
        })
    }

    fn read<'a>(&self, answer: &Value<'a>) -> Result<Ranking<'a>, Malformed> {
        read_ranking(answer)
    }
}
