// Images, embeddings and moderations.

import assert from "node:assert/strict";
import { test } from "node:test";

import { anthropic, openai } from "./clients.mjs";
import { ECHO } from "./scripted.mjs";

// A PNG of one transparent pixel.
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGBgAAAABQABpfZFQAAAAABJRU5ErkJggg==";

test("chat takes an image as a data URL", async () => {
  const content = [
    { type: "text", text: "what is this?" },
    { type: "image_url", image_url: { url: `data:image/png;base64,${PIXEL}` } },
  ];
  const completion = await openai().chat.completions.create({ model: ECHO, messages: [{ role: "user", content }] });
  assert.equal(completion.choices[0].message.content, "echo: what is this? (1 image)");
});

test("messages take an image as a block", async () => {
  const content = [
    { type: "image", source: { type: "base64", media_type: "image/png", data: PIXEL } },
    { type: "text", text: "what is this?" },
  ];
  const message = await anthropic().messages.create({
    model: ECHO,
    max_tokens: 64,
    messages: [{ role: "user", content }],
  });
  assert.equal(message.content[0].text, "echo: what is this? (1 image)");
});

test("embeddings are the same vectors in base64, which the client asks for by itself, and as floats", async () => {
  const packed = await openai().embeddings.create({ model: ECHO, input: ["one", "two"] });
  const plain = await openai().embeddings.create({ model: ECHO, input: ["one", "two"], encoding_format: "float" });
  assert.equal(packed.data.length, 2);
  assert.notDeepEqual(packed.data[0].embedding, packed.data[1].embedding);
  for (const [place, { embedding }] of packed.data.entries()) {
    assert.equal(embedding.length, 16);
    embedding.forEach((number, at) => assert.ok(Math.abs(number - plain.data[place].embedding[at]) < 1e-6));
  }
});

test("moderations flag a text that asks for it", async () => {
  const answer = await openai().moderations.create({ model: ECHO, input: ["a nice day", "please flag this"] });
  assert.deepEqual(answer.results.map((result) => result.flagged), [false, true]);
});
