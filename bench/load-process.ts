import autocannon from "autocannon";
import type { LoadOrder, LoadResult } from "./load.ts";

/** The load generator's own process: autocannon, driven by messages, so that it is warm in every round. */

process.on("message", (order: LoadOrder) => {
  void (order.ratePerSecond === undefined ? runClosed(order) : runPaced(order, order.ratePerSecond)).then((result) =>
    process.send?.(result),
  );
});

/** Every connection sends its next request as soon as it has the last answer. */
async function runClosed(order: LoadOrder): Promise<LoadResult> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  const share = { connections: order.connections, key: order.callerKeys[0], sampleInt: 100 };
  const failures = await cannon(order, share, (ms) => latencies.push(ms));
  const seconds = (performance.now() - startedAt) / 1000;
  return { answered: latencies.length, latencies, failures, seconds };
}

/** Starting hundreds of autocannons keeps their one thread busy; what it measures then is itself. */
const SETTLED_AFTER_MS = 1500;

/**
 * A steady rate. autocannon paces a connection by letting it send all that a second may hold at that second's
 * beginning; so each connection gets one request a second, and they start one after the other.
 */
async function runPaced(order: LoadOrder, ratePerSecond: number): Promise<LoadResult> {
  const latencies: number[] = [];
  let answered = 0;
  const startedAt = performance.now();
  const note = (ms: number) => {
    answered += 1;
    const elapsedMs = performance.now() - startedAt;
    if (elapsedMs > SETTLED_AFTER_MS && elapsedMs < order.seconds * 1000) latencies.push(ms);
  };
  const runs = Array.from({ length: ratePerSecond }, async (_, index) => {
    await new Promise((resolve) => setTimeout(resolve, (index * 1000) / ratePerSecond));
    const key = order.callerKeys[index % order.callerKeys.length];
    return cannon(order, { connections: 1, overallRate: 1, key, sampleInt: 1000 }, note);
  });
  const failures = (await Promise.all(runs)).reduce((sum, count) => sum + count, 0);
  return { answered, latencies, failures, seconds: (performance.now() - startedAt) / 1000 };
}

interface Share {
  connections: number;
  overallRate?: number;
  key: string | undefined;
  /** How often autocannon looks whether its time is over (ms); its types do not know the option. */
  sampleInt: number;
}

/** One run of autocannon; resolves to its failures. Its own histogram rounds to milliseconds, so each is told. */
function cannon(order: LoadOrder, { key, ...share }: Share, note: (ms: number) => void): Promise<number> {
  const { url, body, seconds } = order;
  const headers = { ...order.headers, "x-goog-api-key": key ?? "" };
  return new Promise((resolve, reject) => {
    const instance = autocannon(
      { url, method: "POST", headers, body, duration: seconds, ...share },
      (error, result) => {
        if (error !== null && error !== undefined) reject(error as Error);
        else resolve(result.non2xx + result.errors + result.timeouts);
      },
    );
    instance.on("response", (_client, _status, _bytes, ms) => note(ms));
  });
}
