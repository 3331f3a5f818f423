import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startLocalWorker } from "../../scripts/support/wrangler.ts";
import type { SimulatedGoogle } from "../../simulator/google.ts";
import { serveSimulatedGoogle } from "../../simulator/serve.ts";
import { layDatabase } from "./migrated-database.ts";

/**
 * The real Worker in a process of its own, on real sockets, in front of a simulated Google. `wrangler dev` and not
 * wrangler's test harness: through the harness a caller's hang-up does not reach the Worker, nor does a WebSocket.
 */
export interface WorkerProcess {
  url: string;
  google: SimulatedGoogle;
  /** Where another process scripts it: `/__simulator/…` (simulator/control.ts). */
  googleUrl: string;
  /** Holds everything that this Worker keeps on the disk. */
  folder: string;
  /** All that wrangler and the Worker have written so far. */
  output: () => string;
  close: () => Promise<void>;
}

export interface WorkerProcessOptions {
  vars?: Record<string, string>;
  secrets?: Record<string, string>;
}

const SECRETS = { POOL_SECRET: "a-secret-for-the-journeys-of-40-characters!" };

export async function startWorker({ vars = {}, secrets = {} }: WorkerProcessOptions = {}): Promise<WorkerProcess> {
  const folder = await mkdtemp(join(tmpdir(), "potluck-test-"));
  const persistTo = join(folder, "state");
  const envFile = join(folder, "secrets");
  const lines = Object.entries({ ...SECRETS, ...secrets }).map(([name, value]) => `${name}=${value}`);
  await writeFile(envFile, lines.join("\n"));
  const output: string[] = [];
  const [served] = await Promise.all([serveSimulatedGoogle(), layDatabase(persistTo)]);
  const worker = await startLocalWorker({
    port: 0,
    persistTo,
    envFile,
    // On a busy machine D1 may be late, and who waited in vain would not be known to the pool.
    vars: { GEMINI_BASE_URL: served.url, D1_TIMEOUT_MS: "30000", ...vars },
    onLine: (line) => output.push(line),
  });
  return {
    url: worker.url,
    google: served.google,
    googleUrl: served.url,
    folder,
    output: () => output.join("\n"),
    async close() {
      await worker.stop();
      await served.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
