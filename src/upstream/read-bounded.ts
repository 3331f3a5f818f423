/**
 * The beginning of an error's body as text: at most `maxBytes`, within `maxMs`. Never throws: an error that breaks
 * off, stalls or is huge is still an error, judged by what came of it.
 */
export async function readBounded(response: Response, maxBytes: number, maxMs: number): Promise<string> {
  if (response.body === null) return "";
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const timer = setTimeout(() => void reader.cancel().catch(() => undefined), maxMs);
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  try {
    while (length < maxBytes) {
      const { done, value } = await reader.read();
      if (done) return text + decoder.decode();
      const kept = value.subarray(0, maxBytes - length);
      length += value.byteLength;
      text += decoder.decode(kept, { stream: true });
    }
    await reader.cancel();
  } catch {
    // What came before the connection broke is all there is.
  } finally {
    clearTimeout(timer);
  }
  return text;
}
