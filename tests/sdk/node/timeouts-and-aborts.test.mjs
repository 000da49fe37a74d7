// Clients that lose patience or interest; the gateway goes on serving the others.

import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { anthropic, openai } from "./clients.mjs";
import { rejection } from "./reading.mjs";
import { ECHO, ask, echoOf, model } from "./scripted.mjs";

const PATIENCE_MS = 300;

afterEach(async () => {
  const completion = await openai().chat.completions.create({ model: ECHO, messages: ask("still there?") });
  assert.equal(completion.choices[0].message.content, echoOf("still there?"));
});

for (const stream of [false, true]) {
  test(`a request that hangs times out at the client, streamed: ${stream}`, async () => {
    const impatient = { timeout: PATIENCE_MS };
    const parameters = { model: model("hang"), messages: ask("hi"), stream };
    const ofChat = await rejection(openai(impatient).chat.completions.create(parameters));
    assert.ok(ofChat instanceof OpenAI.APIConnectionTimeoutError, String(ofChat));
    const ofMessage = await rejection(anthropic(impatient).messages.create({ ...parameters, max_tokens: 64 }));
    assert.ok(ofMessage instanceof Anthropic.APIConnectionTimeoutError, String(ofMessage));
  });
}

test("a request can be aborted while it waits", async () => {
  const controller = new AbortController();
  const parameters = { model: model("hang"), messages: ask("hi") };
  const answer = openai().chat.completions.create(parameters, { signal: controller.signal });
  setImmediate(() => controller.abort());
  assert.ok((await rejection(answer)) instanceof OpenAI.APIUserAbortError);
});

test("a chat stream ends quietly for the one who aborts it", async () => {
  const stream = await openai().chat.completions.create({
    model: model("slow-tokens"),
    messages: ask("one two three four"),
    stream: true,
  });
  let chunks = 0;
  for await (const _ of stream) {
    chunks += 1;
    stream.controller.abort();
  }
  assert.ok(chunks >= 1 && chunks < 6, String(chunks));
});

test("a message stream can be left in the middle of a loop", async () => {
  const stream = await anthropic().messages.create({
    model: model("slow-tokens"),
    max_tokens: 64,
    messages: ask("one two three four"),
    stream: true,
  });
  for await (const event of stream) {
    assert.equal(event.type, "message_start");
    break;
  }
  assert.ok(stream.controller.signal.aborted);
});
