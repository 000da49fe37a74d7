// What the built-in scripted provider answers, said once: it echoes, and its model names choose how it behaves.

export const ECHO = "scripted/echo";

/** The model that behaves so. */
export const model = (behaviour) => `scripted/${behaviour}`;

/** Its reply to a user's last message. */
export const echoOf = (text) => `echo: ${text}`;

/** One message of a user, in OpenAI's form and in Anthropic's. */
export const ask = (text) => [{ role: "user", content: text }];

/**
 * The id it gives to the answer of a request: FNV-1a (64 bits) of the path and of the body, byte for byte. So the id of
 * an answer tells which bytes reached the provider.
 */
export function fingerprintId(beginning, path, body) {
  let number = 0xcbf29ce484222325n;
  for (const byte of Buffer.concat([Buffer.from(path), Buffer.from(body)])) {
    number = BigInt.asUintN(64, (number ^ BigInt(byte)) * 0x100000001b3n);
  }
  return `${beginning}${number.toString(16).padStart(16, "0")}0000`;
}
