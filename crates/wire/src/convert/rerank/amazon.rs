//! Rerankers on Amazon Bedrock: its own operation (Agents for Amazon Bedrock runtime API reference, `Rerank`), and Cohere's
//! model by itself (`InvokeModel`). What they used is not told in their answers.

use super::cohere::{OBJECTS, TRUNCATION, read_ranking, write_members};
use super::form::{self, Document, Feature, Ranking, Request};
use super::{Provider, RerankTarget};
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

    fn write(&self, request: &Request<'_>, target: RerankTarget<'_>) -> Vec<u8> {
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
                    bedrock.object("modelConfiguration", |model| model.str("modelArn", &arn(target)));
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

/// The model's full name: the partition follows from the region (AWS General Reference, "Amazon Resource Names").
fn arn(target: RerankTarget<'_>) -> String {
    let (model, Some(region)) = (target.model, target.region.filter(|_| !target.model.starts_with("arn:")))
    else {
        return target.model.to_owned();
    };
    let partition = match region {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    format!("arn:{partition}:bedrock:{region}::foundation-model/{model}")
}

impl Provider for CohereOnBedrock {
    fn lacks(&self) -> &'static [(Feature, Option<&'static str>)] {
        &[OBJECTS, (Feature::Images, None), (Feature::DocumentLimit, Some("it is left out")), TRUNCATION]
    }

    fn write(&self, request: &Request<'_>, _target: RerankTarget<'_>) -> Vec<u8> {
        form::body(|body| {
            body.number("api_version", API_VERSION);
            write_members(body, request);
        })
    }

    fn read<'a>(&self, answer: &Value<'a>) -> Result<Ranking<'a>, Malformed> {
        read_ranking(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_full_name_has_the_partition_of_its_region() {
        let arn = |model, region| arn(RerankTarget { model, region });
        let own = "arn:aws:bedrock:eu-west-1:1:application-inference-profile/x";
        assert_eq!(arn(own, Some("us-east-1")), own);
        assert_eq!(arn("cohere.rerank-v3-5:0", None), "cohere.rerank-v3-5:0");
        let name = "foundation-model/cohere.rerank-v3-5:0";
        let model = "cohere.rerank-v3-5:0";
        assert_eq!(arn(model, Some("eu-central-1")), format!("arn:aws:bedrock:eu-central-1::{name}"));
        assert_eq!(
            arn(model, Some("us-gov-west-1")),
            format!("arn:aws-us-gov:bedrock:us-gov-west-1::{name}")
        );
        assert_eq!(arn(model, Some("cn-north-1")), format!("arn:aws-cn:bedrock:cn-north-1::{name}"));
    }
}
