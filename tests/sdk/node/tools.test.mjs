// Tools in chat completions: the call, its arguments piece by piece, and the turn with its result.

import assert from "node:assert/strict";
import { test } from "node:test";

import { openai } from "./clients.mjs";
import { all } from "./reading.mjs";
import { ECHO, ask } from "./scripted.mjs";

const PARAMETERS = {
  type: "object",
  properties: { city: { type: "string" }, days: { type: "integer", minimum: 2 } },
  required: ["city", "days"],
  additionalProperties: false,
};
const WEATHER = { type: "function", function: { name: "weather", parameters: PARAMETERS, strict: true } };
const ARGUMENTS = { city: "text", days: 2 };
const QUESTION = ask("Please use the tool");

test("a tool is called and its result answered", async () => {
  const client = openai();
  const first = await client.chat.completions.create({ model: ECHO, messages: QUESTION, tools: [WEATHER] });
  const { message, finish_reason } = first.choices[0];
  assert.equal(finish_reason, "tool_calls");
  assert.equal(message.tool_calls.length, 1);
  assert.equal(message.tool_calls[0].function.name, "weather");
  assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), ARGUMENTS);
  const result = { role: "tool", tool_call_id: message.tool_calls[0].id, content: "sunny" };
  const messages = [...QUESTION, message, result];
  const second = await client.chat.completions.create({ model: ECHO, messages, tools: [WEATHER] });
  assert.equal(second.choices[0].message.content, "the tool answered: sunny");
});

test("streamed arguments are the sum of their pieces", async () => {
  const stream = await openai().chat.completions.create({
    model: ECHO,
    messages: QUESTION,
    tools: [WEATHER],
    stream: true,
  });
  const calls = (await all(stream)).flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? []);
  assert.ok(calls.length > 2);
  assert.equal(calls[0].function.name, "weather");
  assert.deepEqual(JSON.parse(calls.map((call) => call.function.arguments).join("")), ARGUMENTS);
});

test("the tool runner calls the function and takes its result back", async () => {
  const seen = [];
  const weather = (input) => {
    seen.push(input);
    return "sunny, says the function";
  };
  const tool = {
    type: "function",
    function: { name: "weather", parameters: PARAMETERS, function: weather, parse: JSON.parse },
  };
  const runner = openai().chat.completions.runTools({ model: ECHO, messages: QUESTION, tools: [tool] });
  assert.equal(await runner.finalContent(), "the tool answered: sunny, says the function");
  assert.deepEqual(seen, [ARGUMENTS]);
});
