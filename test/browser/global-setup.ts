import type { TestProject } from "vitest/node";
import { startWorker, type WorkerProcess } from "../support/worker-process.ts";
import { findChromium } from "./chromium.ts";

/** What every file in this folder shares. */
export interface BrowserTable {
  chromium: string;
  /** The Worker's. */
  url: string;
  /** The simulated Google's; `/__simulator/…` scripts it. */
  googleUrl: string;
  adminToken: string;
}

declare module "vitest" {
  interface ProvidedContext {
    /** Without a browser: null, and the journeys are skipped. */
    browserTable: BrowserTable | null;
  }
}

const ADMIN_TOKEN = "the-operator-of-the-browser-journeys";

let worker: WorkerProcess | undefined;

/** Starts one Worker for all browser journeys: each would wait five seconds for its own. */
export async function setup({ provide }: TestProject): Promise<void> {
  const chromium = await findChromium();
  if (chromium === undefined) {
    process.stdout.write(
      "\nLeft out: test/browser. There is no Chromium here; install one, or set CHROMIUM to its path.\n",
    );
    provide("browserTable", null);
    return;
  }
  // What was counted is on the pages at once.
  worker = await startWorker({ secrets: { ADMIN_TOKEN }, vars: { FLUSH_AFTER_MS: "0" } });
  const { url, googleUrl } = worker;
  provide("browserTable", { chromium, url, googleUrl, adminToken: ADMIN_TOKEN });
}

export async function teardown(): Promise<void> {
  await worker?.close();
}
