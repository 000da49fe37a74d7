// Reading streams to their end, whatever that is.

/** All items of a stream that ends cleanly. */
export async function all(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** What arrived of a stream as text, and the error that ended it, if one did. */
export async function untilBroken(stream, textOf) {
  let text = "";
  try {
    for await (const item of stream) text += textOf(item) ?? "";
  } catch (error) {
    return { text, error };
  }
  return { text, error: undefined };
}

/** What a promise was rejected with. */
export async function rejection(promise) {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("nothing was wrong, though something should have been");
}
