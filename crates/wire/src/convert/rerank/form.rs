//! What is asked of a reranker and what it gives, whatever the format.

use crate::convert::codec::{Malformed, Objection};
use crate::convert::read::{self, Path};
use crate::formats::Usage;
use crate::json::{Kind, ObjectWriter, Text, Value, object};

/// A request for an order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request<'a> {
    /// What is looked for.
    pub(super) query: Text<'a>,
    /// Where, at least one.
    pub(super) documents: Vec<Document<'a>>,
    /// How many of the best are wanted.
    pub(super) top: Option<u64>,
    /// Whether they are wanted back.
    pub(super) returns_documents: bool,
    /// The most tokens of a document that are read.
    pub(super) document_tokens_max: Option<u64>,
    /// Whether what is too long is cut instead of refused.
    pub(super) truncates: Option<bool>,
    /// The names of members that have no place here.
    pub(super) unknown: Vec<String>,
}

/// Something to be ranked.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Document<'a> {
    /// A text.
    Text(Text<'a>),
    /// An object, with its text when that is all there is in it.
    Object {
        /// Its JSON.
        raw: &'a str,
        /// Its text.
        text: Option<Text<'a>>,
        /// The address or the bytes of the picture that it is (Jina).
        image: Option<Text<'a>>,
    },
}

/// What a request can say and not every provider understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feature {
    /// Documents that are objects of several members.
    Objects,
    /// Documents that are pictures.
    Images,
    /// The most tokens of a document.
    DocumentLimit,
    /// Whether long texts are cut.
    Truncation,
}

/// An order, best first.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Ranking<'a> {
    /// The provider's id for it.
    pub(super) id: Option<Text<'a>>,
    /// The model.
    pub(super) model: Option<Text<'a>>,
    /// The documents in it.
    pub(super) results: Vec<Ranked<'a>>,
    /// What it used.
    pub(super) usage: Usage,
}

/// A document in its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ranked<'a> {
    /// Its number in the request, from 0.
    pub(super) index: u64,
    /// How well it fits, as it was written.
    pub(super) score: &'a str,
}

impl<'a> Request<'a> {
    /// Reads what every format has: `query` and `documents`.
    pub(super) fn read(request: &Value<'a>, known: &[&str]) -> Result<Self, Objection> {
        let path = Path::ROOT;
        let place = path.member("documents");
        let listed = read::list(request, "documents", &path)?;
        if listed.is_empty() {
            return Err(Objection::new("documents", "`documents` must hold at least one document"));
        }
        let documents = listed.iter().enumerate();
        let documents = documents.map(|(index, value)| Document::read(value, &place.element(index)));
        let members = request.members().iter();
        let unknown =
            members.filter(|(key, value)| value.kind() != Kind::Null && !known.contains(&key.as_ref()));
        Ok(Self {
            query: query(request)?,
            documents: documents.collect::<Result<_, _>>()?,
            top: None,
            returns_documents: false,
            document_tokens_max: None,
            truncates: None,
            unknown: unknown.map(|(key, _)| key.to_string()).collect(),
        })
    }

    /// What of it not every provider understands.
    pub(super) fn features(&self) -> Vec<Feature> {
        let is_object =
            |document: &Document<'_>| matches!(document, Document::Object { text: None, image: None, .. });
        let is_image = |document: &Document<'_>| matches!(document, Document::Object { image: Some(_), .. });
        let said = [
            (Feature::Objects, self.documents.iter().any(is_object)),
            (Feature::Images, self.documents.iter().any(is_image)),
            (Feature::DocumentLimit, self.document_tokens_max.is_some()),
            (Feature::Truncation, self.truncates == Some(false)),
        ];
        said.into_iter().filter(|(_, is_said)| *is_said).map(|(feature, _)| feature).collect()
    }

    /// Each document as JSON, a text as a string.
    pub(super) fn documents_as_json(&self) -> Vec<String> {
        let json = |document: &Document<'_>| match document {
            Document::Object { raw, .. } => (*raw).to_owned(),
            Document::Text(text) => {
                let mut out = Vec::new();
                text.write(&mut out);
                String::from_utf8(out).unwrap_or_default()
            }
        };
        self.documents.iter().map(json).collect()
    }
}

/// A text, or an object that holds one.
fn query<'a>(request: &Value<'a>) -> Result<Text<'a>, Objection> {
    let query = request.present("query").ok_or_else(|| read::missing("query", &Path::ROOT))?;
    let text = query.text().or_else(|| query.present("text")?.text());
    text.ok_or_else(|| Objection::wanted("query", "a text", query))
}

impl<'a> Document<'a> {
    fn read(document: &Value<'a>, path: &Path<'_>) -> Result<Self, Objection> {
        if let Some(text) = document.text() {
            return Ok(Self::Text(text));
        }
        if document.kind() != Kind::Object {
            return Err(Objection::wanted(path.to_string(), "a text or an object", document));
        }
        let only = |key: &str| match document.members() {
            [(name, value)] if name == key => value.text(),
            _ => None,
        };
        Ok(Self::Object { raw: document.raw(), text: only("text"), image: only("image") })
    }

    /// Its text; of an object with more to it, its JSON.
    pub(super) fn as_text(&self) -> Text<'a> {
        match self {
            Self::Text(text) | Self::Object { text: Some(text), .. } => text.clone(),
            Self::Object { raw, .. } => Text::from(*raw),
        }
    }
}

impl Feature {
    /// What it is, for people.
    pub(super) fn about(self) -> &'static str {
        match self {
            Self::Objects => "documents of several members",
            Self::Images => "pictures",
            Self::DocumentLimit => "the most tokens of a document",
            Self::Truncation => "that long texts are refused",
        }
    }
}

impl<'a> Ranking<'a> {
    /// Reads the results in a member, each with its score under a key.
    pub(super) fn read(answer: &Value<'a>, member: &str, score: &str) -> Result<Self, Malformed> {
        let listed = answer.get(member).filter(|listed| listed.kind() == Kind::Array);
        let listed = listed.ok_or_else(|| Malformed(format!("the answer has no `{member}`")))?;
        let result = |result: &Value<'a>| {
            let index = result.get("index").and_then(Value::as_u64);
            let score = result.get(score).and_then(Value::as_number);
            index.zip(score).map(|(index, score)| Ranked { index, score })
        };
        let results = listed.elements().iter().map(result).collect::<Option<Vec<_>>>();
        let results = results.ok_or_else(|| Malformed(format!("a result has no `index` or no `{score}`")))?;
        Ok(Self {
            id: answer.present("id").and_then(Value::text),
            model: answer.present("model").and_then(Value::text),
            results,
            usage: Usage::default(),
        })
    }
}

/// Writes a result for a client of Cohere or Jina, who both have a document as an object.
pub(super) fn write_result(object: &mut ObjectWriter<'_>, result: &Ranked<'_>, documents: &[String]) {
    object.number("index", result.index);
    object.raw("relevance_score", result.score);
    match document(result, documents) {
        Some(text) if text.starts_with('"') => object.object("document", |it| it.raw("text", text)),
        Some(whole) => object.raw("document", whole),
        None => {}
    }
}

/// The document of a result, as JSON, where it is wanted back.
pub(super) fn document<'d>(result: &Ranked<'_>, documents: &'d [String]) -> Option<&'d str> {
    documents.get(usize::try_from(result.index).ok()?).map(String::as_str)
}

/// Writes `documents` as texts.
pub(super) fn write_texts(body: &mut ObjectWriter<'_>, request: &Request<'_>) {
    body.array("documents", |array| {
        request.documents.iter().for_each(|document| array.text(&document.as_text()));
    });
}

/// A body of these members.
pub(super) fn body(write: impl FnOnce(&mut ObjectWriter<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    object(&mut out, write);
    out
}
