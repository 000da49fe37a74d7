// Anthropic messages: whole, counted, streamed, and with tools.

import assert from "node:assert/strict";
import { test } from "node:test";

import { anthropic } from "./clients.mjs";
import { all } from "./reading.mjs";
import { ECHO, ask, echoOf } from "./scripted.mjs";

const TEXT = "a text of several words, größer als eines";
const WEATHER = {
  name: "weather",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

test("a message answers with text, and its tokens are counted the same", async () => {
  const client = anthropic();
  const message = await client.messages.create({ model: ECHO, max_tokens: 64, messages: ask(TEXT) });
  const counted = await client.messages.countTokens({ model: ECHO, messages: ask(TEXT) });
  assert.equal(message.content[0].text, echoOf(TEXT));
  assert.equal(message.stop_reason, "end_turn");
  assert.equal(counted.input_tokens, message.usage.input_tokens);
});

test("raw events hold the whole text", async () => {
  const stream = await anthropic().messages.create({ model: ECHO, max_tokens: 64, messages: ask(TEXT), stream: true });
  const events = await all(stream);
  const deltas = events.filter((event) => event.type === "content_block_delta").map((event) => event.delta.text);
  assert.equal(events[0].type, "message_start");
  assert.equal(events.at(-1).type, "message_stop");
  assert.equal(deltas.join(""), echoOf(TEXT));
});

test("the stream helper puts the message together", async () => {
  const stream = anthropic().messages.stream({ model: ECHO, max_tokens: 64, messages: ask(TEXT) });
  const pieces = [];
  stream.on("text", (piece) => pieces.push(piece));
  const message = await stream.finalMessage();
  assert.equal(pieces.join(""), echoOf(TEXT));
  assert.equal(message.content[0].text, echoOf(TEXT));
});

test("a tool is used in a stream and its result answered", async () => {
  const client = anthropic();
  const question = { model: ECHO, max_tokens: 64, messages: ask("use the tool"), tools: [WEATHER] };
  const first = await client.messages.stream(question).finalMessage();
  assert.equal(first.stop_reason, "tool_use");
  assert.deepEqual(first.content[0].input, { city: "text" });
  const result = { type: "tool_result", tool_use_id: first.content[0].id, content: "sunny" };
  const messages = [
    ...question.messages,
    { role: "assistant", content: first.content },
    { role: "user", content: [result] },
  ];
  const second = await client.messages.create({ ...question, messages });
  assert.equal(second.content[0].text, "the tool answered: sunny");
});
