//! What is asked of a drawing model in OpenAI's words, and what it drew.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::said::Said;
use super::size::Size;
use super::{MediaAnswer, MediaRequest};
use crate::convert::codec::{Malformed, Objection};
use crate::formats::Usage;
use crate::json::object;

/// What is to be drawn, as all providers understand it.
pub(super) struct Asked<'a> {
    pub(super) prompt: Cow<'a, str>,
    /// How many images.
    pub(super) count: u64,
    pub(super) size: Option<Size>,
    /// `png`, `jpeg` or `webp`.
    pub(super) output_format: Option<Cow<'a, str>>,
    pub(super) wanted: Wanted,
}

/// How the client wants its images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    as_url: bool,
}

/// What was drawn.
#[derive(Debug, Default)]
pub(super) struct Drawn<'a> {
    pub(super) images: Vec<Image<'a>>,
    pub(super) usage: Usage,
}

/// An image.
#[derive(Debug)]
pub(super) struct Image<'a> {
    pub(super) content: Content<'a>,
    /// Its type, such as `image/png`.
    pub(super) media_type: Option<Cow<'a, str>>,
    /// The prompt as the model understood it.
    pub(super) revised_prompt: Option<Cow<'a, str>>,
}

/// Where an image is.
#[derive(Debug)]
pub(super) enum Content<'a> {
    Base64(Cow<'a, str>),
    Url(Cow<'a, str>),
}

/// A picture that is part of a request.
pub(super) struct Picture {
    pub(super) media_type: String,
    pub(super) base64: String,
}

impl<'a> Asked<'a> {
    /// Takes what all providers understand.
    pub(super) fn take(said: &mut Said<'_, 'a>) -> Result<Self, Objection> {
        said.refuse("stream", "a streamed image")?;
        let prompt = said.needed("prompt")?;
        let count = match said.number("n")? {
            None => 1,
            Some(n) => n
                .parse()
                .ok()
                .filter(|n| *n > 0)
                .ok_or_else(|| Objection::new("n", "`n` must be a whole number, 1 or more"))?,
        };
        for (name, usual) in [
            ("size", &["auto"][..]),
            ("quality", &["auto"]),
            ("background", &["auto"]),
            ("moderation", &["auto"]),
            ("partial_images", &["0"]),
        ] {
            said.usual(name, usual);
        }
        let size = said.text("size")?;
        let size = size.map(|size| Size::of(&size).ok_or_else(|| wrong_size(&size))).transpose()?;
        let as_url = said.text("response_format")?.as_deref() == Some("url");
        let output_format = said.text("output_format")?;
        Ok(Self { prompt, count, size, output_format, wanted: Wanted { as_url } })
    }

    /// The provider's aspect ratio that is nearest to the size.
    pub(super) fn ratio(&self, said: &mut Said<'_, 'a>, ratios: &[&'static str]) -> Option<&'static str> {
        let ratio = self.size?.nearest(ratios)?;
        said.lose("size", "its aspect ratio is asked for, as near as the provider has it");
        Some(ratio)
    }

    /// The media type of the output format, where the provider has it.
    pub(super) fn media_type(&self, said: &mut Said<'_, 'a>, known: &[&str]) -> Option<String> {
        let format = self.output_format.as_deref()?;
        if known.contains(&format) {
            return Some(format!("image/{format}"));
        }
        said.lose("output_format", "the provider's own is used");
        None
    }

    /// That only one image is asked for.
    pub(super) fn one(&self) -> Result<(), Objection> {
        if self.count == 1 {
            return Ok(());
        }
        Err(Objection::new(
            "n",
            "several images (`n`) cannot be had of this provider at once; ask for one at a time",
        ))
    }
}

fn wrong_size(size: &str) -> Objection {
    let shown: String = size.chars().take(40).collect();
    Objection::new("size", format!("`size` must be `auto` or WIDTHxHEIGHT, found `{shown}`"))
}

/// The pictures of a form's field, or those that JSON holds as data URLs.
pub(super) fn pictures(
    request: &MediaRequest<'_, '_>,
    said: &mut Said<'_, '_>,
) -> Result<Vec<Picture>, Objection> {
    let mut pictures = Vec::new();
    if let Some(form) = request.form {
        let files = form.parts().iter().filter(|part| matches!(part.name.as_str(), "image" | "image[]"));
        pictures.extend(files.filter(|part| part.is_file()).map(|part| Picture {
            media_type: part.media_type.clone().unwrap_or_else(|| "image/png".to_owned()),
            base64: STANDARD.encode(form.value(part)),
        }));
        if form.parts().iter().any(|part| part.name == "mask") {
            return Err(Objection::new("mask", "a mask (`mask`) cannot be sent to this provider; remove it"));
        }
    }
    for image in said.take("images").map(|list| list.elements()).unwrap_or_default() {
        let url = image.get("image_url").and_then(|url| url.text());
        let (media_type, base64) =
            url.as_ref().and_then(crate::convert::data_url::split).ok_or_else(|| {
                Objection::new("images", "only data URLs (`image_url`) can be sent to this provider")
            })?;
        pictures.push(Picture {
            media_type: media_type.plain().into_owned(),
            base64: base64.plain().into_owned(),
        });
    }
    Ok(pictures)
}

/// Writes OpenAI's answer. An image that is wanted by address is given one that holds it (RFC 2397).
pub(super) fn write(drawn: &Drawn<'_>, wanted: &Wanted, created: u64) -> Result<MediaAnswer, Malformed> {
    if drawn.images.is_empty() {
        return Err(Malformed("the answer holds no image".to_owned()));
    }
    let mut body = Vec::new();
    object(&mut body, |answer| {
        answer.number("created", created);
        answer.array("data", |data| {
            for image in &drawn.images {
                data.object(|entry| {
                    match &image.content {
                        Content::Url(url) => entry.str("url", url),
                        Content::Base64(base64) if wanted.as_url => {
                            let media_type = image.media_type.as_deref().unwrap_or("image/png");
                            entry.str("url", &format!("data:{media_type};base64,{base64}"));
                        }
                        Content::Base64(base64) => entry.str("b64_json", base64),
                    }
                    if let Some(prompt) = &image.revised_prompt {
                        entry.str("revised_prompt", prompt);
                    }
                });
            }
        });
        let media_type = drawn.images.first().and_then(|image| image.media_type.as_deref());
        if let Some(format) = media_type.and_then(|media_type| media_type.strip_prefix("image/")) {
            answer.str("output_format", format);
        }
        if let (Some(input), Some(output)) = (drawn.usage.input_tokens, drawn.usage.output_tokens) {
            answer.object("usage", |usage| {
                usage.number("input_tokens", input);
                usage.object("input_tokens_details", |details| {
                    let images = drawn.usage.input_image_tokens.unwrap_or(0);
                    details.number("text_tokens", input.saturating_sub(images));
                    details.number("image_tokens", images);
                });
                usage.number("output_tokens", output);
                usage.number("total_tokens", input.saturating_add(output));
            });
        }
    });
    let images = u64::try_from(drawn.images.len()).ok();
    Ok(MediaAnswer { content_type: "application/json", body, usage: Usage { images, ..drawn.usage } })
}
