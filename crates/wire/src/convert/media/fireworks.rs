//! Fireworks' images (API reference, "Generate an image with FLUX.1" and "Generate or edit an image with FLUX.1 Kontext"): those of
//! FLUX.1 come at once, those of Kontext are asked for until they are there.

use bytes::Bytes;

use super::image::{Asked, Content, Drawn, Image, Picture, encoded, pictures, refused};
use super::said::Said;
use super::{Answer, MediaFormat, MediaRequest, MediaTranslation, Unanswered, Unfinished};
use crate::convert::codec::{Malformed, Objection};
use crate::convert::translation::Strictness;
use crate::json::{ObjectWriter, Value, object};

const RATIOS: [&str; 11] = ["1:1", "21:9", "16:9", "3:2", "5:4", "4:5", "2:3", "9:16", "9:21", "4:3", "3:4"];

/// Members of FLUX.1's own that a client may set beside OpenAI's.
const OWN: [&str; 2] = ["guidance_scale", "num_inference_steps"];

/// Those of Kontext.
const OWN_OF_KONTEXT: [&str; 2] = ["prompt_upsampling", "safety_tolerance"];

/// What FLUX.1 says of an image that was drawn; anything else is a filter.
const DRAWN: &str = "SUCCESS";

/// What Kontext says of an image that is there.
const READY: &str = "Ready";

/// What it says of one that is not there yet.
const ON_THE_WAY: [&str; 3] = ["Pending", "Queued", "Processing"];

/// What it says of a request or an image that it does not want.
const MODERATED: [&str; 2] = ["Request Moderated", "Content Moderated"];

pub(super) fn request<'r>(
    request: MediaRequest<'r, '_>,
    strictness: Strictness,
) -> Result<MediaTranslation<'r>, Objection> {
    let mut said = Said::of(request.members);
    let asked = Asked::take(&mut said, request.created)?;
    let ratio = asked.ratio(&mut said, &RATIOS);
    // It has no say in the format.
    asked.known_format(&mut said, &[]);
    let bodies = bodies(&mut said, &asked, ratio, &OWN, |_| ())?;
    let answer = Answer::Images(MediaFormat::FireworksImages, asked.wanted);
    Ok(MediaTranslation::of_json(bodies, said.losses(strictness)?, answer))
}

pub(super) fn kontext<'r>(
    request: MediaRequest<'r, '_>,
    strictness: Strictness,
) -> Result<MediaTranslation<'r>, Objection> {
    let mut said = Said::of(request.members);
    let asked = Asked::take(&mut said, request.created)?;
    let pictures = pictures(&request, &mut said)?;
    let picture = match pictures.as_slice() {
        [] => None,
        [Picture { media_type, base64 }] => Some(format!("data:{media_type};base64,{base64}")),
        _ => return Err(Objection::new("image", "this provider changes one image at a time; send one")),
    };
    let ratio = asked.ratio(&mut said, &RATIOS);
    let format = asked.known_format(&mut said, &["png", "jpeg"]);
    let bodies = bodies(&mut said, &asked, ratio, &OWN_OF_KONTEXT, |body| {
        if let Some(picture) = &picture {
            body.str("input_image", picture);
        }
        if let Some(format) = format {
            body.str("output_format", format);
        }
    })?;
    asked.is_by_address(&mut said);
    let answer = Answer::Images(MediaFormat::KontextImages, asked.wanted);
    Ok(MediaTranslation::of_json(bodies, said.losses(strictness)?, answer))
}

/// A request for each image, with what every model here understands.
fn bodies(
    said: &mut Said<'_, '_>,
    asked: &Asked<'_>,
    ratio: Option<&str>,
    own: &[&'static str],
    more: impl Fn(&mut ObjectWriter<'_>),
) -> Result<Vec<Bytes>, Objection> {
    let seed = said.whole("seed")?;
    let own: Vec<_> = own.iter().map(|name| (*name, said.take(name))).collect();
    Ok(asked.one_by_one(seed, |body, seed| {
        body.str("prompt", &asked.prompt);
        more(body);
        if let Some(ratio) = ratio {
            body.str("aspect_ratio", ratio);
        }
        body.number_if("seed", seed);
        for (name, value) in &own {
            body.raw_if(name, value.map(Value::raw));
        }
    }))
}

/// Images are base64, with or without the head of a data URL.
pub(super) fn answer<'a>(answer: &Value<'a>) -> Result<Drawn<'a>, Unanswered> {
    let reason = answer.present("finishReason").and_then(Value::as_str);
    if let Some(reason) = reason.filter(|reason| reason != DRAWN) {
        return Err(refused(&reason));
    }
    let list = answer.get("base64").map(Value::elements).unwrap_or_default();
    Ok(Drawn { images: list.iter().filter_map(encoded).collect(), ..Drawn::default() })
}

/// How the answer of Kontext is asked for that is not there yet.
pub(super) fn unfinished(answer: &Value<'_>) -> Option<Unfinished> {
    let status = answer.present("status").and_then(Value::as_str);
    let is_on_the_way = status.is_none_or(|status| ON_THE_WAY.contains(&status.as_ref()));
    let id = || answer.present("request_id").or_else(|| answer.present("id"))?.as_str();
    let id = is_on_the_way.then(id)??;
    let mut body = Vec::new();
    object(&mut body, |body| body.str("id", &id));
    Some(Unfinished { in_path: None, body: Some(body.into()) })
}

/// The image of Kontext, by its address.
pub(super) fn kontext_answer<'a>(answer: &Value<'a>) -> Result<Drawn<'a>, Unanswered> {
    let status = answer.present("status").and_then(Value::as_str).unwrap_or_default();
    if MODERATED.contains(&status.as_ref()) {
        return Err(refused(&status));
    }
    if status != READY {
        return Err(Malformed(format!("the image has the status `{status}`")).into());
    }
    let image = |url: &Value<'a>| Some(Image { content: Content::Url(url.as_str()?), media_type: None });
    let image = answer.at(&["result", "sample"]).and_then(image);
    Ok(Drawn { images: image.into_iter().collect(), ..Drawn::default() })
}
