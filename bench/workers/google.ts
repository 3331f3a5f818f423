/** Stands for Google: answers at once, the same bytes every time. Its CPU is not counted: it has its own process. */

const USAGE = { promptTokenCount: 112, candidatesTokenCount: 148, totalTokenCount: 260 };
const SENTENCE = "A pool of keys is a table to which everyone brings something and from which everyone eats. ";

const content = (text: string) => ({
  candidates: [{ content: { parts: [{ text }], role: "model" }, finishReason: "STOP", index: 0, avgLogprobs: -0.12 }],
  usageMetadata: USAGE,
  modelVersion: "gemini-2.5-flash",
  responseId: "bench-response-0001",
});

const ANSWER = new TextEncoder().encode(JSON.stringify(content(SENTENCE.repeat(8)), null, 2));
const EVENTS = Array.from({ length: 8 }, (_, index) =>
  new TextEncoder().encode(`data: ${JSON.stringify(content(`${index} ${SENTENCE}`))}\r\n\r\n`),
);

/** The headers that Google's front end sends with every answer. */
const HEADERS = {
  vary: "Origin, X-Origin, Referer",
  server: "scaffolding on HTTPServer2",
  "x-xss-protection": "0",
  "x-frame-options": "SAMEORIGIN",
  "x-content-type-options": "nosniff",
  "server-timing": "gfet4t7; dur=412",
  "alt-svc": 'h3=":443"; ma=2592000,h3-29=":443"; ma=2592000',
};

export default {
  async fetch(request) {
    await request.arrayBuffer();
    if (!request.url.includes(":streamGenerateContent")) {
      return new Response(ANSWER, { headers: { ...HEADERS, "content-type": "application/json; charset=UTF-8" } });
    }
    const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
    void writeEvents(writable);
    return new Response(readable, { headers: { ...HEADERS, "content-type": "text/event-stream" } });
  },
} satisfies ExportedHandler;

async function writeEvents(writable: WritableStream<Uint8Array>): Promise<void> {
  const writer = writable.getWriter();
  for (const event of EVENTS) await writer.write(event);
  await writer.close();
}
