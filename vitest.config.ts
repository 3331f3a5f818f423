import { cloudflareTest, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

/** Journeys and the simulator need Node (real clients, real sockets); everything else runs in workerd. */
const NODE_TESTS = [
  "test/journeys/**/*.test.ts",
  "test/simulator/**/*.test.ts",
  "test/scripts/**/*.test.ts",
  "test/house/**/*.test.ts",
];

export default defineConfig({
  test: {
    projects: [
      {
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: "./wrangler.jsonc" },
            miniflare: {
              bindings: {
                TEST_MIGRATIONS: await readD1Migrations("./migrations"),
                POOL_SECRET: "a-secret-for-the-tests-of-40-characters!",
              },
            },
          })),
        ],
        test: {
          name: "worker",
          include: ["test/**/*.test.ts"],
          exclude: NODE_TESTS,
          setupFiles: ["./test/support/migrate.ts"],
        },
      },
      {
        test: {
          name: "node",
          include: NODE_TESTS,
          environment: "node",
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
