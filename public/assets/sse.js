// Server-sent events over `fetch`: an EventSource can send neither a header nor a body.

/**
 * The events of an answer, as they come. Ends when the answer does.
 * @param {Response} response
 * @returns {AsyncGenerator<{ event: string, data: string }>}
 */
export async function* readEvents(response) {
  const decoder = new TextDecoder();
  const reader = response.body?.getReader();
  let text = "";
  for (let chunk = await reader?.read(); chunk !== undefined && !chunk.done; chunk = await reader?.read()) {
    text += decoder.decode(chunk.value, { stream: true });
    const frames = text.split(/\r?\n\r?\n/);
    text = frames.pop() ?? "";
    for (const frame of frames) yield toEvent(frame);
  }
  if (text.trim() !== "") yield toEvent(text);
}

/** @param {string} frame */
function toEvent(frame) {
  const fields = frame.split(/\r?\n/).map((line) => /^([^:]+): ?(.*)$/.exec(line) ?? []);
  const valuesOf = (/** @type {string} */ name) =>
    fields.filter(([, field]) => field === name).map(([, , value]) => value);
  return { event: valuesOf("event").at(-1) ?? "message", data: valuesOf("data").join("\n") };
}
