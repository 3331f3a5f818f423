import { availableParallelism } from "node:os";
import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Journeys and the simulator need Node (real clients, real sockets); everything else runs in workerd. */
const NODE_TESTS = [
  "test/journeys/**/*.test.ts",
  "test/simulator/**/*.test.ts",
  "test/scripts/**/*.test.ts",
  "test/house/**/*.test.ts",
  "test/bench/**/*.test.ts",
];

/** Journeys in a real browser; left out, and said so, where there is none. */
const BROWSER_TESTS = "test/browser/**/*.test.ts";

/** What really leaves a Worker under test (all but the Durable Object's requests are caught before) is echoed. */
async function echoOutbound(request: {
  method: string;
  url: string;
  headers: { get: (name: string) => string | null };
  text: () => Promise<string>;
}) {
  const { pathname, search } = new URL(request.url);
  const key = request.headers.get("x-goog-api-key");
  return Response.json(
    { method: request.method, path: pathname + search, key, body: await request.text() },
    { status: 201 },
  );
}

/** Vitest leaves a core to itself: on a machine of two, one file at a time, which waits for sockets half of its time. */
const maxWorkers = Math.max(2, availableParallelism() - 1);

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.jsonc" },
            miniflare: {
              outboundService: echoOutbound,
              bindings: {
                TEST_MIGRATIONS: await readD1Migrations("./migrations"),
                POOL_SECRET: "a-secret-for-the-tests-of-40-characters!",
                // A developer's .dev.vars must not reach into the tests.
                POOL_SECRET_NEXT: "",
                ADMIN_TOKEN: "",
                GEMINI_BASE_URL: "",
              },
            },
          })),
        ],
        test: {
          name: "worker",
          maxWorkers,
          // A workerd and all modules anew for each file took longer than the tests. What a file starts from is its
          // own all the same: an empty database (test/support/migrate.ts), and services that each test makes itself.
          isolate: false,
          testTimeout: 60_000,
          include: ["test/**/*.test.ts"],
          exclude: [...NODE_TESTS, BROWSER_TESTS],
          setupFiles: ["./test/support/migrate.ts"],
        },
      },
      {
        test: {
          name: "node",
          maxWorkers,
          include: NODE_TESTS,
          environment: "node",
          globalSetup: ["./test/support/run-folder.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "browser",
          include: [BROWSER_TESTS],
          environment: "node",
          globalSetup: ["./test/browser/global-setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // The files share a Worker, and a page under load answers late: one after the other, when all else is done.
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
