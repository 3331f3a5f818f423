import type { Fixture } from "./google-fixture.ts";

declare global {
  interface ImportMeta {
    /** Vite's, for this one use: `vite/client` cannot be reached through pnpm's strict node_modules. */
    glob: <Module>(pattern: string, options: { eager: true; import: "default" }) => Record<string, Module>;
  }
}

const files = import.meta.glob<Fixture>("../fixtures/google/*.json", {
  eager: true,
  import: "default",
});

/** Every recorded Google error by its case name, for tests that run through Vite. */
export const googleFixtures: Record<string, Fixture> = Object.fromEntries(
  Object.entries(files).map(([path, fixture]) => [caseName(path), fixture]),
);

function caseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1, -".json".length);
}
