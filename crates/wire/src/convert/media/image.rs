//! What is asked of a drawing model in OpenAI's words, and what it drew.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::said::Said;
use super::size::Size;
use super::{MediaRequest, Unanswered};
use crate::convert::codec::{Malformed, Objection};
use crate::convert::data_url::split;
use crate::formats::Usage;
use crate::json::{ObjectWriter, Value, object};

/// The most images of one request, which is OpenAI's own bound (API reference, "Create image").
const COUNT_MAX: usize = 10;

/// Members that OpenAI has and providers do not that take whatever they are sent.
pub(super) const ONLY_OPENAI: [&str; 10] = [
    "quality",
    "background",
    "moderation",
    "style",
    "output_compression",
    "partial_images",
    "stream",
    "svg",
    "user",
    "safety_identifier",
];

/// The longest reason that is repeated.
const REASON_CHARS_MAX: usize = 300;

/// What is to be drawn, as all providers understand it.
pub(super) struct Asked<'a> {
    pub(super) prompt: Cow<'a, str>,
    /// How many images, at least one.
    pub(super) count: usize,
    pub(super) size: Option<Size>,
    /// `png`, `jpeg` or `webp`.
    pub(super) output_format: Option<Cow<'a, str>>,
    pub(super) wanted: Wanted,
}

/// How the client wants its images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    as_url: bool,
    as_base64: bool,
    /// Seconds since 1970.
    created: u64,
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
    /// A body for each image, of a provider that gives one in each answer. The same seed would make the same one again, so it counts
    /// up.
    pub(super) fn one_by_one(
        &self,
        seed: Option<u64>,
        write: impl Fn(&mut ObjectWriter<'_>, Option<u64>),
    ) -> Vec<Bytes> {
        let body = |index: usize| {
            let mut body = Vec::new();
            object(&mut body, |body| write(body, seed.map(|seed| seed.saturating_add(index as u64))));
            Bytes::from(body)
        };
        (0..self.count).map(body).collect()
    }

    /// Takes what all providers understand.
    pub(super) fn take(said: &mut Said<'_, 'a>, created: u64) -> Result<Self, Objection> {
        said.refuse("stream", "a streamed image")?;
        let prompt = said.needed("prompt")?;
        let count = said.whole("n")?.unwrap_or(1);
        let count = usize::try_from(count).ok().filter(|count| (1..=COUNT_MAX).contains(count));
        let count = count.ok_or_else(|| {
            Objection::new("n", format!("`n` must be a whole number from 1 to {COUNT_MAX}"))
        })?;
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
        let response_format = said.text("response_format")?;
        let wanted = |format: &str| response_format.as_deref() == Some(format);
        let (as_url, as_base64) = (wanted("url"), wanted("b64_json"));
        let output_format = said.text("output_format")?;
        Ok(Self { prompt, count, size, output_format, wanted: Wanted { as_url, as_base64, created } })
    }

    /// The provider's aspect ratio that is nearest to the size.
    pub(super) fn ratio(&self, said: &mut Said<'_, 'a>, ratios: &[&'static str]) -> Option<&'static str> {
        let ratio = self.size?.nearest(ratios)?;
        said.lose("size", "its aspect ratio is asked for, as near as the provider has it");
        Some(ratio)
    }

    /// Notes that the provider gives the address of an image and never the image.
    pub(super) fn is_by_address(&self, said: &mut Said<'_, 'a>) {
        if self.wanted.as_base64 {
            said.lose("response_format", "the address of the image comes");
        }
    }

    /// The output format, where the provider has it.
    pub(super) fn known_format(
        &self,
        said: &mut Said<'_, 'a>,
        known: &[&'static str],
    ) -> Option<&'static str> {
        let wanted = self.output_format.as_deref()?;
        let found = known.iter().copied().find(|format| *format == wanted);
        if found.is_none() {
            said.lose("output_format", "the provider's own is used");
        }
        found
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
        let (media_type, base64) = url.as_ref().and_then(split).ok_or_else(|| {
            Objection::new("images", "only data URLs (`image_url`) can be sent to this provider")
        })?;
        pictures.push(Picture {
            media_type: media_type.plain().into_owned(),
            base64: base64.plain().into_owned(),
        });
    }
    Ok(pictures)
}

/// An image that is told as base64, alone or in a data URL.
pub(super) fn encoded<'a>(value: &Value<'a>) -> Option<Image<'a>> {
    let text = value.text()?;
    match split(&text) {
        Some((media_type, base64)) => Some(Image {
            content: Content::Base64(base64.into_plain()),
            media_type: Some(media_type.into_plain()),
        }),
        None => Some(Image { content: Content::Base64(text.into_plain()), media_type: None }),
    }
}

/// A refusal with the provider's reason for it.
pub(super) fn refused(why: &str) -> Unanswered {
    let shown: String = why.chars().take(REASON_CHARS_MAX).collect();
    Unanswered::Refused(format!("no image was drawn: {shown}"))
}

/// What several answers hold together. Where some were refused, there are fewer images.
///
/// # Errors
/// When one is malformed, or all were refused.
pub(super) fn together<'a>(
    answers: impl Iterator<Item = Result<Drawn<'a>, Unanswered>>,
) -> Result<Drawn<'a>, Unanswered> {
    let mut whole: Option<Drawn<'a>> = None;
    let mut refusal = None;
    for answer in answers {
        match answer {
            Ok(next) => match &mut whole {
                Some(whole) => whole.append(next),
                None => whole = Some(next),
            },
            Err(refused @ Unanswered::Refused(_)) => refusal = Some(refused),
            Err(malformed) => return Err(malformed),
        }
    }
    let none = || Malformed("the answer holds no image".to_owned()).into();
    whole.filter(|drawn| !drawn.images.is_empty()).ok_or_else(|| refusal.unwrap_or_else(none))
}

impl<'a> Drawn<'a> {
    fn append(&mut self, next: Drawn<'a>) {
        self.images.extend(next.images);
        // Tokens that one answer does not count are not known of all.
        let sum = |one: Option<u64>, other: Option<u64>| Some(one?.saturating_add(other?));
        let (one, other) = (self.usage, next.usage);
        self.usage = Usage {
            input_tokens: sum(one.input_tokens, other.input_tokens),
            input_image_tokens: sum(one.input_image_tokens, other.input_image_tokens),
            output_tokens: sum(one.output_tokens, other.output_tokens),
            output_image_tokens: sum(one.output_image_tokens, other.output_image_tokens),
            reasoning_tokens: sum(one.reasoning_tokens, other.reasoning_tokens),
            ..one
        };
    }
}

/// Writes OpenAI's answer. An image that is wanted by address is given one that holds it (RFC 2397).
pub(super) fn write(drawn: &Drawn<'_>, wanted: &Wanted) -> (Vec<u8>, Usage) {
    let mut body = Vec::new();
    object(&mut body, |answer| {
        answer.number("created", wanted.created);
        answer.array("data", |data| {
            for image in &drawn.images {
                data.object(|entry| match &image.content {
                    Content::Url(url) => entry.str("url", url),
                    Content::Base64(base64) if wanted.as_url => {
                        let media_type = image.media_type.as_deref().unwrap_or("image/png");
                        entry.str("url", &format!("data:{media_type};base64,{base64}"));
                    }
                    Content::Base64(base64) => entry.str("b64_json", base64),
                });
            }
        });
        let media_type = drawn.images.first().and_then(|image| image.media_type.as_deref());
        if let Some(format) = media_type.and_then(|media_type| media_type.strip_prefix("image/")) {
            answer.str("output_format", format);
        }
        write_usage(answer, &drawn.usage);
    });
    let images = u64::try_from(drawn.images.len()).ok();
    (body, Usage { images, ..drawn.usage })
}

fn write_usage(answer: &mut ObjectWriter<'_>, usage: &Usage) {
    let (Some(input), Some(output)) = (usage.input_tokens, usage.output_tokens) else { return };
    answer.object("usage", |written| {
        written.number("input_tokens", input);
        written.object("input_tokens_details", |details| {
            let images = usage.input_image_tokens.unwrap_or(0);
            details.number("text_tokens", input.saturating_sub(images));
            details.number("image_tokens", images);
        });
        written.number("output_tokens", output);
        written.number("total_tokens", input.saturating_add(output));
    });
}
