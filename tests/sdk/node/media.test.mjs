// Images, speech and transcriptions: forms with files, and answers that are no JSON.

import assert from "node:assert/strict";
import { test } from "node:test";

import { toFile } from "openai";

import { openai } from "./clients.mjs";
import { ECHO } from "./scripted.mjs";

test("images are generated and edited", async () => {
  const drawn = await openai().images.generate({ model: ECHO, prompt: "a cat" });
  assert.equal(drawn.data[0].revised_prompt, "echo: a cat");
  const image = await toFile(Buffer.from("PNG"), "cat.png", { type: "image/png" });
  const edited = await openai().images.edit({ model: ECHO, image: [image, image], prompt: "a hat" });
  assert.equal(edited.data[0].revised_prompt, "echo: a hat (2 images)");
});

test("a streamed image comes in parts", async () => {
  const stream = await openai().images.generate({ model: ECHO, prompt: "a cat", stream: true, partial_images: 1 });
  const types = [];
  for await (const event of stream) types.push(event.type);
  assert.deepEqual(types, ["image_generation.partial_image", "image_generation.completed"]);
});

test("what is spoken can be heard", async () => {
  const spoken = await openai().audio.speech.create({ model: ECHO, voice: "alloy", input: "one two", response_format: "wav" });
  const sound = Buffer.from(await spoken.arrayBuffer());
  assert.equal(sound.subarray(0, 4).toString(), "RIFF");
  const file = await toFile(sound, "said.wav");
  const heard = await openai().audio.transcriptions.create({ model: ECHO, file });
  assert.equal(heard.text, `echo: ${44 + 2 * 960} bytes of said.wav`);
  const translated = await openai().audio.translations.create({ model: ECHO, file });
  assert.equal(translated.text, `echo: ${44 + 2 * 960} bytes of said.wav in English`);
});

test("a transcription is streamed", async () => {
  const file = await toFile(Buffer.from("RIFF"), "hello.wav");
  const stream = await openai().audio.transcriptions.create({ model: ECHO, file, stream: true });
  let text = "";
  for await (const event of stream) text += event.delta ?? "";
  assert.equal(text, "echo: 4 bytes of hello.wav");
});
