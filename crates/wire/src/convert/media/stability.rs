//! Stability AI's models on Amazon Bedrock (Bedrock user guide, "Stable Image Ultra", "Stable Image Core" and "Stable
//! Diffusion 3.5 Large"), asked by `InvokeModel`.

use super::image::{Asked, Content, Drawn, Image, refused};
use super::said::Said;
use super::{Answer, MediaFormat, MediaRequest, MediaTranslation, Unanswered};
use crate::convert::codec::{Malformed, Objection};
use crate::convert::translation::Strictness;
use crate::json::Value;

const RATIOS: [&str; 9] = ["16:9", "1:1", "21:9", "2:3", "3:2", "4:5", "5:4", "9:16", "9:21"];

/// Members of Stability's own that a client may set beside OpenAI's.
const OWN: [&str; 2] = ["negative_prompt", "style_preset"];

/// What the provider says when it failed itself; any other reason is a filter.
const FAILED: &str = "Inference error";

pub(super) fn request<'r>(
    request: MediaRequest<'r, '_>,
    strictness: Strictness,
) -> Result<MediaTranslation<'r>, Objection> {
    let mut said = Said::of(request.members);
    let asked = Asked::take(&mut said, request.created)?;
    let ratio = asked.ratio(&mut said, &RATIOS);
    let format = asked.known_format(&mut said, &["png", "jpeg"]);
    let seed = said.whole("seed")?;
    let own = OWN.map(|name| (name, said.take(name)));
    let bodies = asked.one_by_one(seed, |body, seed| {
        body.str("prompt", &asked.prompt);
        if let Some(ratio) = ratio {
            body.str("aspect_ratio", ratio);
        }
        if let Some(format) = format {
            body.str("output_format", format);
        }
        body.number_if("seed", seed);
        for (name, value) in own {
            body.raw_if(name, value.map(Value::raw));
        }
    });
    let answer = Answer::Images(MediaFormat::StabilityImages, asked.wanted);
    Ok(MediaTranslation::of_json(bodies, said.losses(strictness)?, answer))
}

/// An image that was filtered has a reason in place of `null`.
pub(super) fn answer<'a>(answer: &Value<'a>) -> Result<Drawn<'a>, Unanswered> {
    let list = |key: &str| answer.get(key).map(Value::elements).unwrap_or_default();
    if let Some(reason) = list("finish_reasons").iter().find_map(Value::as_str) {
        if reason == FAILED {
            return Err(Malformed(reason.into_owned()).into());
        }
        return Err(refused(&reason));
    }
    let images = list("images")
        .iter()
        .filter_map(|image| Some(Image { content: Content::Base64(image.as_str()?), media_type: None }));
    Ok(Drawn { images: images.collect(), ..Drawn::default() })
}
