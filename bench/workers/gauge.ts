/**
 * Stands before one D1 database, in D1's process: waits as the network would, and counts what D1 itself reports. The
 * Workers under test have nothing of it in their way.
 */

interface Env {
  OBJECTS: DurableObjectNamespace;
  DATABASE: string;
  DELAY_MS: string;
}

interface Answer {
  meta?: { rows_read: number; rows_written: number };
}

const counts = { roundTrips: 0, queries: 0, rowsRead: 0, rowsWritten: 0 };

export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname === "/gauge") return Response.json(counts);
    const delayMs = Number(env.DELAY_MS);
    if (delayMs > 0) await scheduler.wait(delayMs);
    const object = env.OBJECTS.get(env.OBJECTS.idFromName(env.DATABASE));
    const response = await object.fetch(request, {
      cf: { miniflare: { name: env.DATABASE } } as RequestInitCfProperties,
    });
    const text = await response.text();
    count(JSON.parse(text) as Answer | Answer[]);
    return new Response(text, response);
  },
} satisfies ExportedHandler<Env>;

function count(answers: Answer | Answer[]): void {
  counts.roundTrips += 1;
  for (const { meta } of Array.isArray(answers) ? answers : [answers]) {
    counts.queries += 1;
    counts.rowsRead += meta?.rows_read ?? 0;
    counts.rowsWritten += meta?.rows_written ?? 0;
  }
}
