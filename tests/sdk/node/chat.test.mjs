// Chat completions and their legacy form: whole, streamed, and what usage a stream reports.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openai } from "./clients.mjs";
import { all } from "./reading.mjs";
import { ECHO, ask, echoOf } from "./scripted.mjs";

const TEXT = 'Grüße an alle, 你好 and 👋\nwith "quotes" and a \\ in it';
const textOf = (chunks) => chunks.map((chunk) => chunk.choices[0].delta.content ?? "").join("");

test("a chat answers with text and usage", async () => {
  const completion = await openai().chat.completions.create({ model: ECHO, messages: ask(TEXT) });
  assert.equal(completion.choices[0].message.content, echoOf(TEXT));
  assert.equal(completion.choices[0].finish_reason, "stop");
  assert.equal(
    completion.usage.total_tokens,
    completion.usage.prompt_tokens + completion.usage.completion_tokens,
  );
});

test("a streamed text is the sum of its deltas", async () => {
  const stream = await openai().chat.completions.create({ model: ECHO, messages: ask(TEXT), stream: true });
  const chunks = await all(stream);
  assert.ok(chunks.length > 3);
  assert.equal(textOf(chunks), echoOf(TEXT));
  assert.equal(chunks.at(-1).choices[0].finish_reason, "stop");
  assert.ok(chunks.every((chunk) => !chunk.usage && chunk.choices.length === 1));
});

test("a stream with a wish for usage ends with it", async () => {
  const stream = await openai().chat.completions.create({
    model: ECHO,
    messages: ask("hi"),
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await all(stream);
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.completion_tokens, 2);
  assert.ok(chunks.every((chunk) => chunk.usage === null && chunk.choices.length === 1));
});

test("the stream helper puts the answer together", async () => {
  const stream = openai().chat.completions.stream({ model: ECHO, messages: ask(TEXT) });
  const deltas = [];
  stream.on("content.delta", ({ delta }) => deltas.push(delta));
  const completion = await stream.finalChatCompletion();
  assert.equal(completion.choices[0].message.content, echoOf(TEXT));
  assert.equal(deltas.join(""), echoOf(TEXT));
});

test("a legacy completion is whole or streamed the same text", async () => {
  const whole = await openai().completions.create({ model: ECHO, prompt: "once upon a time" });
  const stream = await openai().completions.create({ model: ECHO, prompt: "once upon a time", stream: true });
  const text = (await all(stream)).map((chunk) => chunk.choices[0].text).join("");
  assert.equal(whole.choices[0].text, echoOf("once upon a time"));
  assert.equal(text, echoOf("once upon a time"));
});
