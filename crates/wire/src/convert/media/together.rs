//! Together AI's images (API reference, "Create image"): OpenAI's path and answer, with other words for sizes and for
//! base64, and many members of its own.

use super::image::{Asked, Content, Drawn, Image, ONLY_OPENAI};
use super::said::Said;
use super::{Answer, MediaFormat, MediaRequest, MediaTranslation, Unanswered};
use crate::convert::codec::Objection;
use crate::convert::translation::Strictness;
use crate::json::{Value, object};

pub(super) fn request<'r>(
    request: MediaRequest<'r, '_>,
    strictness: Strictness,
) -> Result<MediaTranslation<'r>, Objection> {
    let mut said = Said::of(request.members);
    let by_url = said.is("response_format", "url");
    let asked = Asked::take(&mut said, request.created)?;
    let format = asked.known_format(&mut said, &["png", "jpeg"]);
    let own = said.take_all_but(&ONLY_OPENAI);
    let mut body = Vec::new();
    object(&mut body, |body| {
        body.str("model", request.model);
        body.str("prompt", &asked.prompt);
        body.number("n", asked.count as u64);
        if let Some(size) = asked.size {
            body.number("width", size.width.into());
            body.number("height", size.height.into());
        }
        body.str("response_format", if by_url { "url" } else { "base64" });
        if let Some(format) = format {
            body.str("output_format", format);
        }
        own.iter().for_each(|(name, value)| body.named(name, value.raw()));
    });
    let answer = Answer::Images(MediaFormat::TogetherImages, asked.wanted);
    Ok(MediaTranslation::of_json(vec![body.into()], said.losses(strictness)?, answer))
}

pub(super) fn answer<'a>(answer: &Value<'a>) -> Result<Drawn<'a>, Unanswered> {
    let data = answer.get("data").map(Value::elements).unwrap_or_default();
    let image = |entry: &Value<'a>| {
        let text = |key: &str| entry.present(key).and_then(Value::as_str);
        let content = text("b64_json").map(Content::Base64).or_else(|| text("url").map(Content::Url))?;
        Some(Image { content, media_type: None })
    };
    Ok(Drawn { images: data.iter().filter_map(image).collect(), ..Drawn::default() })
}
