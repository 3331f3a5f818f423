import * as v from "valibot";
import type { Services } from "../../../services.ts";
import { route, type Route } from "./route.ts";
import { count, idParam, MAX_ID, text, timeInAnswer, wholeNumber } from "./schemas.ts";

const range = v.picklist(["hour", "day", "week", "month"], "must be hour, day, week or month");
const duration = v.pipe(v.number(), v.minValue(0));
const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));

const shown = {
  requests: count,
  served: count,
  callerFaults: v.pipe(count, v.description("Answered 4xx through the caller's fault.")),
  retries: count,
  meanLatencyMs: v.nullable(duration),
};

const total = v.object({ ...shown, servedByPool: count, successRate: v.nullable(share) });

const activityReport = v.object({
  range,
  model: v.nullable(v.string()),
  stepMs: count,
  points: v.array(v.object({ at: timeInAnswer, ...shown, servedByPool: count })),
  models: v.array(v.object({ model: v.string(), ...shown })),
  keys: v.array(v.object({ at: timeInAnswer, active: count, cooling: count, retired: count })),
  total,
});

const failure = v.object({
  id: count,
  at: timeInAnswer,
  keyId: v.nullable(count),
  tokenId: v.nullable(count),
  model: v.nullable(v.string()),
  verdict: v.string(),
  status: v.nullable(count),
  message: v.nullable(v.pipe(v.string(), v.description("Google's words, redacted and cut."))),
});

const failureQuery = v.strictObject({
  before: v.optional(v.pipe(idParam, v.description("`next` of the page before."))),
  keyId: v.optional(idParam),
  tokenId: v.optional(idParam),
  model: v.optional(text(100)),
  verdict: v.optional(v.pipe(v.string(), v.regex(/^[a-z_]{1,40}$/, "must be a verdict, such as quota_day"))),
  status: v.optional(wholeNumber(100, 599)),
  text: v.optional(text(100)),
  from: v.optional(wholeNumber(0, MAX_ID)),
  to: v.optional(wholeNumber(0, MAX_ID)),
  limit: v.optional(wholeNumber(1, 200)),
});

const overview = v.object({
  keys: v.object({ active: count, resting: count, cooling: count, retired: count, withdrawn: count }),
  lastDay: total,
});

/** What happened: numbers over time, failed attempts, and the state of the table at a glance. */
export function recordRoutes({ records, desk }: Services): Route[] {
  return [
    route({
      method: "get",
      path: "/overview",
      name: "getOverview",
      tag: "records",
      summary: "How many keys there are in each state, and how the last day went. Half a minute old at most.",
      answer: overview,
      async handle() {
        const [keys, lastDay] = await Promise.all([desk.counts(), records.activity("day")]);
        return { keys, lastDay: lastDay.total };
      },
    }),
    route({
      method: "get",
      path: "/activity",
      name: "getActivity",
      tag: "records",
      summary: "Requests, success, retries, latency and keys over time, and by model. Half a minute old at most.",
      query: v.strictObject({
        range: v.optional(v.pipe(range, v.description("day if not given."))),
        model: v.optional(v.pipe(text(100), v.description("`points` and `total` of this model alone."))),
      }),
      answer: activityReport,
      handle: ({ query }) => records.activity(query.range ?? "day", query.model ?? null),
    }),
    route({
      method: "get",
      path: "/failures",
      name: "listFailures",
      tag: "records",
      summary: "Failed attempts, the newest first. Never a prompt, an answer or a key.",
      query: failureQuery,
      answer: v.object({ rows: v.array(failure), next: v.nullable(count) }),
      handle: ({ query }) => records.failures(query),
    }),
  ];
}
