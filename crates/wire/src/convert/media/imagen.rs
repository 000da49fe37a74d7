//! Imagen (Gemini API reference, "Models: predict"; Vertex AI docs, "Imagen API").

use super::image::{Asked, Content, Drawn, Image};
use super::said::Said;
use super::{Answer, MediaFormat, MediaRequest, MediaTranslation};
use crate::convert::codec::{Malformed, Objection};
use crate::convert::translation::Strictness;
use crate::json::{Value, object};

const RATIOS: [&str; 5] = ["1:1", "3:4", "4:3", "9:16", "16:9"];

pub(super) fn request(
    request: MediaRequest<'_, '_>,
    strictness: Strictness,
) -> Result<MediaTranslation, Objection> {
    let mut said = Said::of(request.members);
    let asked = Asked::take(&mut said)?;
    let ratio = asked.ratio(&mut said, &RATIOS);
    let media_type = asked.media_type(&mut said, &["png", "jpeg"]);
    let compression = said.number("output_compression")?;
    let seed = said.number("seed")?;
    let mut body = Vec::new();
    object(&mut body, |body| {
        body.array("instances", |all| all.object(|instance| instance.str("prompt", &asked.prompt)));
        body.object("parameters", |parameters| {
            parameters.number("sampleCount", asked.count);
            if let Some(ratio) = ratio {
                parameters.str("aspectRatio", ratio);
            }
            parameters.raw_if("seed", seed.as_deref());
            parameters.object_if("outputOptions", |options| {
                if let Some(media_type) = &media_type {
                    options.str("mimeType", media_type);
                }
                options.raw_if("compressionQuality", compression.as_deref());
            });
        });
    });
    let answer = Answer::Images(MediaFormat::Imagen, asked.wanted);
    Ok(MediaTranslation::of_json(body, said.losses(strictness)?, answer))
}

/// A prediction without an image was filtered.
pub(super) fn answer<'a>(answer: &Value<'a>) -> Result<Drawn<'a>, Malformed> {
    let predictions = answer.get("predictions").map(Value::elements).unwrap_or_default();
    let image = |prediction: &Value<'a>| {
        let base64 = prediction.get("bytesBase64Encoded")?.as_str()?;
        Some(Image {
            content: Content::Base64(base64),
            media_type: prediction.get("mimeType").and_then(Value::as_str),
            revised_prompt: prediction.get("prompt").and_then(Value::as_str),
        })
    };
    let images: Vec<Image<'a>> = predictions.iter().filter_map(image).collect();
    if images.is_empty() {
        return Err(Malformed("no image was drawn; the prompt may have been filtered".to_owned()));
    }
    Ok(Drawn { images, ..Drawn::default() })
}
