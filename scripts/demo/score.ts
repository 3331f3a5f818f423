/** What the demo adds up to. Pure: visits, the simulated Google's calls and the Worker's own account go in. */

import type { Call } from "../../simulator/calls.ts";
import type { Contributor } from "./cast.ts";
import { losesTheirKey } from "./cast.ts";
import type { Visit } from "./visit.ts";

/** The Worker's answer to `GET /key`; undefined: the key is not in the pool. */
export type KeyStatus = { status: string; reason: string | null; coolings: { kind: string }[] } | undefined;

export interface Row {
  contributor: Contributor;
  asked: number;
  served: number;
  /** Requests, of anybody's, that Google served with this one's key. */
  keyServed: number;
  status: KeyStatus;
  /** Google's words to them at their last failure. */
  lastFailure: string | undefined;
}

export interface Score {
  rows: Row[];
  requests: number;
  served: number;
  servedByPool: number;
  failed: number;
  retries: number;
  retired: Row[];
  cooled: Row[];
  overloads: number;
  /** What should not have happened, in words. Nothing: the promises held. */
  complaints: string[];
}

export function keepScore(
  visits: readonly Visit[],
  calls: readonly Call[],
  statuses: ReadonlyMap<string, KeyStatus>,
): Score {
  const contributors = [...new Set(visits.map(({ contributor }) => contributor))];
  const rows = contributors.map((contributor): Row => {
    const own = visits.filter((visit) => visit.contributor === contributor);
    return {
      contributor,
      asked: own.length,
      served: own.filter(isServed).length,
      keyServed: calls.filter(({ key, answeredStatus }) => key === contributor.key && answeredStatus === 200).length,
      status: statuses.get(contributor.key),
      lastFailure: own.findLast((visit) => !isServed(visit))?.failure,
    };
  });
  const heard = visits.flatMap((visit) => visit.heard);
  const attempts = heard.reduce((sum, { attempts }) => sum + attempts, 0);
  const limitedKeys = new Set(calls.filter(({ answeredStatus }) => answeredStatus === 429).map(({ key }) => key));
  return {
    rows,
    requests: visits.length,
    served: visits.filter(isServed).length,
    servedByPool: visits.filter((visit) => isServed(visit) && visit.heard.at(-1)?.servedBy === "pool").length,
    failed: visits.filter((visit) => !isServed(visit)).length,
    retries: attempts - heard.length,
    retired: rows.filter(({ status }) => status?.status === "retired"),
    cooled: rows.filter(
      ({ contributor, status }) => limitedKeys.has(contributor.key) || (status?.coolings.length ?? 0) > 0,
    ),
    overloads: calls.filter(({ answeredStatus }) => answeredStatus === 503).length,
    complaints: [...unserved(visits), ...miscounted(attempts, calls)],
  };
}

const isServed = ({ failure }: Visit) => failure === undefined;

function unserved(visits: readonly Visit[]): string[] {
  return visits
    .filter((visit) => !isServed(visit) && !losesTheirKey(visit.contributor))
    .map(({ contributor, failure }) => `${contributor.name}'s key works, but a request failed: ${failure}`);
}

function miscounted(attempts: number, calls: readonly Call[]): string[] {
  if (attempts === calls.length) return [];
  return [`The Worker reported ${attempts} attempts, but the simulated Google counted ${calls.length} calls.`];
}
