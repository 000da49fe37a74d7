//! Images of Gemini models (Gemini API docs, "Image generation"): text and pictures in, pictures out.

use bytes::Bytes;

use super::image::{Asked, Content, Drawn, Image, Picture, pictures, refused};
use super::said::Said;
use super::{Answer, MediaFormat, MediaRequest, MediaTranslation, Unanswered};
use crate::convert::codec::{Malformed, Objection};
use crate::convert::translation::Strictness;
use crate::formats::Usage;
use crate::json::{Value, object};

const RATIOS: [&str; 10] = ["1:1", "2:3", "3:2", "3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"];

pub(super) fn request<'r>(
    request: MediaRequest<'r, '_>,
    strictness: Strictness,
) -> Result<MediaTranslation<'r>, Objection> {
    let mut said = Said::of(request.members);
    let asked = Asked::take(&mut said, request.created)?;
    let pictures = pictures(&request, &mut said)?;
    let ratio = asked.ratio(&mut said, &RATIOS);
    // It has no say in the format.
    asked.known_format(&mut said, &[]);
    let body = Bytes::from(body(&asked.prompt, &pictures, ratio));
    // There is one image in each answer.
    let bodies = vec![body; asked.count];
    let answer = Answer::Images(MediaFormat::GeminiImages, asked.wanted);
    Ok(MediaTranslation::of_json(bodies, said.losses(strictness)?, answer))
}

fn body(prompt: &str, pictures: &[Picture], ratio: Option<&str>) -> Vec<u8> {
    let mut body = Vec::new();
    object(&mut body, |body| {
        body.array("contents", |contents| {
            contents.object(|content| {
                content.str("role", "user");
                content.array("parts", |parts| {
                    for picture in pictures {
                        parts.object(|part| {
                            part.object("inlineData", |data| {
                                data.str("mimeType", &picture.media_type);
                                data.str("data", &picture.base64);
                            });
                        });
                    }
                    parts.object(|part| part.str("text", prompt));
                });
            });
        });
        body.object("generationConfig", |config| {
            config.array("responseModalities", |all| {
                all.str("TEXT");
                all.str("IMAGE");
            });
            config.object_if("imageConfig", |image| {
                if let Some(ratio) = ratio {
                    image.str("aspectRatio", ratio);
                }
            });
        });
    });
    body
}

/// A model that does not want to draw says why, in words or by a reason.
pub(super) fn answer<'a>(answer: &Value<'a>) -> Result<Drawn<'a>, Unanswered> {
    let candidates = answer.get("candidates").map(Value::elements).unwrap_or_default();
    let parts = candidates.iter().filter_map(|candidate| candidate.at(&["content", "parts"]));
    let parts: Vec<&Value<'a>> = parts.flat_map(Value::elements).collect();
    let image = |part: &&Value<'a>| {
        // Images on the way to the last one are thoughts.
        let is_thought = part.get("thought").and_then(Value::as_bool) == Some(true);
        let base64 = part.at(&["inlineData", "data"]).filter(|_| !is_thought)?.as_str()?;
        Some(Image {
            content: Content::Base64(base64),
            media_type: part.at(&["inlineData", "mimeType"]).and_then(Value::as_str),
        })
    };
    let images: Vec<Image<'a>> = parts.iter().filter_map(image).collect();
    if images.is_empty() {
        let words = parts.iter().find_map(|part| part.get("text")?.as_str());
        let stopped = |candidate: &Value<'a>| {
            candidate.get("finishMessage").or_else(|| candidate.get("finishReason"))?.as_str()
        };
        let blocked = || answer.at(&["promptFeedback", "blockReason"])?.as_str();
        let why = words.or_else(|| candidates.iter().find_map(stopped)).or_else(blocked);
        let why = why.ok_or_else(|| Malformed("the answer holds no image".to_owned()))?;
        return Err(refused(&why));
    }
    let usage = answer.get("usageMetadata").and_then(Usage::of_gemini).unwrap_or_default();
    Ok(Drawn { images, usage })
}
