//! Stability AI's models on Amazon Bedrock (Bedrock user guide, "Stable Image Ultra", "Stable Image Core" and "Stable
//! Diffusion 3.5 Large"), asked by `InvokeModel`.

use super::image::{Asked, Content, Drawn, Image};
use super::said::Said;
use super::{Answer, MediaFormat, MediaRequest, MediaTranslation};
use crate::convert::codec::{Malformed, Objection};
use crate::convert::translation::Strictness;
use crate::json::{Kind, Value, object};

const RATIOS: [&str; 9] = ["16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21"];

/// Members of Stability's own that a client may set beside OpenAI's.
const OWN: [&str; 2] = ["negative_prompt", "style_preset"];

pub(super) fn request(
    request: MediaRequest<'_, '_>,
    strictness: Strictness,
) -> Result<MediaTranslation, Objection> {
    let mut said = Said::of(request.members);
    let asked = Asked::take(&mut said)?;
    asked.one()?;
    let ratio = asked.ratio(&mut said, &RATIOS);
    let media_type = asked.media_type(&mut said, &["png", "jpeg", "webp"]);
    let seed = said.number("seed")?;
    let mut body = Vec::new();
    object(&mut body, |body| {
        body.str("prompt", &asked.prompt);
        if let Some(ratio) = ratio {
            body.str("aspect_ratio", ratio);
        }
        if let Some(format) = media_type.as_deref().and_then(|media_type| media_type.strip_prefix("image/")) {
            body.str("output_format", format);
        }
        body.raw_if("seed", seed.as_deref());
        for name in OWN {
            body.raw_if(name, said.take(name).map(|value| value.raw()));
        }
    });
    let answer = Answer::Images(MediaFormat::StabilityImages, asked.wanted);
    Ok(MediaTranslation::of_json(body, said.losses(strictness)?, answer))
}

/// An image that was filtered has a reason in place of `null`.
pub(super) fn answer<'a>(answer: &Value<'a>) -> Result<Drawn<'a>, Malformed> {
    let list = |key: &str| answer.get(key).map(Value::elements).unwrap_or_default();
    if let Some(reason) = list("finish_reasons").iter().find(|reason| reason.kind() != Kind::Null) {
        let reason = reason.as_str().unwrap_or_default();
        return Err(Malformed(format!("no image was drawn: {reason}")));
    }
    let images = list("images").iter().filter_map(|image| {
        Some(Image { content: Content::Base64(image.as_str()?), media_type: None, revised_prompt: None })
    });
    Ok(Drawn { images: images.collect(), ..Drawn::default() })
}
