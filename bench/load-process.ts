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
  const failures = await cannon(order, { connections: order.connections, key: order.callerKeys[0] }, latencies);
  return { latencies, failures, seconds: (performance.now() - startedAt) / 1000 };
}

/**
 * A steady rate. autocannon paces a connection by letting it send all that a second may hold at that second's
 * beginning; so each connection gets one request a second, and they start one after the other.
 */
async function runPaced(order: LoadOrder, ratePerSecond: number): Promise<LoadResult> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  const runs = Array.from({ length: ratePerSecond }, async (_, index) => {
    await new Promise((resolve) => setTimeout(resolve, (index * 1000) / ratePerSecond));
    const key = order.callerKeys[index % order.callerKeys.length];
    return cannon(order, { connections: 1, rate: 1, key }, latencies);
  });
  const failures = (await Promise.all(runs)).reduce((sum, count) => sum + count, 0);
  return { latencies, failures, seconds: (performance.now() - startedAt) / 1000 };
}

interface Share {
  connections: number;
  rate?: number;
  key: string | undefined;
}

/** One run of autocannon; latencies in milliseconds with fractions, which its own histogram rounds away. */
function cannon(order: LoadOrder, { connections, rate, key }: Share, latencies: number[]): Promise<number> {
  const { url, body, seconds } = order;
  const headers = { ...order.headers, "x-goog-api-key": key ?? "" };
  return new Promise((resolve, reject) => {
    const instance = autocannon(
      {
        url,
        method: "POST",
        headers,
        body,
        connections,
        duration: seconds,
        // How often it looks whether its time is over; the counts below do not depend on it.
        ...{ sampleInt: 100 },
        ...(rate === undefined ? {} : { overallRate: rate }),
      },
      (error, result) => {
        if (error !== null && error !== undefined) reject(error as Error);
        else resolve(result.non2xx + result.errors + result.timeouts);
      },
    );
    instance.on("response", (_client, _status, _bytes, ms) => latencies.push(ms));
  });
}
