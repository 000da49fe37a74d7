// A stream that breaks after its first content ends with an error, never as if it were whole.

import assert from "node:assert/strict";
import { test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { anthropic, openai } from "./clients.mjs";
import { all, untilBroken } from "./reading.mjs";
import { ask, echoOf, model } from "./scripted.mjs";

const TEXT = "a text of a good many words so that half of it is more than nothing";

function assertBeginningOnly(text) {
  assert.ok(text.length > 0 && text.length < echoOf(TEXT).length, text);
  assert.ok(echoOf(TEXT).startsWith(text), text);
}

for (const [behaviour, code, kind] of [
  ["cut-midstream", "TG3003", "server_error"],
  ["error-midstream", null, "server_error"],
]) {
  test(`a chat with ${behaviour} throws`, async () => {
    const stream = await openai().chat.completions.create({
      model: model(behaviour),
      messages: ask(TEXT),
      stream: true,
    });
    const { text, error } = await untilBroken(stream, (chunk) => chunk.choices[0].delta.content);
    assertBeginningOnly(text);
    assert.ok(error instanceof OpenAI.APIError, String(error));
    assert.deepEqual([error.code, error.type], [code, kind]);
  });
}

test("a cut response ends with an error event", async () => {
  const stream = await openai().responses.create({ model: model("cut-midstream"), input: TEXT, stream: true });
  const events = await all(stream);
  assert.deepEqual([events.at(-1).type, events.at(-1).code], ["error", "TG3003"]);
  assert.ok(!events.some((event) => event.type === "response.completed"));
});

for (const [behaviour, kind] of [
  ["cut-midstream", "api_error"],
  ["error-midstream", "overloaded_error"],
]) {
  test(`a message with ${behaviour} throws`, async () => {
    const stream = await anthropic().messages.create({
      model: model(behaviour),
      max_tokens: 64,
      messages: ask(TEXT),
      stream: true,
    });
    const { text, error } = await untilBroken(stream, (event) => event.delta?.text);
    assertBeginningOnly(text);
    assert.ok(error instanceof Anthropic.APIError, String(error));
    assert.equal(error.type, kind);
  });
}
