import * as v from "valibot";
import { Complaint } from "../support/lifetime.ts";

const stepSchema = v.object({
  secretId: v.string(),
  resealed: v.number(),
  left: v.number(),
  after: v.number(),
  stuck: v.optional(v.object({ sealed: v.number(), withdrawn: v.number() })),
});

export type Step = v.InferOutput<typeof stepSchema>;

/** One call of `POST /api/admin/reseal`, made by whoever knows the operator's token. */
export type AskStep = (after: number) => Promise<Step>;

const TIMEOUT_MS = 30_000;

/** Undefined: no answer this time. Throws a complaint that asking again would not help. */
export async function askStep(url: string, adminToken: string, after: number): Promise<Step | undefined> {
  let response: Response;
  try {
    response = await fetch(`${url}/api/admin/reseal?after=${after}`, {
      method: "POST",
      headers: { authorization: `Bearer ${adminToken}` },
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
  } catch {
    return undefined;
  }
  const body = await response.json().catch(() => undefined);
  if (response.status === 401) throw new Complaint(`${url} does not accept this ADMIN_TOKEN.`);
  if (response.status === 404)
    throw new Complaint(`${url} has no ADMIN_TOKEN, or is not this version of Potluck: pnpm deploy`);
  return v.is(stepSchema, body) ? body : undefined;
}
