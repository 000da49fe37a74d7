// Structured output: the answer fits the schema that was asked for, in each of the three formats.

import assert from "node:assert/strict";
import { test } from "node:test";

import { zodOutputFormat } from "@anthropic-ai/sdk/helpers/zod";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";

import { anthropic, openai } from "./clients.mjs";
import { ECHO, ask } from "./scripted.mjs";

const Plan = z.object({
  title: z.string(),
  steps: z.array(z.object({ explanation: z.string(), number: z.number() })),
  note: z.string().nullable(),
});
const PLAN = { title: "text", steps: [{ explanation: "text", number: 1 }], note: "text" };

test("a chat is parsed", async () => {
  const response_format = zodResponseFormat(Plan, "plan");
  const completion = await openai().chat.completions.parse({ model: ECHO, messages: ask("plan it"), response_format });
  assert.deepEqual(completion.choices[0].message.parsed, PLAN);
});

test("a response is parsed", async () => {
  const text = { format: zodTextFormat(Plan, "plan") };
  const response = await openai().responses.parse({ model: ECHO, input: "plan it", text });
  assert.deepEqual(response.output_parsed, PLAN);
});

test("a message is parsed", async () => {
  const message = await anthropic().messages.parse({
    model: ECHO,
    max_tokens: 256,
    messages: ask("plan it"),
    output_config: { format: zodOutputFormat(Plan) },
  });
  assert.deepEqual(message.parsed_output, PLAN);
});
