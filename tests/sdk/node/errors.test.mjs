// Errors arrive as the exceptions that the vendors' clients throw for their vendors' own.

import assert from "node:assert/strict";
import { test } from "node:test";

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

import { anthropic, openai } from "./clients.mjs";
import { rejection } from "./reading.mjs";
import { ECHO, ask, model } from "./scripted.mjs";

const chat = (client, parameters) =>
  rejection(client.chat.completions.create({ model: ECHO, messages: ask("hi"), ...parameters }));
const message = (client, parameters) =>
  rejection(client.messages.create({ model: ECHO, max_tokens: 64, messages: ask("hi"), ...parameters }));

test("a wrong key is an authentication error that does not repeat it", async () => {
  const wrong = `tg-${"0".repeat(49)}`;
  const ofChat = await chat(openai({ apiKey: wrong }));
  assert.ok(ofChat instanceof OpenAI.AuthenticationError);
  assert.equal(ofChat.code, "TG2002");
  const ofMessage = await message(anthropic({ apiKey: wrong }));
  assert.ok(ofMessage instanceof Anthropic.AuthenticationError);
  assert.equal(ofMessage.type, "authentication_error");
  assert.ok(![ofChat, ofMessage].some((error) => error.message.includes(wrong)));
});

test("an unknown model is not found, and near names are given", async () => {
  const ofChat = await chat(openai(), { model: "scriptd/echo" });
  assert.ok(ofChat instanceof OpenAI.NotFoundError);
  assert.equal(ofChat.param, "model");
  assert.match(ofChat.message, /did you mean `scripted\/echo`/);
  const ofMessage = await message(anthropic(), { model: "scriptd/echo" });
  assert.ok(ofMessage instanceof Anthropic.NotFoundError);
  assert.match(ofMessage.message, /did you mean `scripted\/echo`/);
});

test("a member of the wrong type is a bad request that names it", async () => {
  const ofChat = await chat(openai(), { n: "two" });
  assert.ok(ofChat instanceof OpenAI.BadRequestError);
  assert.deepEqual([ofChat.code, ofChat.param], ["TG1002", "n"]);
  const ofMessage = await message(anthropic(), { stream: "yes" });
  assert.ok(ofMessage instanceof Anthropic.BadRequestError);
  assert.match(ofMessage.message, /`stream` must be/);
});

test("a rate limit says when to come back, and the client waits so long", async () => {
  const once = await chat(openai(), { model: model("fail-429") });
  assert.ok(once instanceof OpenAI.RateLimitError);
  assert.equal(once.headers.get("retry-after"), "1");
  const began = performance.now();
  const twice = await chat(openai({ maxRetries: 1 }), { model: model("fail-429") });
  assert.ok(twice instanceof OpenAI.RateLimitError);
  // Left to itself, the client would wait half a second at most; a timer may be a millisecond early.
  assert.ok(performance.now() - began >= 990);
});

for (const stream of [false, true]) {
  test(`a provider's breakdown is a 502 that lists the attempts${stream ? ", and no stream" : ""}`, async () => {
    const ofChat = await chat(openai(), { model: model("fail-503"), stream });
    assert.ok(ofChat instanceof OpenAI.InternalServerError);
    assert.deepEqual([ofChat.status, ofChat.code], [502, "TG3001"]);
    assert.match(ofChat.message, /1\. scripted\/fail-503: .*status 503/);
    const ofMessage = await message(anthropic(), { model: model("fail-529"), stream });
    assert.ok(ofMessage instanceof Anthropic.InternalServerError);
    assert.deepEqual([ofMessage.status, ofMessage.type], [502, "api_error"]);
    assert.match(ofMessage.message, /1\. scripted\/fail-529: .*status 529/);
  });
}
