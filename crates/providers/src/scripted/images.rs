//! OpenAI images (`platform.openai.com/docs/api-reference/images`): every image is the same pixel, and says in
//! `revised_prompt` what it was made of.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::failure::{BROKEN_OFF, Refusal, open_ai};
use super::fingerprint::{CREATED_SECONDS, count};
use super::frames::{Answer, Events, Frame};
use super::upload::Upload;

/// A PNG of one transparent pixel (W3C PNG, third edition).
pub(super) const PIXEL: [u8; 70] = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00,
    0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08, 0x06, 0x00, 0x00, 0x00, 0x1f, 0x15, 0xc4, 0x89, 0x00,
    0x00, 0x00, 0x0d, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63, 0x60, 0x60, 0x60, 0x60, 0x00, 0x00, 0x00,
    0x05, 0x00, 0x01, 0xa5, 0xf6, 0x45, 0x40, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42,
    0x60, 0x82,
];

/// The tokens of an image, read or made.
const IMAGE_TOKENS: usize = 272;

/// The most images of one request.
const IMAGES_MAX: u64 = 10;

/// What is asked to be drawn.
struct Asked<'a> {
    body: &'a Value,
    /// What it is made of.
    prompt: String,
    /// The images that it is made of.
    inputs: usize,
    images: usize,
    /// What its events are named after.
    operation: &'static str,
}

/// Draws a prompt.
pub(super) fn generate(body: &Value) -> Result<Answer, Refusal> {
    let prompt = prompt(body)?.to_owned();
    draw(&Asked { body, prompt, inputs: 0, images: images(body)?, operation: "image_generation" })
}

/// Edits images.
pub(super) fn edit(upload: &Upload) -> Result<Answer, Refusal> {
    let body = &upload.fields;
    let (inputs, masks) = (upload.count("image"), upload.count("mask"));
    if inputs == 0 {
        return Err(Refusal::field("image", "`image` is missing"));
    }
    let mask = if masks > 0 { ", masked" } else { "" };
    let prompt = format!("{} ({inputs} image{}{mask})", prompt(body)?, if inputs == 1 { "" } else { "s" });
    draw(&Asked { body, prompt, inputs, images: images(body)?, operation: "image_edit" })
}

/// Varies an image.
pub(super) fn vary(upload: &Upload) -> Result<Answer, Refusal> {
    let body = &upload.fields;
    let image = upload.files.iter().find(|file| file.field == "image");
    let image = image.ok_or_else(|| Refusal::field("image", "`image` is missing"))?;
    let prompt = format!("{} varied", image.name);
    draw(&Asked { body, prompt, inputs: 1, images: images(body)?, operation: "image_generation" })
}

fn prompt(body: &Value) -> Result<&str, Refusal> {
    let prompt = body.get("prompt").and_then(Value::as_str).filter(|prompt| !prompt.is_empty());
    prompt.ok_or_else(|| Refusal::field("prompt", "`prompt` must be a text"))
}

fn images(body: &Value) -> Result<usize, Refusal> {
    let images = body.get("n").and_then(Value::as_u64).unwrap_or(1);
    let fits = (1..=IMAGES_MAX).contains(&images);
    let images = usize::try_from(images).ok().filter(|_| fits);
    images.ok_or_else(|| Refusal::field("n", format!("`n` must be from 1 to {IMAGES_MAX}")))
}

fn draw(asked: &Asked<'_>) -> Result<Answer, Refusal> {
    if asked.body.get("stream").and_then(Value::as_bool) == Some(true) {
        return Ok(Answer::Stream(events(asked)));
    }
    let as_url = asked.body.get("response_format").and_then(Value::as_str) == Some("url");
    let base64 = STANDARD.encode(PIXEL);
    let image = || {
        let revised = format!("echo: {}", asked.prompt);
        if as_url {
            json!({ "url": format!("data:image/png;base64,{base64}"), "revised_prompt": revised })
        } else {
            json!({ "b64_json": base64, "revised_prompt": revised })
        }
    };
    Ok(Answer::Whole(json!({
        "created": CREATED_SECONDS,
        "background": "transparent",
        "output_format": "png",
        "quality": "low",
        "size": "1024x1024",
        "data": (0..asked.images).map(|_| image()).collect::<Vec<_>>(),
        "usage": usage(asked),
    })))
}

fn events(asked: &Asked<'_>) -> Events {
    let number = |count: &Value| count.as_u64().or_else(|| count.as_str()?.parse().ok());
    let partial = asked.body.get("partial_images").and_then(number).unwrap_or(0).min(3);
    let event = |kind: &str| {
        json!({
            "type": format!("{}.{kind}", asked.operation),
            "b64_json": STANDARD.encode(PIXEL),
            "created_at": CREATED_SECONDS,
            "background": "transparent",
            "output_format": "png",
            "quality": "low",
            "size": "1024x1024",
        })
    };
    let named = |event: Value| {
        let name = event["type"].as_str().unwrap_or_default().to_owned();
        Frame::named(&name, &event).into_token()
    };
    let mut frames: Vec<Frame> = (0..partial)
        .map(|index| {
            let mut event = event("partial_image");
            event["partial_image_index"] = json!(index);
            named(event)
        })
        .collect();
    let mut completed = event("completed");
    completed["usage"] = usage(asked);
    frames.push(named(completed));
    Events { frames, error: Frame::data(&open_ai("server_error", BROKEN_OFF, None, None)) }
}

fn usage(asked: &Asked<'_>) -> Value {
    let text = count(asked.body.get("prompt").and_then(Value::as_str).unwrap_or_default());
    let (read, made) = (asked.inputs * IMAGE_TOKENS, asked.images * IMAGE_TOKENS);
    json!({
        "input_tokens": text + read,
        "input_tokens_details": { "text_tokens": text, "image_tokens": read },
        "output_tokens": made,
        "output_tokens_details": { "text_tokens": 0, "image_tokens": made },
        "total_tokens": text + read + made,
    })
}
