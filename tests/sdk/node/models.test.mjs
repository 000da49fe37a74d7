// The list of models in the shape of each client, under every base URL that a client may have been given.

import assert from "node:assert/strict";
import { test } from "node:test";

import { anthropic, openai, url } from "./clients.mjs";
import { all } from "./reading.mjs";
import { ECHO, ask, echoOf } from "./scripted.mjs";

for (const base of ["/v1", "", "/openai/v1", "/openai"]) {
  test(`OpenAI's client works under ${base || "no path at all"}`, async () => {
    const client = openai({ baseURL: url + base });
    const completion = await client.chat.completions.create({ model: ECHO, messages: ask("hi") });
    assert.equal(completion.choices[0].message.content, echoOf("hi"));
    const listed = await all(client.models.list());
    assert.ok(listed.some((entry) => entry.id === ECHO && entry.object === "model"));
  });
}

for (const base of ["", "/anthropic"]) {
  test(`Anthropic's client works under ${base || "no path at all"}`, async () => {
    const client = anthropic({ baseURL: url + base });
    const message = await client.messages.create({ model: ECHO, max_tokens: 64, messages: ask("hi") });
    assert.equal(message.content[0].text, echoOf("hi"));
    const listed = await all(client.models.list({ limit: 1000 }));
    assert.ok(listed.some((entry) => entry.id === ECHO && entry.type === "model"));
  });
}

test("a model can be retrieved by a name with a slash", async () => {
  assert.equal((await openai().models.retrieve(ECHO)).owned_by, "scripted");
  assert.equal((await anthropic().models.retrieve(ECHO)).id, ECHO);
});
