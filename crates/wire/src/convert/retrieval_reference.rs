//! The page that says what embeddings and reranking lose between formats, made from the tables that decide it.

use super::{embeddings, rerank};

const HEAD: &str = "\
# What embeddings and reranking carry

A request for a provider of another format is read into one form and written from it. This page is made from the tables that
the code decides with: `crates/wire/src/convert/{embeddings,rerank}`. It lists what is lost; what no row names is carried.

What is left out or changed is named in the answer's header `x-tollgate-dropped`, or refused with 400 when the route says
`strict: true`. Members that a client's format does not know are left out and named, but for those of clients of OpenAI that
Mistral, Voyage, Jina and whatever is like OpenAI get as they are.

";

/// The page, in Markdown.
#[must_use]
pub fn retrieval_reference() -> String {
    let mut page = String::from(HEAD);
    page.push_str("## Embeddings\n\n");
    embeddings::describe(&mut page);
    page.push_str("\n## Reranking\n\n");
    rerank::describe(&mut page);
    page
}
