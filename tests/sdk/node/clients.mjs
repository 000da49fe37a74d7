// Clients as a user would make them: the vendor's class with another base URL and another key, and nothing else.

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

// What would lead a client elsewhere than to the server under test.
for (const name of Object.keys(process.env)) {
  if (name.startsWith("OPENAI_") || name.startsWith("ANTHROPIC_")) delete process.env[name];
}

/** Where Tollgate listens, without a path: `http://127.0.0.1:PORT`. */
export const url = variable("TOLLGATE_URL").replace(/\/$/, "");

/** A key that may use everything. */
export const key = variable("TOLLGATE_KEY");

/** OpenAI's client. Tests of errors see the first answer, so nothing is tried again unless `options` say so. */
export function openai(options = {}) {
  return new OpenAI({ baseURL: `${url}/v1`, apiKey: key, maxRetries: 0, ...options });
}

/** Anthropic's client, likewise. */
export function anthropic(options = {}) {
  return new Anthropic({ baseURL: url, apiKey: key, maxRetries: 0, ...options });
}

function variable(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; run these tests with \`cargo xtask test --only sdk\``);
  return value;
}
