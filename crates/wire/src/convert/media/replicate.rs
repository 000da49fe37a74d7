//! Images of Replicate (HTTP API, "Create a prediction"): what a model draws is the output of a prediction, which is asked for
//! until it is there. What a prediction takes is each model's own; the members here are those that its models for images share.

use super::image::{Asked, Content, Drawn, Image, ONLY_OPENAI, encoded, refused};
use super::said::Said;
use super::{Answer, MediaFormat, MediaRequest, MediaTranslation, Unanswered, Unfinished};
use crate::convert::codec::{Malformed, Objection};
use crate::convert::translation::Strictness;
use crate::json::Value;

const RATIOS: [&str; 11] = ["1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21"];

/// The models' word for a filter, within the message of the failure.
const FILTERED: [&str; 3] = ["nsfw", "sensitive", "safety"];

pub(super) fn request<'r>(
    request: MediaRequest<'r, '_>,
    strictness: Strictness,
) -> Result<MediaTranslation<'r>, Objection> {
    let mut said = Said::of(request.members);
    let asked = Asked::take(&mut said, request.created)?;
    asked.is_by_address(&mut said);
    let ratio = asked.ratio(&mut said, &RATIOS);
    let format = asked.known_format(&mut said, &["png", "jpeg", "webp"]);
    let seed = said.whole("seed")?;
    let own = said.take_all_but(&ONLY_OPENAI);
    // How many images an answer holds is said differently by each model, so there is one in each.
    let bodies = asked.one_by_one(seed, |body, seed| {
        body.str("version", request.model);
        body.object("input", |input| {
            input.str("prompt", &asked.prompt);
            if let Some(ratio) = ratio {
                input.str("aspect_ratio", ratio);
            }
            if let Some(format) = format {
                input.str("output_format", if format == "jpeg" { "jpg" } else { format });
            }
            input.number_if("seed", seed);
            own.iter().for_each(|(name, value)| input.named(name, value.raw()));
        });
    });
    let answer = Answer::Images(MediaFormat::ReplicateImages, asked.wanted);
    Ok(MediaTranslation::of_json(bodies, said.losses(strictness)?, answer))
}

/// How a prediction is asked for that has not ended.
pub(super) fn unfinished(answer: &Value<'_>) -> Option<Unfinished> {
    let is_under_way = matches!(answer.present("status")?.as_str()?.as_ref(), "starting" | "processing");
    let id = answer.present("id").filter(|_| is_under_way)?.as_str()?;
    Some(Unfinished { in_path: Some(id.into_owned()), body: None })
}

/// The output is an image or a list of them.
pub(super) fn answer<'a>(answer: &Value<'a>) -> Result<Drawn<'a>, Unanswered> {
    let text = |key: &str| answer.present(key).and_then(Value::as_str);
    let status = text("status").unwrap_or_default();
    if status != "succeeded" {
        let why = text("error").unwrap_or_else(|| format!("the prediction has the status `{status}`").into());
        let lowered = why.to_ascii_lowercase();
        return Err(match FILTERED.iter().any(|word| lowered.contains(word)) {
            true => refused(&why),
            false => Malformed(why.into_owned()).into(),
        });
    }
    let output = answer.present("output");
    let list = output.map(|output| output.elements().iter().chain(output.as_str().map(|_| output)));
    let image = |value: &Value<'a>| match value.as_str()? {
        url if url.starts_with("data:") => encoded(value),
        url => Some(Image { content: Content::Url(url), media_type: None }),
    };
    Ok(Drawn { images: list.into_iter().flatten().filter_map(image).collect(), ..Drawn::default() })
}
