import { systemSleep } from "../../clock.ts";
import type { ActivityReport } from "../../records/activity-report.ts";
import type { Services } from "../../services.ts";

/** What the public page tells of the pool; undefined where the database does not answer. */
export interface TableNow {
  active: number | undefined;
  day: ActivityReport | undefined;
}

/**
 * Reads what the public page tells. Never throws, and waits for the database no longer than a request does. However
 * many look, an isolate asks D1 seldom: the pool remembers its totals and the records their reports.
 */
export async function readTableNow({ pool, records, settings }: Services): Promise<TableNow> {
  const active = await pool.totals().then(
    (totals) => totals.active,
    () => undefined,
  );
  // Without an answer to the cheaper question there is no use in the dearer one.
  if (active === undefined) return { active, day: undefined };
  const day = records.activity("day").catch(() => undefined);
  return { active, day: await Promise.race([day, systemSleep(settings.D1_TIMEOUT_MS).then(() => undefined)]) };
}
