// Responses: made, streamed, kept, asked for again, continued, cancelled and deleted.

import assert from "node:assert/strict";
import { test } from "node:test";

import OpenAI from "openai";

import { openai } from "./clients.mjs";
import { all, rejection } from "./reading.mjs";
import { ECHO, echoOf } from "./scripted.mjs";

const TEXT = "a text of several words, größer als eines";

test("a response is kept until it is deleted", async () => {
  const client = openai();
  const made = await client.responses.create({ model: ECHO, input: "keep me, node" });
  assert.equal(made.output_text, echoOf("keep me, node"));
  assert.equal((await client.responses.retrieve(made.id)).output_text, made.output_text);
  const items = await all(client.responses.inputItems.list(made.id));
  assert.deepEqual(items.map((item) => item.content[0].text), ["keep me, node"]);
  await client.responses.delete(made.id);
  const error = await rejection(client.responses.retrieve(made.id));
  assert.ok(error instanceof OpenAI.NotFoundError);
});

test("a background response can be cancelled", async () => {
  const client = openai();
  const made = await client.responses.create({ model: ECHO, input: "take your time", background: true });
  assert.equal((await client.responses.cancel(made.id)).status, "cancelled");
});

test("a response continues another", async () => {
  const client = openai();
  const first = await client.responses.create({ model: ECHO, input: "first" });
  const second = await client.responses.create({ model: ECHO, input: "second", previous_response_id: first.id });
  assert.equal(second.previous_response_id, first.id);
});

test("events come typed, numbered, and with the whole text", async () => {
  const events = await all(await openai().responses.create({ model: ECHO, input: TEXT, stream: true }));
  assert.deepEqual(events.map((event) => event.sequence_number), [...events.keys()]);
  assert.equal(events[0].type, "response.created");
  assert.equal(events.at(-1).type, "response.completed");
  const deltas = events.filter((event) => event.type === "response.output_text.delta").map((event) => event.delta);
  assert.ok(deltas.length > 3);
  assert.equal(deltas.join(""), echoOf(TEXT));
});

test("the stream helper puts the response together", async () => {
  const response = await openai().responses.stream({ model: ECHO, input: TEXT }).finalResponse();
  assert.equal(response.output_text, echoOf(TEXT));
});
