import type { Context } from "hono";
import type { Services } from "../services.ts";
import { PROMETHEUS_TYPE, toPrometheus, type Metric, type Sample } from "./prometheus.ts";

type SinceEver = Awaited<ReturnType<Services["records"]["sinceEver"]>>;
type ModelSums = SinceEver["models"][number];

/**
 * `GET /metrics`, for the operator's token. The counters come from D1 each time, not from what an isolate remembers:
 * scrapes that meet different isolates must never see one go back.
 */
export function metrics({ pool, records }: Services) {
  return async function metrics(c: Context): Promise<Response> {
    const [{ models, keys }, totals] = await Promise.all([records.sinceEver(), pool.totals()]);
    const { active, retired, withdrawn } = totals;
    const text = toPrometheus([
      requestsMetric(models),
      retriesMetric(models),
      durationMetric(models),
      keysMetric({ active, retired, withdrawn, ...(keys === undefined ? {} : { cooling: keys.cooling }) }),
    ]);
    return c.body(text, 200, { "content-type": PROMETHEUS_TYPE, "cache-control": "no-store" });
  };
}

function requestsMetric(models: readonly ModelSums[]): Metric {
  return {
    name: "potluck_requests_total",
    help: "Requests for the API that were answered: served by another contributor's key (pool) or by the caller's own, refused through the caller's fault, or failed.",
    type: "counter",
    samples: models.flatMap(({ model, requests, served, servedByPool, callerFaults }) => [
      { labels: { model, outcome: "pool" }, value: servedByPool },
      { labels: { model, outcome: "own" }, value: served - servedByPool },
      { labels: { model, outcome: "caller_fault" }, value: callerFaults },
      { labels: { model, outcome: "failed" }, value: requests - served - callerFaults },
    ]),
  };
}

function retriesMetric(models: readonly ModelSums[]): Metric {
  return {
    name: "potluck_retries_total",
    help: "Attempts beyond the first of a request.",
    type: "counter",
    samples: models.map(({ model, retries }) => ({ labels: { model }, value: retries })),
  };
}

function durationMetric(models: readonly ModelSums[]): Metric {
  return {
    name: "potluck_request_duration_seconds",
    help: "Time until Google's answer began.",
    type: "histogram",
    samples: models.flatMap(durationsOf),
  };
}

function durationsOf(sums: ModelSums): Sample[] {
  const { model, requests, latencyMs } = sums;
  const buckets: [string, number][] = [
    ["0.5", sums.within500],
    ["1", sums.within1000],
    ["2.5", sums.within2500],
    ["5", sums.within5000],
    ["10", sums.within10000],
    ["30", sums.within30000],
    ["+Inf", requests],
  ];
  return [
    ...buckets.map(([le, value]) => ({ suffix: "_bucket", labels: { model, le }, value })),
    { suffix: "_sum", labels: { model }, value: latencyMs / 1000 },
    { suffix: "_count", labels: { model }, value: requests },
  ];
}

function keysMetric(counts: Record<string, number>): Metric {
  return {
    name: "potluck_keys",
    help: "Keys by state. Those that are cooling for a model are active as well, and are counted once an hour.",
    type: "gauge",
    samples: Object.entries(counts).map(([state, value]) => ({ labels: { state }, value })),
  };
}
