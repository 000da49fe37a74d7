// Routes in a header, the headers of an answer, many requests at a time, and the bytes that reach the provider.

import assert from "node:assert/strict";
import { test } from "node:test";

import { anthropic, openai } from "./clients.mjs";
import { all } from "./reading.mjs";
import { ECHO, ask, echoOf, fingerprintId, model } from "./scripted.mjs";

const REQUESTS = 50;

const fallback = (...behaviours) => ({
  "x-tollgate-config": JSON.stringify({
    strategy: { mode: "fallback" },
    targets: behaviours.map((behaviour) => ({ target: model(behaviour) })),
  }),
});

for (const stream of [false, true]) {
  test(`a failing target is followed by the next, streamed: ${stream}`, async () => {
    const client = openai({ defaultHeaders: fallback("fail-503", "echo") });
    const { data, response } = await client.chat.completions
      .create({ model: "any", messages: ask("hi"), stream })
      .withResponse();
    assert.equal(response.headers.get("x-tollgate-attempts"), "2");
    assert.equal(response.headers.get("x-tollgate-model"), "echo");
    const text = stream
      ? (await all(data)).map((chunk) => chunk.choices[0].delta.content ?? "").join("")
      : data.choices[0].message.content;
    assert.equal(text, echoOf("hi"));
  });
}

test("messages fall over too", async () => {
  const client = anthropic({ defaultHeaders: fallback("fail-529", "echo") });
  const parameters = { model: "any", max_tokens: 64, messages: ask("hi") };
  const { data, response } = await client.messages.create(parameters).withResponse();
  assert.equal(data.content[0].text, echoOf("hi"));
  assert.equal(response.headers.get("x-tollgate-attempts"), "2");
});

test("an answer says how it was served", async () => {
  const { response } = await openai().embeddings.create({ model: ECHO, input: "hi" }).withResponse();
  assert.equal(response.headers.get("x-tollgate-provider"), "scripted");
  assert.equal(response.headers.get("x-tollgate-model"), "echo");
  assert.equal(response.headers.get("x-tollgate-attempts"), "1");
  assert.ok(response.headers.get("x-tollgate-request-id"));
  assert.match(response.headers.get("x-tollgate-overhead-us"), /^\d+$/);
});

test("each of many requests on one client gets its own answer", async () => {
  const client = openai();
  const texts = Array.from({ length: REQUESTS }, (_, number) => `request number ${number}`);
  const answers = await Promise.all(
    texts.map(async (text, number) => {
      const stream = number % 2 === 0;
      const answer = await client.chat.completions.create({ model: ECHO, messages: ask(text), stream });
      if (!stream) return answer.choices[0].message.content;
      return (await all(answer)).map((chunk) => chunk.choices[0].delta.content ?? "").join("");
    }),
  );
  assert.deepEqual(answers, texts.map(echoOf));
});

test("fields that nobody knows reach the provider, byte for byte but for the model", async () => {
  let sent;
  const client = openai({
    fetch: (input, init) => {
      sent = init.body;
      return fetch(input, init);
    },
  });
  const unknown = { π: 3.14, nested: [1, null, { a: "b/\u2028" }] };
  const completion = await client.chat.completions.create({ model: ECHO, messages: ask("hi"), unknown });
  assert.match(sent, /"π"/);
  const expected = fingerprintId("chatcmpl-", "/v1/chat/completions", sent.replace('"scripted/echo"', '"echo"'));
  assert.equal(completion.id, expected);
});
